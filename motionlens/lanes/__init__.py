"""Threads without Qt: a lane is one named thread with a priority queue and one owned resource."""

from motionlens.lanes.lane import InlineLane, Job, Lane, Priority, SerialLane
from motionlens.lanes.mailbox import Mailbox
from motionlens.lanes.progress import ProgressClock, Tick
from motionlens.lanes.token import CancelToken

__all__ = [
    "CancelToken",
    "InlineLane",
    "Job",
    "Lane",
    "Mailbox",
    "Priority",
    "ProgressClock",
    "SerialLane",
    "Tick",
]
