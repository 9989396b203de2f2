"""Ronchi: theory-in-the-loop experiments in scanning transmission electron microscopy.

    gymnasium.make("ronchi/AberrationTuning-v1")   environments, single and vectors of them
    ronchi.simulate(atoms, ...)                    images and 4D-STEM of ASE Atoms
    ronchi.connect("corrected_200kV", ...)         an instrument, behind its guard
    ronchi.load_policy("policy.json")              a trained agent

docs/python.md shows each. Importing registers the environments, which the compiled part tells of;
what is slow to import is imported when it is first used.
"""
from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .errors import InstrumentError, OrderError
from .registration import register_environments

if TYPE_CHECKING:
    from ._native import __version__, set_threads, threads
    from .environment import Environment
    from .instrument import Instrument, connect
    from .policy import Policy, load_policy
    from .simulation import simulate
    from .vector_environment import VectorEnvironment

__all__ = ["Environment", "Instrument", "InstrumentError", "OrderError", "Policy",
           "VectorEnvironment", "__version__", "connect", "load_policy",
           "register_environments", "set_threads", "simulate", "threads"]

_WHERE = {"Environment": "environment", "Instrument": "instrument", "Policy": "policy",
          "VectorEnvironment": "vector_environment", "__version__": "_native",
          "connect": "instrument", "load_policy": "policy", "set_threads": "_native",
          "simulate": "simulation", "threads": "_native"}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'ronchi' has no attribute {name!r}")
    value = getattr(importlib.import_module("." + _WHERE[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


register_environments()
