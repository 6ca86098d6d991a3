"""Flow backends by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from motionlens.domain.errors import UsageError
from motionlens.domain.ports import FlowBackend
from motionlens.motion.flow.dis import DIS, DIS_FAST, DIS_FINE
from motionlens.motion.flow.farneback import FARNEBACK

BACKENDS: dict[str, FlowBackend] = {
    backend.name: backend for backend in (DIS, DIS_FAST, DIS_FINE, FARNEBACK)
}
# What the presets are called where people choose by purpose.
ALIASES: Mapping[str, str] = {"preview": DIS_FAST.name, "quality": DIS_FINE.name}


def flow_backend(
    name: str = "dis", learned: Callable[[str], FlowBackend] | None = None
) -> FlowBackend:
    """The flow backend of that name.

    Parameters
    ----------
    name : str
        ``dis`` (default), ``dis-fast`` or ``preview``, ``dis-fine`` or ``quality``, ``farneback``;
        or a plugin and the user's weights for it: ``raft:WEIGHTS.safetensors``.
    learned : callable, optional
        Finds plugins instead of :func:`motionlens.motion.flow.learned.learned_flow`.

    Raises
    ------
    UsageError
        If no backend has that name; the message lists those there are.
    PluginError
        If a plugin is absent, or it or its weights cannot be used.
    """
    name = ALIASES.get(name, name)
    if name in BACKENDS:
        return BACKENDS[name]
    if learned is None:
        from motionlens.motion.flow.learned import flow_plugins, learned_flow

        plugins = flow_plugins()
        if name.partition(":")[0] not in plugins:
            known = [*BACKENDS, *ALIASES, *(f"{p}:WEIGHTS.safetensors" for p in plugins)]
            raise UsageError(
                f"There is no flow backend {name!r}",
                "the name is unknown",
                f"Known: {', '.join(known)}",
            )
        learned = learned_flow
    return learned(name)
