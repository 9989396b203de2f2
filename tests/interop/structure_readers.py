"""What ASE and pymatgen read from CIF files: cell and summed occupancy by element.

    python structure_readers.py < LIST        one path a line; prints one JSON object

Each entry is {"cell": [a, b, c, alpha, beta, gamma], "elements": {symbol: sum}}, or {"error": ...}
where a reader fails, which is theirs to do.
"""
import collections
import contextlib
import io
import json
import sys
import warnings


def by_ase(path):
    import ase.io.cif

    for block in ase.io.cif.parse_cif(path):
        if not block.has_structure():
            continue
        atoms = block.get_atoms(store_tags=False, fractional_occupancies=True)
        kinds = atoms.arrays.get("spacegroup_kinds")
        shares = atoms.info.get("occupancy", {}) if kinds is not None else {}
        elements = collections.Counter()
        for i, symbol in enumerate(atoms.get_chemical_symbols()):
            here = shares.get(str(kinds[i])) if kinds is not None else None
            for element, share in (here or {symbol: 1}).items():
                elements[element] += share
        return {"cell": [float(v) for v in atoms.cell.cellpar()], "elements": elements}
    raise ValueError("no block with a structure")


def by_pymatgen(path):
    from pymatgen.io.cif import CifParser

    structure = CifParser(path, occupancy_tolerance=1.02).parse_structures(primitive=False)[0]
    elements = collections.Counter()
    for site in structure:
        for species, share in site.species.items():
            elements[getattr(species, "element", species).symbol] += share
    lattice = structure.lattice
    return {"cell": [*lattice.abc, *lattice.angles], "elements": elements}


def main():
    warnings.simplefilter("ignore")
    seen = {}
    for path in sys.stdin.read().splitlines():
        seen[path] = {}
        for name, reader in (("ase", by_ase), ("pymatgen", by_pymatgen)):
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    seen[path][name] = reader(path)
            except Exception as error:  # a reader of others may fail in any way
                seen[path][name] = {"error": f"{type(error).__name__}: {error}"[:200]}
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
