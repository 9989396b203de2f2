"""Ronchi's vectors of environments for Stable-Baselines3.

    venv = ronchi.sb3.make_vec("ronchi/AberrationTuning-v1", 8, pixels=16)
    model = stable_baselines3.PPO("MultiInputPolicy", venv).learn(20_000)

SB3's own make_vec_env works as well, one environment after the other in Python.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from stable_baselines3.common.vec_env import VecEnv as Sb3VecEnv
from stable_baselines3.common.vec_env import VecMonitor


class VecEnv(Sb3VecEnv):
    """Any gymnasium.vector.VectorEnv that resets in the same step, as SB3's VecEnv."""

    def __init__(self, envs: VectorEnv[Any, Any, Any]) -> None:
        if envs.metadata.get("autoreset_mode") is not AutoresetMode.SAME_STEP:
            raise ValueError("SB3 resets in the same step: make the vector with "
                             "autoreset_mode='SameStep'")
        self.envs = envs
        self.render_mode = envs.render_mode
        self._actions: Any = None
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)

    def reset(self) -> Any:
        given = [None if seed is None else int(seed) for seed in self._seeds]
        options = next((o for o in self._options if o), None)
        # SB3 seeds environment i with seed + i; without seeds each sequence goes on.
        seed: Any = given if any(s is not None for s in given) else None
        observations, _ = self.envs.reset(seed=seed, options=options)
        self._reset_seeds()
        self._reset_options()
        self.reset_infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        return observations

    def step_async(self, actions: Any) -> None:
        self._actions = actions

    def step_wait(self) -> tuple[Any, Any, Any, list[dict[str, Any]]]:
        observations, rewards, terminated, truncated, info = self.envs.step(self._actions)
        done = terminated | truncated
        infos = self._unpack(info)
        for i in np.flatnonzero(done):
            infos[i]["terminal_observation"] = info["final_obs"][i]
            infos[i]["TimeLimit.truncated"] = bool(truncated[i] and not terminated[i])
        return observations, rewards.astype(np.float32), done, infos

    def close(self) -> None:
        self.envs.close()

    def get_images(self) -> Sequence[Any]:
        return list(self.envs.render() or [])

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [getattr(self.envs, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        setattr(self.envs, attr_name, value)

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any
                   ) -> list[Any]:
        raise NotImplementedError("the environments of a compiled vector have no Python methods")

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Any = None) -> list[bool]:
        return [False] * len(list(self._get_indices(indices)))

    def _unpack(self, info: dict[str, Any]) -> list[dict[str, Any]]:
        names = [n for n in info if not n.startswith("_") and not n.startswith("final_")]
        columns: Iterable[Any] = zip(*(info[n].tolist() for n in names))
        infos = [dict(zip(names, values)) for values in columns]
        return infos or [{} for _ in range(self.num_envs)]


def make_vec(environment_id: str, num_envs: int = 1, **options: Any) -> VecMonitor:
    """gymnasium.make_vec's vector, in SB3's dress, with its episode statistics."""
    envs = gymnasium.make_vec(environment_id, num_envs=num_envs, autoreset_mode="SameStep",
                              vectorization_mode="vector_entry_point", **options)
    return VecMonitor(VecEnv(envs))
