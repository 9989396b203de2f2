"""The optimiser as a Generator of gest-api, and Generators of others as our agents."""
# needs: gest_api
import copy
import math
import unittest

try:
    import gest_api.tests.test_generator as theirs
except ImportError:
    raise unittest.SkipTest("gest_api is not installed") from None

import gymnasium
from gest_api.generator import Generator
from gest_api.vocs import VOCS

from ronchi.generator import BayesianGenerator, run_generator, vocs_of

try:
    import xopt
except ImportError:
    xopt = None  # with torch, some GB: not in CI

BOWL = {"variables": {"x": [-1.0, 2.0], "y": [-4.0, 1.0]}, "constants": {"alpha": 1.5}}
# What these two test is what gest-api's own example does: numbers of Python's `random`, and a
# constant that it takes for a limit.
OF_THEIR_EXAMPLE = {"test_gen_with_constraints", "test_suggest_max_points"}


def bowl(point):
    return (point["x"] - 0.5) ** 2 + (point["y"] + 1) ** 2


class Generators(unittest.TestCase):
    def test_what_gest_api_asks_of_a_generator(self):
        example, theirs.RandomGenerator = theirs.RandomGenerator, BayesianGenerator
        try:
            names = [n for n in dir(theirs) if n.startswith("test_")]
            self.assertGreater(len(names), 6)
            for name in sorted(set(names) - OF_THEIR_EXAMPLE):
                with self.subTest(name):
                    getattr(theirs, name)()
        finally:
            theirs.RandomGenerator = example

    def test_minimises_and_is_copied(self):
        generator = BayesianGenerator(VOCS(**BOWL, objectives={"f": "MINIMIZE"}), seed=1)
        self.assertEqual(len(generator.suggest(4)), 4)
        for _ in range(20):
            point, = generator.suggest()
            self.assertEqual(point["alpha"], 1.5)
            generator.ingest([{**point, "f": bowl(point)}])
        self.assertLess(generator.best_point["f"], 0.01)
        again = copy.deepcopy(generator)
        self.assertEqual(again.suggest(2), generator.suggest(2))
        generator.finalize()

    def test_keeps_every_kind_of_constraint(self):
        vocs = VOCS(**BOWL, objectives={"f": "MAXIMIZE"}, observables=["temp"],
                    constraints={"a": ["LESS_THAN", 1.0], "b": ["GREATER_THAN", -3.0],
                                 "c": ["BOUNDS", -2.0, 2.5]})
        generator = BayesianGenerator(vocs, seed=2)
        for _ in range(30):
            point, = generator.suggest(1)
            point |= {"f": -bowl(point), "temp": 3, "a": point["x"], "b": point["y"],
                      "c": point["x"] - point["y"]}
            generator.ingest([point])
        best = generator.best_point
        self.assertGreater(best["f"], -0.05)
        self.assertTrue(best["x"] < 1 and best["y"] > -3 and -2 <= best["x"] - best["y"] <= 2.5)

    def test_refuses_in_a_line(self):
        for change, why in (({"objectives": {"f": "EXPLORE"}}, "EXPLORE"),
                            ({"objectives": {"f": "MINIMIZE", "g": "MINIMIZE"}}, "there are 2"),
                            ({"variables": {"x": "CONTEXTUAL"}}, "contextual"),
                            ({"variables": {"x": {1, 2}}}, "discrete")):
            with self.subTest(why), self.assertRaisesRegex(ValueError, why):
                BayesianGenerator(VOCS(**{**BOWL, "objectives": {"f": "MINIMIZE"}, **change}))
        generator = BayesianGenerator(VOCS(**BOWL, objectives={"f": "MINIMIZE"}))
        point, = generator.suggest(1)
        for bad in ({"x": 1.0, "y": 0.0}, {**point, "f": 1.0, "_id": 77}):
            with self.assertRaises(ValueError):
                generator.ingest([{**point, "f": 1.0}, bad])
            self.assertEqual(generator.data, [])
        generator.ingest([{**point, "f": math.nan}])
        self.assertEqual(generator.optimizer.told, [])

    def test_anybodys_generator_drives_an_environment(self):
        class Alternates(Generator):
            def __init__(self, vocs):
                super().__init__(vocs)
                self.vocs, self.seen = vocs, []

            def _validate_vocs(self, vocs):
                pass

            def suggest(self, num_points=None):
                sign = 1 if len(self.seen) % 2 else -1
                return [{name: sign * 3.0 * (i + 1) for i, name in enumerate(self.vocs.variables)}]

            def ingest(self, results):
                self.seen += results

        with gymnasium.make("ronchi/AberrationTuning-v1", pixels=16, physical_actions=True) as env:
            generator = Alternates(vocs_of(env, names=["C10", "C12a", "C12b"]))
            results = run_generator(generator, env, 6, seed=1)
        self.assertEqual(results, generator.seen)
        self.assertEqual([r["C12b"] for r in results[1:]], [9, -9, 9, -9, 9])
        self.assertTrue(all(math.isfinite(r["contrast"]) for r in results))

    def test_ours_tunes_a_column(self):
        with gymnasium.make("ronchi/AberrationTuning-v1", physical_actions=True) as env:
            vocs = vocs_of(env)
            found = [r["contrast"] for r in run_generator(BayesianGenerator(vocs, seed=2), env, 40,
                                                          seed=5)]
        self.assertGreater(max(found), 4 * found[0])

    @unittest.skipUnless(xopt, "xopt is not installed")
    def test_xopt_runs_ours_and_we_run_xopts(self):
        from xopt.generators.bayesian import ExpectedImprovementGenerator

        def evaluate(point):
            return {"f": bowl(point)}

        ours = xopt.Xopt(generator=BayesianGenerator(VOCS(**BOWL, objectives={"f": "MINIMIZE"})),
                         evaluator=xopt.Evaluator(function=evaluate))
        for _ in range(25):
            ours.step()
        self.assertLess(ours.data.f.min(), 0.01)
        with gymnasium.make("ronchi/AberrationTuning-v1", physical_actions=True) as env:
            generator = ExpectedImprovementGenerator(vocs=vocs_of(env))
            found = [r["contrast"] for r in run_generator(generator, env, 20, seed=5)]
        self.assertGreater(max(found), 1.5 * found[0])  # its seed is its own


if __name__ == "__main__":
    unittest.main()
