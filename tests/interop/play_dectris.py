"""LiberTEM-live's simulator of a DECTRIS detector, until it is killed.

    python play_dectris.py CAPTURE REST_PORT STREAM_PORT

Its own sender takes images of 512 x 512 pixels alone, so that the one in Python is used.
"""
import sys
import time

from libertem_live.detectors.dectris.sim import DectrisSim

if __name__ == "__main__":
    simulator = DectrisSim(path=sys.argv[1], port=int(sys.argv[2]), zmqport=int(sys.argv[3]),
                           data_filter=lambda data: data)
    simulator.start()
    while True:
        time.sleep(0.5)
        simulator.maybe_raise()
