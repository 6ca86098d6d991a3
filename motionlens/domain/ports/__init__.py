"""What operations need from the rooms beside them, at the level of numpy.

`app` binds each port to its room. Shapes: F frames, H rows, W columns, D numbers of a projection.
"""

from motionlens.domain.ports.attribution import (
    Attributor,
    CandidateScores,
    CandidateStatistics,
    GradientIndex,
    GradientRow,
    Indexes,
    IndexSettings,
    Kept,
    ModelInfo,
    Models,
    PlaceShares,
    Sampler,
    Scorer,
    SeenClip,
)
from motionlens.domain.ports.common import Flow, Frames, Mask, Progress, Token
from motionlens.domain.ports.media import (
    ClipReader,
    FieldStore,
    FlowBackend,
    KeepField,
    Motion,
    TrackBackend,
)
from motionlens.domain.ports.store import LabelStore, Projects, Store, Trials
from motionlens.domain.ports.training import Exporter, Formats, Importer, Trainer, World, WorldClip

__all__ = [
    "Attributor",
    "CandidateScores",
    "CandidateStatistics",
    "ClipReader",
    "Exporter",
    "FieldStore",
    "Flow",
    "FlowBackend",
    "Formats",
    "Frames",
    "GradientIndex",
    "GradientRow",
    "Importer",
    "IndexSettings",
    "Indexes",
    "KeepField",
    "Kept",
    "LabelStore",
    "Mask",
    "ModelInfo",
    "Models",
    "Motion",
    "PlaceShares",
    "Progress",
    "Projects",
    "Sampler",
    "Scorer",
    "SeenClip",
    "Store",
    "Token",
    "TrackBackend",
    "Trainer",
    "Trials",
    "World",
    "WorldClip",
]
