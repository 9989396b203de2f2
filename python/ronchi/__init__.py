"""Ronchi: theory-in-the-loop experiments in scanning transmission electron microscopy.

    gymnasium.make("ronchi/AberrationTuning-v1")   environments, single and vectors of them
    ronchi.simulate(atoms, ...)                    images and 4D-STEM of ASE Atoms
    ronchi.connect("corrected_200kV", ...)         an instrument, behind its guard
    ronchi.serve_instrument(obj)                   an instrument in Python, for Ronchi to drive
    ronchi.load_policy("policy.json")              a trained agent
    ronchi.Optimizer({"C10_nm": (-50, 50)})        Bayesian optimisation by asking and telling
    ronchi.deploy("policy.json", "quickstart")     … on an instrument, with guard and report

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
    from .deployment import Deployed, deploy
    from .environment import Environment
    from .instrument import Instrument, connect
    from .optimizer import Optimizer
    from .policy import Policy, load_policy
    from .serving import InstrumentServer, serve_instrument
    from .simulation import simulate
    from .vector_environment import VectorEnvironment

__all__ = ["Deployed", "Environment", "Instrument", "InstrumentError", "InstrumentServer",
           "Optimizer", "OrderError", "Policy", "VectorEnvironment", "__version__", "connect",
           "deploy", "load_policy", "register_environments", "serve_instrument", "set_threads",
           "simulate", "threads"]

_WHERE = {"Deployed": "deployment", "Environment": "environment", "Instrument": "instrument",
          "InstrumentServer": "serving", "Optimizer": "optimizer", "Policy": "policy",
          "VectorEnvironment": "vector_environment", "__version__": "_native",
          "connect": "instrument", "deploy": "deployment", "load_policy": "policy",
          "serve_instrument": "serving", "set_threads": "_native", "simulate": "simulation",
          "threads": "_native"}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'ronchi' has no attribute {name!r}")
    value = getattr(importlib.import_module("." + _WHERE[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


# On the computer of an instrument, which only serves it, Gymnasium or the compiled part is missing.
try:
    register_environments()
except ImportError as error:
    if error.name not in ("gymnasium", __name__):  # `from . import` names the package
        raise
