"""MotionLens: which training clips taught a video model to move like that, and what if they go.

Importing this package is light: the names below are loaded when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from motionlens.domain import version

__version__ = version.VERSION

if TYPE_CHECKING:
    from motionlens.api import flow as flow
    from motionlens.api import influence_scores as influence_scores
    from motionlens.api import motion_mask as motion_mask
    from motionlens.api import project_gradient as project_gradient
    from motionlens.api import read_frames as read_frames
    from motionlens.app import Project as Project
    from motionlens.app import create_project as create_project
    from motionlens.app import open_project as open_project
    from motionlens.domain.errors import Cancelled as Cancelled
    from motionlens.domain.errors import MotionLensError as MotionLensError
    from motionlens.lanes import CancelToken as CancelToken

_HOMES = {
    "open_project": "motionlens.app",
    "create_project": "motionlens.app",
    "Project": "motionlens.app",
    "MotionLensError": "motionlens.domain.errors",
    "Cancelled": "motionlens.domain.errors",
    "CancelToken": "motionlens.lanes",
    "read_frames": "motionlens.api",
    "flow": "motionlens.api",
    "motion_mask": "motionlens.api",
    "project_gradient": "motionlens.api",
    "influence_scores": "motionlens.api",
}

__all__ = [  # noqa: PLE0604 (built from the one table)
    "__version__",
    *_HOMES,
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'motionlens' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_HOMES))
