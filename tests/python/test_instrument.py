"""Instruments from Python: SI numbers in and out, a guard unless refused, blanked at the end."""
import copy
import math
import pickle
import unittest

import numpy as np

import ronchi

TWIN = "corrected_200kV"


def connect(**options):
    return ronchi.connect(TWIN, **{"dose_budget_e_per_A2": 1e7, **options})


class Verbs(unittest.TestCase):
    def test_read_and_set(self):
        with connect() as m:
            self.assertTrue(m.guarded)
            reading = m.set("optics.C10", 5e-9)
            self.assertAlmostEqual(reading.value, 5e-9, delta=1e-11)  # its resolution
            self.assertEqual(reading.dimension, "length")
            self.assertAlmostEqual(m.set("optics.C10", "-2 nm", relative=True).value, 3e-9,
                                   delta=2e-11)
            self.assertAlmostEqual(m["optics.C10"], 3e-9, delta=2e-11)
            both = m.read("optics.C10", "beam.current")
            self.assertEqual(list(both), ["optics.C10", "beam.current"])
            self.assertGreater(both["beam.current"].uncertainty, 0)

    def test_scan(self):
        with connect() as m:
            m.unblank()
            one = m.scan(detectors="haadf", pixels=(16, 8), fov_m=(2e-9, 1e-9), dwell_s=5e-6)
            self.assertEqual(one.frames["haadf"].shape, (8, 16))
            self.assertEqual(one.frames["haadf"].dtype, np.float32)
            self.assertEqual(one.ended, "complete")
            self.assertGreater(one.dose_e_per_m2, 0)
            two = m.scan(detectors=["haadf"], pixels=16, fov_m=2e-9, dwell_s=5e-6, frames=2)
            self.assertEqual(two.frames["haadf"].shape, (2, 16, 16))
            points = m.scan(detectors=["haadf"], pattern="points", dwell_s=1e-5,
                            points_m=[[0, 0], [1e-10, 0], [0, 2e-10]])
            self.assertEqual(points.frames["haadf"].shape, (1, 3))
            spiral = m.scan(detectors=["haadf"], pattern="spiral", pixels=30, fov_m=1e-9,
                            dwell_s=1e-5)
            self.assertEqual(spiral.frames["haadf"].shape, (1, 30))
            self.assertTrue(np.isfinite(spiral.frames["haadf"]).all())

    def test_park_and_the_rest(self):
        with connect(dose_budget_e_per_A2=1e12) as m:
            m.unblank()
            self.assertGreater(m.park(position_m=(0, 0), duration_s=1e-6).electrons, 0)
            m.abort()
            self.assertTrue(m.blank().blanked)
            self.assertTrue(m.safe().blanked)

    def test_the_description(self):
        with connect() as m:
            self.assertTrue(m.description["simulated"])
            names = [p["name"] for p in m.description["properties"]]
            self.assertIn("optics.C10", names)
            self.assertIn("corrected_200kV", repr(m))
            for infinite in (p["max"] for p in m.description["properties"] if "max" in p):
                self.assertIsInstance(infinite, (int, float))

    def test_the_same_seed_gives_the_same_frames(self):
        def frame(seed):
            with connect(seed=seed) as m:
                m.unblank()
                return m.scan(detectors="haadf", pixels=16, fov_m=2e-9,
                              dwell_s=5e-6).frames["haadf"]

        np.testing.assert_array_equal(frame(1), frame(1))
        self.assertFalse(np.array_equal(frame(1), frame(2)))

    def test_a_twin_of_ones_own(self):
        for twin in ({"preset": TWIN, "current_pA": 20}, f"{{preset: {TWIN}, current_pA: 20}}"):
            with ronchi.connect(twin, dose_budget_e_per_A2=1e6) as m:
                self.assertLess(abs(m["beam.current"] - 20e-12), 10e-12)


class Errors(unittest.TestCase):
    def fails(self, kind, call, words=(), retryable=False):
        with self.assertRaises(ronchi.InstrumentError) as caught:
            call()
        error = caught.exception
        self.assertEqual((error.kind, error.retryable), (kind, retryable), error)
        self.assertTrue(error.cause and error.remedy)
        for word in words:
            self.assertIn(word, str(error))
        return error

    def test_kinds(self):
        with connect() as m:
            self.fails("out_of_limits", lambda: m.set("optics.C10", 1), ["-50 nm … 50 nm"])
            self.fails("no_such_name", lambda: m.read("optics.C99"), ["optics.C99"])
            self.fails("no_such_name", lambda: m.set("optics.C99", 1))
            self.fails("bad_command", lambda: m.set("optics.C10", "5 mrad"))
            self.fails("read_only", lambda: m.set("beam.current", 1e-12))
            self.fails("cannot", lambda: m.measure("the weather"))
            for number in (math.nan, math.inf):
                self.fails("out_of_limits", lambda: m.set("optics.C10", number), ["finite"])
            error = self.fails("impossible_now", lambda: m.scan(
                detectors="haadf", pixels=8, fov_m=1e-9, dwell_s=1e-6), retryable=True)
            self.assertEqual(error.effect, "none")
            for again in (copy.copy(error), pickle.loads(pickle.dumps(error))):
                self.assertEqual(vars(again), vars(error))
                self.assertEqual(str(again), str(error))

    def test_bad_arguments(self):
        with connect() as m:
            for call in (lambda: m.set("optics.C10", "5 furlong"),
                         lambda: m.set("optics.C10", "five"),
                         lambda: m.scan(detectors="haadf", pixels=(1, 2, 3), fov_m=1e-9, dwell_s=1),
                         lambda: m.scan(detectors="haadf", pixels=-4, fov_m=1e-9, dwell_s=1e-6),
                         lambda: m.scan(detectors="haadf", pixels=4.5, fov_m=1e-9, dwell_s=1e-6),
                         lambda: m.scan(detectors="haadf", pixels=8, fov_m=1e-9, dwell_s=1e-6,
                                        pattern="zigzag"),
                         lambda: m.scan(detectors="haadf", pixels=8, fov_m=1e-9, dwell_s=1e-6,
                                        frames=-1)):
                with self.assertRaises(ValueError):
                    call()

    def test_connecting(self):
        for call, word in (
                (lambda: ronchi.connect(TWIN), "dose_budget_e_per_A2"),
                (lambda: ronchi.connect("no_such", guard=False), "corrected_200kV"),
                (lambda: ronchi.connect({"preset": TWIN, "curent_pA": 1}, guard=False),
                 "did you mean 'current_pA'"),
                (lambda: connect(guard={"heart_beat": 1}), "heart_beat"),
                (lambda: connect(dose_budget_e_per_A2=-1), "dose_budget_e_per_A2"),
                (lambda: connect(guard=False), "guard=False")):
            with self.assertRaises(ValueError) as caught:
                call()
            self.assertIn(word, str(caught.exception))


class Guard(unittest.TestCase):
    def test_the_dose_budget_is_kept(self):
        with connect(dose_budget_e_per_A2=3e3) as m:
            m.unblank()
            with self.assertRaises(ronchi.InstrumentError) as caught:
                for _ in range(100):
                    m.scan(detectors="haadf", pixels=32, fov_m=2e-9, dwell_s=1e-6)
            self.assertIn("dose", caught.exception.cause)
            self.assertEqual(caught.exception.effect, "none")

    def test_limits_of_ones_own(self):
        limits = {"optics.C10": {"min": -5e-9, "max": 5e-9, "step": 1e-9}}
        with connect(guard={"limits": limits}) as m:
            m.set("optics.C10", "0.5 nm")
            with self.assertRaises(ronchi.InstrumentError):
                m.set("optics.C10", "3 nm")

    def test_no_guard_must_be_asked_for(self):
        with ronchi.connect(TWIN, guard=False) as m:
            self.assertFalse(m.guarded)
            self.assertIn("NOT guarded", repr(m))
            m.set("optics.C10", "5 nm")

    def leaves_it_blanked(self, guard, error):
        """What the connection last said on the way out."""
        said = []
        m = ronchi.connect(TWIN, guard=False) if guard is False else connect()
        execute = m._do
        m._do = lambda verb, *a, **k: said.append((verb, r := execute(verb, *a, **k))) or r
        try:
            with m:
                self.assertFalse(m.unblank().blanked)
                if error:
                    raise error
        except type(error) if error else ():
            pass
        self.assertEqual(said[-1][0], "blank")
        self.assertTrue(said[-1][1].blanked)
        with self.assertRaises(ronchi.OrderError):
            m.read("beam.current")
        m.close()

    def test_the_beam_is_blanked_at_the_end(self):
        for guard in (None, False):
            for error in (None, RuntimeError("a mistake"), KeyboardInterrupt()):
                with self.subTest(guard=guard, error=error):
                    self.leaves_it_blanked(guard, error)

    def test_blank_now(self):
        with connect() as m:
            m.unblank()
            m.blank_now()
            self.assertTrue(m.read("beam.current") and m._do("abort").blanked)

    def test_events_say_why_the_guard_blanked(self):
        with connect(guard={"idle_blank_s": 0.05}) as m:
            m.unblank()
            import time
            end = time.monotonic() + 10
            while not m.events and time.monotonic() < end:
                time.sleep(0.02)
            self.assertTrue(m.events and "blanked" in m.events[0], m.events)


if __name__ == "__main__":
    unittest.main()
