"""Gymnasium's spaces from those of C++, and how an action is scaled."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

Float = NDArray[np.float32]


def make_box(box: Mapping[str, Any]) -> spaces.Box:
    """float32, with bounds of its own for each element."""
    shape = tuple(box["shape"])
    low, high = (np.broadcast_to(np.asarray(box[k], np.float32).reshape(
        shape if np.ndim(box[k]) else ()), shape).copy() for k in ("low", "high"))
    return spaces.Box(low, high, shape, np.float32)


class Entries:
    """Where each entry of an observation lies in the run of floats that C++ writes."""

    def __init__(self, observation: Mapping[str, Mapping[str, Any]],
                 only: Sequence[str] | None = None) -> None:
        for name in only or ():
            if name not in observation:
                raise ValueError(f"entries: there is no {name!r}; there are: "
                                 + ", ".join(observation))
        self.space = spaces.Dict({name: make_box(box) for name, box in observation.items()
                                  if only is None or name in only})
        self.places: list[tuple[str, slice, tuple[int, ...]]] = []
        self.size = 0
        for name, box in observation.items():  # in C++'s order, which is by name
            shape = tuple(box["shape"])
            end = self.size + int(np.prod(shape))
            if name in self.space.spaces:
                self.places.append((name, slice(self.size, end), shape))
            self.size = end

    def split(self, flat: Float) -> dict[str, Float]:
        """Views by name; `flat` may have axes in front."""
        return {name: flat[..., where].reshape(flat.shape[:-1] + shape)
                for name, where, shape in self.places}


class ActionScale:
    """The action space that an agent sees: gymnasium's Discrete for choices, else a Box.

    Learning algorithms expect actions in [-1, 1]: whatever C++'s bounds are, in a unit (nm) or
    smaller than one, they are scaled to that; `physical` leaves them as they are.
    """

    def __init__(self, box: Mapping[str, Any], physical: bool) -> None:
        self.discrete = int(box.get("choices", 0)) > 0
        if self.discrete:
            self.space: spaces.Space[Any] = spaces.Discrete(int(box["choices"]))
            self.scaled, self.hint = False, ""
            return
        self.physical_space = make_box(box)
        low, high = self.physical_space.low, self.physical_space.high
        is_unit = bool(np.all(low == -1) and np.all(high == 1))
        self.scaled = not (physical or is_unit)
        self.space = (spaces.Box(-1, 1, self.physical_space.shape, np.float32) if self.scaled
                      else self.physical_space)
        #: after C++'s refusal of an action, which is in its unit
        self.hint = ", which stand for -1 … 1 in this action space" if self.scaled else ""
        self._low, self._span = low.astype(np.float64), high.astype(np.float64) - low

    def to_physical(self, action: Any, space: spaces.Space[Any]) -> Float:
        """What C++ takes, in its unit. -1 and 1 become the bounds exactly."""
        given = np.asarray(action, np.float32)
        if given.shape != space.shape:
            raise ValueError(f"action has the shape {given.shape}; expected {space.shape}")
        if self.discrete:  # C++ has one number for each environment
            return np.ascontiguousarray(given.reshape(given.shape + (1,)))
        if not self.scaled:
            return np.ascontiguousarray(given)
        return (self._low + (given.astype(np.float64) + 1) * (0.5 * self._span)).astype(np.float32)

    def from_physical(self, action: Any) -> Any:
        """The other way: what a policy file's action is in this space."""
        given = np.asarray(action, np.float64)
        if self.discrete:
            return given[..., 0].astype(np.int64)
        if not self.scaled:
            return given.astype(np.float32)
        return (2 * (given - self._low) / self._span - 1).astype(np.float32)
