"""The composition root: binds each port to its room and offers the verbs. No Qt.

The names below are loaded when first used: a decoder child needs a part of this room alone.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from motionlens.app.bindings import tools as tools
    from motionlens.app.doors import check_project as check_project
    from motionlens.app.doors import create_project as create_project
    from motionlens.app.doors import make_demo as make_demo
    from motionlens.app.doors import open_project as open_project
    from motionlens.app.doors import restore_project as restore_project
    from motionlens.app.project import Project as Project

_HOMES = {
    "Project": "motionlens.app.project",
    "check_project": "motionlens.app.doors",
    "create_project": "motionlens.app.doors",
    "make_demo": "motionlens.app.doors",
    "open_project": "motionlens.app.doors",
    "restore_project": "motionlens.app.doors",
    "tools": "motionlens.app.bindings",
}

__all__ = [*_HOMES]  # noqa: PLE0604 (built from the one table)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'motionlens.app' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_HOMES))
