"""The driver of temscript against temscript's own server, with the microscope that it has for tests."""
# needs: temscript
import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import unittest

import ronchi
from ronchi.temscript import Temscript

# Its server, with the microscope changed by a line of the test's; prints its port.
SERVER = """
import sys, threading
from temscript.null_microscope import NullMicroscope
from temscript.server import MicroscopeServer
class Column(NullMicroscope):
    pass
{change}
server = MicroscopeServer(("127.0.0.1", 0), microscope_factory=Column)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


@unittest.skipUnless(importlib.util.find_spec("temscript"), "temscript is not installed")
class Served(unittest.TestCase):
    def serve(self, change=""):
        server = subprocess.Popen([sys.executable, "-c", SERVER.format(change=change)],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        return server, f"http://127.0.0.1:{int(server.stdout.readline())}"

    def config(self, url):
        return {"kind": "program", "command": [sys.executable, "-m", "ronchi.temscript", url]}

    def test_conforms(self):
        _, url = self.serve()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "column.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"kind: program\ncommand: [{sys.executable}, -m, ronchi.temscript, '{url}']\n")
            done = subprocess.run([os.environ.get("RONCHI_PROGRAM", "ronchi"), "conform",
                                   "--instrument", path], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(" 0 failed", done.stdout)
        self.assertIn("pass  a small step is made, and back", done.stdout)

    def test_moves_in_its_units(self):
        _, url = self.serve()
        with ronchi.connect(self.config(url), guard=False) as m:
            self.assertEqual(m["gun.voltage"], 2e5)
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
        direct = Temscript(url)
        self.assertTrue(direct.execute({"verb": "read", "properties": []},
                                       None)["blanked"])  # at the end

    def test_what_it_says_is_not_believed(self):
        changes = {
            # It clamps without a word, and answers 204.
            "Column.get_stage_limits = lambda self: {k: (-1, 1) for k in 'xyzab'}\n"
            "Column._set_stage_position = lambda self, pos=None, method='', speed=None: "
            "self._stage_pos.update({k: min(v, 1e-5) for k, v in pos.items()})":
                ("stage.x", "100 um", "stands at 10 .m instead of 100 .m"),
            "Column.get_beam_shift = lambda self: (float('nan'), 0.0)":
                ("beam.shift.x", "1 nm", "stands at nan"),
            "Column.set_beam_shift = lambda self, pos: 1 / 0":
                ("beam.shift.x", "1 nm", "beam_shift: 500"),
            "Column.get_beam_shift = None": ("beam.shift.x", "1 nm", "beam_shift: 500")}
        for change, (name, value, words) in changes.items():
            _, url = self.serve(change)
            with ronchi.connect(self.config(url), guard=False) as m:
                with self.assertRaisesRegex(ronchi.InstrumentError, words):
                    m.set(name, value)

    def test_its_server_ends(self):
        server, url = self.serve()
        m = ronchi.connect(self.config(url), guard=False)
        server.kill()
        server.wait()
        with self.assertRaisesRegex(ronchi.InstrumentError, "stage_position: .*refused") as caught:
            m.read("stage.x")
        self.assertEqual(caught.exception.kind, "communication")
        with self.assertRaisesRegex(ronchi.InstrumentError, "beam_blanked"):
            m.close()  # which says that it could not blank

    def test_what_is_no_temscript(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = "http://127.0.0.1:%d" % listener.getsockname()[1]
            listener.close()
            for url, words in ((address, "refused"), ("ftp://x", "allowed: http://host:port")):
                done = subprocess.run([sys.executable, "-m", "ronchi.temscript", url],
                                      stdin=subprocess.DEVNULL, capture_output=True, text=True)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, "^ronchi.temscript: .*" + words)
                self.assertEqual(done.stderr.count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
