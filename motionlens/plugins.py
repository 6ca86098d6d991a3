"""What others bring: backends and flaggers by name, loaded when first used, blocked when broken.

A plugin is an entry point of an installed package, in one of three groups. ``motionlens.flow``: a
function ``(weights, device)`` that gives an object with ``name`` and ``flow(a, b)``, as
:class:`motionlens.domain.ports.FlowBackend` has it. ``motionlens.tracks``: the same with
``tracks(frames, grid)``. ``motionlens.flaggers``: an object with ``judge(evidence)``. Nothing is
ever imported by a name that stands in a project or a weights file: only names in these groups, and
in the table of built-ins, lead to code.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from motionlens.domain.errors import MotionLensError, PluginError

FLOW, TRACKS, FLAGGERS = "motionlens.flow", "motionlens.tracks", "motionlens.flaggers"
GROUPS = (FLOW, TRACKS, FLAGGERS)
# Set to `none`, no package is asked for plugins: for tests, and to find out who is to blame.
VARIABLE = "MOTIONLENS_PLUGINS"

BUILT_INS: Mapping[str, Mapping[str, str]] = {
    FLOW: {
        "raft": "motionlens.models.motion_nets:raft",
        "raft-small": "motionlens.models.motion_nets:raft_small",
    },
    TRACKS: {"cotracker": "motionlens.models.motion_nets:cotracker"},
    FLAGGERS: {},
}

# What a built-in cannot do without, beside what MotionLens itself needs.
_NEEDS = {"raft": "torchvision", "raft-small": "torchvision", "cotracker": "cotracker"}


@dataclass(frozen=True)
class Plugin:
    """One name of a group.

    Attributes
    ----------
    group, name : str
    where : str
        ``module:name``.
    package : str
        Who brought it; empty for built-ins.
    """

    group: str
    name: str
    where: str
    package: str = ""


class Plugins:
    """The plugins of this installation.

    Parameters
    ----------
    found : iterable of Plugin, optional
        Instead of asking installed packages; built-ins are there in any case. A package cannot
        take the name of a built-in.

    Attributes
    ----------
    blocked : dict
        (group, name) -> why, of those that failed to load.
    """

    def __init__(self, found: Iterable[Plugin] | None = None) -> None:
        self.blocked: dict[tuple[str, str], str] = {}
        self._known: dict[tuple[str, str], Plugin] = {}
        for plugin in (*_built_in(), *(_installed() if found is None else found)):
            self._known.setdefault((plugin.group, plugin.name), plugin)

    def known(self, group: str | None = None) -> list[Plugin]:
        """Those of a group, or all, by name."""
        wanted = [p for p in self._known.values() if group in (None, p.group)]
        return sorted(wanted, key=lambda plugin: (plugin.group, plugin.name))

    def load(self, group: str, name: str) -> Any:
        """The object that a name stands for.

        Raises
        ------
        PluginError
            If there is no such plugin, or it cannot be loaded; it is then blocked.
        """
        plugin = self._known.get((group, name))
        if plugin is None:
            names = ", ".join(p.name for p in self.known(group)) or "none"
            raise PluginError(
                f"There is no plugin {name!r}",
                "no installed package brings it",
                f"Install the one that does; known here: {names}",
            )
        why = self.blocked.get((group, name))
        if why is None:
            try:
                return _object(plugin.where)
            except MotionLensError:
                raise
            except Exception as error:  # a stranger's code may raise anything
                why = str(error) or type(error).__name__
                self.blocked[group, name] = why
        raise PluginError(
            f"The plugin {name!r} is blocked",
            f"it cannot be loaded: {why}",
            f"Update or remove {plugin.package or 'it'}",
        )


def report(plugins: Plugins | None = None) -> list[tuple[Plugin, str]]:
    """Every plugin and why it cannot be used here, empty where it can.

    Those of packages are loaded to find out; of built-ins only the package they need is looked for.
    """
    plugins = plugins or Plugins()
    lines = []
    for plugin in plugins.known():
        why = ""
        if not plugin.package:
            package = _NEEDS.get(plugin.name, "")
            if package and importlib.util.find_spec(package) is None:
                why = f"needs the package {package}, which is not installed"
        else:
            try:
                plugins.load(plugin.group, plugin.name)
            except MotionLensError as error:
                why = error.why
        lines.append((plugin, why))
    return lines


def _object(where: str) -> Any:
    module, _, path = where.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def _built_in() -> list[Plugin]:
    return [
        Plugin(group, name, where)
        for group, names in BUILT_INS.items()
        for name, where in names.items()
    ]


def _installed() -> list[Plugin]:
    if os.environ.get(VARIABLE) == "none":
        return []
    return [
        Plugin(group, entry.name, entry.value, entry.dist.name if entry.dist else "")
        for group in GROUPS
        for entry in metadata.entry_points(group=group)
    ]
