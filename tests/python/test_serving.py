"""Instruments in Python: served, driven in one process, and what their links may do wrong."""
import importlib.util
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

import numpy as np

import ronchi
from ronchi.wire import Decoder, WireError, encode

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLE = os.path.join(SOURCE, "examples", "driver", "python", "column.py")


def example():
    """The class of the example, fresh."""
    spec = importlib.util.spec_from_file_location("example_column", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Column


def scan(microscope, **options):
    return microscope.scan(**{"detectors": "haadf", "pixels": (8, 4), "fov_m": (2e-9, 1e-9),
                              "dwell_s": 1e-6, **options})


class InOneProcess(unittest.TestCase):
    def test_an_object_is_driven(self):
        column = example()()
        with ronchi.connect(column, dose_budget_e_per_A2=1e6) as m:
            self.assertTrue(m.guarded)
            self.assertAlmostEqual(m.set("optics.C10", "5 nm").value, 5e-9)
            self.assertEqual(column.at["optics.C10"], m["optics.C10"])
            m.unblank()
            reply = scan(m, frames=2)
            self.assertEqual(reply.frames["haadf"].shape, (2, 4, 8))
            self.assertEqual(reply.frames["haadf"].dtype, np.float32)
            self.assertAlmostEqual(reply.electrons, 5e-11 / 1.602176634e-19 * 64e-6, delta=1e-6)
            m.blank_now()
            self.assertTrue(column.blanked)
            m.unblank()
        self.assertTrue(column.blanked)

    def test_the_pixels_are_the_objects_own(self):
        column = example()()
        seen = np.float32([[0, -0.0, 1e-42, 3e38] * 2] * 4)
        column.counts = lambda command, line: seen[line]
        with ronchi.connect(column, dose_budget_e_per_A2=1e6) as m:
            m.unblank()
            self.assertEqual(scan(m).frames["haadf"].tobytes(), seen.tobytes())

    def test_errors_come_as_they_were_raised(self):
        column = example()()
        raised = ronchi.InstrumentError("the stage is stuck", "call somebody", "out_of_tolerance",
                                        "done")

        def fails(command, execution):
            raise raised

        column.set = fails
        with ronchi.connect(column, guard=False) as m:
            with self.assertRaises(ronchi.InstrumentError) as caught:
                m.set("optics.C10", 0)
            for what in ("cause", "remedy", "kind", "effect"):
                self.assertEqual(getattr(caught.exception, what), getattr(raised, what))
            column.set = lambda command, execution: 1 / 0
            with self.assertRaisesRegex(ronchi.InstrumentError, "ZeroDivisionError"):
                m.set("optics.C10", 0)
            for read in (float("nan"), 5.0):  # unknown; in nm
                column.set = lambda command, execution: {"readings": {"optics.C10": read}}
                with self.assertRaisesRegex(ronchi.InstrumentError, "stands at .* instead of"):
                    m.set("optics.C10", "5 nm")
            column.set = lambda command, execution: {"readings": {"optics.C10": 0}, "x": object()}
            with self.assertRaisesRegex(ronchi.InstrumentError, "TypeError.*not JSON"):
                m.set("optics.C10", 0)
            column.read = lambda command, execution: {"readings": {}}
            with self.assertRaisesRegex(ronchi.InstrumentError, "0 readings where 1"):
                m.read("optics.C10")

    def test_what_is_no_instrument(self):
        for thing in (object(), 3, type("Half", (), {"description": {}})()):
            with self.assertRaisesRegex(ValueError, "has no (description|execute)"):
                ronchi.connect(thing, guard=False)

    def test_what_is_no_simulation_is_guarded(self):
        real = type("Real", (example(),), {})
        real.description = {**real.description, "simulated": False, "id": "real"}
        with self.assertRaisesRegex(ValueError, "nothing_guards_the_beam"):
            ronchi.connect(real(), guard=False)
        with ronchi.connect(real(), guard=False, nothing_guards_the_beam=True) as m:
            self.assertFalse(m.guarded)
        with ronchi.connect(real()) as m:  # nothing said: the default
            self.assertTrue(m.guarded)
            m.unblank()
            with self.assertRaisesRegex(ronchi.InstrumentError, "the budget is 1000"):
                for _ in range(100):
                    scan(m)
        with self.assertRaisesRegex(ValueError, "dose budget"):  # a simulation has no default
            ronchi.connect(example()())

    def test_an_environment_runs_on_a_file(self):
        import gymnasium
        file = os.path.join(SOURCE, "examples", "driver", "python", "column.yaml")
        with gymnasium.make("ronchi/AberrationTuning-v1", instrument=file, pixels=16) as env:
            observation, _ = env.reset(seed=1)
            self.assertTrue(env.observation_space.contains(observation))
            self.assertTrue(env.observation_space.contains(env.step(env.action_space.sample())[0]))
        with self.assertRaisesRegex(ValueError, "toy:numpy"):  # has no camera: said, not crashed
            gymnasium.make("ronchi/RonchigramTuning-v1", instrument=file)


PROGRAM = os.environ.get("RONCHI_PROGRAM")


@unittest.skipUnless(PROGRAM, "needs the program")
class Deployed(unittest.TestCase):
    """A recipe on an instrument without ground truth: it runs to its end and says so."""

    def test_on_an_object(self):
        with tempfile.TemporaryDirectory() as folder:
            policy, run = os.path.join(folder, "policy.json"), os.path.join(folder, "run")
            subprocess.run([PROGRAM, "train", "quickstart", "-o", policy, "-q", "--set",
                            "agent.kind=random"], check=True)
            changes = {"deploy": {"steps": 3}, "environment": {"pixels": 16}}
            column = example()()
            done = ronchi.deploy(policy, "quickstart", instrument=column, output=run,
                                 changes=changes, seed=2)
            self.assertEqual(done.folder, run)
            self.assertTrue(column.blanked)
            for name in ("report.html", "summary.json", "events.jsonl", "data.hdf5"):
                self.assertTrue(os.path.exists(os.path.join(run, name)), name)
            # Its own record is an instrument as well, and brings the same pixels.
            replayed = ronchi.deploy(
                policy, "quickstart", output=run + "2", changes=changes, seed=2,
                instrument={"kind": "replay", "folder": run, "instrument": "deploy"})
            with open(os.path.join(run, "frames.f32"), "rb") as one, \
                    open(os.path.join(replayed.folder, "frames.f32"), "rb") as two:
                self.assertEqual(one.read(), two.read())
            for wrong, words in ((object(), "has no description"), ("no_such", "no_such")):
                with self.assertRaisesRegex(ValueError, words):
                    ronchi.deploy(policy, "quickstart", instrument=wrong, output=run + "3")
            self.assertFalse(os.path.exists(run + "3"))


class Served(unittest.TestCase):
    def program(self, text, **options):
        return {"kind": "program", "command": [sys.executable, "-E", "-c", text], **options}

    def test_killed_in_the_midst_of_a_scan(self):
        text = (f"import os, sys; sys.path[:0] = {[os.path.dirname(EXAMPLE), *sys.path]!r}\n"
                "import ronchi, column\n"
                "column.Column.counts = lambda *_: os.kill(os.getpid(), 9)\n"
                "ronchi.serve_instrument(column.Column(), None)")
        m = ronchi.connect(self.program(text), guard=False)
        m.unblank()
        with self.assertRaises(ronchi.InstrumentError) as caught:
            scan(m)
        error = caught.exception
        self.assertEqual((error.kind, error.effect), ("communication", "perhaps"))
        for words in ("during scan", "killed by signal 9", "whether the beam is blanked is not known"):
            self.assertIn(words, error.cause)
        with self.assertRaisesRegex(ronchi.InstrumentError, "not started a second time"):
            m.close()

    def test_prints_do_not_reach_the_wire(self):
        text = (f"import sys; sys.path[:0] = {[os.path.dirname(EXAMPLE), *sys.path]!r}\n"
                "import ronchi, column\n"
                "class Talks(column.Column):\n"
                "    def read(self, *words):\n"
                "        print('reading')\n"
                "        return super().read(*words)\n"
                "print('hello')\n"
                "ronchi.serve_instrument(Talks(), None)")
        with ronchi.connect(self.program(text), guard=False) as m:
            self.assertEqual(m["beam.current"], 5e-11)

    def test_nothing_that_can_be_started_or_greets(self):
        for text, words in (("", "does not greet.*ended with status 0"),
                            ("import sys; sys.exit('no licence')", "ended with status 1"),
                            ("print('Welcome to the microscope')", "does not greet")):
            with self.assertRaisesRegex((ValueError, OSError, RuntimeError), words):
                ronchi.connect(self.program(text), guard=False)
        with self.assertRaisesRegex((ValueError, OSError, RuntimeError), "no greeting within"):
            ronchi.connect(self.program("import time; time.sleep(600)", connect_s=1, end_s=0.01),
                           guard=False)

    def test_without_the_compiled_part(self):
        """NumPy and Python's own library are enough to serve."""
        text = ("import sys\n"
                "class No:\n"
                "    def find_spec(self, name, *rest):\n"
                "        if name.split('.')[0] in ('gymnasium', 'nanobind') or '_ronchi' in name:\n"
                "            raise ModuleNotFoundError(name, name=name)\n"
                f"sys.meta_path.insert(0, No()); sys.path.insert(0, {SOURCE + '/python'!r})\n"
                "import ronchi\n"
                "server = ronchi.InstrumentServer(type('I', (), {'description': {'id': 'i'},\n"
                "    'execute': lambda self, command: {'blanked': True}})()).start()\n"
                "server.close(); print(server.address)")
        done = subprocess.run([sys.executable, "-B", "-c", text], capture_output=True, text=True)
        self.assertRegex(done.stdout, r"^127\.0\.0\.1:\d+\n$", done.stderr)


class Wire(unittest.TestCase):
    """The server against clients that are not Ronchi's."""

    def setUp(self):
        self.column = example()()
        self.server = ronchi.InstrumentServer(self.column).start()
        self.addCleanup(self.server.close)

    def link(self, role="commands", version=1):
        host, port = self.server.address.split(":")
        link = socket.create_connection((host, int(port)))
        self.addCleanup(link.close)
        if role:
            link.sendall(encode({"type": "hello", "wire": version, "role": role}))
        return link

    def receive(self, link):
        header = link.recv(12, socket.MSG_WAITALL)
        if not header:
            return None
        length, pixels = struct.unpack("<4xII", header)
        head = json.loads(link.recv(length, socket.MSG_WAITALL))
        link.recv(4 * pixels, socket.MSG_WAITALL) if pixels else b""
        return head

    def execute(self, link, verb, number=1, **fields):
        link.sendall(encode({"type": "execute", "id": number, "lines": False,
                             "command": {"verb": verb, **fields}}))

    def test_garbage_ends_the_link_and_blanks(self):
        for garbage in (b"GET / HTTP/1.1\r\n\r\n", struct.pack("<4sII", b"RNCH", 1 << 31, 0),
                        struct.pack("<4sII", b"RNCH", 2, 1 << 30) + b"{}",
                        struct.pack("<4sII", b"RNCH", 1 << 16, 0) + b"[" * (1 << 16),
                        struct.pack("<4sII", b"RNCH", 2, 0) + b"[]", encode({"type": "sing"})):
            link = self.link()
            self.assertEqual(self.receive(link)["type"], "hello")
            self.execute(link, "unblank")
            self.assertFalse(self.receive(link)["reply"]["blanked"])
            link.sendall(garbage)
            self.assertIsNone(self.receive(link))
            self.assertTrue(self.column.blanked)

    def test_another_version_and_another_commander_are_refused(self):
        first = self.link()
        self.assertEqual(self.receive(first)["type"], "hello")
        self.assertIn("version 7", self.receive(self.link(version=7))["error"]["cause"])
        self.assertEqual(self.receive(self.link())["error"]["kind"], "busy")

    def test_a_client_that_is_lost_ends_the_scan_and_blanks(self):
        link, begun, ended = self.link(), threading.Event(), threading.Event()
        self.receive(link)
        self.execute(link, "unblank")
        self.receive(link)

        def slow(command, execution):
            begun.set()
            while not execution.cancelled:
                pass
            ended.set()
            return {"ended": "cancelled"}

        self.column.scan = slow
        self.execute(link, "scan")
        self.assertTrue(begun.wait(60))
        link.close()
        self.assertTrue(ended.wait(60))
        self.assertEqual(self.receive(self.link("blank"))["type"], "hello")
        self.server.close()
        self.assertTrue(self.column.blanked)

    def test_bytes_one_by_one(self):
        decoder, heads = Decoder(), []
        for byte in encode({"a": 1}) + encode({"b": "µ"}):
            heads += decoder.feed(bytes([byte]))
        self.assertEqual(heads, [{"a": 1}, {"b": "µ"}])
        with self.assertRaises(WireError):
            decoder.feed(b"RNCX" + bytes(8))


if __name__ == "__main__":
    unittest.main()
