"""The vector environment is Gymnasium's SyncVectorEnv, to the bit and in every info."""
import unittest
import warnings

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode

from ronchi.registration import environments

TUNING = "ronchi/AberrationTuning-v1"
MODES = (AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP, AutoresetMode.DISABLED)


def same(a, b):
    """Keys, dtypes and bits; objects one by one."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray) and a.dtype == object:
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    return a is b or a == b


def vector(n=3, name=TUNING, **kwargs):
    kwargs = {"pixels": 8, **kwargs} if name == TUNING else kwargs
    return gymnasium.make_vec(name, num_envs=n, vectorization_mode="vector_entry_point", **kwargs)


def sync(n, name, mode, **kwargs):
    kwargs = {"pixels": 8, **kwargs} if name == TUNING else kwargs
    return gymnasium.make_vec(name, num_envs=n, vectorization_mode="sync",
                              vector_kwargs={"autoreset_mode": mode}, **kwargs)


class Vector(unittest.TestCase):
    def setUp(self):
        warnings.simplefilter("error")

    def test_it_is_the_sync_vector_env(self):
        for name in sorted(environments()):
            for mode in MODES[:2]:
                with self.subTest(name, mode=mode):
                    limit = self.limit(name)
                    ours = vector(3, "ronchi/" + name, same_index=True, autoreset_mode=mode,
                                  **limit)
                    theirs = sync(3, "ronchi/" + name, mode, **limit)  # TimeLimit's
                    self.assertEqual(ours.observation_space, theirs.observation_space)
                    self.assertEqual(ours.action_space, theirs.action_space)
                    self.assertIs(ours.metadata["autoreset_mode"], mode)
                    self.assertTrue(same(self.without_seed(ours.reset(seed=5)),
                                         self.without_seed(theirs.reset(seed=5))))
                    ours.action_space.seed(1)
                    for _ in range(8):
                        actions = ours.action_space.sample()
                        self.assertTrue(same(ours.step(actions), theirs.step(actions)))

    @staticmethod
    def limit(name):  # some tasks end by time or dose and have no such key
        try:
            vector(1, "ronchi/" + name, max_episode_steps=3)
        except ValueError:
            return {}
        return {"max_episode_steps": 3}

    @staticmethod
    def without_seed(result):  # theirs has it as int64
        info = {k: v for k, v in result[1].items() if k not in ("seed", "_seed")}
        return result[0], info

    def test_one_seed_gives_each_environment_streams_of_its_own(self):
        envs = vector(3)
        observation, info = envs.reset(seed=9)
        np.testing.assert_array_equal(info["seed"], [9, 9, 9])
        images = observation["image"]
        self.assertFalse(np.array_equal(images[0], images[1]))
        alone = gymnasium.make(TUNING, pixels=8, environment_index=2)
        np.testing.assert_array_equal(alone.reset(seed=9)[0]["image"], images[2])

    def test_a_list_of_seeds(self):
        envs = vector(3, same_index=True)
        images = envs.reset(seed=[4, 4, 8])[0]["image"]
        np.testing.assert_array_equal(images[0], images[1])
        alone = gymnasium.make(TUNING, pixels=8)
        np.testing.assert_array_equal(alone.reset(seed=8)[0]["image"], images[2])
        mixed, info = envs.reset(seed=[4, None, 8])
        np.testing.assert_array_equal(info["_seed"], [True, False, True])
        np.testing.assert_array_equal(mixed["image"][0], images[0])
        self.assertFalse(np.array_equal(mixed["image"][1], images[1]))  # its second episode

    def test_the_first_reset_draws_seeds_and_tells_them(self):
        envs = vector(2)
        observation, info = envs.reset()
        again = vector(2).reset(seed=[int(s) for s in info["seed"]])[0]
        self.assertTrue(same(observation, again))
        self.assertNotIn("seed", envs.reset()[1])

    def test_disabled_wants_a_mask(self):
        envs = vector(3, autoreset_mode=AutoresetMode.DISABLED, max_episode_steps=2)
        envs.reset(seed=1)
        zeros = np.zeros((3, 3), np.float32)
        envs.step(zeros)
        before, _, _, truncated, _ = envs.step(zeros)
        self.assertTrue(truncated.all())
        with self.assertRaises(gymnasium.error.ResetNeeded):
            envs.step(zeros)
        mask = np.array([True, False, True])
        options = {"reset_mask": mask}
        after, info = envs.reset(options=options)
        self.assertIn("reset_mask", options)
        np.testing.assert_array_equal(info["_images"], mask)
        np.testing.assert_array_equal(before["image"][1], after["image"][1])
        self.assertFalse(np.array_equal(before["image"][0], after["image"][0]))
        with self.assertRaises(gymnasium.error.ResetNeeded):
            envs.step(zeros)
        envs.reset(options={"reset_mask": ~mask})
        envs.step(zeros)
        for bad, kind in (([True, False, True], TypeError), (np.zeros(3, bool), ValueError),
                          (np.ones(2, bool), ValueError)):
            with self.assertRaises(kind):
                envs.reset(options={"reset_mask": bad})

    def test_the_last_observation_is_kept_in_same_step(self):
        envs = vector(2, autoreset_mode="SameStep", max_episode_steps=2)
        envs.reset(seed=3)
        zeros = np.zeros((2, 3), np.float32)
        self.assertNotIn("final_obs", envs.step(zeros)[4])
        observation, _, _, truncated, info = envs.step(zeros)
        self.assertTrue(truncated.all())
        np.testing.assert_array_equal(info["_final_obs"], [True, True])
        self.assertEqual(info["final_info"]["images"].tolist(), [3, 3])
        self.assertEqual(info["images"].tolist(), [1, 1])
        final = info["final_obs"][0]["image"]
        self.assertFalse(np.array_equal(final, observation["image"][0]))
        kept = final.copy()
        for _ in range(2):
            envs.step(zeros)
        np.testing.assert_array_equal(final, kept)

    def test_results_are_kept_unless_they_are_shared(self):
        envs, shared = vector(2), vector(2, copy=False)
        first, _ = envs.reset(seed=1)
        kept = first["image"].copy()
        results = envs.step(np.ones((2, 3), np.float32))
        rewards = results[1].copy()
        envs.step(np.zeros((2, 3), np.float32))
        np.testing.assert_array_equal(first["image"], kept)
        np.testing.assert_array_equal(results[1], rewards)
        first, _ = shared.reset(seed=1)
        second = shared.step(np.ones((2, 3), np.float32))[0]
        self.assertTrue(np.shares_memory(first["image"], second["image"]))
        with self.assertRaises(ValueError):  # C++'s memory is not Python's to write
            second["image"][0, 0, 0] = 1

    def test_shared_memory_outlives_the_environment(self):
        envs = vector(2, copy=False)
        image = envs.reset(seed=1)[0]["image"]
        kept = image.copy()
        envs.close()
        del envs
        np.testing.assert_array_equal(image, kept)

    def test_one_thread_and_two_give_the_same_bytes(self):
        import ronchi
        before, runs = ronchi.threads(), []
        for threads in (1, 2):
            ronchi.set_threads(threads)
            envs = vector(5)
            envs.reset(seed=2)
            envs.action_space.seed(0)
            runs.append([envs.step(envs.action_space.sample()) for _ in range(5)])
        ronchi.set_threads(before)
        self.assertTrue(same(runs[0], runs[1]))

    def test_bad_use(self):
        envs = vector(2)
        with self.assertRaises(gymnasium.error.ResetNeeded):
            envs.step(np.zeros((2, 3)))
        envs.reset(seed=0)
        for bad, word in ((np.full((2, 3), 2.0), "environment 0: action[0]"),
                          (np.zeros((3, 3)), "(3, 3)"),
                          (np.zeros(6), "(6,)"), (np.zeros((2, 2)), "(2, 2)")):
            with self.assertRaises(ValueError) as caught:
                envs.step(bad)
            self.assertIn(word, str(caught.exception))
        for bad in ([1], [1, -1], [1, 2**64], [1, 1.5], -1):
            with self.assertRaises((ValueError, gymnasium.error.Error)):
                envs.reset(seed=bad)
        with self.assertRaises(ValueError):
            vector(0)
        with self.assertRaises(ValueError):
            vector(2, autoreset_mode="Sometimes")
        envs.close()
        envs.close()
        with self.assertRaises(gymnasium.error.ClosedEnvironmentError):
            envs.reset()

    def test_pictures_and_specs(self):
        envs = vector(2, render_mode="rgb_array", autoreset_mode="SameStep")
        envs.reset(seed=0)
        self.assertEqual([p.shape[2] for p in envs.render()], [3, 3])
        again = gymnasium.make_vec(type(envs.spec).from_json(envs.spec.to_json()))
        self.assertIs(again.metadata["autoreset_mode"], AutoresetMode.SAME_STEP)
        self.assertEqual(again.num_envs, 2)


if __name__ == "__main__":
    unittest.main()
