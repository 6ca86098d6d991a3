"""The composition root: binds each port to its room and offers the verbs. No Qt."""

from motionlens.app.bindings import tools
from motionlens.app.doors import (
    check_project,
    create_project,
    make_demo,
    open_project,
    restore_project,
)
from motionlens.app.project import Project

__all__ = [
    "Project",
    "check_project",
    "create_project",
    "make_demo",
    "open_project",
    "restore_project",
    "tools",
]
