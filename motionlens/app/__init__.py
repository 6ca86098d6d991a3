"""The composition root: binds each port to its room and offers the verbs. No Qt."""

from motionlens.app.bindings import tools
from motionlens.app.project import (
    Project,
    check_project,
    create_project,
    make_demo,
    open_project,
    restore_project,
)

__all__ = [
    "Project",
    "check_project",
    "create_project",
    "make_demo",
    "open_project",
    "restore_project",
    "tools",
]
