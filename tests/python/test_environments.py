"""Every environment keeps Gymnasium's contract and does what C++ does, to the bit."""
import os
import pickle
import subprocess
import tempfile
import threading
import unittest
import warnings

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.env_checker import data_equivalence as same

import ronchi
from ronchi import _ronchi as native
from ronchi.registration import environments

IDS = sorted(environments())
TUNING = "ronchi/AberrationTuning-v1"


def tuning(**task):
    return gymnasium.make(TUNING, pixels=16, **task)


class Registration(unittest.TestCase):
    def test_all_that_cpp_has_is_registered_with_its_own_limits(self):
        self.assertIn("AberrationTuning-v1", IDS)
        registered = [name for name in gymnasium.registry if name.startswith("ronchi/")]
        self.assertEqual(["ronchi/" + name for name in IDS], sorted(registered))
        for name in IDS:
            spec = gymnasium.spec("ronchi/" + name)
            env = gymnasium.make(spec)
            known = env.unwrapped.description
            self.assertEqual(spec.max_episode_steps, known["max_episode_steps"], name)
            self.assertEqual(spec.reward_threshold or 0, known["reward_threshold"], name)

    def test_registering_again_warns_of_nothing(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ronchi.register_environments()

    def test_a_spec_goes_through_json(self):
        spec = gymnasium.make(TUNING, pixels=16, instrument={"preset": "corrected_200kV",
                                                             "current_pA": 20}).spec
        again = EnvSpec.from_json(spec.to_json())
        self.assertEqual(again, spec)
        a, b = gymnasium.make(spec), gymnasium.make(again)
        self.assertTrue(same(a.reset(seed=1), b.reset(seed=1), exact=True))

    def test_an_environment_can_be_pickled_as_its_spec(self):
        spec = pickle.loads(pickle.dumps(tuning().spec))
        self.assertEqual(gymnasium.make(spec).observation_space["image"].shape, (16, 16))


class Contract(unittest.TestCase):
    def test_gymnasiums_checker_has_nothing_to_say(self):
        for name in IDS:
            with self.subTest(name), warnings.catch_warnings():
                warnings.simplefilter("error")
                env = gymnasium.make("ronchi/" + name)
                check_env(env.unwrapped)

    def test_spaces_are_those_of_cpp(self):
        for name in IDS:
            env = gymnasium.make("ronchi/" + name, physical_actions=True).unwrapped
            for key, box in [("", env.description["action"]),
                             *env.description["observation"].items()]:
                space = env.observation_space[key] if key else env.action_space
                self.assertEqual(space.dtype, np.float32)
                self.assertEqual(space.shape, tuple(box["shape"]))
                np.testing.assert_array_equal(
                    space.low.ravel(), np.broadcast_to(np.float32(box["low"]), space.low.size))
                np.testing.assert_array_equal(
                    space.high.ravel(), np.broadcast_to(np.float32(box["high"]), space.low.size))

    def test_without_a_seed_the_sequence_of_episodes_goes_on(self):
        a, b = tuning(), tuning()
        first, _ = a.reset(seed=7)
        second, info = a.reset()
        self.assertNotIn("seed", info)
        self.assertFalse(same(first, second))
        b.reset(seed=7)
        self.assertTrue(same(b.reset()[0], second, exact=True))
        self.assertTrue(same(b.reset(seed=7)[0], first, exact=True))

    def test_the_first_reset_draws_a_seed_and_tells_it(self):
        a, b = tuning(), tuning()
        observation, info = a.reset()
        self.assertTrue(same(b.reset(seed=info["seed"])[0], observation, exact=True))
        self.assertNotEqual(info["seed"], tuning().reset()[1]["seed"])

    def test_the_largest_seed_and_numpys(self):
        env = tuning().unwrapped
        env.reset(seed=2**64 - 1)
        first = env.reset(seed=5)[0]
        self.assertTrue(same(env.reset(seed=np.int64(5))[0], first, exact=True))
        for bad in (2**64, -1):
            with self.assertRaises((ValueError, gymnasium.error.Error)):
                env.reset(seed=bad)

    def test_observations_are_kept_unless_they_are_shared(self):
        env = tuning()
        first, _ = env.reset(seed=1)
        kept = first["image"].copy()
        env.step(env.action_space.high)
        np.testing.assert_array_equal(first["image"], kept)
        shared = tuning(copy=False).unwrapped
        first, _ = shared.reset(seed=1)
        next_one = shared.step(shared.action_space.high)[0]
        self.assertTrue(np.shares_memory(first["image"], next_one["image"]))
        np.testing.assert_array_equal(first["image"], next_one["image"])

    def test_entries_are_chosen(self):
        small, whole = tuning(entries=["settings", "contrast"]), tuning()
        self.assertEqual(list(small.observation_space.spaces), ["contrast", "settings"])
        observation, expected = small.reset(seed=1)[0], whole.reset(seed=1)[0]
        del expected["image"]
        self.assertTrue(same(observation, expected, exact=True))
        with self.assertRaises(ValueError):
            tuning(entries=["hologram"])

    def test_actions_are_scaled_to_one_or_left_in_their_unit(self):
        scaled, plain = tuning().unwrapped, tuning(physical_actions=True).unwrapped
        self.assertEqual(scaled.action_space, gymnasium.spaces.Box(-1, 1, (3,), np.float32))
        unit = np.float32([-1, 0.25, 1])
        physical = scaled.to_physical(unit)
        np.testing.assert_array_equal(physical, [-24, 6, 24])  # nm: twice the range of 12
        np.testing.assert_array_equal(scaled.from_physical(physical), unit)
        scaled.reset(seed=3)
        plain.reset(seed=3)
        self.assertTrue(same(scaled.step(unit), plain.step(physical), exact=True))

    def test_an_older_version_names_the_present_one(self):
        for make in (gymnasium.make, lambda name: gymnasium.make_vec(name, num_envs=2)):
            with self.assertRaises(gymnasium.error.Error) as caught:
                make("ronchi/DriftLock-v0")
            self.assertIn("ronchi/DriftLock-v1", str(caught.exception))
        for make in (ronchi.Environment, ronchi.VectorEnvironment):
            with self.assertRaises(ValueError) as caught:
                make("DriftLock-v0")
            self.assertIn("'DriftLock-v0' is now 'DriftLock-v1'", str(caught.exception))
            self.assertNotIn("\n", str(caught.exception))

    def test_every_action_space_is_minus_one_to_one(self):
        """As docs/python.md promises: at every level, of single environments and of vectors."""
        for name in IDS:
            for level in (1, 2, 3):
                with self.subTest(name, level=level):
                    self.is_scaled(gymnasium.make("ronchi/" + name, level=level).unwrapped)
        for task in ({"correction_nm": 0.01}, {"correction_nm": 5}):
            self.is_scaled(gymnasium.make("ronchi/DriftLock-v1", **task).unwrapped)
        for name in IDS:
            envs = gymnasium.make_vec("ronchi/" + name, num_envs=2,
                                      vectorization_mode="vector_entry_point")
            shape = envs.single_action_space.shape
            self.assertEqual(envs.single_action_space,
                             gymnasium.spaces.Box(-1, 1, shape, np.float32), name)
            envs.close()

    def is_scaled(self, env):
        box = env.description["action"]
        shape = tuple(box["shape"])
        self.assertEqual(env.action_space, gymnasium.spaces.Box(-1, 1, shape, np.float32))
        low, high = (np.broadcast_to(np.float32(box[k]).ravel(), int(np.prod(shape)))
                     .reshape(shape) for k in ("low", "high"))
        for unit, bound in ((-1, low), (1, high)):
            action = np.full(shape, unit, np.float32)
            np.testing.assert_array_equal(env.to_physical(action), bound)
            np.testing.assert_array_equal(env.from_physical(bound), action)
        env.reset(seed=1)
        for unit in (-1, 1, 0):  # the ends are allowed as they stand
            if env.step(np.full(shape, unit, np.float32))[2]:
                env.reset()

    def test_observations_infos_and_rewards_are_what_is_said_of_them(self):
        """At random actions: in the space, finite, float32; info with the promised names."""
        for name in IDS:
            with self.subTest(name):
                env = gymnasium.make("ronchi/" + name).unwrapped
                env.action_space.seed(1)
                observation, info = env.reset(seed=1)
                for _ in range(12):
                    self.assertTrue(env.observation_space.contains(observation))
                    for space in env.observation_space.spaces.values():
                        self.assertEqual(space.dtype, np.float32)
                        self.assertTrue(np.isfinite([space.low.min(), space.high.max()]).all())
                    self.assertLessEqual({"time_s", "dose_e_per_A2"}, set(info))
                    self.assertEqual(set(env.description["info_names"]), set(info) - {"seed"})
                    observation, reward, over, cut, info = env.step(env.action_space.sample())
                    self.assertIsInstance(reward, float)
                    self.assertTrue(np.isfinite(reward))
                    if over or cut:
                        observation, info = env.reset()

    def test_an_episode_ends_by_the_tasks_limit_or_gymnasiums(self):
        longer = {"max_episode_steps": 64, "episode_steps": 64}
        for kwargs, steps in (({"max_episode_steps": 3}, 3), ({}, 60), (longer, 64)):
            env = gymnasium.make(TUNING, pixels=8, **kwargs)
            env.reset(seed=0)
            ends = [env.step(np.zeros(3))[3] for _ in range(steps)]
            self.assertEqual(ends, [False] * (steps - 1) + [True])

    def test_pictures(self):
        env = tuning(render_mode="rgb_array")
        env.reset(seed=0)
        picture = env.render()
        self.assertEqual((picture.dtype, picture.ndim, picture.shape[2]), (np.uint8, 3, 3))
        self.assertGreater(picture.std(), 0)

    def test_a_saved_episode_goes_on_to_the_bit(self):
        a, b = tuning().unwrapped, tuning().unwrapped
        a.reset(seed=4)
        a.step(np.float32([0.5, 0, 0]))
        try:
            saved = a.save()
        except NotImplementedError as error:
            self.skipTest(str(error))
        rest = [a.step(np.float32([0, 0.1, 0])) for _ in range(3)]
        b.restore(saved)
        self.assertTrue(same([b.step(np.float32([0, 0.1, 0])) for _ in range(3)], rest, exact=True))
        with self.assertRaises(ValueError):
            b.restore(b"nothing of ours")


class SameAsCpp(unittest.TestCase):
    STEPS = 70  # longer than an episode

    @unittest.skipUnless("RONCHI_WRITE_TRAJECTORY" in os.environ, "not an optimised build")
    def test_a_trajectory_is_the_same_bytes(self):
        for name in IDS:
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "t.bin")
                subprocess.run([os.environ["RONCHI_WRITE_TRAJECTORY"], path, name, "{}", "11",
                                str(self.STEPS)], check=True)
                with open(path, "rb") as file:
                    self.assertTrue(file.read() == self.trajectory(name))

    def trajectory(self, name):
        env = gymnasium.make("ronchi/" + name, physical_actions=True).unwrapped
        space = env.action_space
        records = []

        def put(observation, reward, terminated, truncated, info):
            for key in sorted(observation):
                records.append(observation[key].tobytes())
            names = env.description["info_names"]
            records.append(np.float64([reward, terminated, truncated,
                                       *(info[n] for n in names)]).tobytes())

        observation, info = env.reset(seed=11)
        put(observation, 0, 0, 0, info)
        for step in range(self.STEPS):
            eighths = (step * 5 + 3 * np.arange(space.low.size)) % 9 / 8
            low, high = space.low.ravel().astype(float), space.high.ravel().astype(float)
            action = np.float32(low + (high - low) * eighths).reshape(space.shape)
            outcome = env.step(action)
            put(*outcome)
            if outcome[2] or outcome[3]:
                observation, info = env.reset()
                put(observation, 0, 0, 0, info)
        return b"".join(records)


class BadUse(unittest.TestCase):
    def says(self, kind, words, call):
        with self.assertRaises(kind) as caught:
            call()
        self.assertNotIn("\n", str(caught.exception))
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_absurd_options(self):
        for options, words in (({"pixels": 3}, ["task.pixels: 3", "8 … 1024"]),
                               ({"pixels": "many"}, ["task.pixels"]),
                               ({"pixel": 32}, ["did you mean 'pixels'"]),
                               ({"pixels": float("nan")}, ["task.pixels"]),
                               ({"pixels": object()}, ["cannot stand in a config"]),
                               # The package's own data, not the source tree's.
                               ({"instrument": {"preset": "no_such"}},
                                [os.path.join(os.path.dirname(ronchi.__file__), "data", "twins")]),
                               ({"instrument": {"preset": "corrected_200kV", "current_pA": -1}},
                                ["instrument.current_pA: -1"]),
                               ({"render_mode": "hologram"}, ["hologram", "rgb_array"])):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Gymnasium's own, of the render mode
                self.says(ValueError, words, lambda: gymnasium.make(TUNING, **options))

    def test_bad_actions_change_nothing(self):
        env, other = tuning().unwrapped, tuning().unwrapped
        env.reset(seed=2)
        other.reset(seed=2)
        for bad, words in (([2, 0, 0], ["action[0]", "-24 … 24 nm"]),
                           ([0, float("nan"), 0], ["action[1]"]), ([0, 0], ["(2,)", "(3,)"]),
                           ([[0, 0, 0]], ["(1, 3)"]), ("left", ["left"])):
            self.says(ValueError, words, lambda: env.step(bad))
        self.assertTrue(same(env.step(np.zeros(3)), other.step(np.zeros(3)), exact=True))

    def test_bad_reset_options(self):
        env = tuning().unwrapped
        self.says(ValueError, ["'speed'"], lambda: env.reset(options={"speed": 1}))
        self.says(ValueError, ["numbers"], lambda: env.reset(options={"speed": "fast"}))

    def test_order(self):
        bare = tuning().unwrapped
        for env in (tuning(), bare):
            with self.assertRaises(gymnasium.error.ResetNeeded):
                env.step(np.zeros(3))
        short = tuning(episode_steps=1).unwrapped
        short.reset(seed=0)
        self.assertTrue(short.step(np.zeros(3))[3])
        with self.assertRaises(gymnasium.error.ResetNeeded):
            short.step(np.zeros(3))

    def test_closed_twice_and_used_after(self):
        env = tuning().unwrapped
        env.close()
        env.close()
        with self.assertRaises(gymnasium.error.ClosedEnvironmentError):
            env.reset()

    def test_two_threads_wait_for_each_other(self):
        env = tuning().unwrapped
        env.reset(seed=0)
        threads = [threading.Thread(target=lambda: [env.step(np.zeros(3)) for _ in range(10)])
                   for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(env.step(np.zeros(3))[4]["images"], 42)


if __name__ == "__main__":
    unittest.main()
