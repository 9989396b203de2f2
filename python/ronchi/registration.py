"""Makes Gymnasium know the environments as "ronchi/<id>".

`import ronchi` calls it; Gymnasium since 1.0 looks for no plugins by itself, but imports the module
in front of a colon: gymnasium.make("ronchi:ronchi/AberrationTuning-v1"). The compiled part is not
loaded for this: hence a table of facts that C++ knows as well. tests/python/test_environments.py
compares the two.
"""
from __future__ import annotations

# id: (max_episode_steps, reward_threshold; None: no return counts as solved)
ENVIRONMENTS: dict[str, tuple[int, float | None]] = {
    "AberrationTuning-v1": (60, 75.0),
    "AdaptiveScan-v0": (137, None),
    "AtomMove-v0": (401, None),
    "DriftLock-v1": (60, None),
    "RonchigramTuning-v1": (60, 211.0),
    "SpectrumSearch-v0": (100, None),
    "ZoneAxisTilt-v1": (30, None),
}


def register_environments() -> None:
    """Called again, it does nothing."""
    from gymnasium.envs.registration import register, registry

    for name, (steps, threshold) in ENVIRONMENTS.items():
        if "ronchi/" + name in registry:
            continue
        register("ronchi/" + name, entry_point="ronchi.environment:Environment",
                 vector_entry_point="ronchi.vector_environment:VectorEnvironment",
                 max_episode_steps=steps, reward_threshold=threshold,
                 kwargs={"environment_id": name})
