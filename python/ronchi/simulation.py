"""Images, 4D-STEM and diffraction of a structure, in memory."""
from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from typing import Any, Literal, overload

import numpy as np

from ._config import overrides, to_yaml
from ._native import native
from .atoms import IN_MEMORY, structure_file
from .spaces import Float

# HyperSpy's unit library reads "A" as ampere.
_HYPERSPY_UNITS = {"A": "Å", "A^-1": "1/Å"}


@overload
def simulate(atoms: Any = None, *, as_signals: Literal[False] = False, progress: bool = False,
             **config: Any) -> dict[str, Float]: ...
@overload
def simulate(atoms: Any = None, *, as_signals: Literal[True], progress: bool = False,
             **config: Any) -> dict[str, Any]: ...
def simulate(atoms: Any = None, *, as_signals: bool = False, progress: bool = False,
             **config: Any) -> dict[str, Any]:
    """What every detector sees: {name: array}, axes as in the file that `ronchi simulate` writes.

    atoms       ASE Atoms, the path of a structure file, or of a config (.yaml), whose keys
                **config overrides; None where specimen={"build": ...} makes the structure
    as_signals  HyperSpy signals with calibrated axes instead of arrays
    progress    a bar on stderr
    **config    the keys of docs/simulator.md: specimen, beam, grid, detectors, scan, ...

    Axes are (series of numbers, exit planes, scan x, scan y, then the detector's); the numbers are float32, the same to the bit as
    the command's. Of ASE Atoms the columns that docs/simulator.md names are read from
    ``atoms.arrays``: occupancy, rms (or B, U_iso), displacements.

    ValueError: one line with key, value and what is allowed. Ctrl-C ends it. UserWarning: what the
    command warns of, such as what a structure file leaves open (docs/structures.md).
    """
    path, text, file, changes = "", "", "", list[str]()
    if isinstance(atoms, (str, os.PathLike)) and str(atoms).endswith((".yaml", ".yml")):
        path, changes = os.fspath(atoms), overrides(config)
        try:
            results, told = native.simulate("", path, changes, progress)
        except ValueError as error:  # the command would say where its own overrides are wrong
            raise ValueError(re.sub("^--set '.*?': ", "", str(error))) from None
    else:
        with structure_file(atoms) as file:
            specimen = dict(config.pop("specimen", {}))
            if file:
                specimen["file"] = file
            text = to_yaml({"version": 1, "specimen": specimen, **config})
            try:
                results, told = native.simulate(text, "", changes, progress)
            except ValueError as error:
                raise ValueError(_name_atoms(str(error), file)) from None
    for warning in told:
        warnings.warn(_name_atoms(warning, file), stacklevel=2)
    if as_signals:
        return {name: _signal(name, *result) for name, result in results.items()}
    return {name: values for name, (values, _) in results.items()}


def _name_atoms(text: str, file: str) -> str:
    """What was given as atoms has no file that anybody knows."""
    return text.replace(file, "atoms") if file.startswith(IN_MEMORY) else text


def _axis(axis: Mapping[str, Any], size: int) -> dict[str, Any]:
    """HyperSpy's: even steps, or a value for each."""
    out = dict(axis, units=_HYPERSPY_UNITS.get(axis["units"], axis["units"]))
    uneven = out.pop("values")
    if not uneven:
        return dict(out, size=size)
    del out["offset"], out["scale"]
    return dict(out, axis=np.asarray(uneven))


def _signal(name: str, values: Float, signal: Mapping[str, Any]) -> Any:
    try:
        from hyperspy.signals import BaseSignal, Signal1D, Signal2D
    except ImportError as error:
        raise ImportError("as_signals=True needs HyperSpy: pip install hyperspy") from error
    axes = [_axis(axis, size) for axis, size in zip(signal["axes"], np.shape(values))]
    # HyperSpy draws the last axis horizontally: x, in an image. A cube keeps its order, as in files.
    names = [a["name"] for a in axes]
    if "x" in names and "qx" not in names:
        x = names.index("x")
        axes[x], axes[x + 1] = axes[x + 1], axes[x]
        values = np.swapaxes(values, x, x + 1)
    kind = {1: Signal1D, 2: Signal2D}.get(sum(not a["navigate"] for a in axes), BaseSignal)
    return kind(values, axes=axes, metadata={
        "General": {"name": name, "title": signal["title"]},
        "Signal": {"quantity": signal["units"]},
        "Acquisition_instrument": {"TEM": {
            "acquisition_mode": "STEM", "beam_energy": signal["beam_energy_keV"],
            "convergence_angle": signal["convergence_mrad"]}}})
