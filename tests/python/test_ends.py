"""How calls end that cannot be carried out, and programs that end within a call."""
import subprocess
import sys
import time
import unittest

import gymnasium
from ronchi.registration import environments

TUNING = "ronchi/AberrationTuning-v1"

# The thread is in C++, without the interpreter's lock, when the interpreter ends, and comes back
# while it does: what hangs on `sys` goes late, and takes its time.
DAEMON = """
import sys, threading, time
class Slow:
    def __init__(self): self.sleep = time.sleep
    def __del__(self): self.sleep(1)
sys.slow = Slow()
import gymnasium
import ronchi
{make}
def work():
    while True:
        {call}
threading.Thread(target=work, daemon=True).start()
time.sleep(0.3)
"""
CALLS = {
    "a step": ("env = gymnasium.make('ronchi/AberrationTuning-v1', pixels=32); env.reset(seed=1)",
               "env.reset()"),
    "a vector's step": ("env = gymnasium.make_vec('ronchi/AberrationTuning-v1', num_envs=3, "
                        "vectorization_mode='vector_entry_point', pixels=16)",
                        "env.reset()"),
    "an instrument": ("i = ronchi.connect('corrected_200kV', guard=False)", "i.read('optics.C10')"),
}


def run(program, **options):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          timeout=300, **options)


class Ends(unittest.TestCase):
    def test_a_daemon_thread_inside_a_call_does_not_abort_the_end(self):
        for name, (make, call) in CALLS.items():
            for _ in range(3):
                with self.subTest(name):
                    done = run(DAEMON.format(make=make, call=call))
                    self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_closed_streams(self):
        program = "import ronchi, os; ronchi.threads(); print(os.open('/dev/null', os.O_RDONLY) > 2)"
        done = subprocess.run(["bash", "-c", f"exec '{sys.executable}' -c \"{program}\" <&- 2>&-"],
                              capture_output=True, text=True)
        self.assertEqual(done.stdout, "True\n")


class FailedRestore(unittest.TestCase):
    def damaged(self, saved):
        yield "empty", b""
        yield "cut", saved[:len(saved) // 2]
        for at in range(0, len(saved), max(1, len(saved) // 60)):
            yield f"byte {at}", saved[:at] + bytes([saved[at] ^ 0x40]) + saved[at + 1:]

    def test_leaves_an_environment_as_it_was(self):
        for name in sorted(environments()):
            with self.subTest(name):
                env = gymnasium.make("ronchi/" + name).unwrapped
                env.reset(seed=3)
                env.action_space.seed(1)
                env.step(env.action_space.sample())
                saved, failed = env.save(), 0
                for what, bytes_ in self.damaged(saved):
                    try:
                        env.restore(bytes_)
                        env.restore(saved)  # a number that may well be another
                    except ValueError:
                        failed += 1
                    self.assertEqual(env.save(), saved, what)
                self.assertGreater(failed, 10)
                env.step(env.action_space.sample())  # the episode goes on

    def test_leaves_a_vector_as_it_was(self):
        envs = gymnasium.make_vec(TUNING, num_envs=3, pixels=8,
                                  vectorization_mode="vector_entry_point")
        envs.reset(seed=3)
        envs.step(envs.action_space.sample())
        saved, failed = envs.save(), 0
        for what, bytes_ in self.damaged(saved):
            try:
                envs.restore(bytes_)
                envs.restore(saved)
            except ValueError:
                failed += 1
            self.assertEqual(envs.save(), saved, what)
        self.assertGreater(failed, 10)
        envs.step(envs.action_space.sample())


class TooMany(unittest.TestCase):
    def test_are_refused_with_what_they_need(self):
        begin = time.process_time()
        for n in (10**9, 10**15):
            with self.assertRaisesRegex((ValueError, MemoryError, OSError, RuntimeError),
                                        "environments need .* GB of memory, .* kB each"):
                gymnasium.make_vec(TUNING, num_envs=n, pixels=8,
                                   vectorization_mode="vector_entry_point")
        self.assertLess(time.process_time() - begin, 60)  # of the processor; it was without end


if __name__ == "__main__":
    unittest.main()
