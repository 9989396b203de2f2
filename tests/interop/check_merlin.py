"""ctest interop/merlin: Merlin's wire against LiberTEM-live, from both sides.

    python check_merlin.py MERLIN_PEER VENV_FOLDER

Ronchi's driver exposes LiberTEM-live's simulator of the detector; LiberTEM-live's client and its
reader of frames drive Ronchi's server. Exit status 77, a skip, when the package cannot be fetched.
"""
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from check_interop import enter_environment

# Of the cameras' tests, which share an environment.
LIVE_PACKAGES = ["libertem-live", "flask", "dectris-compression", "cbor2", "pyzmq", "bitshuffle",
                 "lz4"]
LIVE_IMPORTS = ("libertem_live.detectors.merlin, libertem_live.detectors.dectris, libertem_qd_mpx, "
                "libertem_dectris, flask, dectris.compression, cbor2, zmq, bitshuffle, lz4.block")
SHAPE = (8, 8, 256, 256)
peer, python = "", ""


def counts():
    import numpy as np
    n, y, x = np.ogrid[:64, :256, :256]
    return ((n * 911 + y * 257 + x * 31) % 4096).astype(">u2")


def write_mib(folder):
    """default.hdr and default.mib, as the vendor's software leaves them: MQ1 headers of 384 bytes."""
    frames = counts()
    with open(os.path.join(folder, "default.mib"), "wb") as out:
        for i, frame in enumerate(frames, 1):
            head = (f"MQ1,{i:06d},00384,01,0256,0256,U16,   1x1,01,2020-05-18 16:51:49.971626,"
                    "0.000555,0,0,0,1.200000E+2,5.110000E+2,0.000000E+0,0.000000E+0,0.000000E+0,"
                    "0.000000E+0,0.000000E+0,0.000000E+0,3RX,175,511,000,000,000,000,000,000,125,"
                    "255,125,125,100,100,082,100,087,030,128,004,255,129,128,176,168,511,511,"
                    "MQ1A,2020-05-18T14:51:49.971626178Z,555000ns,12,")
            out.write(head.encode("latin-1").ljust(384, b"\0") + frame.tobytes())
    header = os.path.join(folder, "default.hdr")
    with open(header, "w", encoding="latin-1", newline="\r\n") as out:
        out.write("HDR,\t\nFrames in Acquisition (Number):\t64\nFrames per Trigger (Number):\t8\n"
                  "Counter Depth (number):\t12\nEnd\t")
    return header


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def await_port(port, process):
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the simulator has ended")


class AgainstTheSimulator(unittest.TestCase):
    # Runs the peer's exposures of `frames` frames. Each has a simulator of its own: one that has not
    # seen yet that its client has gone takes the next client's start for that client's.
    def expose(self, frames, out, *options):
        with tempfile.TemporaryDirectory() as folder:
            control, data, trigger = free_ports(3)
            simulator = subprocess.Popen(
                [os.path.join(os.path.dirname(python), "libertem-live-mib-sim"), write_mib(folder),
                 "--host", "127.0.0.1", "--control-port", str(control), "--data-port", str(data),
                 "--trigger-port", str(trigger), "--cached", "NONE", *options],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                await_port(control, simulator)
                return subprocess.run([peer, "expose", f"127.0.0.1:{control}",
                                       f"127.0.0.1:{data}", str(frames), out],
                                      capture_output=True, text=True, timeout=600)
            finally:
                simulator.kill()
                simulator.wait()

    def exposes(self, *options):
        import numpy as np
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out")
            done = self.expose(64, out, *options)
            self.assertEqual(done.returncode, 0, done.stderr)
            for exposure in np.fromfile(out, dtype="<f4").reshape(3, 64, 256, 256):
                self.assertTrue(np.array_equal(exposure, counts()))
            wrong = self.expose(7, out, *options)
            self.assertEqual(wrong.returncode, 1)
            self.assertIn("an acquisition of 64 frames begins where 7 were asked for",
                          wrong.stderr)

    def test_frames(self):
        self.exposes("--wait-trigger")

    def test_garbage_before_frames(self):
        self.exposes("--wait-trigger", "--garbage")


class AgainstTheServer(unittest.TestCase):
    def setUp(self):
        self.server = subprocess.Popen([peer, "serve"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        self.control, self.data = map(int, re.findall(r"\d+", self.server.stdout.readline()))

    def tearDown(self):
        self.server.communicate()

    def test_control(self):
        from libertem_live.detectors.merlin.control import MerlinControl
        with MerlinControl("127.0.0.1", self.control) as c:
            self.assertEqual(c.get("IMAGEX"), b"256")
            self.assertEqual(c.get("COUNTERDEPTH"), b"12")
            c.set("ACQUISITIONTIME", "2.5")
            self.assertEqual(c.get("ACQUISITIONTIME"), b"2.5")
            for word, why in [(lambda: c.set("COUNTERDEPTH", 7), "out of range"),
                              (lambda: c.cmd("COFFEE"), "Unrecognised"),
                              (lambda: c.cmd("STARTACQUISITION"), "Busy")]:
                with self.assertRaisesRegex(Exception, why):
                    word()

    def test_frames(self):
        import libertem_qd_mpx
        import numpy as np
        from libertem_live.detectors.merlin.control import MerlinControl
        with tempfile.TemporaryDirectory() as folder:
            connection = libertem_qd_mpx.QdConnection(
                data_host="127.0.0.1", data_port=self.data, frame_stack_size=16,
                shm_handle_path=os.path.join(folder, "shm"), drain=False,
                recovery_strategy="immediate_reconnect", huge=False)
            connection.start_passive()
            with MerlinControl("127.0.0.1", self.control) as c:
                for name, value in [("COUNTERDEPTH", 12), ("NUMFRAMESTOACQUIRE", 100),
                                    ("ACQUISITIONTIME", 1)]:
                    c.set(name, value)
                c.cmd("STARTACQUISITION")
            header = connection.wait_for_arm(timeout=60)
            self.assertEqual(header.frames_in_acquisition(), 100)
            client = libertem_qd_mpx.CamClient(connection.get_socket_path())
            pixels = np.arange(256 * 256, dtype=np.int64).reshape(256, 256)
            read = 0
            while read < 100:
                stack = connection.get_next_stack(max_size=100 - read)
                frames = np.zeros((len(stack), 256, 256), dtype=np.uint16)
                client.decode_range_into_buffer(stack, frames, 0, len(stack))
                client.done(stack)
                for frame in frames:
                    expected = np.minimum((read * 911 + pixels * 31) % 8191, 4095)
                    self.assertTrue(np.array_equal(frame, expected), f"frame {read}")
                    read += 1
            client.close()
            connection.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    peer = sys.argv[1]
    python = enter_environment(sys.argv[2], LIVE_PACKAGES, LIVE_IMPORTS)
    unittest.main(argv=sys.argv[:1], verbosity=2)
