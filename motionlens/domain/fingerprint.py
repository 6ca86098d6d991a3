"""What a gradient index depends on, in one value; a change of any part makes the index stale."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields

# Raised by hand when a formula changes, so that old rows are never mixed with new ones.
RECIPE_VERSION = 5

_WORDS = {
    "weights": "the model's weights",
    "tracked": "the tracked parameters",
    "levels": "the timesteps",
    "noise_seed": "the noise seed",
    "mask": "the mask recipe",
    "flow": "the flow backend",
    "projection": "the projection",
    "dim": "the projection's size",
    "projection_seed": "the projection's seed",
    "recipe_version": "the recipe version",
    "rows": "the precision of the rows",
    "balance": "the balance of layers",
}
# Full precision, and half of it for half the disk.
PRECISIONS = ("float32", "float16")
# Gradients as they are (as published), or each parameter's part at unit length.
BALANCES = ("none", "layers")


@dataclass(frozen=True)
class IndexSpec:
    """The settings of a gradient index.

    Attributes
    ----------
    weights : str
        sha256 of the model's weights.
    levels : tuple of float
        Timesteps as shares of noise, 0 (clean) to 1 (noise).
    dim : int
        Numbers a clip.
    rows : str
        One of `PRECISIONS`: how rows are kept.
    balance : str
        One of `BALANCES`.
    """

    weights: str
    tracked: str
    levels: tuple[float, ...]
    noise_seed: int
    mask: str
    flow: str
    projection: str
    dim: int
    projection_seed: int
    recipe_version: int = RECIPE_VERSION
    rows: str = PRECISIONS[0]
    balance: str = BALANCES[0]

    @property
    def fingerprint(self) -> str:
        """12 hex digits that stand for all settings."""
        values = asdict(self)
        for name, default in (("rows", PRECISIONS[0]), ("balance", BALANCES[0])):
            if values[name] == default:
                del values[name]  # as it was before there was a choice
        text = json.dumps(values, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def differences(self, other: IndexSpec) -> list[str]:
        """What differs, in words, both values named (hashes shortened)."""
        return [
            f"{_WORDS[f.name]} changed from {_short(getattr(self, f.name))}"
            f" to {_short(getattr(other, f.name))}"
            for f in fields(self)
            if getattr(self, f.name) != getattr(other, f.name)
        ]


def spec_from_json(values: dict[str, object]) -> IndexSpec:
    """The spec in a `meta.json`; raises TypeError or KeyError on a foreign document."""
    values = dict(values)
    values["levels"] = tuple(float(x) for x in values["levels"])  # type: ignore[attr-defined]
    return IndexSpec(**values)  # type: ignore[arg-type]


def _short(value: object) -> str:
    text = str(value)
    return text[:12] if len(text) > 40 else text
