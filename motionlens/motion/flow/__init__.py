"""Dense optical flow: backends by name, and the files it is kept in."""

from __future__ import annotations

from motionlens.motion.flow.io import read_flow, write_flow
from motionlens.motion.flow.pairs import frame_flow, pair_flow
from motionlens.motion.flow.registry import BACKENDS, flow_backend

__all__ = ["BACKENDS", "flow_backend", "frame_flow", "pair_flow", "read_flow", "write_flow"]
