"""Ronchi's Bayesian optimiser as a Generator of gest-api, which Xopt, optimas and libEnsemble run.

    pip install 'ronchi[gest]'

And the other way round: ``run_generator`` lets any Generator drive an environment or an instrument.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from gest_api.generator import Generator
from gest_api.vocs import (VOCS, BoundsConstraint, ContextualVariable, ContinuousVariable,
                           ExploreObjective, GreaterThanConstraint, MinimizeObjective)

from .optimizer import Optimizer


class BayesianGenerator(Generator):  # type: ignore[misc]  # gest-api has no types
    """One objective, continuous variables: ``ronchi.Optimizer`` by another name.

    vocs     variables with finite ranges, one objective to MINIMIZE or MAXIMIZE, any constraints;
             constants and observables are handed on. ValueError: anything else
    initial  Sobol points before the model is asked
    seed     of everything random

    A measurement whose objective or constraint is not finite has failed: it stays in `data`, and
    the model does not see it. Copies and pickles go on where the original was.
    """

    returns_id = True

    def __init__(self, vocs: VOCS, *, initial: int | None = None, seed: int = 0) -> None:
        super().__init__(vocs)
        self.vocs = vocs
        self.data: list[dict[str, Any]] = []
        self._ids: dict[int, dict[str, float]] = {}  # of what is pending
        self._next = 0
        self._optimizer = Optimizer(
            {name: tuple(v.domain) for name, v in vocs.variables.items()},
            minimize=isinstance(self._goal(), MinimizeObjective),
            constraints=list(self._beyond({name: 0.0 for name in vocs.constraints})),
            initial=initial, seed=seed)

    def _goal(self) -> Any:
        return next(iter(self.vocs.objectives.values()))

    def _beyond(self, result: Mapping[str, Any]) -> dict[str, float]:
        """By how much each limit of each constraint is passed; below 0 where it is kept."""
        beyond = {}
        for name, constraint in self.vocs.constraints.items():
            value = float(result[name])
            if isinstance(constraint, BoundsConstraint):
                low, high = constraint.range
                beyond[name + " below"] = low - value
                beyond[name + " above"] = value - high
            elif isinstance(constraint, GreaterThanConstraint):
                beyond[name] = constraint.value - value
            else:
                beyond[name] = value - constraint.value
        return beyond

    def _validate_vocs(self, vocs: VOCS) -> None:
        if not vocs.variables:
            raise ValueError("VOCS must define at least one variable")
        if not vocs.objectives:
            raise ValueError("VOCS must define at least one objective")
        if len(vocs.objectives) > 1:
            raise ValueError(f"one objective is optimised; there are {len(vocs.objectives)}")
        if isinstance(next(iter(vocs.objectives.values())), ExploreObjective):
            raise ValueError("the objective is to MINIMIZE or to MAXIMIZE, not to EXPLORE")
        for name, variable in vocs.variables.items():
            if isinstance(variable, ContextualVariable):
                raise ValueError(f"{name} is contextual; what is only observed is not supported")
            if not isinstance(variable, ContinuousVariable):
                raise ValueError(f"{name} is discrete; BayesianGenerator only supports continuous "
                                 "variables")
            if not all(math.isfinite(x) for x in variable.domain):
                raise ValueError(f"{name} has no finite range")

    @property
    def optimizer(self) -> Optimizer:
        """The model: predictions, ranges, vetoes, the log."""
        return self._optimizer

    @property
    def best_point(self) -> dict[str, Any] | None:
        """The best of `data` that keeps the constraints, by its measured objective."""
        name = self.vocs.objective_names[0]
        sign = 1 if isinstance(self._goal(), MinimizeObjective) else -1
        measured = [r for r in self.data if math.isfinite(r[name])
                    and all(c.check(r[k]) for k, c in self.vocs.constraints.items())]
        return min(measured, key=lambda r: float(sign * r[name]), default=None)

    def suggest(self, num_points: int | None = None) -> list[dict[str, Any]]:
        """Points that are neither measured nor pending; one unless told otherwise."""
        points = []
        for point in self._optimizer.ask(1 if num_points is None else num_points):
            self._ids[self._next] = point
            constants = {name: c.value for name, c in self.vocs.constants.items()}
            points.append({**point, **constants, "_id": self._next})
            self._next += 1
        return points

    def ingest(self, results: list[dict[str, Any]]) -> None:
        """ValueError: an unknown _id, a variable or a number is missing; nothing is taken."""
        name = self.vocs.objective_names[0]
        for result in results:
            for needed in (*self.vocs.variable_names, name, *self.vocs.constraint_names):
                if needed not in result:
                    raise ValueError(f"a result has no {needed!r}")
            if "_id" in result and result["_id"] not in self._ids:
                raise ValueError(f"_id {result['_id']!r} is not one that is waited for")
        for result in results:
            asked = self._ids.pop(result["_id"], None) if "_id" in result else None
            at = {k: float(result[k]) for k in self.vocs.variable_names}
            self._optimizer.tell(at, float(result[name]), constraints=self._beyond(result),
                                 asked=asked)
            self.data.append(dict(result))

    def finalize(self) -> None:
        """Nothing is left to be done."""


def vocs_of(environment: Any, value: str | None = None,
            names: Sequence[str] | None = None) -> VOCS:
    """What an environment with knobs (``observation["settings"]``) has to be optimised.

    value  the observation to maximise; None: the only one that is one number
    names  of the knobs, in the order of the settings; None: knob_0, knob_1 ...
    """
    space = environment.observation_space
    if "settings" not in space.spaces:
        raise ValueError("the environment has no knobs: no observation 'settings'")
    low, high = space["settings"].low, space["settings"].high
    names = [f"knob_{i}" for i in range(len(low))] if names is None else list(names)
    if len(names) != len(low):
        raise ValueError(f"names: {len(names)}; the environment has {len(low)} knobs")
    value = value or _only_number(space)
    return VOCS(variables={name: [float(a), float(b)] for name, a, b
                           in zip(names, low, high, strict=True)},
                objectives={value: "MAXIMIZE"})


def run_generator(generator: Generator, environment: Any, images: int, *,
                  seed: int | None = None,
                  each: Callable[[dict[str, Any]], None] | None = None) -> list[dict[str, Any]]:
    """Lets a Generator drive an environment with knobs, made with ``physical_actions=True``.

    The generator's VOCS is that of ``vocs_of``. It is told the settings where the column stands,
    not those that it asked for; a step that does not reach a point is followed by others. Returns
    one result for each of at most `images` images; the episode's end ends it earlier.
    """
    observation, _ = environment.reset(seed=seed)
    names = generator.vocs.variable_names
    goal = generator.vocs.objective_names[0]
    low, high = environment.action_space.low, environment.action_space.high
    results: list[dict[str, Any]] = []
    asked: Mapping[str, Any] = {}
    while len(results) < images:
        result = {**asked, **dict(zip(names, map(float, observation["settings"]), strict=True)),
                  goal: np.asarray(observation[goal]).item()}
        generator.ingest([result])
        results.append(result)
        if each is not None:
            each(result)
        if len(results) == images:
            break
        asked, = generator.suggest(1)
        while True:
            change = [asked[n] - float(s) for n, s in zip(names, observation["settings"],
                                                          strict=True)]
            action = [min(float(h), max(float(l), c)) for c, l, h
                      in zip(change, low, high, strict=True)]
            observation, _, terminated, truncated, _ = environment.step(
                np.asarray(action, environment.action_space.dtype))
            if terminated or truncated:
                return results
            if action == change:
                break
    return results


def _only_number(space: Any) -> str:
    numbers = [name for name, box in space.items() if math.prod(box.shape) == 1]
    if len(numbers) != 1:
        raise ValueError(f"value: say which is to be maximised; there are {', '.join(numbers)}")
    return str(numbers[0])
