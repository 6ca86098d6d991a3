"""Arrays that cross from room to room, and what every long step takes."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.uint8]  # (F, H, W, 3) RGB
Mask = NDArray[np.float32]  # (F, H, W) in [0, 1]
Flow = NDArray[np.float32]  # (H, W, 2) px, x then y


class Token(Protocol):
    """Cancel: checked between steps."""

    def check(self) -> None:
        """Raise :class:`motionlens.domain.errors.Cancelled` if the user asked to stop."""
        ...


class Progress(Protocol):
    """Called after each step: what is being done, how many steps are done, of how many."""

    def __call__(self, what: str, done: int, total: int) -> None: ...
