"""Policies that the program has trained act in Python."""
import os
import subprocess
import tempfile
import unittest

import gymnasium
import numpy as np

import ronchi

PROGRAM = os.environ.get("RONCHI_PROGRAM")


def train(folder, kind, *settings):
    path = os.path.join(folder, kind + ".json")
    words = [PROGRAM, "train", "quickstart", "-o", path, "-q", "--set", f"agent.kind={kind}"]
    for setting in settings:
        words += ["--set", setting]
    done = subprocess.run(words, capture_output=True, text=True)
    return path, done


@unittest.skipUnless(PROGRAM, "needs the program")
class Policies(unittest.TestCase):
    def act(self, path, kind):
        policy = ronchi.load_policy(path)
        self.assertEqual(policy.kind, kind)
        self.assertEqual(policy.provenance["recipe"], "quickstart")
        env = gymnasium.make("ronchi/AberrationTuning-v1", physical_actions=True)
        runs = []
        for _ in range(2):
            policy.reset(seed=3)
            observation, _ = env.reset(seed=5)
            actions = []
            for _ in range(4):
                actions.append(policy.act(observation))
                self.assertEqual((actions[-1].dtype, actions[-1].shape), (np.float32, (3,)))
                observation, *_ = env.step(actions[-1])
            runs.append(actions)
        np.testing.assert_array_equal(*runs)
        with self.assertRaises(ValueError):
            policy.act({"contrast": np.zeros(2)})

    def test_small_ones(self):
        with tempfile.TemporaryDirectory() as folder:
            for kind in ("random", "nelder_mead"):
                path, done = train(folder, kind)
                self.assertEqual(done.returncode, 0, done.stderr)
                if kind == "random":
                    continue  # takes any observation
                self.act(path, kind)

    def test_a_network(self):
        with tempfile.TemporaryDirectory() as folder:
            path, done = train(folder, "ppo", "agent.train_steps=600")
            if done.returncode != 0:
                self.skipTest(done.stderr)
            self.act(path, "ppo")

    def test_bad_files(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("none.json", None), ("empty.json", ""), ("other.json", "{}")):
                path = os.path.join(folder, name)
                if text is not None:
                    with open(path, "w") as file:
                        file.write(text)
                with self.assertRaises(ValueError) as caught:
                    ronchi.load_policy(path)
                self.assertIn(name, str(caught.exception))


if __name__ == "__main__":
    unittest.main()
