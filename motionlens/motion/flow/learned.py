"""Learned backends: plugins by name, with the weights of the user's own."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from motionlens.domain.errors import MotionLensError, PluginError
from motionlens.domain.ports import FlowBackend, TrackBackend
from motionlens.plugins import FLOW, TRACKS, Plugins

# Where networks run; `auto` takes the first card there is.
DEVICE_VARIABLE = "MOTIONLENS_DEVICE"


def flow_plugins(plugins: Plugins | None = None) -> list[str]:
    """Names of flow plugins here."""
    return [plugin.name for plugin in (plugins or Plugins()).known(FLOW)]


def learned_flow(name: str, plugins: Plugins | None = None) -> FlowBackend:
    """The backend of ``PLUGIN:WEIGHTS``; the last two that were asked for stay loaded.

    Raises
    ------
    PluginError
        If there is no such plugin, its package is absent, or the weights are not its own.
    """
    return cast(FlowBackend, _made(FLOW, name, "flow", plugins))


def learned_tracks(name: str, plugins: Plugins | None = None) -> TrackBackend:
    """As :func:`learned_flow`, for trackers."""
    return cast(TrackBackend, _made(TRACKS, name, "tracks", plugins))


def _made(group: str, name: str, method: str, plugins: Plugins | None) -> Any:
    plugin, _, text = name.partition(":")
    device = os.environ.get(DEVICE_VARIABLE, "auto")
    if plugins is not None:
        return _build(plugins, group, plugin, text, device, method)
    changed = 0
    if text and Path(text).is_file():
        changed = Path(text).stat().st_mtime_ns
    return _kept(group, plugin, text, changed, device, method)


@lru_cache(maxsize=2)
def _kept(group: str, plugin: str, text: str, changed: int, device: str, method: str) -> Any:
    return _build(Plugins(), group, plugin, text, device, method)


def _build(plugins: Plugins, group: str, plugin: str, text: str, device: str, method: str) -> Any:
    factory = plugins.load(group, plugin)
    try:
        made = factory(Path(text) if text else None, device)
    except MotionLensError:
        raise
    except Exception as error:  # a stranger's code may raise anything
        why = str(error) or type(error).__name__
        plugins.blocked[group, plugin] = why
        raise PluginError(
            f"The plugin {plugin!r} failed", why, "Update it, or leave it out"
        ) from error
    if not callable(getattr(made, method, None)):
        raise PluginError(
            f"The plugin {plugin!r} cannot be used",
            f"what it makes has no {method}",
            "Update it, or leave it out",
        )
    # So that the same name finds it again, wherever it is kept.
    made.name = f"{plugin}:{text}" if text else plugin
    return made
