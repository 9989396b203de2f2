"""ctest interop/estimate: `ronchi estimate` on frames that abTEM makes here, from PyPI.

    python check_estimate.py RONCHI VENV_FOLDER [--table]

A position-averaged pattern gives thickness and tilt, a dark-field image of vibrating atoms defocus
and astigmatism: abTEM's own potentials (of finite depth for the image), its propagation, its frozen
phonons; Poisson noise by numpy. --table: more thicknesses, tilts and aberrations, as a table (an
hour). Exit status 77, a skip, when the package cannot be fetched.
"""
import json
import math
import os
import subprocess
import sys
import tempfile
import unittest

from check_interop import enter_environment

ronchi = ""
A, ENERGY = 3.905, 200e3  # Å of SrTiO3, eV
COUNTS = 1e5
PATTERN = """version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [8, 8, 10]}
beam: {energy_keV: 200, semiangle_mrad: 10}
grid: {pixels: [384, 384], slice_thickness_A: 1.9525}
scan: {start_A: [0, 0], end_A: [3.905, 3.905], pixels: [4, 4]}
detectors: {pacbed: {type: pixelated, max_mrad: 30}}
estimate: {thickness_A: [20, %g], tilt_x_mrad: [-10, 10], tilt_y_mrad: [-10, 10]}
"""
IMAGE = """version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [6, 6, %d]}
phonons: {configurations: 8, rms_A: {Sr: 0.085, Ti: 0.07, O: 0.09}}
beam: {energy_keV: 200, semiangle_mrad: 20}
grid: {pixels: [384, 384], slice_thickness_A: 1.9525}
scan: {start_A: [0, 0], end_A: [3.905, 3.905], pixels: [8, 8]}
detectors: {haadf: {type: annular, inner_mrad: 60, outer_mrad: 120}}
estimate: {C10_A: [-100, 100], C12a_A: [-60, 60], C12b_A: [-60, 60], electrons: 100000}
"""


def titanate():
    import ase
    return ase.Atoms("SrTiO3", cell=[A, A, A], pbc=True,
                     positions=[[0, 0, 0], [A / 2, A / 2, A / 2], [A / 2, A / 2, 0],
                                [A / 2, 0, A / 2], [0, A / 2, A / 2]])


def patterns(cells, tilt_mrad):
    """Shares of the electrons, [x, y], behind so many cells each. The tilt is the beam's."""
    import abtem
    import numpy as np
    potential = abtem.Potential(titanate() * (8, 8, max(cells)), gpts=(384, 384),
                                slice_thickness=A / 2, projection="infinite",
                                exit_planes=tuple(2 * n - 1 for n in cells))
    probe = abtem.Probe(energy=ENERGY, semiangle_cutoff=10, tilt=tuple(tilt_mrad))
    scan = abtem.GridScan(start=(0, 0), end=(A, A), gpts=(4, 4), endpoint=False)
    measured = probe.scan(potential, scan=scan,
                          detectors=abtem.PixelatedDetector(max_angle=30)).compute(
                              progress_bar=False)
    frames = np.asarray(measured.array).reshape(len(cells), 16, *measured.array.shape[-2:])
    return frames.mean(axis=1)


def image(cells, c10, c12a, c12b, configurations, seed):
    import abtem
    import numpy as np
    phonons = abtem.FrozenPhonons(titanate() * (6, 6, cells), num_configs=configurations,
                                  sigmas={"Sr": 0.085, "Ti": 0.07, "O": 0.09}, seed=seed)
    potential = abtem.Potential(phonons, gpts=(384, 384), slice_thickness=A / 2,
                                projection="finite", parametrization="kirkland")
    probe = abtem.Probe(energy=ENERGY, semiangle_cutoff=20, C10=c10, C12=math.hypot(c12a, c12b),
                        phi12=math.atan2(c12b, c12a) / 2)
    scan = abtem.GridScan(start=(0, 0), end=(A, A), gpts=(8, 8), endpoint=False)
    measured = probe.scan(potential, scan=scan,
                          detectors=abtem.AnnularDetector(inner=60, outer=120)).compute(
                              progress_bar=False)
    if measured.array.ndim > 2:
        measured = measured.reduce_ensemble()
    return np.asarray(measured.array)


def estimate(config, frame):
    import numpy as np
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("estimate.yaml", "frame.npy")]
        with open(paths[0], "w", encoding="utf-8") as out:
            out.write(config)
        np.save(paths[1], frame)
        done = subprocess.run([ronchi, "estimate", *paths, "--json"], capture_output=True,
                              text=True, timeout=1500)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return json.loads(done.stdout)


def pattern_errors(shares, cells, tilt_mrad, seed):
    """Thickness in nm, tilt in mrad. The specimen's tilt is minus the beam's."""
    import numpy as np
    counts = np.random.default_rng(seed).poisson(shares * COUNTS)
    found = estimate(PATTERN % max(100, 1.6 * cells * A), counts.astype(np.float32))["estimates"]
    return [(found["thickness_A"]["mean"] - cells * A) / 10,
            found["tilt_x_mrad"]["mean"] + tilt_mrad[0],
            found["tilt_y_mrad"]["mean"] + tilt_mrad[1]]


def image_errors(cells, truth, configurations, seed):
    """Of C10, C12a, C12b in nm."""
    frame = image(cells, *truth, configurations, seed)
    found = estimate(IMAGE % cells, frame)["estimates"]
    return [(found[name]["mean"] - true) / 10
            for name, true in zip(("C10_A", "C12a_A", "C12b_A"), truth)]


class FramesOfAnotherProgram(unittest.TestCase):
    def test_thickness_and_tilt_from_an_averaged_pattern(self):
        tilt = (3, -2)
        for cells, shares in zip((15, 40), patterns((15, 40), tilt)):
            thickness, x, y = pattern_errors(shares, cells, tilt, seed=cells)
            print(f"{cells * A:.1f} A: thickness {thickness:+.2f} nm, tilt {x:+.3f} {y:+.3f} mrad")
            self.assertLess(abs(thickness), 0.5)
            self.assertLess(max(abs(x), abs(y)), 0.2)

    def test_defocus_and_astigmatism_from_a_dark_field_image(self):
        errors = image_errors(20, (35, 15, -20), configurations=4, seed=3)
        print("C10, C12a, C12b: " + " ".join(f"{e:+.2f}" for e in errors) + " nm")
        self.assertLess(max(map(abs, errors)), 0.3)


def table():
    print("thickness/nm  tilt/mrad      errors: thickness/nm  tilt x/mrad  tilt y/mrad", flush=True)
    cells = (6, 13, 26, 51, 77, 102, 128, 153)
    for tilt in ((0, 0), (2, 1), (-5, 3), (7, -7)):
        for n, shares in zip(cells, patterns(cells, tilt)):
            thickness, x, y = pattern_errors(shares, n, tilt, seed=n)
            print(f"{n * A / 10:12.1f}  {tilt[0]:4d} {tilt[1]:4d}  {thickness:27.2f}"
                  f"  {x:11.3f}  {y:11.3f}", flush=True)
    print("C10/A  C12a/A  C12b/A   errors/nm: C10  C12a  C12b")
    for seed, truth in enumerate([(0, 0, 0), (60, 30, 20), (-40, -10, 15), (-80, 25, -25)]):
        e = image_errors(26, truth, configurations=8, seed=seed)
        print("%5g  %6g  %6g  %14.2f %5.2f %5.2f" % (*truth, *e), flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    ronchi = sys.argv[1]
    enter_environment(sys.argv[2], ["abtem==1.0.11"], "abtem, ase")
    if "--table" in sys.argv:
        sys.exit(table())
    unittest.main(argv=sys.argv[:1], verbosity=2)
