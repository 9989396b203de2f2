"""ctest interop/tango: TANGO and Tiled against the programs of others, from both sides.

    python check_tango.py TANGO_PEER MODULE RONCHI VENV_FOLDER

Ronchi's driver drives a site that PyTango and Tiled play (tango_site.py), and reads TANGO's own
TangoTest; a client of PyTango's drives `ronchi serve --protocol tango`. Exit status 77, a skip, when
the packages cannot be fetched.
"""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

from check_interop import enter_environment

PACKAGES = ["pytango>=10.1,<11", "tiled[server]"]
HERE = os.path.dirname(os.path.abspath(__file__))
TANGO_TEST = "/usr/lib/tango/TangoTest"
KEY = "secretofthesite"
peer, module, ronchi, python = "", "", "", ""


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def await_port(port, process):
    for _ in range(1200):
        if process.poll() is not None:
            raise AssertionError("the other program has ended")
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the other program does not listen")


class Programs(unittest.TestCase):
    def start(self, words, **more):
        process = subprocess.Popen(words, **more)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.communicate()

    def ask_peer(self, *words):
        done = subprocess.run([peer, module, *map(str, words)], capture_output=True, text=True,
                              timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)


def pixels(side, n):
    return [1000 * n + 64 * y + x for y in range(side) for x in range(side)]


class AgainstASite(Programs):
    def setUp(self):
        self.tango, self.tiled = free_ports(2)
        tiled = self.start([os.path.join(os.path.dirname(python), "tiled"), "serve", "catalog",
                            "--temp", "--api-key", KEY, "--host", "127.0.0.1", "--port",
                            str(self.tiled)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        await_port(self.tiled, tiled)

    def play(self, *more, env=None):
        site = self.start([python, os.path.join(HERE, "tango_site.py"), str(self.tango),
                           f"http://127.0.0.1:{self.tiled}", KEY, *more], env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        while "ready" not in (line := site.stdout.readline()):
            self.assertTrue(line, "the site has ended")
        await_port(self.tango, site)

    def drive(self, key):
        self.play()
        return self.ask_peer("drive", self.tango, f"127.0.0.1:{self.tiled}", key)

    def check(self, told):
        degree = 3.141592653589793 / 180
        limits = told["limits"]
        self.assertAlmostEqual(limits["stage.alpha"][1], 35 * degree)
        self.assertAlmostEqual(limits["stage.beta"][0], -15 * degree)
        self.assertEqual(limits["stage.x"], [-1e-3, 1e-3])  # the config's: it states none
        for verb in ("scan", "expose", "park", "measure"):
            self.assertNotIn(verb, told["cannot"])
        self.assertEqual(told["blanked_scan"]["error"]["kind"], "impossible_now")
        self.assertEqual(told["defocus"]["optics.C10"], 12e-9)
        self.assertEqual(told["far"]["error"]["kind"], "hardware")
        self.assertIn("defocus 9e-07 is out of reach", told["far"]["error"]["cause"])
        self.assertEqual(told["clamped"]["error"]["kind"], "out_of_tolerance")
        self.assertAlmostEqual(told["stage"]["stage.x"], 3e-6, places=15)
        self.assertAlmostEqual(told["tilt"]["stage.alpha"], 0.1, places=12)
        self.assertEqual(told["shift"]["image.shift.y"], -4e-9)
        self.assertFalse(told["unblank"]["blanked"])
        for n, frame in enumerate(told["scan"]["frames"], 1):
            self.assertEqual(frame["shape"], [48, 48])
            self.assertEqual(frame["pixels"], [v % 65536 for v in pixels(48, n)])
        self.assertNotIn("error", told["park"])
        self.assertEqual(told["expose"]["frames"][0]["shape"], [32, 32])
        self.assertEqual(told["expose"]["frames"][0]["pixels"], pixels(32, 3))
        self.assertEqual(told["correct"]["optics.C12.a"], 7e-9)
        self.assertAlmostEqual(told["c1a1"]["C12.a"], 7e-9, places=20)
        self.assertAlmostEqual(told["tableau"]["C12.a"], 7e-9, places=20)
        self.assertEqual(told["tableau"]["C10"], 12e-9)
        self.assertIs(told["blank_beside"], True)
        print(f"a blank in a frame of 5 s took {told['blank_beside_s']:.1f} s")
        self.assertEqual(told["slow"]["frames"][0]["pixels"][:2], [4000, 4001])
        self.assertTrue(told["after_beside"]["blanked"])
        self.assertEqual(told["late"]["error"]["kind"], "timeout", told["late"])
        self.assertEqual(told["late"]["error"]["effect"], "perhaps")
        self.assertIs(told["blank_now"], True)

    def test_images_from_tiled(self):
        self.check(self.drive(KEY))

    def test_devices_by_the_database(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        port, = free_ports(1)
        host = dict(os.environ, TANGO_HOST=f"127.0.0.1:{port}")
        database = self.start([python, "-m", "tango.databaseds.database", "2"], env=host,
                              cwd=folder.name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        await_port(port, database)
        self.play("database", env=host)
        self.check(self.ask_peer("drive", f"database:{port}", f"127.0.0.1:{self.tiled}", KEY))

    def test_images_from_the_microscope(self):
        self.check(self.drive(""))

    def test_a_wrong_key(self):
        told = self.drive("anotherkey")
        self.assertEqual(told["scan"]["error"]["kind"], "refused")
        self.assertIn("401", told["scan"]["error"]["cause"])


@unittest.skipUnless(os.path.exists(TANGO_TEST), "needs: tango-test")
class AgainstTangoTest(Programs):
    def test_types_limits_and_errors(self):
        port, = free_ports(1)
        server = self.start([TANGO_TEST, "test", "-nodb", "-dlist", "sys/tg_test/1", "-ORBendPoint",
                             f"giop:tcp:127.0.0.1:{port}"], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
        await_port(port, server)
        url = f"tango://127.0.0.1:{port}/sys/tg_test/1#dbase=no"
        told = self.ask_peer("read", url)
        self.assertGreater(len(told["attributes"]), 50)
        self.assertTrue(told["attributes"]["double_scalar"]["writable"])
        self.assertFalse(told["attributes"]["float_image_ro"]["writable"])
        errors = {name: v["error"] for name, v in told["values"].items() if "error" in str(v)}
        for name, error in errors.items():  # what there is no type for, or what it throws
            self.assertIn(error["kind"], ("hardware", "cannot"), name)
        self.assertIsInstance(told["values"]["double_scalar"], float)
        self.assertIsInstance(told["values"]["long64_scalar"], int)
        self.assertEqual(told["DevLong"], -7)
        self.assertEqual(told["DevLong64"], 1 << 40)
        self.assertEqual(told["DevShort"], 300)
        self.assertIn("does not fit the type DevShort", told["DevShort_too_large"]["error"]["cause"])
        self.assertEqual(told["DevDouble"], 1 / 3)
        self.assertEqual(told["DevString"], "probe")
        self.assertEqual(told["DevVarDoubleArray"], [1, 2.5, 1e-30])
        self.assertEqual(told["DevVarLongArray"], [1, 2, 3])
        self.assertEqual(told["a_text_for_a_number"]["error"]["kind"], "hardware")
        self.assertEqual(told["no_such_command"]["error"]["kind"], "cannot")
        self.assertIn("API_CommandNotFound", told["no_such_command"]["error"]["cause"])
        self.assertEqual(told["no_such_attribute"]["error"]["kind"], "cannot")
        self.assertIs(told["write"], True)
        self.assertNotEqual(told["write_read_only"], True)
        # What is not there.
        for bad, kind in [(url.replace("tg_test/1", "tg_test/9"), "API_DeviceNotDefined"),
                          (url.replace(str(port), str(free_ports(1)[0])), "")]:
            done = subprocess.run([peer, module, "read", bad], capture_output=True, text=True,
                                  timeout=600)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(kind, done.stderr)


class AgainstTheServer(Programs):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        twin = os.path.join(self.folder.name, "twin.yaml")
        with open(twin, "w", encoding="utf-8") as out:
            out.write("preset: corrected_200kV\nname: column\ncamera: {present: true}\n"
                      "stage: {present: true}\nmeasurements: {present: true}\n")
        self.server = self.start([ronchi, "serve", "--instrument", twin, "--protocol", "tango",
                                  "--port", "0,0", "--json"], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        serving = json.loads(self.server.stdout.readline())["serving"]
        self.tango, self.images = (s["address"] for s in serving)

    def device(self, part):
        import tango
        proxy = tango.DeviceProxy(f"tango://{self.tango}/asyncroscopy/{part}/default#dbase=no")
        proxy.set_timeout_millis(60000)
        return proxy

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.images}/api/v1/{path}", timeout=60) as answer:
            return answer.read()

    def test_a_client_of_pytango_drives_it(self):
        import numpy as np
        import tango
        scope, scan, stage = (self.device(p) for p in ("instrument", "scan", "stage"))
        with self.assertRaises(tango.DevFailed) as blanked:
            scope.acquire_scanned_image(["haadf"])
        self.assertEqual(blanked.exception.args[0].reason, "Ronchi:impossible_now:none")
        scope.unblank_beam()
        scope.set_fov(3e-9)
        scan.imsize, scan.dwell_time = 24, 2e-6
        scan.scan_region = [0.0, 0.0, 1.0, 1.0]
        self.assertEqual(scan.get_attribute_config("dwell_time").min_value, "1e-07")
        with self.assertRaises(tango.DevFailed) as far:
            scan.dwell_time = 100
        self.assertEqual(far.exception.args[0].reason, "API_WAttrOutsideLimit")
        key = scope.acquire_scanned_image(["HAADF"])
        structure = json.loads(self.get("metadata/" + key))["data"]["attributes"]["structure"]
        self.assertEqual(structure["shape"], [24, 24])
        image = np.frombuffer(self.get("array/full/" + key), dtype="<f4").reshape(24, 24)
        self.assertTrue(np.isfinite(image).all() and image.std() > 0)
        head, raw = scope.get_image_data_cached(0)
        self.assertEqual(json.loads(head)["shape"], [24, 24])
        self.assertTrue(np.array_equal(np.frombuffer(raw, dtype="<f4").reshape(24, 24), image))
        scan.scan_region = [0.25, 0.5, 0.5, 0.25]
        region = scope.acquire_scanned_image(["haadf"])
        shape = json.loads(self.get("metadata/" + region))["data"]["attributes"]["structure"]["shape"]
        self.assertEqual(shape, [6, 12])
        scope.set_defocus(5e-9)
        self.assertAlmostEqual(scope.get_defocus(), 5e-9, places=12)
        at = list(scope.get_stage())
        scope.move_stage([1e-6, *at[1:3], 2.0, at[4]])
        self.assertAlmostEqual(scope.get_stage()[3], 2.0, places=2)  # degrees
        self.assertAlmostEqual(stage.alpha, 2.0, places=2)
        self.assertGreater(scope.get_screen_current(), 1)  # pA
        camera = self.device("camera")
        camera.exposure_time = 0.01
        scope.place_beam([0.5, 0.5])
        side = camera.imsize
        self.assertEqual(len(self.get("array/full/" + scope.acquire_camera_image())), 4 * side**2)
        self.assertFalse(scope.get_beam_blanked())
        scope.blank_beam()
        self.assertTrue(scope.get_beam_blanked())

    def test_no_client_ends_it(self):
        import tango
        admin = tango.DeviceProxy(f"tango://{self.tango}/dserver/ronchi/served#dbase=no")
        left = {c.cmd_name for c in admin.command_list_query()}
        self.assertEqual(left, {"State", "Status", "QueryClass", "QueryDevice"})
        self.assertEqual(len(admin.QueryDevice()), 5)
        for name, value in [("Kill", None), ("RestartServer", None),
                            ("AddLoggingTarget", ["asyncroscopy/scan/default", "file::x.log"]),
                            ("LockDevice", [[10], ["asyncroscopy/instrument/default"]])]:
            with self.assertRaises(tango.DevFailed):
                admin.command_inout(name, *([] if value is None else [value]))
        scope = self.device("instrument")
        with self.assertRaises(tango.DevFailed):
            scope.lock()
        self.assertTrue(scope.get_beam_blanked())
        self.assertIsNone(self.server.poll())

    def test_junk_leaves_it_as_it_is(self):
        host, port = self.tango.split(":")
        junk = [b"", b"GIOP", b"GIOP\x01\x02\x00\x00\xff\xff\xff\x7f" + b"A" * 1000,
                b"GET / HTTP/1.1\r\n\r\n", os.urandom(100000),
                b"GIOP\x01\x02\x01\x00" + (64).to_bytes(4, "little") + b"\xff" * 64]
        for bytes_ in junk * 5:
            with socket.create_connection((host, int(port))) as s:
                try:
                    s.sendall(bytes_)
                except OSError:
                    pass  # it has closed the connection already
        self.assertTrue(self.device("instrument").get_beam_blanked())

    def test_a_client_corrects(self):
        import tango
        scope, corrector = self.device("instrument"), self.device("corrector")
        scope.unblank_beam()
        before = json.loads(corrector.measure_c1a1())["A1"]
        corrector.correct_aberration(f"A1 {before[0]} {before[1]}")
        after = json.loads(corrector.measure_c1a1())["A1"]
        self.assertLess(abs(after[0]) + abs(after[1]), 2e-9)  # some of its own standard errors
        tableau = json.loads(corrector.acquire_tableau("Fast 18"))
        self.assertIn("A1", tableau["coefficients"])
        with self.assertRaisesRegex(tango.DevFailed, "no aberration 'Q9'"):
            corrector.correct_aberration("Q9 1 2")

    def test_a_blank_does_not_wait_for_a_scan(self):
        import threading
        scope, other, scan = self.device("instrument"), self.device("instrument"), self.device("scan")
        scope.unblank_beam()
        scan.imsize = 64
        ended = threading.Event()

        def many():
            try:
                while True:
                    scope.acquire_scanned_image(["haadf"])
            except Exception:
                ended.set()

        threading.Thread(target=many, daemon=True).start()
        time.sleep(0.5)
        other.blank_beam()
        self.assertTrue(other.get_beam_blanked())
        self.assertTrue(ended.wait(60))
        self.server.send_signal(signal.SIGINT)
        self.assertEqual(self.server.wait(60), 0)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    peer, module, ronchi = sys.argv[1:4]
    python = enter_environment(sys.argv[4], PACKAGES, "numpy, tango, tiled.client, tiled.server")
    unittest.main(argv=sys.argv[:1], verbosity=2)
