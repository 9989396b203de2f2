"""ctest interop/classic_tasks: tests/support/classic_tasks.h beside Gymnasium's own.

    python check_classic_tasks.py INTEROP_CLASSIC_TASKS_PEER VENV_FOLDER

Makes the virtual environment when it is missing (reused when present). Exit status 77, a skip, when
the packages cannot be fetched.
"""
import json
import os
import subprocess
import sys
import unittest

from check_interop import enter_environment

PACKAGES = ["gymnasium==1.2.3", "numpy"]
peer = ""
STEPS = 3000
# Of the state's numbers, in the order of Gymnasium's env.unwrapped.state.
STATES = {"CartPole-v1": ("x", "x_speed", "angle", "rate"),
          "Acrobot-v1": ("angle_1", "angle_2", "rate_1", "rate_2"),
          "Pendulum-v1": ("angle", "rate"),
          "MountainCarContinuous-v0": ("position", "speed")}
# What gets further than random actions do, from observations: the pole is held, the others are
# swung up by a force along their motion. Every other episode has it.
DRIVEN = {"CartPole-v1": lambda o: int(o[2] + 0.5 * o[3] + 0.1 * o[1] + 0.05 * o[0] > 0),
          "Acrobot-v1": lambda o: 2 if o[5] > 0 else 0,
          "Pendulum-v1": lambda o: [2.0 if o[2] > 0 else -2.0],
          "MountainCarContinuous-v0": lambda o: [1.0 if o[1] > 0 else -1.0]}


class Ours:
    def __init__(self, name):
        self.process = subprocess.Popen([peer, name], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.communicate()


class BesideGymnasium(unittest.TestCase):
    def begin(self, name, theirs, ours, **seed):
        observation, _ = theirs.reset(**seed)
        start = dict(zip(STATES[name], map(float, theirs.unwrapped.state)))
        self.same(ours.ask({"start": start})["observation"], observation)
        return observation

    def same(self, ours, theirs):
        import numpy
        # One step of the same equations in float64, shown in float32: a last bit of it, at most.
        self.assertEqual(theirs.dtype, numpy.float32)
        numpy.testing.assert_allclose(ours, theirs, rtol=2e-7, atol=2e-7)
        self.furthest = max(self.furthest, float(numpy.abs(numpy.array(ours) - theirs).max()))

    def side_by_side(self, name):
        import gymnasium
        import numpy
        theirs, ours = gymnasium.make(name), Ours(name)
        self.addCleanup(ours.close)
        theirs.action_space.seed(7)
        self.furthest, ends = 0.0, {"terminated": 0, "truncated": 0}
        observation, episode = self.begin(name, theirs, ours, seed=7), 0
        for _ in range(STEPS):
            action = theirs.action_space.sample()
            if episode % 2:
                action = numpy.asarray(DRIVEN[name](observation), action.dtype)
            observation, reward, terminated, truncated, _ = theirs.step(action)
            answer = ours.ask({"action": float(action.ravel()[0])})
            self.same(answer["observation"], observation)
            self.assertAlmostEqual(answer["reward"], float(reward), delta=1e-6)
            # Gymnasium may say both at once; ours keeps to the first, as learners must.
            self.assertEqual(answer["terminated"], bool(terminated))
            self.assertEqual(answer["truncated"], bool(truncated and not terminated))
            for end in ends:
                ends[end] += answer[end]
            # Each step begins where ours does: what is unstable would make more of a last bit.
            theirs.unwrapped.state = numpy.array([answer["state"][s] for s in STATES[name]],
                                                 numpy.asarray(theirs.unwrapped.state).dtype)
            if terminated or truncated:
                observation, episode = self.begin(name, theirs, ours), episode + 1
        print(f"{name}: {STEPS} steps, {ends}, furthest {self.furthest:.1e}", flush=True)
        self.assertGreater(ends["truncated"], 0)
        self.assertEqual(ends["terminated"] > 0, name != "Pendulum-v1")

    def test_cart_pole(self):
        self.side_by_side("CartPole-v1")

    def test_acrobot(self):
        self.side_by_side("Acrobot-v1")

    def test_pendulum(self):
        self.side_by_side("Pendulum-v1")

    def test_mountain_car(self):
        self.side_by_side("MountainCarContinuous-v0")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    peer = os.path.abspath(sys.argv[1])
    enter_environment(sys.argv[2], PACKAGES, "gymnasium, numpy")
    unittest.main(argv=sys.argv[:1], verbosity=2)
