"""Gradients of the masked motion loss: projected, kept, scored and explained.

Names are loaded when first used: reading or checking an index needs no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from motionlens.attribution.attributor import TorchAttributor
    from motionlens.attribution.index import IndexFolder, MemoryMappedIndex
    from motionlens.attribution.projection import project_gradient
    from motionlens.attribution.scorer import GradientScorer
    from motionlens.attribution.scoring import influence_scores

_HOMES = {
    "GradientScorer": "scorer",
    "IndexFolder": "index",
    "MemoryMappedIndex": "index",
    "TorchAttributor": "attributor",
    "influence_scores": "scoring",
    "project_gradient": "projection",
}

__all__ = [
    "GradientScorer",
    "IndexFolder",
    "MemoryMappedIndex",
    "TorchAttributor",
    "influence_scores",
    "project_gradient",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
