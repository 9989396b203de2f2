"""Makes Gymnasium know the environments as "ronchi/<id>".

`import ronchi` calls it; Gymnasium since 1.0 looks for no plugins by itself, but imports the module
in front of a colon: gymnasium.make("ronchi:ronchi/AberrationTuning-v1"). What there is, the table of
the compiled part says (experiments/catalog/environments.cc), which is loaded for this: 16 ms.
"""
from __future__ import annotations


def environments() -> dict[str, tuple[int, float | None]]:
    """By id: max_episode_steps and reward_threshold (None: no return counts as solved)."""
    from ._native import native

    return dict(native.environments())


def register_environments() -> None:
    """Called again, it does nothing."""
    from gymnasium.envs.registration import register, registry

    for name, (steps, threshold) in environments().items():
        if "ronchi/" + name in registry:
            continue
        register("ronchi/" + name, entry_point="ronchi.environment:Environment",
                 vector_entry_point="ronchi.vector_environment:VectorEnvironment",
                 max_episode_steps=steps, reward_threshold=threshold,
                 kwargs={"environment_id": name})
