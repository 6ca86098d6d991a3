"""Small parts that every view uses."""

from motionlens.ui.widgets.bars import ScoreBar, Segment, SegmentedProgress, ThinProgress
from motionlens.ui.widgets.buttons import Button, action_button
from motionlens.ui.widgets.chips import Chip, KeyCap, paint_key_cap
from motionlens.ui.widgets.empty_state import EmptyState
from motionlens.ui.widgets.fields import Combo, SearchField
from motionlens.ui.widgets.labels import ElidedLabel, IconLabel, heading, label, line, row
from motionlens.ui.widgets.notice import NoticeBox, NoticeStack
from motionlens.ui.widgets.side_list import SideEntry, SideList

__all__ = [
    "Button",
    "Chip",
    "Combo",
    "ElidedLabel",
    "EmptyState",
    "IconLabel",
    "KeyCap",
    "NoticeBox",
    "NoticeStack",
    "ScoreBar",
    "SearchField",
    "Segment",
    "SegmentedProgress",
    "SideEntry",
    "SideList",
    "ThinProgress",
    "action_button",
    "heading",
    "label",
    "line",
    "paint_key_cap",
    "row",
]
