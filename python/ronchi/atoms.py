"""ASE Atoms as a structure file that never touches the disk."""
from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

# The columns of extended xyz that the reader knows (docs/simulator.md), by width.
_COLUMNS = {1: {"occupancy", "rms", "b", "biso", "b_iso", "uiso", "u_iso"},
            3: {"disp", "displacement", "displacements"}}

IN_MEMORY = "/proc/self/fd/"  # how the path of such a file begins


def extended_xyz(atoms: Any) -> str:
    """Every digit is kept: what is read is what was given."""
    cell = np.asarray(atoms.get_cell(), float)
    if not len(atoms):
        raise ValueError("atoms: there are none")
    if not np.any(cell):
        raise ValueError("atoms: they have no cell; give one, in Å: atoms.set_cell([a, b, c])")
    columns = {name: np.asarray(values, float).reshape(len(atoms), -1)
               for name, values in atoms.arrays.items()
               if values.dtype.kind in "fiu" and any(
                   name.lower() in names and values.size == width * len(atoms)
                   for width, names in _COLUMNS.items())}
    lines = []
    for i, (number, place) in enumerate(zip(atoms.numbers, atoms.positions)):
        rest = {name: list(values[i]) for name, values in columns.items()}
        for symbol, occupancy in _shares(atoms, i):
            if occupancy is not None:
                rest["occupancy"] = [occupancy]
            numbers = [*place, *(v for values in rest.values() for v in values)]
            lines.append(" ".join([symbol or str(number), *(f"{v:.17g}" for v in numbers)]))
    if "occupancy" in atoms.info and "spacegroup_kinds" in atoms.arrays:
        columns.setdefault("occupancy", np.ones((1, 1)))
    properties = ":".join(["species:S:1:pos:R:3",
                           *(f"{name}:R:{v.shape[1]}" for name, v in columns.items())])
    lattice = " ".join(f"{v:.17g}" for v in cell.ravel())
    pbc = " ".join("FT"[bool(p)] for p in atoms.pbc)
    return "\n".join([str(len(lines)),
                      f'Lattice="{lattice}" Properties={properties} pbc="{pbc}"', *lines, ""])


def _shares(atoms: Any, i: int) -> list[tuple[str, float | None]]:
    """The elements that share a site, as ASE's reader of CIF tells them; else the atom itself."""
    kinds = atoms.arrays.get("spacegroup_kinds")
    shares = atoms.info.get("occupancy", {}).get(str(kinds[i])) if kinds is not None else None
    if not shares:
        is_shared = kinds is not None and "occupancy" in atoms.info
        return [("", 1.0 if is_shared else None)]
    return list(shares.items())


@contextlib.contextmanager
def structure_file(atoms: Any) -> Iterator[str]:
    """The path to read `atoms` from while the block lasts. None gives "": there is none."""
    if atoms is None or isinstance(atoms, (str, os.PathLike)):
        yield os.fspath(atoms) if atoms is not None else ""
        return
    if not all(hasattr(atoms, name) for name in ("numbers", "positions", "arrays", "get_cell")):
        raise ValueError(f"atoms: ASE Atoms or a path is needed, not {type(atoms).__name__}")
    memory = os.memfd_create("ronchi-atoms")
    try:
        with open(memory, "w", encoding="utf-8", closefd=False) as file:
            file.write(extended_xyz(atoms))
        yield f"{IN_MEMORY}{memory}"
    finally:
        os.close(memory)
