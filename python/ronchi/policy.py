"""Trained agents from their files."""
from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ._native import native
from .spaces import Float


class Policy:
    """What ``ronchi train`` and ``ronchi run`` leave as policy.json."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._native = native.Policy(os.fspath(path))

    @property
    def kind(self) -> str:
        """"gp", "ppo", "nelder_mead", "random" ..."""
        return self._native.kind

    @property
    def provenance(self) -> dict[str, str | float]:
        """Where it comes from: environment, seed, steps, commit."""
        return self._native.provenance

    def reset(self, seed: int = 0) -> None:
        """Forgets the episode; what was learned stays. Random choices depend on the seed."""
        self._native.reset(seed)

    def act(self, observation: Mapping[str, Any]) -> Float:
        """The action in the task's unit (nm).

        An environment takes it with ``physical_actions=True``, or by its ``from_physical``.
        ValueError: an observation of another space.
        """
        return self._native.act({name: np.ascontiguousarray(values, np.float32)
                                 for name, values in observation.items()})


def load_policy(path: str | os.PathLike[str]) -> Policy:
    """ValueError: no such file, none of a policy, damaged, or of a kind that is not known here."""
    return Policy(path)
