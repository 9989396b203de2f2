"""ronchi.Optimizer: asking, telling, pausing, changing one's mind."""
import copy
import json
import math
import statistics
import unittest

import ronchi

RANGES = {"x": (-5, 10), "y": (0, 15)}


def branin(point):
    """Dixon & Szego (1978); its minimum is 0.397887."""
    x, y = point["x"], point["y"]
    a = y - 5.1 / (4 * math.pi ** 2) * x * x + 5 / math.pi * x - 6
    return a * a + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


def run(optimizer, images):
    for _ in range(images):
        point, = optimizer.ask()
        optimizer.tell(point, branin(point))
    return optimizer


class Optimizer(unittest.TestCase):
    def test_finds_a_minimum_as_its_seed_says(self):
        finished = [run(ronchi.Optimizer(RANGES, minimize=True, seed=seed), 30)
                    for seed in (3, 3, 4)]
        self.assertEqual(finished[0].told, finished[1].told)
        self.assertNotEqual(finished[0].told, finished[2].told)
        for optimizer in finished:
            self.assertLess(min(value for _, value in optimizer.told), 0.45)
            mean, sd = optimizer.predict(optimizer.best())
            self.assertLess(abs(mean - branin(optimizer.best())), 4 * sd + 0.1)

    def test_goes_on_after_a_pause_to_the_bit(self):
        whole = run(ronchi.Optimizer(RANGES, minimize=True, seed=1), 15)
        part = run(ronchi.Optimizer(RANGES, minimize=True, seed=1), 9)
        resumed = ronchi.Optimizer.from_state(json.loads(json.dumps(part.state())))
        for again in (resumed, copy.deepcopy(part)):
            self.assertEqual(run(again, 6).told, whole.told)
            self.assertEqual(again.log, whole.log)
        for bad in ({}, {"format": 2}, {"format": 1, "ranges": 3}, {**part.state(), "told": [1]}):
            with self.assertRaises(ValueError):
                ronchi.Optimizer.from_state(bad)

    def test_keeps_to_what_is_safe(self):
        # The lower half of the square is safe; the best value lies above.
        def safe(seed):
            return ronchi.Optimizer(RANGES, minimize=True, constraints=["leak"], unsafe_share=0.05,
                                    safe_points=2, seed=seed)

        def tell(optimizer, point):
            leak = point["y"] - 7.5
            optimizer.tell(point, branin(point), constraints={"leak": leak})
            return leak > 0

        with self.assertRaises(ronchi.OrderError):
            safe(1).ask()
        unsafe = 0
        for seed in range(5):
            optimizer = safe(seed)
            for point in ({"x": 0, "y": 1}, {"x": 5, "y": 4}):
                self.assertFalse(tell(optimizer, point))
            for _ in range(20):
                unsafe += tell(optimizer, optimizer.ask()[0])
            again = ronchi.Optimizer.from_state(json.loads(json.dumps(optimizer.state())))
            self.assertEqual(again.ask(), optimizer.ask())
            self.assertLess(branin(optimizer.best()), 1)
        self.assertLessEqual(unsafe, 10)  # of 100; 5 are promised, 10 in one of 30 series
        for wrong in ({"unsafe_share": 2}, {"unsafe_share": 0.1, "constraints": []},
                      {"safe_points": 0}):
            with self.assertRaises(ValueError):
                ronchi.Optimizer(RANGES, **{"constraints": ["leak"], **wrong})

    def test_follows_what_moves_with_the_time(self):
        def value(point):
            return -(point["x"] - 3 * math.sin(point["time"] / 10)) ** 2

        optimizer = ronchi.Optimizer({"x": (-5, 5)}, context={"time": (0, 60)}, seed=1)
        for time in range(60):
            if time == 40:
                optimizer = ronchi.Optimizer.from_state(json.loads(json.dumps(optimizer.state())))
            point, = optimizer.ask(context={"time": time})
            self.assertAlmostEqual(point["time"], time)
            optimizer.tell(point, value(point))
        # It looks elsewhere now and then, as somewhere better may have come up.
        late = [v for p, v in optimizer.told if p["time"] >= 20]
        self.assertGreater(statistics.median(late), -0.2)
        best = optimizer.best(context={"time": 60})
        self.assertAlmostEqual(best["x"], 3 * math.sin(6), delta=0.5)
        for wrong in ({}, {"context": {"hour": 1}}, {"context": {"time": math.nan}},
                      {"n": 2, "context": {"time": 1}}):
            with self.assertRaises(ValueError):
                optimizer.ask(**wrong)
        for wrong in ({"x": (0, 1)}, {"y": (1, 0)}):
            with self.assertRaises(ValueError):
                ronchi.Optimizer({"x": (-5, 5)}, context=wrong)

    def test_several_at_once_are_different_ones(self):
        optimizer = run(ronchi.Optimizer(RANGES, seed=2), 8)
        points = optimizer.ask(4) + optimizer.ask()
        self.assertEqual(optimizer.pending, points)
        for i, a in enumerate(points):
            for b in points[:i]:
                self.assertGreater(math.dist(a.values(), b.values()), 1e-3)
        # It went elsewhere than it was asked to: what was asked is settled all the same.
        optimizer.tell({"x": 1, "y": 2}, 3.0, asked=points[1])
        self.assertEqual(len(optimizer.pending), 4)
        self.assertEqual(optimizer.told[-1], ({"x": 1.0, "y": 2.0}, 3.0))

    def test_a_person_changes_it_in_mid_run(self):
        optimizer = run(ronchi.Optimizer(RANGES, minimize=True, seed=5), 12)
        good = optimizer.best()
        optimizer.tell({"x": 9, "y": 14}, -1e4)  # a spike
        self.assertLess(math.dist(optimizer.best().values(), (9, 14)), 3)
        optimizer.veto(-1)
        self.assertEqual(optimizer.best(), good)
        self.assertEqual(len(optimizer.told), 12)
        optimizer.set_range("x", 2, 4)
        self.assertEqual(len(optimizer.told), 12)
        for point in optimizer.ask(3):
            self.assertTrue(2 <= point["x"] <= 4)
        self.assertEqual([e["event"] for e in optimizer.log[-6:]],
                         ["told", "vetoed", "range", "asked", "asked", "asked"])

    def test_a_measurement_may_fail(self):
        optimizer = run(ronchi.Optimizer(RANGES, seed=6), 7)
        point, = optimizer.ask()
        optimizer.tell(point, math.nan)
        self.assertEqual((len(optimizer.told), optimizer.pending), (7, []))
        self.assertEqual(optimizer.ask(), [point])

    def test_keeps_constraints(self):
        optimizer = ronchi.Optimizer(RANGES, minimize=True, constraints=["y over"], seed=7)
        for _ in range(30):
            point, = optimizer.ask()
            optimizer.tell(point, branin(point), constraints={"y over": point["y"] - 5})
        best = optimizer.best()
        self.assertLessEqual(best["y"], 5.1)
        self.assertLess(branin(best), 1)
        with self.assertRaisesRegex(ValueError, "needed: y over"):
            optimizer.tell(best, 1.0)

    def test_bad_words(self):
        for ranges in ({}, {"x": (1, 1)}, {"x": (0, math.inf)}, {"x": 3}, {"x": ("a", "b")}):
            with self.assertRaises(ValueError):
                ronchi.Optimizer(ranges)
        optimizer = ronchi.Optimizer(RANGES)
        with self.assertRaises(ronchi.OrderError):
            optimizer.best()
        for bad in (lambda: optimizer.ask(0), lambda: optimizer.tell({"x": 1}, 1.0),
                    lambda: optimizer.tell({"x": math.nan, "y": 0}, 1.0),
                    lambda: optimizer.veto(0), lambda: optimizer.set_range("z", 0, 1)):
            with self.assertRaises(ValueError):
                bad()


if __name__ == "__main__":
    unittest.main()
