"""A toy column in NumPy, as a driver to copy: replace what stands below "the hardware".

    ronchi conform --instrument examples/driver/python/column.yaml
    python3 column.py 127.0.0.1:4711        # serves it to `kind: remote` instead
"""
import os
import sys

import numpy as np

# Where Ronchi is not installed its folder `python` will do, seen from this file.
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../python"))
import ronchi  # noqa: E402

ELECTRON_C = 1.602176634e-19  # SI 2019


class Column:
    """Defocus, astigmatism, a stage, a ring detector; atoms that blur when out of focus."""

    #: SI units. What the limits and `cannot` forbid is refused before it gets here.
    description = {
        "id": "toy:numpy",
        "model": "a toy column in NumPy",
        "simulated": True,  # False: there is a beam, and Ronchi puts a guard before it
        "properties": [
            {"name": "optics.C10", "dimension": "length", "min": -1e-7, "max": 1e-7,
             "writable": True, "resolution": 1e-11, "meaning": "defocus, negative under focus",
             "unit": "nm", "group": "optics"},
            *({"name": name, "dimension": "length", "min": -1e-7, "max": 1e-7, "writable": True,
               "resolution": 1e-11, "meaning": "two-fold astigmatism", "unit": "nm",
               "group": "optics"} for name in ("optics.C12.a", "optics.C12.b")),
            {"name": "stage.x", "dimension": "length", "min": -1e-4, "max": 1e-4,
             "writable": True, "resolution": 1e-10, "meaning": "stage position along x",
             "unit": "um", "group": "stage"},
            {"name": "beam.current", "dimension": "current", "min": 0, "max": 1e-9,
             "meaning": "current onto the specimen", "unit": "pA", "group": "beam"}],
        "detectors": [{"name": "haadf", "inner_rad": 0.06, "outer_rad": 0.2}],
        "min_dwell_s": 1e-7, "max_dwell_s": 1.0, "max_fov_m": 1e-6, "max_pixels": 4096,
        "cannot": ["expose", "measure", "scan.camera", "scan.points", "scan.spiral",
                   "scan.rotation"]}

    def __init__(self):
        self.at = {"optics.C10": 0.0, "optics.C12.a": 0.0, "optics.C12.b": 0.0, "stage.x": 0.0,
                   "beam.current": 5e-11}
        self.found = {"optics.C10": 2e-9, "optics.C12.a": -1e-9, "optics.C12.b": 1e-9}
        self.blanked = True
        self.time_s = 0.0  # a simulation's clock; leave it out of replies, and it is the computer's
        self.random = np.random.default_rng(1)

    def execute(self, command, execution):
        before = self.time_s
        reply = getattr(self, command["verb"])(command, execution) or {}
        return {"time_s": self.time_s, "elapsed_s": self.time_s - before, "blanked": self.blanked,
                **reply}

    def blank_now(self):  # from another thread, while execute runs
        self.blanked = True

    # The verbs.

    def read(self, command, execution):
        return {"readings": {name: self.at[name] for name in command["properties"]}}

    def set(self, command, execution):
        name = command["property"]
        low, high = next((p["min"], p["max"]) for p in self.description["properties"]
                         if p["name"] == name)
        target = command["value"]["si"] + (self.at[name] if command["relative"] else 0)
        if not low <= target <= high:
            raise ronchi.InstrumentError(f"{name} = {target} m is not allowed; allowed: {low} … "
                                         f"{high} m", "stay within", "out_of_limits", "none")
        self.time_s += 0.05
        self.at[name] = target
        return {"readings": {name: self.at[name]}}  # what it reads now, not what was asked

    def scan(self, command, execution):
        self.needs_beam()
        (width, height), dwell_s = command["pixels"], command["dwell_s"]
        frames = np.full((command["frames"], height, width), np.nan, np.float32)
        ended, lines = "complete", 0
        begin = self.time_s
        for frame in range(command["frames"]):
            for line in range(height):
                if execution.cancelled:
                    ended = "cancelled"
                elif self.time_s - begin + width * dwell_s > execution.timeout_s:
                    ended = "timeout"
                if ended != "complete" or self.blanked:
                    break
                frames[frame, line] = self.counts(command, line)
                self.time_s += width * dwell_s
                lines += 1
                execution.line(line, frames[frame, line], frame=frame, time_s=self.time_s)
            if ended != "complete":
                break
        return {"frames": {"haadf": frames if command["frames"] > 1 else frames[0]}, "ended": ended,
                "electrons": self.at["beam.current"] / ELECTRON_C * dwell_s * width * lines}

    def park(self, command, execution):
        self.needs_beam()
        self.time_s += command["duration_s"]
        return {"electrons": self.at["beam.current"] / ELECTRON_C * command["duration_s"]}

    def blank(self, command, execution):
        self.blanked = True

    def unblank(self, command, execution):
        self.blanked = False

    safe = blank

    def abort(self, command, execution):
        pass  # a running scan is ended by its execution.cancelled

    # The hardware.

    def needs_beam(self):
        if self.blanked:
            raise ronchi.InstrumentError("the beam is blanked", "unblank first", "impossible_now",
                                         "none")

    def counts(self, command, line):
        """A line of a crystal of 4 Å, its contrast less the further out of focus."""
        (fov_x, fov_y), (width, height) = command["fov_m"], command["pixels"]
        x = command["center_m"][0] + (np.arange(width) / width - 0.5) * fov_x + self.at["stage.x"]
        y = command["center_m"][1] + (line / height - 0.5) * fov_y
        # What the column has by itself, and the settings are to undo.
        left_m = np.hypot.reduce([self.at[name] + own for name, own in self.found.items()])
        contrast = np.exp(-(left_m / 5e-9) ** 2)
        atoms = np.cos(2 * np.pi * x / 4e-10) * np.cos(2 * np.pi * y / 4e-10)
        mean = self.at["beam.current"] / ELECTRON_C * command["dwell_s"] * 0.1
        return self.random.poisson(mean * (1 + contrast * atoms) / 2)


if __name__ == "__main__":
    ronchi.serve_instrument(Column(), sys.argv[1] if len(sys.argv) > 1 else None)
