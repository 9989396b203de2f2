"""A site with asyncroscopy's devices, played by PyTango, which keeps its images in a real Tiled.

    python tango_site.py PORT TILED_URL TILED_KEY [database]

With "database" its devices are known to the TANGO database of TANGO_HOST. Prints "ready" once it serves. It has a column's state and no physics: pixel (y, x) of the n-th image
is 1000 n + 64 y + x. What is odd about such sites is played, too: the stage's limits are those of two
axes alone, nobody tells whether the beam is blanked, set_fov clamps, the first image is slow.
"""
import json
import sys
import threading
import time

import numpy as np
from tango import AttrWriteType, Database, DbDevInfo, DevState
from tango.server import Device, attribute, command, run
from tiled.client import from_uri

port, tiled_url, tiled_key = sys.argv[1:4]
database = sys.argv[4:] == ["database"]
tiled = from_uri(tiled_url, api_key=tiled_key)
state = {"defocus": 0.0, "fov": 1e-8, "shift": [0.0, 0.0], "stage": [0.0] * 5, "blanked": True,
         "dwell": 1e-6, "imsize": 64, "region": [0.0, 0.0, 1.0, 1.0], "exposure": 0.1,
         "A1": [0.0, 0.0], "images": 0, "place": [0.5, 0.5]}
latest = None


def keep(image):
    global latest
    state["images"] += 1
    latest = (image + 1000 * state["images"]).astype(image.dtype)
    name = f"scan-{state['images']}"
    tiled.write_array(latest, key=name)
    return name


def square(pixels, kind):
    y, x = np.mgrid[:pixels, :pixels]
    return (64 * y + x).astype(kind)


class ElectronMicroscope(Device):
    def init_device(self):
        super().init_device()
        self.set_state(DevState.ON)

    @command
    def blank_beam(self):
        state["blanked"] = True

    @command
    def unblank_beam(self):
        state["blanked"] = False

    @command(dtype_out=float)
    def get_defocus(self):
        return state["defocus"]

    @command(dtype_in=float)
    def set_defocus(self, m):
        if abs(m) > 5e-7:
            raise ValueError(f"defocus {m} is out of reach")
        state["defocus"] = m

    @command(dtype_out=float)
    def get_fov(self):
        return state["fov"]

    @command(dtype_in=float)
    def set_fov(self, m):
        state["fov"] = min(m, 1e-6)

    @command(dtype_out=(float,))
    def get_image_shift(self):
        return state["shift"]

    @command(dtype_in=(float,))
    def set_image_shift(self, m):
        state["shift"] = list(m)

    @command(dtype_out=float)
    def get_screen_current(self):
        return 50.0

    @command(dtype_out=(float,))
    def get_stage(self):
        return state["stage"]

    @command(dtype_in=(float,))
    def move_stage(self, to):
        def arrive():
            time.sleep(0.3)
            state["stage"] = list(to)
        state["stage"] = [(a + b) / 2 for a, b in zip(state["stage"], to)]
        threading.Thread(target=arrive).start()

    @command(dtype_in=(float,))
    def place_beam(self, at):
        state["place"] = list(at)

    @command(dtype_in=(str,), dtype_out=str)
    def acquire_scanned_image(self, detectors):
        if state["blanked"]:
            raise RuntimeError("the beam is blanked")
        if state["images"] == 0 or state["dwell"] > 1e-3:
            time.sleep(5)  # longer than TANGO's own time-outs, of clients and between them
        return keep(square(state["imsize"], np.uint16))

    @command(dtype_out=str)
    def acquire_camera_image(self):
        return keep(square(32, np.float64))

    @command(dtype_in=int, dtype_out="DevEncoded")
    def get_image_data_cached(self, index):
        head = json.dumps({"shape": list(latest.shape), "dtype": str(latest.dtype)})
        return head, latest.tobytes()


class SCAN(Device):
    dwell_time = attribute(dtype=float, unit="s", min_value=1e-9, max_value=10,
                           access=AttrWriteType.READ_WRITE)
    imsize = attribute(dtype=int, access=AttrWriteType.READ_WRITE)
    scan_region = attribute(dtype=(float,), max_dim_x=4, access=AttrWriteType.READ_WRITE)

    def read_dwell_time(self):
        return state["dwell"]

    def write_dwell_time(self, s):
        state["dwell"] = s

    def read_imsize(self):
        return state["imsize"]

    def write_imsize(self, n):
        state["imsize"] = n

    def read_scan_region(self):
        return state["region"]

    def write_scan_region(self, region):
        state["region"] = list(region)


class STAGE(Device):
    x = attribute(dtype=float, unit="m")
    alpha = attribute(dtype=float, unit="degrees", min_value=-35, max_value=35)
    beta = attribute(dtype=float, unit="degrees", min_value=-15, max_value=15)

    def read_x(self):
        return state["stage"][0]

    def read_alpha(self):
        return state["stage"][3]

    def read_beta(self):
        return state["stage"][4]


class CAMERA(Device):
    exposure_time = attribute(dtype=float, unit="s", min_value=1e-4, max_value=60,
                              access=AttrWriteType.READ_WRITE)

    def read_exposure_time(self):
        return state["exposure"]

    def write_exposure_time(self, s):
        state["exposure"] = s


class CORRECTOR(Device):
    @command(dtype_out=str)
    def get_info(self):
        return json.dumps({"type": "played"})

    @command(dtype_out=str)
    def measure_c1a1(self):
        return json.dumps({"C1": [state["defocus"], 0], "A1": state["A1"]})

    @command(dtype_in=str, dtype_out=str)
    def acquire_tableau(self, what):
        kind, angle = what.split()
        if kind not in ("Fast", "Standard", "Enhanced"):
            raise ValueError(what)
        time.sleep(3.5)  # longer than TANGO's own time-out
        return json.dumps({"tabType": kind, "angle": float(angle),
                           "aberrations": {"C1": [state["defocus"]], "A1": state["A1"]}})

    @command(dtype_in=str, dtype_out=str)
    def correct_aberration(self, words):
        name, *numbers = words.split()
        if name != "A1":
            raise ValueError(f"{name} is not corrected")
        state["A1"] = [a - float(b) for a, b in zip(state["A1"], numbers)]  # the error to take out
        return json.dumps({"name": name})


DEVICES = [(ElectronMicroscope, "instrument"), (SCAN, "scan"), (STAGE, "stage"), (CAMERA, "camera"),
           (CORRECTOR, "corrector")]
words = ["site", "played", "-ORBendPoint", f"giop:tcp:127.0.0.1:{port}"]
if database:
    for c, part in DEVICES:
        info = DbDevInfo()
        info.server, info._class = "site/played", c.__name__
        info.name = f"asyncroscopy/{part}/default"
        Database().add_device(info)
else:
    words += ["-nodb", "-dlist",
              ",".join(f"{c.__name__}::asyncroscopy/{part}/default" for c, part in DEVICES)]
run([c for c, _ in DEVICES], args=words, post_init_callback=lambda: print("ready", flush=True))
