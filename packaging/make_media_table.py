"""Writes docs/guide/media.md: what each odd file of a folder gives, as `probe` tells it.

    python packaging/make_media_table.py FOLDER [FILE]

FOLDER holds the files and ODD.csv, which says what is odd about each. FILE is docs/guide/media.md
where it is left out.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from motionlens.domain.clip import MediaInfo
from motionlens.domain.errors import MediaError
from motionlens.media import PyAVReader

HEAD = """# What MotionLens reads

Every frame is told by its own time stamp, never by a seek's guess: frame N is frame N of a decode
from start to end, however it is reached. Sizes are as shown: the rotation tag and the shape of
pixels are applied. What FFmpeg decodes is read, whatever the file is called.

- **Variable frame rate**: times are the stream's own; the rate is the mean.
- **HDR** (PQ, HLG) is tone-mapped to an ordinary screen, so that highlights keep their shape.
- **Transparency** lies on mid grey (128), in VP8 and VP9 too.
- **Interlaced** video stays woven: both fields of a frame are shown as they are stored.
- **Damaged** files are used as far as they can be read, and the clip says what is missing.
- **What cannot be read** gives a reason, and `add` goes on with the next file.

Decoding runs in a process of its own, with bounded memory and time: a file that crashes a decoder
takes no window along.

## Odd files, and what each gives
This table is what the code gives (`packaging/make_media_table.py`); a test compares them.

| file | what is odd | what it gives |
|---|---|---|
"""


def table(folder: Path) -> str:
    """The page, as markdown."""
    with open(folder / "ODD.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [
        f"| `{row['file']}` | {row['what_is_odd']} | {outcome(folder / row['file'])} |"
        for row in rows
    ]
    return HEAD + "\n".join(lines) + "\n"


def outcome(path: Path) -> str:
    """What `probe` finds, in a line."""
    try:
        return described(PyAVReader().probe(path))
    except MediaError as error:
        return f"no clip: {error.why[0].lower()}{error.why[1:]}"


def described(info: MediaInfo) -> str:
    """Facts of a file in words."""
    frames = "1 frame" if info.frames == 1 else f"{info.frames} frames"
    first, last = info.frame_times_s[0], info.frame_times_s[-1]
    parts = [f"{frames} of {info.width} x {info.height}, {info.codec}"]
    if info.frames > 1:
        rate = "a varying rate, " if info.variable_frame_rate else ""
        parts.append(f"{first:.3f} to {last:.3f} s, {rate}{info.fps:.3f} a second")
    if info.rotation:
        parts.append(f"turned by {info.rotation} degrees")
    if info.damage:
        parts.append(info.damage)
    return "; ".join(parts)


def main() -> None:
    """Write the page."""
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    default = Path(__file__).parent.parent / "docs" / "guide" / "media.md"
    page = Path(sys.argv[2]) if len(sys.argv) == 3 else default
    page.write_text(table(Path(sys.argv[1])), encoding="utf-8")


if __name__ == "__main__":
    main()
