"""Merlin's stream through LiberTEM-live's reader and through Ronchi's, in turn, from one sender.

    python bench/python/merlin_ingest.py MERLIN_INGEST [gigabytes] [repeats]

MERLIN_INGEST: build/release/bench/hw/bench_hw_merlin_ingest. Frames of 256 × 256 pixels of 16 bits
over the loopback, all decoded into integers of the machine; the reader of LiberTEM-live is
libertem_qd_mpx (pip install libertem-live), used as its live acquisitions use it, in one process.
The table has medians: MB a second on the clock, and a second of the reader's processor time.
"""
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import libertem_qd_mpx
import numpy as np

SIDE, STACK = 256, 128  # frames that are asked for at a time, as in its handler of tasks


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def await_listening(port):
    for line in iter(lambda: open("/proc/net/tcp", encoding="ascii").read(), None):
        if f":{port:04X} 00000000:0000 0A" in line:
            return
        time.sleep(0.01)


def theirs(program, gigabytes):
    port = free_port()
    sender = subprocess.Popen([program], env=dict(os.environ, RONCHI_MERLIN_PORT=str(port),
                                                  RONCHI_MERLIN_GB=str(gigabytes)))
    await_listening(port)
    handle = os.path.join(tempfile.mkdtemp(), "frames")
    connection = libertem_qd_mpx.QdConnection(
        data_host="127.0.0.1", data_port=port, frame_stack_size=16, shm_handle_path=handle,
        drain=False, recovery_strategy="immediate_reconnect", huge=False)
    connection.start_passive()
    header = connection.wait_for_arm(timeout=30)
    client = libertem_qd_mpx.CamClient(connection.get_socket_path())
    buffer = np.zeros((STACK, SIDE, SIDE), dtype=np.uint16)
    frames = header.frames_in_acquisition()
    start, start_cpu, read = time.perf_counter(), time.process_time(), 0
    while read < frames:
        stack = connection.get_next_stack(max_size=min(STACK, frames - read))
        if stack is None or len(stack) == 0:
            sys.exit(f"LiberTEM-live's reader ended after {read} of {frames} frames")
        client.decode_range_into_buffer(stack, buffer[:len(stack)], 0, len(stack))
        read += len(stack)
        client.done(stack)
    megabytes = read * 2 * SIDE * SIDE / 1e6
    figures = megabytes / (time.perf_counter() - start), megabytes / (
        time.process_time() - start_cpu)
    if buffer[0, 0, 0] != 0x0101:
        sys.exit("other pixels than were sent")
    client.close()
    connection.close()
    sender.kill()
    sender.wait()
    return figures


def ours_by(prefix):
    """Ronchi's own figures: MB/s on the clock, and a second of processor time."""
    def ours(program, gigabytes):
        words = [program, "--benchmark_filter=BM_Ingest/0/", "--benchmark_format=json"]
        done = subprocess.run(words, env=dict(os.environ, **{prefix + "_GB": str(gigabytes)}),
                              capture_output=True, text=True, check=True)
        run = json.loads(done.stdout)["benchmarks"][0]
        return run["MB/s"], run["MB/cpu_s"]
    return ours


def compare(theirs, ours, program, gigabytes=2.0, repeats=3):
    runs = {"LiberTEM-live": [], "Ronchi": []}
    for _ in range(int(repeats)):
        runs["LiberTEM-live"].append(theirs(program, float(gigabytes)))
        runs["Ronchi"].append(ours(program, float(gigabytes)))
    medians = {who: [statistics.median(x) for x in zip(*them)] for who, them in runs.items()}
    for who, (wall, cpu) in medians.items():
        print(f"{who:14} {wall:8.0f} MB/s {cpu:8.0f} MB a second of processor time")
    ratio = [a / b for a, b in zip(medians["Ronchi"], medians["LiberTEM-live"])]
    print(f"{'ratio':14} {ratio[0]:8.2f}      {ratio[1]:8.2f}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    compare(theirs, ours_by("RONCHI_MERLIN"), *sys.argv[1:])
