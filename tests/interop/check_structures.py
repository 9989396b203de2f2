"""ctest interop/structures: CIF files of others' packages, as we read them and as two others do.

    python check_structures.py RONCHI_PROGRAM VENV_FOLDER CORPUS_FOLDER

The files come from packages on PyPI that ship them; they are fetched into CORPUS_FOLDER (kept for
the next time) and not part of this repository. Cell and summed occupancies must agree with ASE and
pymatgen, which share no code with each other nor with gemmi; a difference needs a warning of ours,
or a stated defect of theirs. Exit status 77, a skip, when PyPI cannot be reached.
"""
import collections
import glob
import json
import os
import subprocess
import sys
import tarfile
import unittest
import zipfile

from check_interop import HERE, SKIP, prepare_environment

program, venv, corpus = "", "", ""

# Versions are fixed, so that what is known of a file stays true.
WHEELS = ["crystals==1.7.0", "Dans-Diffraction==3.4.0", "pyxtal==1.1.5"]
SOURCES = ["cif2cell==2.1.0", "diffpy.structure==3.3.1"]
READERS = ["ase==3.29.0", "pymatgen"]

# The end of a file's name: who differs, and why it is not we.
DEFECTS = {
    "In.cif": (["ase"], "reads the symbol IN as I"),
    ".mcif": (["ase"], "does not know the operations of magnetic CIF"),
    "Ni_ref.cif": (["ase", "pymatgen"], "do not know _space_group_name_H-M_ref: no symmetry"),
    "badspacegroup.cif": (["pymatgen"], "reads an unknown name as P 1"),
}
# What we refuse although others read it.
REFUSED = {
    "NaCoO2_stripe_supercell.cif": "a value of two words without quotes is no CIF",
    "LiCl-bad.cif": "a quote is not closed",
}
# Lattice parameters are printed with up to six digits, and occupancies summed over up to 200 atoms.
RELATIVE = 1e-3
SHARE = 0.01


def pip(*words):
    return subprocess.run([venv, "-m", "pip", "--quiet", "--disable-pip-version-check", *words],
                          timeout=800)


def fetch():
    """False where PyPI is out of reach."""
    os.makedirs(corpus, exist_ok=True)
    if subprocess.run([venv, "-c", "import ase, pymatgen.io.cif"],
                      capture_output=True).returncode != 0:
        if pip("install", *READERS).returncode != 0:
            return False
    stamp = os.path.join(corpus, "complete")
    wanted = " ".join(WHEELS + SOURCES)
    if os.path.exists(stamp) and open(stamp).read() == wanted:
        return True
    packages = os.path.join(corpus, "packages")
    if pip("download", "--no-deps", "--dest", packages, *WHEELS).returncode != 0:
        return False
    if pip("download", "--no-deps", "--no-binary", ":all:", "--dest", packages,
           *SOURCES).returncode != 0:
        return False
    for path in glob.glob(os.path.join(packages, "*")):
        unpack(path)
    with open(stamp, "w") as file:
        file.write(wanted)
    return True


def unpack(path):
    """Every CIF in the package, by its path in it."""
    def keep(name, data):
        if not name.lower().endswith((".cif", ".mcif")):
            return
        package = os.path.basename(path).split("-")[0]
        with open(os.path.join(corpus, f"{package}__{name.replace('/', '_')}"[-200:]), "wb") as out:
            out.write(data)

    if path.endswith(".whl"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                keep(name, archive.read(name))
    else:
        with tarfile.open(path) as archive:
            for member in archive.getmembers():
                if member.isfile():
                    keep(member.name, archive.extractfile(member).read())


def known(table, path):
    return next((value for end, value in table.items() if path.endswith(end)), None)


def same(ours, theirs):
    def plain(elements):
        out = collections.Counter()
        for symbol, amount in elements.items():
            out["H" if symbol in ("D", "T") else symbol] += amount
        return out

    a, b = plain(ours["elements"]), plain(theirs["elements"])
    cells = zip(ours["cell_A"] + ours["angles_deg"], theirs["cell"])
    return (all(abs(a[k] - b[k]) <= SHARE * max(1, a[k], b[k]) for k in set(a) | set(b))
            and all(abs(p - q) <= RELATIVE * max(1, abs(q)) for p, q in cells))


class Structures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.paths = sorted(glob.glob(os.path.join(corpus, "*.cif")) +
                           glob.glob(os.path.join(corpus, "*.mcif")))
        done = subprocess.run([venv, os.path.join(HERE, "structure_readers.py")], check=True,
                              input="\n".join(cls.paths), stdout=subprocess.PIPE, text=True)
        cls.theirs = json.loads(done.stdout)

    def describe(self, path):
        done = subprocess.run([program, "describe", "structure", path, "--json"],
                              capture_output=True, text=True)
        if done.returncode == 0:
            return json.loads(done.stdout)
        self.assertEqual(done.returncode, 2, path)
        self.assertRegex(done.stderr, r"^ronchi: [^\n]*CIF[^\n]*\n$", path)
        return None

    def test_no_silent_difference(self):
        counts, unexplained = collections.Counter(), []
        for path in self.paths:
            name = os.path.basename(path)
            theirs = {k: v for k, v in self.theirs[path].items() if "error" not in v}
            ours = self.describe(path)
            if ours is None:
                reason = known(REFUSED, name)
                counts["refused"] += 1
                # ASE takes atoms without a cell as they are; for images there is nothing in them.
                if any(v["cell"][0] > 0 for v in theirs.values()) and not reason:
                    unexplained.append(f"{name}: refused, but {list(theirs)} read it")
                continue
            agree = [k for k, v in theirs.items() if same(ours, v)]
            counts["read"] += 1
            counts["confirmed by another"] += bool(agree)
            counts["confirmed by both"] += len(agree) == 2
            for reader in set(theirs) - set(agree):
                defect = known(DEFECTS, name)
                if defect and reader in defect[0]:
                    counts["defects of theirs"] += 1
                elif ours["warnings"]:
                    counts["warned"] += 1
                else:
                    unexplained.append(f"{name}: {ours['elements']} {ours['cell_A']}, "
                                       f"{reader}: {theirs[reader]}")
            if not theirs:
                counts["read by us alone"] += 1
        print(dict(counts))
        self.assertEqual(unexplained, [])
        self.assertGreaterEqual(counts["confirmed by another"], 200)
        self.assertGreaterEqual(counts["confirmed by both"], 180)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    program, venv, corpus = sys.argv[1], prepare_environment(sys.argv[2]), sys.argv[3]
    if venv is None:
        sys.exit(SKIP)
    if not fetch():
        print("SKIPPED: cannot fetch " + ", ".join(WHEELS + SOURCES + READERS))
        sys.exit(SKIP)
    unittest.main(argv=sys.argv[:1], verbosity=2)
