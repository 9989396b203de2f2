"""Recipes' last stage on an instrument of one's own."""
from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ._config import overrides as as_overrides
from ._config import to_yaml
from ._native import native
from .serving import InstrumentServer


@dataclass(frozen=True)
class Deployed:
    """What a deployment leaves."""

    folder: str  # with report.html, data.hdf5, events.jsonl ...
    summary: dict[str, Any]  # of summary.json


def deploy(policy: str | os.PathLike[str], recipe: str | os.PathLike[str], *, instrument: Any = None,
           output: str | os.PathLike[str] | None = None, seed: int | None = None,
           changes: Mapping[str, Any] | None = None) -> Deployed:
    """The deployment of a recipe, with a policy there is: guard, theory, monitor, report.

    policy      a trained agent's file (``ronchi train``, or policy.json of a run)
    recipe      the name or the path of a recipe
    instrument  in place of the recipe's deploy.instrument: what ``connect`` takes, also an object
                with `description` and `execute`. The recipe's deploy.guard is around it
    output      the run's folder, new or empty; None: runs/<recipe>-seed<seed>
    changes     other keys of the recipe: {"deploy": {"steps": 20}}

    ValueError: bad input; nothing has begun then. Ctrl-C ends it in order, with what was done.
    """
    if isinstance(instrument, (type(None), str, os.PathLike, Mapping)):
        return _deploy(policy, recipe, instrument, output, seed, changes)
    try:
        server = InstrumentServer(instrument)
    except TypeError as error:
        raise ValueError(f"no instrument: {error}; allowed: a name, a dict, or an object with "
                         "description and execute") from None
    with server:
        remote = {"kind": "remote", "address": server.address}
        return _deploy(policy, recipe, remote, output, seed, changes)


def _deploy(policy: Any, recipe: Any, instrument: Any, output: Any, seed: int | None,
            changes: Mapping[str, Any] | None) -> Deployed:
    words = as_overrides(changes or {})
    if instrument is not None:
        value = to_yaml(instrument) if isinstance(instrument, Mapping) else os.fspath(instrument)
        words.append(f"deploy.instrument={value}")
    folder, summary = native.deploy(os.fspath(policy), os.fspath(recipe), words,
                                    "" if output is None else os.fspath(output), seed)
    return Deployed(folder, json.loads(summary))
