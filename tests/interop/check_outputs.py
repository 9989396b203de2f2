"""ctest interop/outputs: the program's own outputs open in every reader, with the right axes.

    python check_outputs.py RONCHI_PROGRAM VENV_FOLDER

Exit status 77, a skip, when the readers' packages cannot be fetched.
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

from check_interop import HERE, SKIP, prepare_environment

program, venv = "", ""

# A box of 19.525 Å and 200 keV electrons of 0.025079 Å (Kirkland 2020, eq. 2.5): a diffraction
# pixel is 1.28446 mrad, and 16 of them reach up to 20 mrad on either side of zero.
MRAD_PER_PIXEL = 0.0250793 / 19.525 * 1e3
CONFIG = """version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [5, 5, 2]}
beam: {energy_keV: 200, semiangle_mrad: 15}
grid: {pixels: [128, 128], slice_thickness_A: 1.9525}
scan: {start_A: [1, 2], end_A: [4.905, 5.905], pixels: [4, 4]}
detectors:
  cbed: {type: pixelated, max_mrad: 20}
  bf: {type: annular, inner_mrad: 0, outer_mrad: 10}
"""


class Outputs(unittest.TestCase):
    def see(self, folder, name):
        done = subprocess.run([venv, os.path.join(HERE, "interop_reader.py"),
                               os.path.join(folder, name)],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        seen = json.loads(done.stdout)
        for reader, result in seen.items():
            self.assertNotIn("error", result, reader)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(seen["nexus"].get("error"), None)
        return seen

    def run_program(self, folder, *words):
        subprocess.run([program, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)

    def same_axes(self, axes, wanted, what):
        self.assertEqual(len(axes), len(wanted), what)
        for got, (name, units, offset, scale) in zip(axes, wanted):
            self.assertEqual((got["name"], got["units"]), (name, units), what)
            # MRAD_PER_PIXEL has six digits; all else is exact but for round-off.
            self.assertAlmostEqual(got["offset"], offset, delta=1e-4 * (abs(offset) + 1), msg=what)
            self.assertAlmostEqual(got["scale"], scale, delta=1e-4 * abs(scale), msg=what)

    def test_simulate_4d(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "s.yaml"), "w") as f:
                f.write(CONFIG)
            self.run_program(folder, "simulate", "s.yaml", "-o", "o.hdf5", "-q")
            seen = self.see(folder, "o.hdf5")
        shape = seen["h5py"]["signals"]["cbed"]["shape"]
        self.assertEqual(shape[:2], [4, 4])
        self.assertEqual(shape[2], shape[3])
        q0 = -(shape[2] // 2) * MRAD_PER_PIXEL
        wanted = {"cbed": [("x", "{A}", 1, 3.905 / 4), ("y", "{A}", 2, 3.905 / 4),
                           ("qx", "mrad", q0, MRAD_PER_PIXEL), ("qy", "mrad", q0, MRAD_PER_PIXEL)]}
        wanted["bf"] = wanted["cbed"][:2]

        def spelt(name, angstrom):
            return [(n, u.replace("{A}", angstrom), o, s) for n, u, o, s in wanted[name]]

        for name in wanted:
            self.same_axes(seen["h5py"]["signals"][name]["axes"], spelt(name, "A"), name)
            values = {k: seen["h5py"]["signals"][name][k] for k in ("shape", "sum", "weighted")}
            self.assertEqual(seen["h5py"]["signals"][name]["not_finite"], 0)
            for reader in ("rosettasciio", "hyperspy"):
                entry = seen[reader][name + " (simulated)"]
                if name == "bf":  # an image: x comes last, which HyperSpy draws horizontally
                    self.same_axes(entry["axes"], spelt(name, "Å")[::-1], reader)
                    self.assertAlmostEqual(entry["sum"], values["sum"], places=9)
                    self.assertNotEqual(entry["weighted"], values["weighted"])
                else:
                    self.same_axes(entry["axes"], spelt(name, "Å"), reader)
                    self.assertEqual({k: entry[k] for k in values}, values, reader)
            self.assertEqual({k: seen["py4DSTEM"][name][k] for k in values}, values)
        cube = seen["py4DSTEM"]["cbed"]
        self.assertEqual(cube["class"], "DataCube")
        self.assertAlmostEqual(cube["calibration"]["R_pixel_size"], 3.905 / 4, places=6)
        self.assertEqual(cube["calibration"]["Q_pixel_units"], "mrad")
        self.assertAlmostEqual(cube["calibration"]["Q_pixel_size"], MRAD_PER_PIXEL, delta=1e-4)
        # Within 20 mrad lies the whole bright disc of 15 mrad, and hardly anything is lost.
        mean = seen["h5py"]["signals"]["cbed"]["sum"] / 16
        self.assertGreater(mean, 0.8)
        self.assertLess(mean, 1 + 1e-5)

    def test_rectangular_pixels(self):
        """py4DSTEM's cube has one pixel size a plane: where there are two, it gets an array."""
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "a.xyz"), "w") as f:
                f.write("one Au\n 12 16 4\n79 3 10 2 1 0\n-1\n")
            with open(os.path.join(folder, "s.yaml"), "w") as f:
                f.write("version: 1\nspecimen: {file: a.xyz}\n"
                        "beam: {energy_keV: 200, semiangle_mrad: 20}\n"
                        "grid: {pixels: [160, 216], slice_thickness_A: 2}\n"
                        "scan: {end_A: [12, 16], pixels: [12, 8]}\n"
                        "detectors: {cbed: {type: pixelated, max_mrad: 30}}\n")
            self.run_program(folder, "simulate", "s.yaml", "-o", "o.hdf5", "-q")
            seen = self.see(folder, "o.hdf5")
        mrad = [0.0250793 / side * 1e3 for side in (12, 16)]
        for reader, axes in (("h5py", seen["h5py"]["signals"]["cbed"]["axes"]),
                             ("hyperspy", seen["hyperspy"]["cbed (simulated)"]["axes"]),
                             ("py4DSTEM", seen["py4DSTEM"]["cbed"]["axes"])):
            scales = [a["scale"] for a in axes]
            for got, want in zip(scales, [1, 2, *mrad]):
                self.assertAlmostEqual(got, want, delta=1e-4 * want, msg=reader)
        self.assertEqual(seen["py4DSTEM"]["cbed"]["class"], "Array")

    def test_series_and_exit_planes(self):
        """Uneven steps are what HyperSpy and NeXus see; even ones keep offset and scale."""
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "s.yaml"), "w") as f:
                f.write(CONFIG)
            self.run_program(folder, "simulate", "s.yaml", "-o", "o.hdf5", "-q",
                             "--set", "beam.energy_keV={series: [80, 200, 300]}",
                             "--set", "beam.aberrations.C10_A={from: -20, to: 40, steps: 3}",
                             "--set", "exit_planes=[1, 2, 4]",
                             "--set", "detectors={bf: {type: annular, outer_mrad: 10}}")
            seen = self.see(folder, "o.hdf5")
        depths = [0.19525, 0.3905, 0.781]
        for reader in ("rosettasciio", "hyperspy"):
            axes = seen[reader]["bf (simulated)"]["axes"]
            self.assertEqual([a["name"] for a in axes], ["energy", "C10", "depth", "y", "x"])
            self.assertEqual([a["units"] for a in axes], ["keV", "Å", "nm", "Å", "Å"])
            self.assertEqual(axes[0]["values"], [80, 200, 300])
            self.assertEqual((axes[1]["offset"], axes[1]["scale"]), (-20, 30))
            for got, wanted in zip(axes[2]["values"], depths):
                self.assertAlmostEqual(got, wanted, places=9)
            self.assertEqual([a["navigate"] for a in axes], [True, True, True, False, False])
        self.assertEqual(seen["hyperspy"]["bf (simulated)"]["class"], "Signal2D")
        self.assertEqual(seen["h5py"]["signals"]["bf"]["shape"], [3, 3, 3, 4, 4])
        self.assertEqual(seen["h5py"]["others"]["/simulate/series/beam.energy_keV"], [[3], "keV"])
        self.assertEqual(seen["nexus"]["nxdata"]["bf"]["units"], ["keV", "A", "nm", "A", "A"])
        self.assertEqual(seen["py4DSTEM"]["bf"]["class"], "Array")

    def test_quickstart(self):
        with tempfile.TemporaryDirectory() as folder:
            self.run_program(folder, "run", "quickstart", "-o", "r", "-q", "--set",
                             "deploy.steps=9", "--set", "train.tune_steps=5", "--set",
                             "agent.kind=random")
            seen = self.see(folder, "r/data.hdf5")
        step = 15.62 / 64
        for stage, rows in (("tune", 6), ("deploy", 10)):
            images = seen["h5py"]["signals"][stage + "_images"]
            self.assertEqual(images["shape"], [rows, 64, 64])
            self.assertEqual(images["units"], "counts")
            self.same_axes(images["axes"], [("image", "", 0, 1), ("y", "A", -7.81, step),
                                            ("x", "A", -7.81, step)], stage)
            others = seen["h5py"]["others"]
            self.assertEqual(others[f"/run/{stage}/time_s"], [[rows], "s"])
            self.assertEqual(others[f"/run/{stage}/C10_nm"], [[rows], "nm"])
            self.assertEqual(others[f"/run/{stage}/dose_e_per_A2"], [[rows], "e/A^2"])
            stack = seen["hyperspy"][f"Images of the stage '{stage}'"]
            self.assertEqual((stack["navigation"], stack["signal"]), ([rows], [64, 64]))
        self.assertEqual(seen["h5py"]["others"]["/run/config"], ["text", ""])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    program, venv = sys.argv[1], prepare_environment(sys.argv[2])
    if venv is None:
        sys.exit(SKIP)
    unittest.main(argv=sys.argv[:1], verbosity=2)
