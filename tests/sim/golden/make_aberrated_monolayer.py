"""The references of tests/sim/aberrated_monolayer.cc, by abTEM in double precision.

    python make_aberrated_monolayer.py        (abtem 1.0.11, pyyaml; half a minute)

writes aberrated_monolayer_<detector>.npy beside this file: float32, [exit plane, x, y, detector
axes].
"""
import os

import abtem
import ase
import numpy as np
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
NAME = "aberrated_monolayer"


def read_prismatic(path):
    lines = open(path).read().splitlines()
    rows = [line.split() for line in lines[2:] if line.strip() and line.split()[0] != "-1"]
    return ase.Atoms(numbers=[int(r[0]) for r in rows],
                     positions=[[float(v) for v in r[1:4]] for r in rows],
                     cell=[float(v) for v in lines[1].split()], pbc=True)


def polar(aberrations):
    """C12_A: 18, phi12_deg: 33 as abTEM's C12=18, phi12=0.576."""
    return {key.split("_")[0]: np.deg2rad(value) if key.startswith("phi") else value
            for key, value in aberrations.items()}


def detector(d):
    if d["type"] == "annular":
        return abtem.AnnularDetector(d["inner_mrad"], d["outer_mrad"])
    if d["type"] == "segmented":
        return abtem.SegmentedDetector(d["radial"], d["azimuthal"], d["inner_mrad"],
                                       d["outer_mrad"], rotation=np.deg2rad(d["rotation_deg"]))
    return abtem.PixelatedDetector(max_angle=d["max_mrad"])


def reading(d, measurement):
    values = measurement.array
    if d["type"] == "segmented":  # rings and sectors on one axis
        return values.reshape(values.shape[:-2] + (-1,))
    return values


def main():
    # float32 would put its own rounding, a few 1e-6, into the reference.
    abtem.config.set({"precision": "float64", "diagnostics.progress_bar": False})
    with open(os.path.join(HERE, NAME + ".yaml")) as file:
        config = yaml.safe_load(file)
    atoms = read_prismatic(os.path.join(HERE, config["specimen"]["file"]))
    beam, grid, scan = config["beam"], config["grid"], config["scan"]
    potential = abtem.Potential(
        atoms * tuple(config["specimen"]["repeat"]), gpts=tuple(grid["pixels"]),
        slice_thickness=grid["slice_thickness_A"], projection="infinite",
        parametrization=config["potential"]["parametrization"],
        # abTEM names a plane by the index of the slice before it, counted from 0.
        exit_planes=tuple(n - 1 for n in config["exit_planes"]))
    probe = abtem.Probe(energy=beam["energy_keV"] * 1e3, semiangle_cutoff=beam["semiangle_mrad"],
                        **polar(beam["aberrations"]))
    probe.grid.match(potential)
    names = list(config["detectors"])
    measured = probe.scan(
        potential, scan=abtem.GridScan(scan["start_A"], scan["end_A"], gpts=tuple(scan["pixels"])),
        detectors=[detector(config["detectors"][n]) for n in names]).compute()
    for name, measurement in zip(names, measured):
        values = reading(config["detectors"][name], measurement)
        np.save(os.path.join(HERE, f"{NAME}_{name}.npy"), np.ascontiguousarray(values, np.float32))
        print(name, values.shape, "mean", values.mean())


main()
