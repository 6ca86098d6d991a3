"""Flow backends by name."""

from __future__ import annotations

from motionlens.domain.ports import FlowBackend
from motionlens.motion.flow.dis import DIS, DIS_FAST, DIS_FINE
from motionlens.motion.flow.farneback import FARNEBACK
from motionlens.motion.grids import require_one_of

BACKENDS: dict[str, FlowBackend] = {
    backend.name: backend for backend in (DIS, DIS_FAST, DIS_FINE, FARNEBACK)
}


def flow_backend(name: str = "dis") -> FlowBackend:
    """The flow backend of that name.

    Parameters
    ----------
    name : str
        ``dis`` (default), ``dis-fast`` (preview), ``dis-fine`` (quality) or ``farneback``.

    Raises
    ------
    UsageError
        If no backend has that name; the message lists those there are.
    """
    require_one_of("flow backend", name, list(BACKENDS))
    return BACKENDS[name]
