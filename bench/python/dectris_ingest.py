"""A DECTRIS stream through LiberTEM-live's reader and through Ronchi's, in turn, from one sender.

    python bench/python/dectris_ingest.py DECTRIS_INGEST [gigabytes] [repeats]

DECTRIS_INGEST: build/release/bench/hw/bench_hw_dectris_ingest. Images of 512 × 512 pixels of 16
bits, bitshuffled and packed by LZ4, over the loopback, all unpacked into integers of the machine; the
reader of LiberTEM-live is libertem_dectris (pip install libertem-live), used as its live
acquisitions use it, in one process. The table has medians: MB of pixels a second on the clock, and a
second of the reader's processor time.
"""
import os
import subprocess
import sys
import tempfile
import time

import libertem_dectris
import numpy as np
from merlin_ingest import await_listening, compare, free_port, ours_by

SIDE, STACK = 512, 32  # images that are asked for at a time


def theirs(program, gigabytes):
    port = free_port()
    sender = subprocess.Popen([program], env=dict(os.environ, RONCHI_DECTRIS_PORT=str(port),
                                                  RONCHI_DECTRIS_GB=str(gigabytes)))
    await_listening(port)
    handle = os.path.join(tempfile.mkdtemp(), "frames")
    connection = libertem_dectris.DectrisConnection(
        uri=f"tcp://127.0.0.1:{port}", frame_stack_size=STACK, num_slots=200,
        bytes_per_frame=SIDE * SIDE, huge=False, handle_path=handle)
    connection.start_passive()
    config, _ = connection.wait_for_arm(30.0)
    client = libertem_dectris.CamClient(connection.get_socket_path())
    buffer = np.zeros((STACK, SIDE, SIDE), dtype=np.uint16)
    images = config.get_num_frames()
    start, start_cpu, read = time.perf_counter(), time.process_time(), 0
    while read < images:
        stack = connection.get_next_stack(max_size=min(STACK, images - read))
        if stack is None or len(stack) == 0:
            sys.exit(f"LiberTEM-live's reader ended after {read} of {images} images")
        client.decode_range_into_buffer(stack, buffer[:len(stack)], 0, len(stack))
        read += len(stack)
        client.done(stack)
    megabytes = read * 2 * SIDE * SIDE / 1e6
    figures = megabytes / (time.perf_counter() - start), megabytes / (
        time.process_time() - start_cpu)
    if not 2.9 < buffer[0].mean() < 3.1:
        sys.exit("other pixels than were sent")
    client.close()
    connection.close()
    sender.kill()
    sender.wait()
    return figures


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    compare(theirs, ours_by("RONCHI_DECTRIS"), *sys.argv[1:])
