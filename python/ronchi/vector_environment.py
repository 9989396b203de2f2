"""Vectors of environments as a gymnasium.vector.VectorEnv: C++ steps them on all cores."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from ._native import native
from .environment import check_seed, environment_config, read_options
from .errors import OrderError
from .registration import environments
from .rendering import check_render_mode
from .spaces import ActionScale, Entries, Float

Bools = NDArray[np.bool_]
if TYPE_CHECKING:
    Base = VectorEnv[Any, Any, Any]
else:
    Base = VectorEnv


class VectorEnvironment(Base):
    """Made by ``gymnasium.make_vec("ronchi/<id>", num_envs=8, instrument=..., **task)``.

    autoreset_mode  gymnasium.vector.AutoresetMode: NEXT_STEP, SAME_STEP or DISABLED
    same_index      True: environment i is, given seed s, the single environment given seed s, and
                    ``reset(seed=s)`` seeds them s, s + 1, ... as SyncVectorEnv does. False: one
                    seed serves all, and environment i has random streams of its own
                    (environment_index=i)
    copy            False: observations are C++'s buffer, which the next call overwrites
    and the arguments of ronchi.Environment.

    Infos are Gymnasium's: an array and a mask ``_name`` for each name; with SAME_STEP the end of
    an episode is in ``final_obs`` and ``final_info``.
    """

    def __init__(self, environment_id: str, num_envs: int = 1, *,
                 instrument: str | Mapping[str, Any] | None = None,
                 autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
                 same_index: bool = False, physical_actions: bool = False, copy: bool = True,
                 render_mode: str | None = None, max_episode_steps: int | None = None,
                 episode_steps: int | None = None,
                 entries: Sequence[str] | None = None, **task: Any) -> None:
        super().__init__()
        check_render_mode(render_mode)
        if render_mode == "human":
            raise ValueError("render_mode = 'human' is not allowed for vectors; "
                             "allowed: None, 'rgb_array'")
        if int(num_envs) != num_envs or num_envs < 1:
            raise ValueError(f"num_envs = {num_envs} is not allowed; allowed: 1 or more")
        mode = AutoresetMode(autoreset_mode)
        if max_episode_steps == environments().get(environment_id, (None,))[0]:
            max_episode_steps = None  # which Gymnasium always gives
        if (steps := max_episode_steps or episode_steps) is not None:
            task["max_episode_steps"] = steps
        self._native: native.VectorEnvironment | None = native.VectorEnvironment(
            environment_id, environment_config(instrument, task), int(num_envs),
            mode.name.lower(), same_index)
        self._id = environment_id
        self.description: dict[str, Any] = self._native.spec()
        self.metadata = {"autoreset_mode": mode, "render_modes": ["rgb_array"], "render_fps": 10}
        self.render_mode = render_mode
        self.num_envs = int(num_envs)
        self._same_index, self._copy, self._seeded = same_index, copy, False
        self._entries = Entries(self.description["observation"], entries)
        self._scale = ActionScale(self.description["action"], physical_actions)
        self._info_names: list[str] = self.description["info_names"]
        self.single_observation_space = self._entries.space
        self.single_action_space = self._scale.space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        # Views of C++'s buffers, whose addresses stay.
        self._observations = self._native.observations()
        self._rewards, self._info = self._native.rewards(), self._native.info()
        self._terminated = self._native.terminated().view(np.bool_)
        self._truncated = self._native.truncated().view(np.bool_)
        self._has_final = self._native.has_final().view(np.bool_)
        self._shared = self._entries.split(self._observations)
        self._all = np.ones(self.num_envs, np.bool_)
        self._all.flags.writeable = False

    def reset(self, *, seed: int | Sequence[int | None] | None = None,
              options: dict[str, Any] | None = None) -> tuple[dict[str, Float], dict[str, Any]]:
        """`seed`: one, or a list with one, or None, for each environment.

        options["reset_mask"]: a boolean array; the other environments stay as they are.
        """
        options = dict(options or {})
        mask = self._read_mask(options.pop("reset_mask", None))
        seeds = self._read_seeds(seed)
        self._open().reset(seeds, [] if mask is None else mask.astype(np.uint8).tolist(),
                           read_options(options))
        self._seeded = self._seeded or all(s is not None for s in seeds)
        info = self._infos(self._info, self._all if mask is None else mask)
        given = np.array([s is not None for s in seeds]) & (self._all if mask is None else mask)
        if given.any():
            info["seed"] = np.array([s or 0 for s in seeds], np.uint64)
            info["_seed"] = given
        return self._batch(), info

    def step(self, actions: Any) -> tuple[dict[str, Float], NDArray[np.float64], Bools, Bools,
                                          dict[str, Any]]:
        physical = self._scale.to_physical(actions, self.action_space)
        try:
            self._open().step(physical.reshape(-1))
        except OrderError as error:
            raise gymnasium.error.ResetNeeded(str(error)) from None
        except ValueError as error:
            raise ValueError(f"{error}{self._scale.hint}") from None
        info = self._infos(self._info, self._all)
        if self._has_final.size and self._has_final.any():
            self._add_final(info)
        return (self._batch(), self._rewards.copy(), self._terminated.copy(),
                self._truncated.copy(), info)

    def render(self) -> tuple[NDArray[np.uint8], ...] | None:
        """A picture of each."""
        if self.render_mode is None:
            return None
        return tuple(self._open().render(i) for i in range(self.num_envs))

    def close_extras(self, **kwargs: Any) -> None:
        self._native = None

    def save(self) -> bytes:
        """All that the future depends on; `restore` goes on from there to the bit."""
        return self._open().save()

    def restore(self, saved: bytes) -> None:
        self._open().restore(saved)
        self._seeded = True

    def to_physical(self, actions: Any) -> Float:
        """Actions of this space in the task's unit."""
        return self._scale.to_physical(actions, self.action_space)

    def from_physical(self, actions: Any) -> Any:
        """The other way."""
        return self._scale.from_physical(actions)

    def _open(self) -> native.VectorEnvironment:
        if self._native is None:
            raise gymnasium.error.ClosedEnvironmentError(f"{self._id} has been closed")
        return self._native

    def _read_seeds(self, seed: int | Sequence[int | None] | None) -> list[int | None]:
        n = self.num_envs
        if seed is None:
            if self._seeded:
                return [None] * n
            draws = self.np_random.integers(2**63, size=n if self._same_index else 1)
            return [int(s) for s in np.broadcast_to(draws, n)]
        if isinstance(seed, (int, np.integer)):
            one = int(seed)
            check_seed(one)
            super().reset(seed=one)
            return [check_seed(one + (i if self._same_index else 0)) for i in range(n)]
        if len(seed) != n:
            raise ValueError(f"{len(seed)} seeds for {n} environments")
        return [check_seed(s) for s in seed]

    def _read_mask(self, mask: Any) -> Bools | None:
        if mask is None:
            return None
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
            raise TypeError("options['reset_mask'] must be a boolean NumPy array")
        if mask.shape != (self.num_envs,) or not mask.any():
            raise ValueError(f"options['reset_mask'] must have the shape ({self.num_envs},) and "
                             "one True at least")
        return mask

    def _batch(self) -> dict[str, Float]:
        if not self._copy:
            return dict(self._shared)
        return self._entries.split(self._observations.copy())

    def _infos(self, values: NDArray[np.float64], mask: Bools) -> dict[str, Any]:
        info: dict[str, Any] = {}
        columns = values.T.copy()
        if mask is not self._all:
            columns[:, ~mask] = 0
        for name, column in zip(self._info_names, columns):
            info[name] = column
            info["_" + name] = mask
        return info

    def _add_final(self, info: dict[str, Any]) -> None:
        ended = self._has_final.copy()
        observations = np.full(self.num_envs, None, object)
        rows = self._open().final_observations()
        for i in np.flatnonzero(ended):
            observations[i] = self._entries.split(rows[i].copy())
        info["final_obs"], info["_final_obs"] = observations, ended
        info["final_info"] = self._infos(self._open().final_info(), ended)
        info["_final_info"] = ended
