"""What Python costs a batched step, over C++'s own loop of the same vector.

    python bench/python/step_overhead.py STEP_LOOP [repeats]

STEP_LOOP: build/release/bench/env/bench_env_step_loop, which prints µs a step of the same vector
in C++ (zero actions, NEXT_STEP). Each pair is measured in turn, `repeats` times; the table has the
medians. Both sides use the same number of threads. "own": what is left when C++'s step is taken
out, the time that Python itself takes (the least of many).
"""
import json
import statistics
import subprocess
import sys
import time

import gymnasium
import numpy as np

import ronchi

EXACT, CHEAP = "corrected_200kV", {"preset": "corrected_200kV", "engine": "linear"}
# id, environments, steps a measurement, instrument, task
CASES = [("AberrationTuning-v1", 64, 10, EXACT, {"pixels": 32}),
         ("AberrationTuning-v1", 64, 40, CHEAP, {"pixels": 8}),
         ("AberrationTuning-v1", 256, 10, CHEAP, {"pixels": 8})]


def in_python(name, n, steps, instrument, task, copy):
    envs = gymnasium.make_vec("ronchi/" + name, num_envs=n, copy=copy, instrument=instrument,
                              **task)
    envs.reset(seed=0)
    actions = np.zeros(envs.action_space.shape, np.float32)
    for _ in range(3):
        envs.step(actions)
    start = time.perf_counter()
    for _ in range(steps):
        envs.step(actions)
    return (time.perf_counter() - start) / steps * 1e6


class Nothing:
    """A compiled vector whose steps do nothing."""

    def step(self, actions):
        pass


def own(name, n, steps, instrument, task):
    envs = gymnasium.make_vec("ronchi/" + name, num_envs=n, instrument=instrument, **task)
    envs.reset(seed=0)
    actions = np.zeros(envs.action_space.shape, np.float32)
    envs._native = Nothing()
    times = []
    for _ in range(1000):
        start = time.perf_counter()
        envs.step(actions)
        times.append(time.perf_counter() - start)
    return min(times) * 1e6


def in_cpp(program, name, n, steps, instrument, task):
    config = json.dumps({"instrument": instrument, "task": task})
    done = subprocess.run([program, name, str(n), str(steps), config, str(ronchi.threads())],
                          capture_output=True, text=True, check=True)
    return float(done.stdout)


def main(program, repeats=5):
    ronchi.set_threads(ronchi.threads())
    print(f"{'environment':24} {'N':>5} {'C++ us':>10} {'Python':>10} {'copy=False':>10} {'over':>7} "
          f"{'own us':>7}")
    for name, n, *case in CASES:
        rows = [(in_cpp(program, name, n, *case), in_python(name, n, *case, True),
                 in_python(name, n, *case, False)) for _ in range(int(repeats))]
        cpp, copied, shared = (statistics.median(column) for column in zip(*rows))
        print(f"{name:24} {n:5} {cpp:10.1f} {copied:10.1f} {shared:10.1f} {copied / cpp - 1:7.1%} "
              f"{own(name, n, *case):7.1f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
