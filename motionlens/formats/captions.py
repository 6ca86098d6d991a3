"""Captions as trainers can read them, and clips that an export must leave out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from unicodedata import category

from motionlens.domain.errors import ManifestError
from motionlens.domain.manifest import Manifest, ManifestEntry

# Control characters, line and paragraph separators, halves of a character (joiners may stay).
_CUTTING = frozenset(("Cc", "Zl", "Zp", "Cs"))

# What a CSV reader may take for "nothing here" or for a number.
_NOT_TEXT = re.compile(
    r"\s*(|#?n/?a|nan|-nan|null|none|<na>|true|false|[-+]?inf(inity)?|[-+.\d_eE]+)\s*",
    re.IGNORECASE,
)


def one_line(caption: str) -> str:
    """The caption on one line: line and paragraph separators and control characters are spaces.

    A line break means "several captions" to one trainer and "cut here" to another.
    """
    return " ".join("".join(" " if category(c) in _CUTTING else c for c in caption).split())


def reads_as_text(caption: str) -> bool:
    """Whether a CSV reader that guesses types takes the caption for text."""
    return _NOT_TEXT.fullmatch(caption) is None


def leave_out(options: Mapping[str, Any], entry: ManifestEntry, why: str) -> None:
    """Report a clip that cannot be exported to `options["skipped"]`, called with id and reason.

    Raises
    ------
    ManifestError
        Nobody listens: a clip must never go missing in silence.
    """
    skipped = options.get("skipped")
    if skipped is None:
        raise ManifestError(f"The clip {entry.id} cannot be exported", why, _advice(why))
    skipped(entry.id, why)


def captioned(manifest: Manifest, options: Mapping[str, Any]) -> Iterator[ManifestEntry]:
    """Entries with a caption on one line; those without one get the default, or are left out."""
    default = one_line(str(options.get("default_caption") or ""))
    for entry in manifest.entries:
        caption = one_line(entry.caption) or default
        if caption:
            yield replace(entry, caption=caption)
        else:
            leave_out(options, entry, _NO_CAPTION)


def with_default(manifest: Manifest, options: Mapping[str, Any]) -> Manifest:
    """The manifest with the default caption where there is none; captions may stay empty."""
    default = str(options.get("default_caption") or "")
    entries = tuple(replace(e, caption=e.caption or default) for e in manifest.entries)
    return replace(manifest, entries=entries)


def require_some(entries: list[Any], format_name: str) -> None:
    """Refuse an export in which no clip is left."""
    if not entries:
        raise ManifestError(
            f"The {format_name} export would be empty",
            "every approved clip had to be left out",
            "See the reasons above; for captions, give --default-caption TEXT",
        )


_NO_CAPTION = "it has no caption, which this trainer cannot take"


def _advice(why: str) -> str:
    return (
        "Give --default-caption TEXT, or caption it"
        if why == _NO_CAPTION
        else "Mend the clip, or exclude it"
    )
