"""Pictures of environments on the screen, as Gymnasium's own show theirs: by pygame."""
from __future__ import annotations

import importlib.util
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

# "human" is offered where pygame is installed: gymnasium's checker tries every mode.
RENDER_MODES = ["rgb_array"] + (["human"] if importlib.util.find_spec("pygame") else [])


def check_render_mode(mode: str | None) -> None:
    if mode == "human" and mode not in RENDER_MODES:
        raise gymnasium.error.DependencyNotInstalled(
            "render_mode='human' needs pygame: pip install pygame")
    if mode is not None and mode not in RENDER_MODES:
        raise ValueError(f"render_mode = {mode!r} is not allowed; allowed: None, "
                         + ", ".join(map(repr, RENDER_MODES)))


class Window:
    """Opened by the first picture."""

    def __init__(self, title: str, frames_per_second: int) -> None:
        import pygame

        self._pygame: Any = pygame
        self._title, self._fps = title, frames_per_second
        self._screen: Any = None

    def show(self, picture: NDArray[np.uint8]) -> None:
        pygame = self._pygame
        size = (picture.shape[1], picture.shape[0])
        if self._screen is None or self._screen.get_size() != size:
            pygame.display.init()
            pygame.display.set_caption(f"Ronchi: {self._title}")
            self._screen = pygame.display.set_mode(size)
            self._clock = pygame.time.Clock()
        pygame.surfarray.blit_array(self._screen, picture.swapaxes(0, 1))
        pygame.event.pump()
        pygame.display.flip()
        self._clock.tick(self._fps)

    def close(self) -> None:
        if self._screen is not None:
            self._pygame.display.quit()
            self._screen = None
