"""ctest interop/gms: Gatan Microscopy Suite's bridge, by the people who wrote it.

    python check_gms.py GMS_PEER VENV_FOLDER

nuance-gms-mcp's part that runs inside GMS, over nuance-gms-mcp's simulator of GMS, driven by
Ronchi's driver. Exit status 77, a skip, when the packages cannot be fetched.
"""
import os
import re
import subprocess
import sys
import unittest

from check_interop import SKIP, prepare_environment
from check_merlin import await_port, free_ports

peer, python = "", ""
# GMS' own module is played by the simulator; what an image was is said at the end of a line of input.
BRIDGE = """
import sys, threading
from gms_mcp.simulator import DMSimulator
gms = DMSimulator()
sys.modules["DigitalMicrograph"] = gms
from gms_mcp import dm_plugin
if dm_plugin._running.is_set():
    dm_plugin.stop_bridge()
dm_plugin.start_bridge("tcp://127.0.0.1:" + sys.argv[1])
print("magnification", gms.EMGetMagnification(), flush=True)
sys.stdin.readline()
print("mean", float(gms.GetFrontImage().GetNumArray().mean()), "stage", gms.EMGetStageX(),
      gms.EMGetStageY(), gms.EMGetStageAlpha(), flush=True)
dm_plugin.stop_bridge()
"""


class AgainstTheBridge(unittest.TestCase):
    def test_stage_scan_and_camera(self):
        port, = free_ports(1)
        # The bridge begins by itself, on all interfaces, unless it is told where.
        own, = free_ports(1)
        bridge = subprocess.Popen([python, "-c", BRIDGE, str(port)], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True,
                                  env=dict(os.environ, GMS_MCP_ZMQ_BIND=f"tcp://127.0.0.1:{own}"))
        try:
            await_port(port, bridge)
            magnification = None
            for line in bridge.stdout:  # the bridge prints, too
                found = re.match(r"magnification (\S+)", line)
                if found:
                    magnification = float(found[1])
                    break
            field = 0.1 / magnification
            done = subprocess.run([peer, f"127.0.0.1:{port}", "0.1", repr(field)],
                                  capture_output=True, text=True, timeout=600)
            self.assertEqual(done.returncode, 0, done.stderr)
            seen = done.stdout.split("\n")
            self.assertEqual(seen[3:6], ["read stage.x 3e-06", "read stage.y -2e-06",
                                         "read stage.alpha 0.1"])
            self.assertRegex(seen[6], "^scan 96 96 ")
            self.assertRegex(seen[7], "^expose 256 256 ")
            elsewhere = subprocess.run([peer, f"127.0.0.1:{port}", "0.1", repr(2 * field)],
                                       capture_output=True, text=True, timeout=600)
            self.assertEqual(elsewhere.returncode, 1)
            self.assertIn("the scanned field is", elsewhere.stderr)
            rest, _ = bridge.communicate("\n", timeout=60)
            truth = re.search(r"mean (\S+) stage (\S+) (\S+) (\S+)", rest)
            exposed = float(seen[7].split()[3])  # the image that is in front
            self.assertAlmostEqual(float(truth[1]) / exposed, 1, places=6)
            self.assertAlmostEqual(float(truth[2]), 3, places=9)
            self.assertAlmostEqual(float(truth[3]), -2, places=9)
            self.assertAlmostEqual(float(truth[4]), 5.729577951, places=6)
        finally:
            bridge.kill()
            bridge.wait()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    peer = sys.argv[1]
    python = prepare_environment(sys.argv[2], ["nuance-gms-mcp", "pyzmq"], "gms_mcp.simulator, zmq")
    if python is None:
        sys.exit(SKIP)
    unittest.main(argv=sys.argv[:1], verbosity=2)
