"""ctest interop/de: Direct Electron's two wires against programs that others wrote.

    python check_de.py INTEROP_DRIVE_PEER RONCHI EXAMPLES VENV_FOLDER

Drives deapi's own server (pydeserver), the same with a digital twin behind it (--twin), and de-twin,
a whole column: DE-Server's wire for the camera and the scans, DE-TEM-Channel's for the column and its
corrector. Each is started on a free port and killed at the end. Exit status 77, a skip, when the
packages cannot be fetched.
"""
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from check_interop import enter_environment

PACKAGES = ["deapi==5.3", "de-twin==0.3"]
LONG_S = 900  # numba compiles for minutes on a machine that does other things, too
peer, ronchi, examples, scripts = "", "", "", ""


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Theirs:
    """One of their programs, from when it answers on all its ports until it is killed."""

    def __init__(self, command, ports):
        self.out = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [os.path.join(scripts, command[0]), *map(str, command[1:])], stdout=self.out,
            stderr=subprocess.STDOUT)
        try:
            for port in ports:
                self.wait(port)
        except BaseException:
            self.end()
            raise

    def wait(self, port):
        until = time.monotonic() + LONG_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                self.out.seek(0)
                raise AssertionError("it has ended: " + self.out.read().decode()[-2000:])
            try:
                # Shut at once: some serve one connection at a time.
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError(f"nobody answers on port {port}")

    def end(self):
        self.process.kill()
        self.process.wait()
        self.out.close()


class Driven:
    """Ronchi's instrument of a config, by interop_drive_peer."""

    def __init__(self, config, *overrides):
        self.folder = tempfile.TemporaryDirectory()
        if not isinstance(config, str):
            path = os.path.join(self.folder.name, "instrument.yaml")
            with open(path, "w", encoding="utf-8") as out:
                json.dump(config, out)
            config = path
        self.process = subprocess.Popen([peer, config, self.folder.name, *overrides],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()
        self.folder.cleanup()

    def ask(self, verb, **keys):
        self.process.stdin.write(json.dumps({"verb": verb, **keys}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def do(self, verb, **keys):
        reply = self.ask(verb, **keys)
        if "error" in reply:
            raise AssertionError(f"{verb} {keys}: {reply['error']}")
        return reply

    def read(self, *properties):
        readings = self.do("read", properties=properties)["readings"]
        return [r["value"]["si"] for r in readings]

    def set(self, name, si, dimension="length", relative=False):
        reply = self.do("set", property=name, value={"si": si, "dimension": dimension},
                        relative=relative)
        return reply["readings"][0]["value"]["si"]

    def measure(self, what):
        estimate = self.do("measure", what=what)["estimates"][0]
        return {n: v["si"] for n, v in zip(estimate["names"], estimate["values"])}

    def frames(self, reply):
        import numpy as np
        return [np.fromfile(os.path.join(self.folder.name, f"{i}.f32"), "<f4").reshape(f["shape"])
                for i, f in enumerate(reply["frames"])]


def a_scan(detectors, side_m, pixels, dwell_s):
    return {"center_m": [0, 0], "fov_m": [side_m, side_m], "pixels": [pixels, pixels],
            "dwell_s": dwell_s, "frames": 1, "detectors": detectors}


class TheMakersServer(unittest.TestCase):
    """pydeserver: one camera of 1024 × 1024 pixels; it numbers no results and has no coils."""

    @classmethod
    def setUpClass(cls):
        (cls.port,) = free_ports(1)
        cls.theirs = Theirs(["pydeserver", "--port", cls.port], [cls.port])

    @classmethod
    def tearDownClass(cls):
        cls.theirs.end()

    def config(self, **more):
        return {"kind": "de", "address": f"127.0.0.1:{self.port}", "numbered_results": False,
                "late_s": 60, "answer_s": 60, **more}

    def test_describes_and_exposes(self):
        with Driven(self.config()) as camera:
            d = camera.do("describe")
            self.assertIn("Fake Camera, 1024 × 1024 pixels, by DE-Server 2.8.3.12436", d["model"])
            self.assertTrue(d["simulated"])
            self.assertNotIn("expose", d["cannot"])
            self.assertIn("scan", d["cannot"])
            # Its limits: 1000 frames, 0.06 to 10^6 a second.
            self.assertAlmostEqual(d["detectors"][0]["min_dwell_s"], 1e-6, delta=1e-9)
            self.assertAlmostEqual(d["detectors"][0]["max_dwell_s"], 1000 / 340.82, delta=1e-3)
            reply = camera.do("expose", camera="de", time_s=0.05, x_m=0, y_m=0, frames=2, binning=1)
            frames = camera.frames(reply)
            self.assertEqual([f.shape for f in frames], [(1024, 1024)] * 2)
            self.assertGreater(frames[0].std(), 0)
            camera.do("abort")
            refused = camera.ask("expose", camera="de", time_s=10, x_m=0, y_m=0, frames=1, binning=1)
            self.assertEqual(refused["kind"], "out_of_limits")

    def test_what_it_does_not_number_is_not_believed(self):
        with Driven(self.config(numbered_results=True)) as camera:
            reply = camera.ask("expose", camera="de", time_s=0.05, x_m=0, y_m=0, frames=1, binning=1)
            self.assertEqual(reply["kind"], "data_loss")
            self.assertIn("a result of 1 frames where 18 were due", reply["error"])

    def test_scans_its_virtual_images(self):
        config = self.config(field_nm=100, detectors={"virtual0": {"name": "bf"},
                                                      "virtual2": {"name": "df"}})
        with Driven(config) as camera:
            reply = camera.do("scan", **a_scan(["df", "bf"], 100e-9, 8, 1e-3))
            frames = camera.frames(reply)
            self.assertEqual([f.shape for f in frames], [(8, 8)] * 2)
            self.assertEqual([f["detector"] for f in reply["frames"]], ["df", "bf"])
            # Its masks are 1 everywhere, and its sums are over the pixels where they are 2.
            self.assertEqual((frames[0].max(), frames[1].max()), (0, 0))
            other = camera.ask("scan", **a_scan(["bf"], 50e-9, 8, 1e-3))
            self.assertEqual(other["kind"], "out_of_limits")

    def test_their_client_afterwards(self):
        """What the driver leaves behind, their own client finds in order."""
        with Driven(self.config()) as camera:
            camera.do("expose", camera="de", time_s=0.02, x_m=0, y_m=0, frames=1, binning=1)
        import deapi
        client = deapi.Client()
        client.usingMmf = False
        client.connect("127.0.0.1", self.port)
        self.assertEqual(client.GetProperty("Camera Name"), "TestCamera")
        client.disconnect()


class TheMakersServerWithATwin(unittest.TestCase):
    def test_exposes(self):
        (port,) = free_ports(1)
        theirs = Theirs(["pydeserver", "--port", port, "--twin", "--camera", "Celeritas",
                         "--specimen", "NanoCrystals-Scan", "--seed", "1"], [port])
        try:
            config = {"kind": "de", "address": f"127.0.0.1:{port}", "late_s": LONG_S,
                      "answer_s": LONG_S}
            with Driven(config) as camera:
                self.assertIn("Celeritas", camera.do("describe")["model"])
                for _ in range(2):
                    reply = camera.do("expose", camera="de", time_s=0.1, x_m=0, y_m=0, frames=1,
                                      binning=1)
                    (frame,) = camera.frames(reply)
                    self.assertEqual(frame.shape, (1024, 1024))
                    self.assertGreater(frame.std(), 0)
        finally:
            theirs.end()


class AColumnOfOthers(unittest.TestCase):
    """de-twin: a column with a corrector that drifts, is noisy and couples."""

    @classmethod
    def setUpClass(cls):
        cls.soap, cls.deapi = free_ports(2)
        cls.theirs = Theirs(["de-twin", "serve", "--host", "127.0.0.1", "--soap", cls.soap,
                             "--deapi", cls.deapi, "--corrector", "probe", "--camera", "Celeritas",
                             "--specimen", "NanoCrystals-Scan", "--seed", "1"],
                            [cls.soap, cls.deapi])

    @classmethod
    def tearDownClass(cls):
        cls.theirs.end()

    def open(self, *overrides):
        column = Driven(os.path.join(examples, "de_twin.yaml"),
                        f"parts.0.address=127.0.0.1:{self.soap}",
                        f"parts.1.address=127.0.0.1:{self.deapi}",
                        f"parts.1.late_s={LONG_S}", f"parts.1.answer_s={LONG_S}",
                        "guard=none", *overrides)
        column.do("unblank")
        column.set("optics.magnification", 5e6, "number")
        return column

    def truth(self, name):
        """What the twin itself says of its corrector, through its own client."""
        import deapi
        client = deapi.Client()
        client.usingMmf = False
        client.connect("127.0.0.1", self.deapi)
        value = float(client.GetProperty(name))
        client.disconnect()
        return value

    def test_describes(self):
        with self.open() as column:
            d = column.do("describe")
            self.assertTrue(d["simulated"])
            names = {p["name"] for p in d["properties"]}
            self.assertLessEqual({"stage.x", "stage.beta", "optics.C10", "optics.C12.a",
                                  "optics.C23.b", "optics.C21.a", "optics.C30", "optics.C32.a",
                                  "optics.C34.a", "beam.shift.x", "condenser.stigmator.x",
                                  "column.valves"}, names)
            self.assertEqual({m["what"] for m in d["measurements"]}, {"defocus", "aberrations"})
            self.assertEqual([x["name"] for x in d["detectors"]], ["de", "haadf"])
            self.assertNotIn("scan", d["cannot"])

    def test_sets_are_read_back_and_the_others_stay(self):
        with self.open() as column:
            self.assertAlmostEqual(column.set("optics.C10", -35e-9), -35e-9, delta=1e-12)
            self.assertAlmostEqual(column.set("optics.C10", 5e-9, relative=True), -30e-9, delta=1e-12)
            column.set("beam.shift.x", 40e-9)
            column.set("beam.shift.y", -20e-9)
            column.set("stage.x", 12e-6)
            column.set("stage.alpha", 0.05, "angle")
            column.set("stage.z", 0)
            x, y, alpha, shift_x = column.read("stage.x", "stage.y", "stage.alpha", "beam.shift.x")
            self.assertAlmostEqual(x, 12e-6, delta=1e-9)
            self.assertAlmostEqual(y, 0, delta=1e-9)
            self.assertAlmostEqual(alpha, 0.05, delta=1e-6)
            self.assertAlmostEqual(shift_x, 40e-9, delta=1e-12)
            column.set("stage.x", 0)
            column.set("stage.alpha", 0, "angle")
            column.set("optics.C10", 0)
            self.assertEqual(column.ask("set", property="stage.x", relative=False,
                                        value={"si": 1, "dimension": "length"})["kind"],
                             "out_of_limits")

    def test_blanks(self):
        with self.open() as column:
            self.assertTrue(column.do("blank")["blanked"])
            self.assertEqual(column.ask("measure", what="defocus")["kind"], "impossible_now")
            self.assertEqual(column.ask("expose", camera="de", time_s=0.1, x_m=0, y_m=0, frames=1,
                                        binning=1)["kind"], "impossible_now")
            self.assertFalse(column.do("unblank")["blanked"])
            self.assertTrue(column.do("blank_now")["blanked"])
            self.assertTrue(column.do("read", properties=[])["blanked"])

    def test_a_tableau_fails_where_it_cannot_be(self):
        with self.open() as column:
            column.set("column.mode", 0, "number")
            failed = column.ask("measure", what="defocus")
            self.assertEqual(failed["kind"], "hardware")
            self.assertIn("STEM mode", failed["error"])

    def test_the_focus_has_its_sign(self):
        with self.open() as column:
            before = column.measure("defocus")["C10"]
            column.set("optics.C10", 100e-9)
            after = column.measure("defocus")["C10"]
            column.set("optics.C10", 0)
            # Its noise is half a nanometre and a hundredth.
            self.assertAlmostEqual(after - before, 100e-9, delta=8e-9)

    def test_signs_are_proved(self):
        """The wrapper `prove` finds the signs as they are, and says where they are turned."""
        prove = {name: {"step": "60 nm", "measure": "defocus"}
                 for name in ("optics.C10", "optics.C12.a", "optics.C12.b")}
        overrides = [f"prove={json.dumps(prove)}"]
        with self.open(*overrides) as column:
            for name in prove:
                column.set(name, 5e-9, relative=True)
        with self.open(*overrides, "parts.0.corrector.sign=1", "parts.0.defocus_sign=-1") as column:
            for name in prove:
                refused = column.ask("set", property=name, relative=True,
                                     value={"si": 5e-9, "dimension": "length"})
                self.assertEqual(refused["kind"], "refused")
                self.assertIn("its sign is turned", refused["error"])

    def test_a_known_aberration_is_corrected_and_shrinks(self):
        with self.open() as column:
            column.set("optics.C12.a", 60e-9)
            column.set("optics.C12.b", -40e-9)
            detuned = column.measure("aberrations")
            true_nm = self.truth("Instrument Corrector Residual A1 (nm)")
            measured_nm = abs(complex(detuned["C12.a"], detuned["C12.b"])) * 1e9
            self.assertGreater(true_nm, 40)
            self.assertAlmostEqual(measured_nm, true_nm, delta=0.1 * true_nm + 3)
            for part in ("a", "b"):
                column.set(f"optics.C12.{part}", -detuned[f"C12.{part}"], relative=True)
            tuned = column.measure("defocus")
            self.assertLess(self.truth("Instrument Corrector Residual A1 (nm)"), true_nm / 4)
            self.assertLess(abs(complex(tuned["C12.a"], tuned["C12.b"])) * 1e9, measured_nm / 4)
            # The third order has other factors.
            before = column.measure("aberrations")["C30"]
            column.set("optics.C30", -2e-6, relative=True)
            self.assertAlmostEqual(column.measure("aberrations")["C30"] - before, -2e-6, delta=6e-7)
            column.set("optics.C30", 2e-6, relative=True)

    def test_exposes_and_scans(self):
        with self.open() as column:
            reply = column.do("expose", camera="de", time_s=0.1, x_m=0, y_m=0, frames=1, binning=1)
            (pattern,) = column.frames(reply)
            self.assertEqual(pattern.shape, (1024, 1024))
            self.assertGreater(reply["electrons"], 0)
            reply = column.do("scan", **a_scan(["haadf"], 20e-9, 8, 1e-3))
            (image,) = column.frames(reply)
            self.assertEqual(image.shape, (8, 8))
            self.assertGreater(image.std(), 0)
            # 8 ms at 50 pA.
            self.assertAlmostEqual(reply["electrons"], 64e-3 * 50e-12 / 1.602176634e-19,
                                   delta=0.01 * reply["electrons"])

    def test_conforms(self):
        with tempfile.TemporaryDirectory() as folder:
            config = os.path.join(folder, "instrument.yaml")
            with open(os.path.join(examples, "de_twin.yaml"), encoding="utf-8") as source:
                text = source.read()
            text = text.replace(":5002", f":{self.soap}").replace(":13240", f":{self.deapi}")
            with open(config, "w", encoding="utf-8") as out:
                out.write(text.replace("late_s: 120", f"late_s: {LONG_S}"))
            done = subprocess.run([ronchi, "conform", "--instrument", config], capture_output=True,
                                  text=True, timeout=2 * LONG_S)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout + done.stderr, re.compile("pass", re.I))


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    peer, ronchi, examples, folder = map(os.path.abspath, sys.argv[1:])
    scripts = os.path.dirname(enter_environment(folder, PACKAGES, "deapi, de_twin"))
    unittest.main(argv=sys.argv[:1], verbosity=2)
