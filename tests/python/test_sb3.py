"""Stable-Baselines3 trains on our vectors and on its own of our environments (not in CI)."""
import unittest
import warnings

import numpy as np

try:
    import stable_baselines3 as sb3
except ImportError:
    raise unittest.SkipTest("stable_baselines3 is not installed") from None

from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.env_util import make_vec_env

import gymnasium
import ronchi.sb3

TUNING = "ronchi/AberrationTuning-v1"


class Sb3(unittest.TestCase):
    def setUp(self):
        warnings.simplefilter("error")
        # Of torch and gymnasium themselves, not of us.
        warnings.filterwarnings("ignore", category=DeprecationWarning)

    def test_its_checker(self):
        # It would have images as bytes with a channel, which counts of a detector are not.
        warnings.filterwarnings("ignore", message=".*observation image has an unconventional")
        check_env(gymnasium.make(TUNING, pixels=16).unwrapped)

    def test_ends_of_episodes(self):
        venv = ronchi.sb3.make_vec(TUNING, 2, pixels=8, max_episode_steps=3)
        venv.seed(4)
        first = venv.reset()
        alone = gymnasium.make(TUNING, pixels=8, environment_index=1)
        np.testing.assert_array_equal(first["image"][1], alone.reset(seed=5)[0]["image"])
        for step in range(3):
            observation, rewards, done, infos = venv.step(np.zeros((2, 3), np.float32))
        self.assertTrue(done.all())
        self.assertEqual(rewards.dtype, np.float32)
        self.assertTrue(infos[0]["TimeLimit.truncated"])
        self.assertEqual(infos[0]["episode"]["l"], 3)
        self.assertFalse(np.array_equal(infos[0]["terminal_observation"]["image"],
                                        observation["image"][0]))
        with self.assertRaises(ValueError):
            ronchi.sb3.VecEnv(gymnasium.make_vec(TUNING, num_envs=2))

    def test_algorithms(self):
        for venv in (ronchi.sb3.make_vec(TUNING, 2, pixels=8),
                     make_vec_env(TUNING, 2, env_kwargs={"pixels": 8})):
            sb3.PPO("MultiInputPolicy", venv, n_steps=64, batch_size=64).learn(128)
            sb3.SAC("MultiInputPolicy", venv, learning_starts=20, buffer_size=1000).learn(60)


if __name__ == "__main__":
    unittest.main()
