"""Figures of studies that are there already: shipped ones, and this machine's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from motionlens.domain.errors import MotionLensError
from motionlens.files import read_json, resource


def shipped_studies() -> list[dict[str, Any]]:
    """The committed studies, by file name; each is a document of `evaluate` with its command."""
    try:
        folder = resource("evaluation")
    except MotionLensError:
        return []
    return [read_json(path) for path in sorted(folder.glob("*.json"))]


def known_truth(weights: str, method: str, folders: Sequence[Path] = ()) -> str:
    """What a ranking by this method of these weights found where the truth is known, or empty.

    Parameters
    ----------
    weights : str
        Hash of the model's weights.
    method : str
    folders : sequence of Path
        Where this machine keeps its own studies; a shipped figure comes first.

    Returns
    -------
    str
        Such as "On clips with known truth this method found 41 of 50 in its first 50 (physics
        world); 26 of 50 (matched world)."
    """
    document = next((d for d in _all(weights, folders) if _said(d, method)), None)
    if document is None:
        return ""
    parts = _said(document, method)
    quick = " A quick study: rough figures." if document.get("quick") else ""
    return f"On clips with known truth this method found {'; '.join(parts)}.{quick}"


def _said(document: dict[str, Any], method: str) -> list[str]:
    worlds = document.get("worlds", {})
    return [
        f"{figures['found'][method]} false clips in its first {figures['k']} of"
        f" {figures['clips']} ({name} world)"
        for name, figures in worlds.items()
        if method in figures.get("found", {})
    ]


def _all(weights: str, folders: Sequence[Path]) -> list[dict[str, Any]]:
    found = [d for d in shipped_studies() if d.get("weights") == weights]
    for folder in folders:
        path = folder / "latest" / f"{weights[:16]}.json"
        if path.is_file():
            try:
                own = read_json(path)
            except (OSError, ValueError):
                continue  # damaged from outside: the next study writes it anew
            if own.get("weights") == weights:
                found.append(own)
    return found
