"""Where the shared real media lie: `MOTIONLENS_SHARED`, or `shared` beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def shared_folder(*parts: str) -> Path:
    """A path below the shared folder; skips the test where it is absent."""
    checkout = Path(__file__).resolve().parents[2]
    root = Path(os.environ.get("MOTIONLENS_SHARED", checkout.parent / "shared"))
    path = root.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs the shared media ({'/'.join(parts) or 'shared'} is absent)")
    return path
