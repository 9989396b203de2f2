"""ctest interop/readers: what every reader sees in Ronchi's files is what was written.

    python check_interop.py WRITE_EXAMPLE VENV_FOLDER

Makes the virtual environment when it is missing (reused when present). Exit status 77, a skip, when
the packages cannot be fetched.
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

PACKAGES = ["h5py", "hyperspy", "py4DSTEM", "silx"]
HERE = os.path.dirname(os.path.abspath(__file__))
SKIP = 77
writer, venv = "", ""


IMPORTS = "h5py, hyperspy.api, rsciio.hspy, emdfile, py4DSTEM, silx.io"


def prepare_environment(folder, packages=PACKAGES, imports=IMPORTS):
    """The environment's python, or None where the packages are out of reach."""
    python = os.path.join(folder, "bin", "python")
    if os.path.exists(python) and subprocess.run(
            [python, "-c", "import " + imports], capture_output=True).returncode == 0:
        return python
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                        *packages], check=True, timeout=800)
    except (subprocess.SubprocessError, OSError) as error:
        print(f"SKIPPED: cannot make the environment with {', '.join(packages)}: {error}")
        return None
    subprocess.run([python, "-c", "import " + imports], check=True)  # installed but broken: a failure
    return python


def enter_environment(folder, packages, imports):
    """Goes on in the environment, with the script that runs; its python once there.

    Exit status 77, a skip, where the packages are out of reach.
    """
    python = prepare_environment(folder, packages, imports)
    if python is None:
        sys.exit(SKIP)
    if os.path.realpath(sys.prefix) != os.path.realpath(folder):
        os.execv(python, [python, os.path.abspath(sys.argv[0]), *sys.argv[1:]])
    return python


def numbered(shape, turned=False):
    """Shape, sum and index-weighted sum of write_example's values, by plain loops.

    turned: with the two axes of an image exchanged.
    """
    total = weighted = flat = 0
    order = list(range(len(shape)))
    if turned:
        order.reverse()
        shape = list(reversed(shape))

    def walk(depth, value):
        nonlocal total, weighted, flat
        if depth == len(shape):
            total += value
            weighted += value * flat
            flat += 1
            return
        for i in range(shape[depth]):
            walk(depth + 1, value + i * 10 ** (len(shape) - 1 - order[depth]))

    walk(0, 0)
    return {"shape": list(shape), "sum": float(total), "weighted": float(weighted),
            "not_finite": 0}


def axis(name, units, offset, scale, size, navigate=False):
    return {"name": name, "units": units, "offset": offset, "scale": scale, "size": size,
            "navigate": navigate}


# As write_example.cc declares them; units as HyperSpy spells them.
SIGNALS = {
    "haadf": ("HAADF image", "fraction", [axis("x", "Å", 1.5, 0.25, 6),
                                          axis("y", "Å", 1.5, 0.5, 7)]),
    "frames": ("Frame stack", "counts", [axis("frame", "s", 0, 0.125, 3, True),
                                         axis("y", "nm", 0, 0.1, 5), axis("x", "nm", 0, 0.2, 4)]),
    "loss": ("Spectrum", "counts", [axis("energy loss", "eV", -2, 0.05, 9)]),
    "cbed": ("4D-STEM", "fraction", [axis("x", "Å", 1.5, 0.25, 3, True),
                                     axis("y", "Å", 1.5, 0.25, 4, True),
                                     axis("qx", "1/Å", -0.1, 0.02, 5),
                                     axis("qy", "1/Å", -0.2, 0.02, 6)]),
}
EMD_UNITS = {"Å": "A", "1/Å": "A^-1"}


class Readers(unittest.TestCase):
    def same_values(self, seen, name, turned=False):
        expected = numbered([a["size"] for a in SIGNALS[name][2]], turned)
        self.assertEqual({k: seen[k] for k in expected}, expected, name)

    def same_axes(self, seen, name, emd_units, keys=("name", "units", "offset", "scale"),
                  turned=False):
        self.assertEqual(len(seen), len(SIGNALS[name][2]), name)
        for got, want in zip(seen, SIGNALS[name][2][::-1 if turned else 1]):
            want = dict(want, units=EMD_UNITS.get(want["units"], want["units"])
                        if emd_units else want["units"])
            for key in keys:
                if isinstance(want[key], float):  # steps of a vector of doubles: round-off
                    self.assertAlmostEqual(got[key], want[key], places=12, msg=(name, key))
                else:
                    self.assertEqual(got[key], want[key], (name, key))

    def read(self, kind):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, kind + ".hdf5")
            subprocess.run([writer, path, kind], check=True)
            self.assertEqual(os.listdir(folder), [kind + ".hdf5"])
            done = subprocess.run([venv, os.path.join(HERE, "interop_reader.py"), path],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        seen = json.loads(done.stdout)
        for reader, result in seen.items():
            self.assertNotIn("error", result, reader)
        self.assertEqual(done.returncode, 0)
        return seen

    def check(self, kind, names, first):
        seen = self.read(kind)
        self.assertEqual(set(seen["h5py"]["signals"]), set(names))
        self.assertEqual(seen["h5py"]["others"],
                         {"/run/config": ["text", ""], "/run/curves/contrast": [[3], "1"]})
        self.assertEqual(seen["nexus"]["default"], first)
        self.assertEqual(seen["nexus"]["title"], "Interoperability example")
        self.assertEqual(set(seen["nexus"]["nxdata"]), set(names))
        self.assertEqual(seen["silx"]["default"], "/root/" + first)
        for name in names:
            title, units, axes = SIGNALS[name]
            nexus = seen["silx"]["nxdata"][name]
            self.assertEqual((nexus["issues"], nexus["title"]), ([], title))
            self.assertEqual(nexus["axes"], [f"dim{i}" for i in range(len(axes))])
            self.assertEqual(nexus["shape"], [a["size"] for a in axes])
            plain = seen["h5py"]["signals"][name]
            self.same_values(plain, name)
            self.same_axes(plain["axes"], name, emd_units=True)
            self.assertEqual([a["label"] for a in plain["axes"]],
                             [f"dim{i}" for i in range(len(axes))])
            self.assertEqual((plain["title"], plain["units"]), (title, units))
            for reader in ("rosettasciio", "hyperspy"):
                # HyperSpy draws the last axis horizontally: there x comes last in an image.
                turned = name == "haadf"
                self.same_values(seen[reader][title], name, turned)
                self.same_axes(seen[reader][title]["axes"], name, emd_units=False, turned=turned,
                               keys=("name", "units", "offset", "scale", "size", "navigate"))
            if name == "haadf":
                self.assertEqual(seen["hyperspy"][title]["tem"],
                                 {"acquisition_mode": "STEM", "beam_energy": 200.0,
                                  "convergence_angle": 24.0, "dwell_time": 5e-6})
            self.same_values(seen["emdfile"]["arrays"][name], name)
            self.same_values(seen["py4DSTEM"][name], name)
            if name != "cbed":
                self.assertEqual(seen["py4DSTEM"][name]["class"], "Array")
                self.same_axes(seen["py4DSTEM"][name]["axes"], name, emd_units=True)
        return seen

    def check_cube(self, seen):
        cube = seen["py4DSTEM"]["cbed"]
        self.assertEqual(cube["class"], "DataCube")
        self.assertEqual(cube["calibration"],
                         {"R_pixel_size": 0.25, "R_pixel_units": "A", "Q_pixel_size": 0.02,
                          "Q_pixel_units": "A^-1", "QR_flip": False})
        self.assertEqual([a["units"] for a in cube["axes"]], ["A", "A", "A^-1", "A^-1"])
        for a, scale in zip(cube["axes"], (0.25, 0.25, 0.02, 0.02)):
            self.assertAlmostEqual(a["scale"], scale, places=12)
        self.assertEqual(cube["virtual_image"]["shape"], [3, 4])
        self.assertEqual(cube["virtual_image"]["sum"], numbered([3, 4, 5, 6])["sum"])
        self.assertEqual(seen["hyperspy"]["4D-STEM"]["navigation"], [4, 3])
        self.assertEqual(seen["hyperspy"]["4D-STEM"]["signal"], [6, 5])

    def test_cube_alone(self):
        self.check_cube(self.check("cube", ["cbed"], "cbed"))

    def test_everything_in_one_file(self):
        seen = self.check("all", list(SIGNALS), "cbed")
        self.check_cube(seen)
        self.assertEqual(seen["hyperspy"]["Spectrum"]["signal_type"], "EELS")
        self.assertEqual(seen["nexus"]["nxdata"]["loss"]["interpretation"], "spectrum")

    def test_without_a_cube_emdfile_needs_no_other_package(self):
        seen = self.check("images", ["haadf", "frames", "loss"], "haadf")
        self.assertTrue(seen["emdfile"]["without_py4DSTEM"])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    writer, venv = sys.argv[1], prepare_environment(sys.argv[2])
    if venv is None:
        sys.exit(SKIP)
    unittest.main(argv=sys.argv[:1], verbosity=2)
