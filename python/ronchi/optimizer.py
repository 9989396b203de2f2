"""Bayesian optimisation by asking and telling, for whoever has a loop of their own."""
from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ._native import native

Point = dict[str, float]
FORMAT = 1


@dataclass
class _Told:
    point: Point
    value: float
    constraints: list[float] = field(default_factory=list)
    counts: bool = True  # not vetoed


class Optimizer:
    """Finds the maximum (or minimum) of a noisy function of a few named knobs.

    A Gaussian process with a Matérn 5/2 kernel and log expected improvement: the agent ``gp``
    without an environment. Noise is learned from what is told. What it asks for is a function of
    its arguments and of what it was told, to the bit.

        optimizer = ronchi.Optimizer({"C10_nm": (-100, 100), "C12a_nm": (-50, 50)}, seed=1)
        for _ in range(30):
            point, = optimizer.ask()
            optimizer.tell(point, contrast_at(point))
        optimizer.best()

    ranges       lowest and highest value of each knob
    minimize     False: the largest value is wanted
    constraints  names of what else is measured, of which each is wanted at 0 or below: a leak
                 current less its limit. They are learned as the value is
    initial      Sobol points before the model is asked; None: 4 and twice the number of knobs
    unsafe_share with constraints: of the points asked for at most this share breaks one. It begins
                 from points told that are known to be safe, the first `safe_points` of them, and
                 has no initial points; to ask before they are told is an OrderError
    context      usual lowest and highest value of what is observed and not chosen: the time, a
                 temperature. Points have them beside the knobs; `ask` and `best` are told what
                 they are now. Not with constraints
    """

    def __init__(self, ranges: Mapping[str, tuple[float, float]], *, minimize: bool = False,
                 constraints: Sequence[str] = (), initial: int | None = None,
                 unsafe_share: float | None = None, safe_points: int = 1,
                 context: Mapping[str, tuple[float, float]] | None = None,
                 seed: int = 0) -> None:
        if not ranges:
            raise ValueError("ranges: no knob; allowed: one at least")
        self._ranges = {str(name): _range(name, r) for name, r in ranges.items()}
        self._context = [str(name) for name in context or {}]
        if self._context and constraints:
            raise ValueError("context: not with constraints")
        if set(self._context) & set(self._ranges):
            raise ValueError("context: has the name of a knob")
        self._ranges |= {str(name): _range(name, r) for name, r in (context or {}).items()}
        self._initial = 4 + 2 * len(self._ranges) if initial is None else int(initial)
        if self._initial < 1:
            raise ValueError(f"initial: {initial}; allowed: 1 or more")
        self._minimize = bool(minimize)
        self._seed = int(seed)
        self._constraints = [str(name) for name in constraints]
        self._unsafe_share = 0.0 if unsafe_share is None else float(unsafe_share)
        self._safe_points = int(safe_points)
        if unsafe_share is not None and not 0 < self._unsafe_share < 1:
            raise ValueError(f"unsafe_share: {unsafe_share}; allowed: above 0, below 1")
        if unsafe_share is not None and not self._constraints:
            raise ValueError("unsafe_share: without constraints nothing is unsafe")
        if self._safe_points < 1:
            raise ValueError(f"safe_points: {safe_points}; allowed: 1 or more")
        self._told: list[_Told] = []
        self._asked: list[Point] = []  # and not told yet
        self._log: list[dict[str, Any]] = []
        self._model: Any = None

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        return dict(self._ranges)

    @property
    def told(self) -> list[tuple[Point, float]]:
        """What counts: points and their values, in the order in which they were told."""
        return [(dict(t.point), t.value) for t in self._told if t.counts]

    @property
    def pending(self) -> list[Point]:
        """What has been asked for and not been told yet."""
        return [dict(point) for point in self._asked]

    @property
    def log(self) -> list[dict[str, Any]]:
        """Everything that has happened, in order: asked, told, vetoed, range."""
        return [dict(entry) for entry in self._log]

    def ask(self, n: int = 1, *, context: Mapping[str, float] | None = None) -> list[Point]:
        """The next points to look at. What is pending is not asked for again.

        context  what it is now; one point at a time then
        """
        if n < 1 or (self._context and n > 1):
            raise ValueError(f"n: {n}; allowed: 1" + ("" if self._context else " or more"))
        now = self._now(context)
        points = []
        for _ in range(n):
            model = self._fitted()
            inside = ([*model.ask_in(now), *now] if self._context else
                      model.ask([self._inside(p) for p in self._asked]))
            points.append(self._outside(inside))
            self._asked.append(points[-1])
            self._log.append({"event": "asked", "point": dict(points[-1])})
        return [dict(point) for point in points]

    def tell(self, point: Mapping[str, float], value: float, *,
             constraints: Mapping[str, float] | None = None,
             asked: Mapping[str, float] | None = None) -> None:
        """What was measured, and where: any point, also one that was never asked for.

        constraints  of each name
        asked        the point that was asked for, where the instrument went to another
        A number that is not finite says that the measurement failed: it is in the log, and the
        point may be asked for again.
        """
        at = self._check(point)
        beside = dict(constraints or {})
        if set(beside) != set(self._constraints):
            raise ValueError(f"constraints: {', '.join(beside) or 'none'}; needed: "
                             f"{', '.join(self._constraints) or 'none'}")
        told = _Told(at, float(value), [float(beside[name]) for name in self._constraints])
        settled = self._check(asked) if asked is not None else at
        if settled in self._asked:
            self._asked.remove(settled)
        self._log.append({"event": "told", "point": dict(at), "value": told.value} |
                         ({"constraints": beside} if beside else {}))
        if not all(map(math.isfinite, (told.value, *told.constraints))):
            return
        self._told.append(told)
        if self._model is not None:
            self._show(told)

    def veto(self, index: int) -> None:
        """Takes one of `told` back. It stays in the log."""
        counting = [t for t in self._told if t.counts]
        if not -len(counting) <= index < len(counting):
            raise ValueError(f"index: {index}; allowed: of the {len(counting)} points told")
        counting[index].counts = False
        self._log.append({"event": "vetoed", "point": dict(counting[index].point),
                          "value": counting[index].value})
        self._model = None

    def set_range(self, name: str, low: float, high: float) -> None:
        """Another range of a knob from now on; what was told stays, outside of it, too."""
        if name not in self._ranges:
            raise ValueError(f"there is no knob {name!r}; allowed: {', '.join(self._ranges)}")
        self._ranges[name] = _range(name, (low, high))
        self._log.append({"event": "range", "knob": name, "range": list(self._ranges[name])})
        self._model = None

    def best(self, *, context: Mapping[str, float] | None = None) -> Point:
        """Where the model expects the best value, within the ranges. OrderError: nothing told.

        context  what it is now

        With constraints: the best of the points told that probably keep them, else the one that
        most probably does.
        """
        now = self._now(context)
        model = self._fitted()
        return self._outside([*model.best_mean_in(now), *now] if now else model.best_mean())

    def predict(self, point: Mapping[str, float]) -> tuple[float, float]:
        """Mean and standard deviation of the function, without the noise of a measurement."""
        mean, sd = self._fitted().predict(self._inside(self._check(point)))
        return self._sign() * mean, sd

    def state(self) -> dict[str, Any]:
        """All of it, as JSON takes it; ``Optimizer.from_state`` goes on from there."""
        return {"format": FORMAT, "ranges": {k: list(r) for k, r in self._ranges.items() if k not in self._context},
                "context": {k: list(self._ranges[k]) for k in self._context},
                "minimize": self._minimize, "constraints": list(self._constraints),
                "initial": self._initial, "seed": self._seed,
                "unsafe_share": self._unsafe_share or None, "safe_points": self._safe_points,
                "told": [asdict(t) for t in self._told], "asked": self.pending, "log": self.log,
                "fits": [] if self._model is None else self._model.fits()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Optimizer:
        """ValueError: no such state, or one of a later version."""
        if state.get("format") != FORMAT:
            raise ValueError(f"format: {state.get('format')!r}; allowed: {FORMAT}")
        try:
            out = cls({k: (r[0], r[1]) for k, r in state["ranges"].items()},
                      minimize=state["minimize"], constraints=state["constraints"],
                      initial=state["initial"], seed=state["seed"],
                      unsafe_share=state.get("unsafe_share"),
                      safe_points=state.get("safe_points", 1),
                      context={k: (r[0], r[1]) for k, r in state.get("context", {}).items()})
            out._told = [_Told(out._check(t["point"]), float(t["value"]),
                               [float(c) for c in t["constraints"]], bool(t["counts"]))
                         for t in state["told"]]
            out._asked = [out._check(at) for at in state["asked"]]
            out._log = [dict(entry) for entry in state["log"]]
            if state["fits"]:
                out._fitted().restore([[float(x) for x in fit] for fit in state["fits"]])
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"no state of an optimizer: {error}") from None
        return out

    def __getstate__(self) -> dict[str, Any]:
        return self.state()

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(Optimizer.from_state(state).__dict__)

    def _sign(self) -> float:
        return -1.0 if self._minimize else 1.0

    def _fitted(self) -> Any:
        if self._model is None:
            self._model = native.GpOptimizer(len(self._ranges), self._initial, self._seed,
                                             self._unsafe_share, self._safe_points,
                                             bool(self._context))
            for told in self._told:
                if told.counts:
                    self._show(told)
        return self._model

    def _show(self, told: _Told) -> None:
        self._model.tell(self._inside(told.point), self._sign() * told.value, told.constraints)

    def _now(self, context: Mapping[str, float] | None) -> list[float]:
        given = dict(context or {})
        if set(given) != set(self._context) or not all(map(math.isfinite, given.values())):
            raise ValueError(f"context: {given}; needed: {', '.join(self._context) or 'none'}")
        return [(float(given[k]) - self._ranges[k][0]) / (self._ranges[k][1] - self._ranges[k][0])
                for k in self._context]

    def _check(self, point: Mapping[str, float]) -> Point:
        for name in self._ranges:
            if name not in point:
                raise ValueError(f"the point has no {name!r}; needed: {', '.join(self._ranges)}")
            if not math.isfinite(float(point[name])):
                raise ValueError(f"{name}: {point[name]} is not finite")
        return {name: float(point[name]) for name in self._ranges}

    def _inside(self, point: Mapping[str, float]) -> list[float]:
        return [(point[name] - low) / (high - low) for name, (low, high) in self._ranges.items()]

    def _outside(self, inside: Iterable[float]) -> Point:
        return {name: low + u * (high - low) if name in self._context
                else min(high, max(low, low + u * (high - low)))
                for u, (name, (low, high)) in zip(inside, self._ranges.items(), strict=True)}


def _range(name: Any, of: tuple[float, float]) -> tuple[float, float]:
    try:
        low, high = float(of[0]), float(of[1])
        right = len(of) == 2 and math.isfinite(high - low) and low < high
    except (TypeError, ValueError, IndexError):
        right = False
    if not right:
        raise ValueError(f"{name}: {of!r} is no range; allowed: two finite numbers, the lower "
                         "first")
    return low, high
