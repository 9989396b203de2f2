"""The exceptions that are Ronchi's own. Bad input is a ValueError with one clear line."""
from __future__ import annotations


class OrderError(RuntimeError):
    """A call that cannot come now, such as a step before a reset."""


class InstrumentError(RuntimeError):
    """An instrument refused or failed (docs/safety.md, hw/instrument/error.h)."""

    kind: str  #: "bad_command", "refused", "out_of_limits", "communication" ...
    cause: str  #: what happened: value, unit, what is allowed
    remedy: str  #: what to do
    effect: str  #: was the command carried out? "none", "perhaps", "done"
    retryable: bool  #: may the same command succeed when it is given again?

    def __init__(self, cause: str, remedy: str = "", kind: str = "hardware",
                 effect: str = "perhaps", retryable: bool = False) -> None:
        super().__init__(cause, remedy, kind, effect, retryable)  # all of it: it can be pickled
        self.cause, self.remedy, self.kind = cause, remedy, kind
        self.effect, self.retryable = effect, retryable

    def __str__(self) -> str:
        return f"{self.cause}; {self.remedy}" if self.remedy else self.cause
