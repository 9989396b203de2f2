"""ctest interop/dectris: DECTRIS' wires against other people's programs.

    python check_dectris.py DECTRIS_PEER VENV_FOLDER

Ronchi's driver exposes LiberTEM-live's simulator of the detector (the first version of the stream),
and a detector played here by pyzmq, cbor2 and bitshuffle, whose pixels DECTRIS' own library unpacks
first (the second version). Exit status 77, a skip, when the packages cannot be fetched.
"""
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest

from check_interop import enter_environment
from check_merlin import LIVE_IMPORTS, LIVE_PACKAGES, await_port, free_ports

peer, python = "", ""
FRAMES, HEIGHT, WIDTH = 12, 62, 54  # no multiple of a block of bitshuffle


def counts(dtype):
    import numpy as np
    n, y, x = np.ogrid[:FRAMES, :HEIGHT, :WIDTH]
    return ((n * 911 + y * 257 + x * 31) % min(4093, np.iinfo(dtype).max)).astype(dtype)


def bslz4(frame):
    """As bitshuffle's filter of HDF5 stores it."""
    import bitshuffle
    import struct
    block = 8192
    packed = bitshuffle.compress_lz4(frame.reshape(-1), block // frame.itemsize)
    return struct.pack(">QI", frame.nbytes, block) + packed.tobytes()


def expose(address, stream, version, trigger, seconds):
    import numpy as np
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        done = subprocess.run([peer, address, stream, version, trigger, str(FRAMES), str(seconds),
                               out], capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return np.fromfile(out, dtype="<f4").reshape(2, FRAMES, HEIGHT, WIDTH)


class AgainstTheSimulator(unittest.TestCase):
    # Not "inte": its triggers return before they have had an effect, and one that comes meanwhile
    # is lost, which a detector's is not.
    def write_capture(self, path, trigger, frames):
        """What its stream was once, message by message."""
        config = {"x_pixels_in_detector": WIDTH, "y_pixels_in_detector": HEIGHT,
                  "bit_depth_image": 16, "bit_depth_readout": 16, "count_time": 0.0009999,
                  "frame_time": 0.001, "compression": "bslz4", "description": "played",
                  "nimages": FRAMES if trigger[-1] == "s" else 1,
                  "ntrigger": 1 if trigger[-1] == "s" else FRAMES, "trigger_mode": trigger}
        messages = [{"header_detail": "basic", "htype": "dheader-1.0", "series": 34}, config]
        for i, frame in enumerate(frames):
            data = bslz4(frame)
            messages += [{"frame": i, "hash": "0", "htype": "dimage-1.0", "series": 34},
                         {"encoding": "bs16-lz4<", "htype": "dimage_d-1.0",
                          "shape": [WIDTH, HEIGHT], "size": len(data), "type": "uint16"}, data,
                         {"htype": "dconfig-1.0", "real_time": 1, "start_time": 0, "stop_time": 1}]
        messages += [{"htype": "dseries_end-1.0", "series": 34}]
        with open(path, "wb") as out:
            for m in messages:
                data = m if isinstance(m, bytes) else json.dumps(m).encode()
                out.write(len(data).to_bytes(8, "little") + data)

    def exposes(self, trigger, asked):
        import numpy as np
        frames = counts(np.uint16)
        with tempfile.TemporaryDirectory() as folder:
            capture = os.path.join(folder, "capture.dat")
            self.write_capture(capture, trigger, frames)
            rest, stream = free_ports(2)
            simulator = subprocess.Popen(
                [python, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                      "play_dectris.py"), capture, str(rest), str(stream)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                await_port(rest, simulator)
                seen = expose(f"127.0.0.1:{rest}", f"127.0.0.1:{stream}", "legacy", asked,
                              0.0009999)
                for exposure in seen:
                    self.assertTrue(np.array_equal(exposure, frames))
            finally:
                simulator.terminate()
                simulator.wait()

    def test_an_external_trigger_for_each(self):
        self.exposes("exte", "-")

    def test_one_trigger_of_its_own(self):
        self.exposes("ints", "ints")


class PlayedDetector(http.server.BaseHTTPRequestHandler):
    """The second version of the stream, behind as much of SIMPLON as is asked for."""
    settings, series, frames, coding = {}, 7, None, ""

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        key = self.path.rsplit("/", 1)[1]
        if key in self.settings:
            self.answer(200, {"value": self.settings[key], "value_type": "?", "access_mode": "rw"})
        else:
            self.answer(404, {})

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.path.rsplit("/", 1)[1]
        if "/command/" in self.path:
            cls = type(self)
            if key == "arm":
                cls.series += 1
                self.send("start", image_size_x=WIDTH, image_size_y=HEIGHT,
                          channels=["threshold_1"], count_time=0.002)
            self.answer(200, {"sequence id": cls.series} if key == "arm" else {})
            if key == "trigger":
                for i, frame in enumerate(self.frames):
                    self.send_image(i, frame)
                self.send("end")
        else:
            self.settings[key] = json.loads(body)["value"]
            self.answer(200, [key])

    def send(self, kind, **fields):
        import cbor2
        self.push.send(cbor2.dumps({"type": kind, "series_id": self.series,
                                    "series_unique_id": "01", **fields}))

    def send_image(self, i, frame):
        import cbor2
        import numpy as np
        from dectris.compression import decompress
        data = frame.tobytes()
        if self.coding == "bslz4":
            packed = bslz4(frame)
            assert decompress(packed, "bslz4", elem_size=frame.itemsize) == data
            data = cbor2.CBORTag(56500, ["bslz4", frame.itemsize, packed])
        elif self.coding == "lz4":
            import lz4.block
            block = lz4.block.compress(data, store_size=False)
            packed = (len(data).to_bytes(8, "big") + len(data).to_bytes(4, "big") +
                      len(block).to_bytes(4, "big") + block)
            assert decompress(packed, "lz4") == data
            data = cbor2.CBORTag(56500, ["lz4", 0, packed])
        tag = {np.uint8: 64, np.uint16: 69, np.uint32: 70}[frame.dtype.type]
        array = cbor2.CBORTag(40, [[HEIGHT, WIDTH], cbor2.CBORTag(tag, data)])
        self.send("image", image_id=i, real_time=[500000, 50000000], start_time=[i, 50000000],
                  user_data={"x": [1.5, None]}, data={"threshold_1": array})


class AgainstThePlayedDetector(unittest.TestCase):
    def test_every_depth_and_packing(self):
        import numpy as np
        import zmq
        context = zmq.Context()
        push = context.socket(zmq.PUSH)
        push.linger = 0
        stream = push.bind_to_random_port("tcp://127.0.0.1")
        PlayedDetector.push = push
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), PlayedDetector)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for dtype in (np.uint8, np.uint16, np.uint32):
            for coding in ("none", "lz4", "bslz4"):
                PlayedDetector.frames, PlayedDetector.coding = counts(dtype), coding
                PlayedDetector.settings = {
                    "x_pixels_in_detector": WIDTH, "y_pixels_in_detector": HEIGHT,
                    "bit_depth_image": 8 * np.dtype(dtype).itemsize, "count_time": 1.0,
                    "frame_time": 1.0, "nimages": 1, "ntrigger": 1, "trigger_mode": "exts",
                    "mode": "disabled", "format": "legacy", "state": "idle"}
                seen = expose(f"127.0.0.1:{server.server_port}", f"127.0.0.1:{stream}", "cbor",
                              "ints", 0.002)
                for exposure in seen:
                    self.assertTrue(np.array_equal(exposure, PlayedDetector.frames),
                                    (dtype, coding))
        server.shutdown()
        server.server_close()
        push.close()
        context.term()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    peer = sys.argv[1]
    python = enter_environment(sys.argv[2], LIVE_PACKAGES, LIVE_IMPORTS)
    unittest.main(argv=sys.argv[:1], verbosity=2)
