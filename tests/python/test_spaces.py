"""Action spaces of one of several choices; no environment of the catalogue has one yet."""
import unittest

import gymnasium
import numpy as np
from gymnasium.vector.utils import batch_space

from ronchi.spaces import ActionScale

#: As the compiled part describes env::DiscreteBox(3, …).
CHOICES = {"shape": (1,), "low": 0.0, "high": 2.0, "unit": "", "meaning": "back, stay, on",
           "choices": 3}


class Discrete(unittest.TestCase):
    def test_is_gymnasiums(self):
        for physical in (False, True):
            scale = ActionScale(CHOICES, physical)
            self.assertEqual(scale.space, gymnasium.spaces.Discrete(3))
            for choice in (0, 1, np.int64(2)):
                sent = scale.to_physical(choice, scale.space)
                self.assertEqual((sent.dtype, sent.shape), (np.float32, (1,)))
                self.assertEqual(scale.from_physical(sent), choice)
                self.assertTrue(scale.space.contains(scale.from_physical(sent)))

    def test_of_a_vector(self):
        scale = ActionScale(CHOICES, False)
        space = batch_space(scale.space, 4)
        sent = scale.to_physical(np.array([2, 0, 1, 1]), space)
        self.assertEqual(sent.shape, (4, 1))
        np.testing.assert_array_equal(scale.from_physical(sent), [2, 0, 1, 1])
        with self.assertRaisesRegex(ValueError, "shape"):
            scale.to_physical(np.array([2, 0, 1]), space)


if __name__ == "__main__":
    unittest.main()
