"""ronchi.simulate gives the bits of the command's file, from ASE Atoms as from a file."""
import inspect
import os
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import warnings

import ase
import ase.build
import numpy as np

import ronchi

try:
    import h5py
except ImportError:
    h5py = None
try:
    import hyperspy.api as hs
except ImportError:
    hs = None

CONFIG = {"beam": {"energy_keV": 200, "semiangle_mrad": 20},
          "grid": {"pixels": [64, 64], "slice_thickness_A": 2},
          "scan": {"start_A": [0.5, 0], "end_A": [3.9, 3.9], "pixels": [4, 3]},
          "phonons": {"configurations": 2, "rms_A": {"Sr": 0.1, "Au": 0.1}, "seed": 3},
          "dose": {"electrons_per_A2": 1000, "seed": 4},
          "detectors": {"haadf": {"type": "annular", "inner_mrad": 30, "outer_mrad": 60},
                        "quad": {"type": "segmented", "inner_mrad": 5, "outer_mrad": 20},
                        "cbed": {"type": "pixelated", "max_mrad": 40}}}
STO = {"file": "SrTiO3_001.xyz", "repeat": [2, 2, 2]}


def command(folder, specimen, config=CONFIG):
    """The file that the command writes."""
    import json
    path = os.path.join(folder, "s.yaml")
    with open(path, "w") as file:
        json.dump({"version": 1, "specimen": specimen, **config}, file)
    subprocess.run([os.environ["RONCHI_PROGRAM"], "simulate", path, "-q", "-o",
                    os.path.join(folder, "s.hdf5")], check=True, stdout=subprocess.DEVNULL)
    return os.path.join(folder, "s.hdf5")


@unittest.skipUnless(h5py and "RONCHI_PROGRAM" in os.environ, "needs h5py and the program")
class SameAsTheCommand(unittest.TestCase):
    def same(self, results, path):
        with h5py.File(path) as file:
            theirs = [k for k, v in file["root"].items() if isinstance(v, h5py.Group) and "data" in v]
            self.assertEqual(sorted(results), sorted(theirs))
            for name, values in results.items():
                theirs = file[f"root/{name}/data"][:]
                self.assertEqual((values.dtype, values.shape), (theirs.dtype, theirs.shape))
                self.assertTrue(np.array_equal(values, theirs), name)

    def test_a_structure_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = command(folder, STO)
            self.same(ronchi.simulate("SrTiO3_001.xyz", specimen={"repeat": [2, 2, 2]}, **CONFIG),
                      path)
            # The config's own file, and what overrides it.
            self.same(ronchi.simulate(os.path.join(folder, "s.yaml")), path)
            with self.assertRaisesRegex(ValueError, "^beam.energy_keV: -5 is not allowed"):
                ronchi.simulate(os.path.join(folder, "s.yaml"), beam={"energy_keV": -5})
            changed = ronchi.simulate(os.path.join(folder, "s.yaml"), dose={"seed": 5})
            with h5py.File(path) as file:
                self.assertFalse(np.array_equal(changed["haadf"], file["root/haadf/data"][:]))

    def test_atoms(self):
        gold = ase.build.bulk("Au", cubic=True)
        with tempfile.TemporaryDirectory() as folder:
            xyz = os.path.join(folder, "gold.xyz")
            gold.write(xyz, format="extxyz")
            path = command(folder, {"file": xyz, "repeat": [1, 1, 2]})
            self.same(ronchi.simulate(gold, specimen={"repeat": [1, 1, 2]}, **CONFIG), path)

    def test_a_series_of_numbers(self):
        beam = {**CONFIG["beam"], "energy_keV": {"series": [80, 200, 300]}}
        config = {**CONFIG, "beam": beam, "detectors": {
            "haadf": {"type": "annular", "inner_mrad": 30, "outer_mrad": 50}}}
        with tempfile.TemporaryDirectory() as folder:
            path = command(folder, STO, config)
            ours = ronchi.simulate("SrTiO3_001.xyz", specimen={"repeat": [2, 2, 2]}, **config)
            self.same(ours, path)
            self.assertEqual(len(ours["haadf"]), 3)
        if hs:
            signal = ronchi.simulate("SrTiO3_001.xyz", specimen={"repeat": [2, 2, 2]},
                                     as_signals=True, **config)["haadf"]
            energy = signal.axes_manager._axes[0]
            self.assertEqual((energy.name, str(energy.units), list(energy.axis), energy.navigate),
                             ("energy", "keV", [80, 200, 300], True))

    @unittest.skipUnless(hs, "needs HyperSpy")
    def test_signals_have_the_files_axes(self):
        with tempfile.TemporaryDirectory() as folder:
            path = command(folder, STO)
            # Called `reader` before HyperSpy 2.5.
            new = "file_format" in inspect.signature(hs.load).parameters
            signals = hs.load(path, **{"file_format" if new else "reader": "HSPY"})
            theirs = {s.metadata.General.title: s for s in signals}
            ours = ronchi.simulate("SrTiO3_001.xyz", specimen={"repeat": [2, 2, 2]},
                                   as_signals=True, **CONFIG)
            for signal_ in ours.values():
                their = theirs[signal_.metadata.General.title]
                self.assertTrue(np.array_equal(signal_.data, their.data))
                for a, b in zip(signal_.axes_manager._axes, their.axes_manager._axes):
                    self.assertEqual((a.name, str(a.units), a.offset, a.scale, a.size, a.navigate),
                                     (b.name, str(b.units), b.offset, b.scale, b.size, b.navigate))


class Atoms(unittest.TestCase):
    FAST = {**CONFIG, "phonons": {"configurations": 1}, "dose": {"electrons_per_A2": 0}}

    def test_columns_count(self):
        gold = ase.build.bulk("Au", cubic=True)
        plain = ronchi.simulate(gold, **self.FAST)["haadf"]
        full = gold.copy()
        full.set_array("occupancy", np.ones(4))
        self.assertTrue(np.array_equal(ronchi.simulate(full, **self.FAST)["haadf"], plain))
        full.arrays["occupancy"][:] = 0.5
        self.assertLess(ronchi.simulate(full, **self.FAST)["haadf"].mean(), plain.mean())
        moved = gold.copy()
        moved.set_array("displacements", np.tile([0.3, 0.0, 0.0], (4, 1)))
        by_hand = gold.copy()
        by_hand.positions += [0.3, 0, 0]
        self.assertTrue(np.array_equal(ronchi.simulate(moved, **self.FAST)["haadf"],
                                       ronchi.simulate(by_hand, **self.FAST)["haadf"]))
        warm = {**self.FAST, "phonons": {"configurations": 2}}
        still = ronchi.simulate(gold, **warm)["haadf"]
        shaken = gold.copy()
        shaken.set_array("rms", np.full(4, 0.1))
        self.assertFalse(np.array_equal(ronchi.simulate(shaken, **warm)["haadf"], still))

    def test_what_the_command_warns_of(self):
        gold = ase.build.bulk("Au", cubic=True)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ronchi.simulate(gold, **self.FAST)
        gold.pbc = [False, True, True]
        with self.assertWarnsRegex(UserWarning, "^atoms: pbc 'F T T' is not periodic") as told:
            ronchi.simulate(gold, **self.FAST)
        self.assertEqual(told.filename, __file__)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "iron.cif")
            with open(path, "w") as file:
                file.write("data_iron\n" + "".join(
                    f"_cell_length_{a} 4\n" for a in "abc") + "".join(
                    f"_cell_angle_{a} 90\n" for a in ("alpha", "beta", "gamma")) +
                    "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n"
                    "_atom_site_fract_z\nFe1 0 0 0\n")
            with self.assertWarnsRegex(UserWarning, "iron.cif: the file tells no symmetry"):
                ronchi.simulate(path, **self.FAST)

    def test_shared_sites(self):
        # As ase.io.read makes them of a CIF file: a site of two elements.
        alloy = ase.build.bulk("Au", cubic=True)
        alloy.set_array("spacegroup_kinds", np.zeros(4, int))
        alloy.info["occupancy"] = {"0": {"Au": 0.5, "Cu": 0.5}}
        gold = ase.build.bulk("Au", cubic=True)
        copper = gold.copy()
        copper.numbers[:] = 29
        mean = [ronchi.simulate(a, **self.FAST)["haadf"].mean() for a in (copper, alloy, gold)]
        self.assertEqual(mean, sorted(mean))
        self.assertLess(mean[0], mean[1])

    def test_cells_that_are_no_box_are_cut(self):
        primitive = ase.build.bulk("Au")
        with self.assertRaises(ValueError) as caught:
            ronchi.simulate(primitive, **self.FAST)
        self.assertIn("zone: [0, 0, 1]", str(caught.exception))
        cut = ronchi.simulate(primitive, specimen={"zone": [1, 1, 1]}, **self.FAST)
        self.assertEqual(cut["haadf"].shape, (4, 3))

    def test_built_specimens_need_no_atoms(self):
        finer = {**self.FAST, "grid": {"pixels": [128, 128], "slice_thickness_A": 2}}
        film = ronchi.simulate(specimen={"build": "amorphous", "density_g_cm3": 2,
                                         "size_A": [12, 12], "thickness_A": 8}, **finer)
        self.assertTrue(np.all(np.isfinite(film["cbed"])))

    def test_bad_input_is_one_line(self):
        gold = ase.build.bulk("Au", cubic=True)
        lost = gold.copy()
        lost.positions[0, 2] = np.nan
        out = gold.copy()
        out.pbc, out.positions[0, 2] = [True, True, False], 9
        numpy_numbers = {**self.FAST, "grid": {"pixels": np.array([64, 64]),
                                               "slice_thickness_A": np.float32(2)}}
        ronchi.simulate(gold, **numpy_numbers)
        for atoms, changes, words in (
                (gold, {"beam": {"energy_keV": -5, "semiangle_mrad": 20}},
                 ["beam.energy_keV: -5", "1 … 3000"]),
                (gold, {"beem": {}}, ["did you mean 'beam'"]),
                (gold, {"detectors": {}}, ["detectors"]),
                (gold, {"detectors": {"h": {"type": "annular", "outer_mrad": 900}}},
                 ["detectors.h", "band limit"]),
                (gold, {"scan": {"end_A": object(), "pixels": [2, 2]}}, ["cannot stand"]),
                (3, {}, ["int"]), ("no_such.xyz", {}, ["no_such.xyz"]),
                ("no_such.yaml", {}, ["no_such.yaml"]),
                (ase.Atoms(), {}, ["none"]), (ase.Atoms("Au"), {}, ["no cell"]),
                (lost, {}, ["atoms"]), (out, {}, ["z = 9", "atoms"])):
            with self.assertRaises(ValueError, msg=words) as caught:
                ronchi.simulate(atoms, **{**self.FAST, **changes})
            text = str(caught.exception)
            self.assertNotIn("\n", text)
            for word in words:
                self.assertIn(word, text)

    def test_nothing_is_left_behind(self):
        with tempfile.TemporaryDirectory() as folder:
            before, open_ = os.getcwd(), len(os.listdir("/proc/self/fd"))
            old, os.environ["TMPDIR"] = os.environ.get("TMPDIR"), folder
            os.chdir(folder)
            try:
                ronchi.simulate(ase.build.bulk("Au", cubic=True), **self.FAST)
                with self.assertRaises(ValueError):
                    ronchi.simulate(ase.build.bulk("Au", cubic=True), beam={}, **{
                        k: v for k, v in self.FAST.items() if k != "beam"})
                self.assertEqual(os.listdir(folder), [])
            finally:
                os.chdir(before)
                os.environ.pop("TMPDIR")
                if old is not None:
                    os.environ["TMPDIR"] = old
            self.assertEqual(len(os.listdir("/proc/self/fd")), open_)

    def test_the_interpreter_is_free_meanwhile_and_ctrl_c_ends_it(self):
        # Minutes of work, ended after a moment by the signal that Ctrl-C sends.
        long = {**self.FAST, "scan": {"end_A": [3.9, 3.9], "pixels": [200, 200]},
                "grid": {"pixels": [512, 512], "slice_thickness_A": 2}}
        beats = []

        def beat():
            end = time.monotonic() + 1.0
            while time.monotonic() < end:
                beats.append(1)
                time.sleep(0.02)
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=beat)
        start = time.monotonic()
        thread.start()
        with self.assertRaises(KeyboardInterrupt):
            ronchi.simulate(ase.build.bulk("Au", cubic=True), specimen={"repeat": [4, 4, 10]},
                            **long)
        thread.join()
        self.assertLess(time.monotonic() - start, 60)
        self.assertGreater(len(beats), 10)
        # The next one is not interrupted.
        self.assertTrue(np.all(np.isfinite(
            ronchi.simulate(ase.build.bulk("Au", cubic=True), **self.FAST)["haadf"])))


if __name__ == "__main__":
    unittest.main()
