"""Trained agents from their files."""
from __future__ import annotations

import importlib.abc
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np

from ._native import native
from .spaces import Float


class _NoSecondLibtorch(importlib.abc.MetaPathFinder):
    """`import torch` would end the process where another libtorch is loaded: an error instead."""

    def find_spec(self, name: str, path: Sequence[str] | None,
                  target: ModuleType | None = None) -> ModuleSpec | None:
        if name == "torch":
            raise ImportError("PyTorch cannot be imported after a policy that needs the system's "
                              "libtorch (ronchi.load_policy): two do not share a process")
        return None


def _keep_to_one_libtorch() -> None:
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
        loaded = any("libtorch_cpu" in line for line in maps)
    if loaded and "torch" not in sys.modules and not any(
            isinstance(finder, _NoSecondLibtorch) for finder in sys.meta_path):
        sys.meta_path.insert(0, _NoSecondLibtorch())


class Policy:
    """What ``ronchi train`` and ``ronchi run`` leave as policy.json."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._native = native.Policy(os.fspath(path))
        _keep_to_one_libtorch()

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
