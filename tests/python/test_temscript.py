"""Both ends of temscript's wire against temscript itself: our driver and its server, `ronchi serve` and its client."""
# needs: temscript
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import ronchi

# Its server, with the microscope changed by a line of the test's; prints its port.
SERVER = """
import sys, threading
import numpy
from temscript.null_microscope import NullMicroscope
from temscript.server import MicroscopeServer
class Column(NullMicroscope):
    pass
{change}
server = MicroscopeServer(("127.0.0.1", 0), microscope_factory=Column)
print(server.server_address[1], flush=True)
server.serve_forever()
"""
# A microscope that scans: what NullMicroscope lacks of the interface of temscript's base class.
SCANS = """
def acquire(self, *names):
    n = 2048 // self.param["binning"]
    return {name: numpy.arange(n * n, dtype=">i2").reshape(n, n) for name in names if name == "HAADF"}
Column.param = {"image_size": "FULL", "binning": 1, "dwell_time(s)": 1e-6}
Column.magnification = 1e6
Column.is_stem_available = lambda self: True
Column.get_stem_detectors = lambda self: {"HAADF": {"type": "STEM_DETECTOR", "binnings": [1, 2, 4]}}
Column.get_stem_acquisition_param = lambda self: self.param
Column.set_stem_acquisition_param = lambda self, p, ignore_errors=False: self.param.update(p)
Column.get_stem_magnification = lambda self: self.magnification
Column.set_stem_magnification = lambda self, m: setattr(self, "magnification", m)
Column.rotation = 0.0
Column.get_stem_rotation = lambda self: self.rotation
Column.set_stem_rotation = lambda self, r: setattr(self, "rotation", r)
Column.get_screen_current = lambda self: 5e-11
Column.acquire = acquire
"""


@unittest.skipUnless(importlib.util.find_spec("temscript"), "temscript is not installed")
class TheirServer(unittest.TestCase):
    def serve(self, change=""):
        server = subprocess.Popen([sys.executable, "-c", SERVER.format(change=change)],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        return server, f"127.0.0.1:{int(server.stdout.readline())}"

    def config(self, address, **more):
        return {"kind": "temscript", "address": address, **more}

    def test_conforms(self):
        for change in ("", SCANS):
            _, address = self.serve(change)
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "column.yaml")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(f"kind: temscript\naddress: {address}\nfield_at_magnification_1_m: 0.1\n")
                done = subprocess.run([os.environ.get("RONCHI_PROGRAM", "ronchi"), "conform",
                                       "--instrument", path], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn(" 0 failed", done.stdout)
            self.assertIn("pass  a small step is made, and back", done.stdout)
            if change:
                self.assertIn("pass  a scan has its shape, its dose and its time", done.stdout)

    def test_moves_in_its_units(self):
        _, address = self.serve()
        with ronchi.connect(self.config(address), guard=False) as m:
            self.assertEqual(m["beam.energy"], 2e5)
            self.assertEqual(m.set("stage.x", "12 um").value, 12e-6)
            self.assertEqual(m.set("stage.alpha", "100 mrad").value, 0.1)
            m.set("beam.shift.x", "3 nm")
            m.set("beam.shift.y", "-2 nm")
            # In bits: 3 nm is 3 · 1e-9 here.
            self.assertEqual((m["beam.shift.x"], m["beam.shift.y"]), (3 * 1e-9, -2 * 1e-9))
            self.assertEqual(m["stage.x"], 12e-6)
            self.assertFalse(m.unblank().blanked)
            with self.assertRaisesRegex(ronchi.InstrumentError, "beyond the limits"):
                m.set("beam.shift.x", "1 m")  # which temscript would take
        with urllib.request.urlopen(f"http://{address}/v1/beam_blanked") as answer:
            self.assertEqual(answer.read(), b"true")  # at the end

    def test_its_pixels_are_those_it_sent(self):
        _, address = self.serve(SCANS)
        with ronchi.connect(self.config(address, field_at_magnification_1_m=0.1), guard=False) as m:
            m.unblank()
            image = m.scan(fov_m=1e-8, pixels=16, dwell_s=1e-6, detectors="HAADF").frames["HAADF"]
        self.assertEqual(image.shape, (16, 16))
        self.assertEqual(image[1, 2], 18)
        self.assertEqual(image[15, 15], 255)

    def test_what_it_says_is_not_believed(self):
        changes = {
            # It clamps without a word, and answers 204.
            "Column.get_stage_limits = lambda self: {k: (-0.1, 0.1) for k in 'xyzab'}\n"
            "Column._set_stage_position = lambda self, pos=None, method='', speed=None: "
            "self._stage_pos.update({k: min(v, 1e-5) for k, v in pos.items()})":
                ("stage.x", "100 um", "stands at 10 .m instead of 100 .m"),
            "Column.get_stage_position = lambda self: {k: float('nan') for k in 'xyzab'}":
                ("stage.x", "1 um", "no JSON"),
            "Column.set_beam_shift = lambda self, pos: 1 / 0":
                ("beam.shift.x", "1 nm", "beam_shift: 500")}
        for change, (name, value, words) in changes.items():
            _, address = self.serve(change)
            with ronchi.connect(self.config(address), guard=False) as m:
                with self.assertRaisesRegex(ronchi.InstrumentError, words):
                    m.set(name, value)

    def test_its_server_ends(self):
        server, address = self.serve()
        m = ronchi.connect(self.config(address), guard=False)
        server.kill()
        server.wait()
        with self.assertRaisesRegex(ronchi.InstrumentError, "stage_position: .*refused") as caught:
            m.read("stage.x")
        self.assertEqual(caught.exception.kind, "communication")
        with self.assertRaisesRegex(ronchi.InstrumentError, "beam_blanked"):
            m.close()  # which says that it could not blank

    def test_what_is_no_temscript(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = "127.0.0.1:%d" % listener.getsockname()[1]
        with self.assertRaisesRegex(Exception, "refused"):
            ronchi.connect(self.config(address))
        with self.assertRaisesRegex(Exception, "allowed: host:port"):
            ronchi.connect(self.config("http://x"))


@unittest.skipUnless(importlib.util.find_spec("temscript"), "temscript is not installed")
class TheirClient(unittest.TestCase):
    def serve(self, instrument, *more):
        server = subprocess.Popen(
            [os.environ.get("RONCHI_PROGRAM", "ronchi"), "serve", "--instrument", instrument,
             "--protocol", "temscript", "--port", "0", "--json", *more],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        host, port = json.loads(server.stdout.readline())["serving"][0]["address"].split(":")
        return server, (host, int(port))

    def test_drives_a_twin(self):
        from temscript import RemoteMicroscope
        # Each question takes the twin's time, in which its specimen drifts: here none.
        server, address = self.serve("corrected_200kV", "--seed", "5", "--set", "read_s=0")
        m = RemoteMicroscope(address, timeout=100)
        self.assertEqual(m.get_voltage(), 200.0)
        self.assertTrue(m.get_beam_blanked())
        with self.assertRaisesRegex(RuntimeError, "blanked"):
            m.acquire("haadf")
        m.set_beam_blanked(False)
        m.set_probe_defocus(5e-9)
        self.assertEqual(m.get_probe_defocus(), 5e-9)
        m.set_stem_acquisition_param({"binning": 32, "dwell_time(s)": 1e-6})
        m.set_stem_magnification(0.1 / 2e-9)
        image = m.acquire("haadf")["haadf"]
        self.assertEqual((image.shape, image.dtype.name), ((64, 64), "float32"))
        # The same twin, asked directly.
        with ronchi.connect({"preset": "corrected_200kV", "read_s": 0}, seed=5, guard=False) as direct:
            direct.unblank()
            direct.set("optics.C10", "5 nm")
            same = direct.scan(fov_m=0.1 / (0.1 / 2e-9), pixels=64, dwell_s=1e-6,
                               detectors="haadf").frames["haadf"]
        self.assertTrue((image == same).all())
        with self.assertRaisesRegex(KeyError, "Unknown endpoint"):
            m.get_defocus()
        with self.assertRaisesRegex(RuntimeError, "beyond the limits"):
            m.set_probe_defocus(1.0)
        with self.assertRaisesRegex(RuntimeError, "prohibited"):
            m.set_column_valves_open(True)
        server.send_signal(signal.SIGINT)
        self.assertEqual(server.wait(60), 0)


if __name__ == "__main__":
    unittest.main()
