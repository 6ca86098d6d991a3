"""Motion: flow, masks, tracks, overlays and flaggers. The room of OpenCV."""

from __future__ import annotations

from motionlens.motion.colours import legend_wheel
from motionlens.motion.drawing import OpenCVDrawing
from motionlens.motion.flow import flow_backend, frame_flow, read_flow, write_flow
from motionlens.motion.mask import MotionMask, describe_motion, motion_mask
from motionlens.motion.opencv_motion import OpenCVMotion
from motionlens.motion.overlay import compose, flow_scale
from motionlens.motion.tracks import Tracks, track_points
from motionlens.motion.vectors import arrows, trails

__all__ = [
    "MotionMask",
    "OpenCVDrawing",
    "OpenCVMotion",
    "Tracks",
    "arrows",
    "compose",
    "describe_motion",
    "flow_backend",
    "flow_scale",
    "frame_flow",
    "legend_wheel",
    "motion_mask",
    "read_flow",
    "track_points",
    "trails",
    "write_flow",
]
