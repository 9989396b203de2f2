"""One environment as a gymnasium.Env."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from ._config import to_yaml
from ._native import native
from .errors import OrderError
from .rendering import RENDER_MODES, Window, check_render_mode
from .spaces import ActionScale, Entries, Float

if TYPE_CHECKING:
    Base = gymnasium.Env[Any, Any]
else:
    Base = gymnasium.Env

LARGEST_SEED = 2**64 - 1


def environment_config(instrument: str | Mapping[str, Any] | None,
                       task: Mapping[str, Any]) -> str:
    """The two keys of a C++ environment's config."""
    config: dict[str, Any] = {"task": dict(task)}
    if instrument is not None:
        config["instrument"] = instrument
    return to_yaml(config)


def read_options(options: Mapping[str, Any] | None) -> dict[str, float]:
    """Reset's options: numbers by name."""
    try:
        return {str(name): float(value) for name, value in (options or {}).items()}
    except (TypeError, ValueError):
        raise ValueError(f"reset options are numbers by name, not {options!r}") from None


def check_seed(seed: int | None) -> int | None:
    """The seed as Python's int."""
    if seed is None:
        return None
    if int(seed) != seed or not 0 <= seed <= LARGEST_SEED:
        raise ValueError(f"seed = {seed} is not allowed; allowed: whole numbers, 0 … 2^64 - 1")
    return int(seed)


class Environment(Base):
    """An environment over a simulated instrument of its own.

    Made by ``gymnasium.make("ronchi/<id>", instrument=..., **task)``:

    instrument        a preset's name or the keys of a twin (docs/twin.md)
    physical_actions  actions in the task's unit instead of [-1, 1]
    entries           of the observation, those that are wanted, such as ("contrast", "settings")
    copy              False: observations share one buffer that the next call overwrites
    environment_index its number in a vector; its random streams depend on it
    episode_steps     the task's own limit. Gymnasium's max_episode_steps alone makes episodes
                      shorter, not longer: give both for that
    **task            the task's keys (`ronchi describe <id>`), such as pixels=32

    ``reset(seed=None)`` goes on with the present sequence of episodes; the first one of all draws
    a seed from ``np_random``. ``info["seed"]`` of a reset that starts a sequence says which.
    """

    metadata = {"render_modes": RENDER_MODES, "render_fps": 10}

    def __init__(self, environment_id: str, *, instrument: str | Mapping[str, Any] | None = None,
                 render_mode: str | None = None, physical_actions: bool = False,
                 copy: bool = True, environment_index: int = 0, episode_steps: int | None = None,
                 entries: Sequence[str] | None = None, **task: Any) -> None:
        check_render_mode(render_mode)
        self.render_mode = render_mode
        self._id, self._copy = environment_id, copy
        self._window: Window | None = None
        if episode_steps is not None:
            task["max_episode_steps"] = episode_steps
        self._native: native.Environment | None = native.Environment(
            environment_id, environment_config(instrument, task), environment_index)
        self._buffer: Float | None = None
        self._seeded = False
        #: What C++ says of the environment: units and meanings of every entry.
        self.description: dict[str, Any] = self._native.spec()
        self._entries = Entries(self.description["observation"], entries)
        self._scale = ActionScale(self.description["action"], physical_actions)
        self._info_names: list[str] = self.description["info_names"]
        self.observation_space = self._entries.space
        self.action_space = self._scale.space

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None
              ) -> tuple[dict[str, Float], dict[str, Any]]:
        seed = check_seed(seed)
        super().reset(seed=seed)
        info: dict[str, Any] = {}
        if seed is None and not self._seeded:
            seed = int(self.np_random.integers(2**63))
        flat = self._flat()
        self._open().reset_into(seed, read_options(options), flat)
        if seed is not None:
            info["seed"] = seed
            self._seeded = True
        info.update(zip(self._info_names, self._open().info()))
        if self.render_mode == "human":
            self.render()
        return self._entries.split(flat), info

    def step(self, action: Any
             ) -> tuple[dict[str, Float], float, bool, bool, dict[str, Any]]:
        flat = self._flat()
        physical = self._scale.to_physical(action, self.action_space)
        try:
            reward, terminated, truncated = self._open().step_into(physical.ravel(), flat)
        except OrderError as error:
            raise gymnasium.error.ResetNeeded(str(error)) from None
        except ValueError as error:
            raise ValueError(f"{error}{self._scale.hint}") from None
        info: dict[str, Any] = dict(zip(self._info_names, self._open().info()))
        if self.render_mode == "human":
            self.render()
        return self._entries.split(flat), reward, terminated, truncated, info

    def render(self) -> NDArray[np.uint8] | None:
        """[height, width, 3] for "rgb_array"; None, and a window, for "human"."""
        if self.render_mode is None:
            gymnasium.logger.warn("render() without a render_mode: give one to gymnasium.make, "
                                  "e.g. render_mode='rgb_array'")
            return None
        picture = self._open().render()
        if self.render_mode == "rgb_array":
            return picture
        self._window = self._window or Window(self._id, self.metadata["render_fps"])
        self._window.show(picture)
        return None

    def close(self) -> None:
        if self._window is not None:
            self._window.close()
        self._window = self._native = None

    def save(self) -> bytes:
        """All that the rest of the episode depends on, the simulated instrument's state with it."""
        return self._open().save()

    def restore(self, saved: bytes) -> None:
        """Goes on from there to the bit, in any environment of the same kind and options."""
        self._open().restore(saved)
        self._seeded = True

    def to_physical(self, action: Any) -> Float:
        """An action of this space in the task's unit."""
        return self._scale.to_physical(action, self.action_space)

    def from_physical(self, action: Any) -> Any:
        """The other way: what ``ronchi.Policy.act`` gives, for ``step``."""
        return self._scale.from_physical(action)

    def _open(self) -> native.Environment:
        if self._native is None:
            raise gymnasium.error.ClosedEnvironmentError(f"{self._id} has been closed")
        return self._native

    def _flat(self) -> Float:
        if self._copy:
            return np.empty(self._entries.size, np.float32)
        if self._buffer is None:
            self._buffer = np.empty(self._entries.size, np.float32)
        return self._buffer
