"""Measure all flaggers and write their table into docs/guide/flaggers.md. Takes some 20 minutes.

Needs the real clips (`MOTIONLENS_SHARED`, or `shared` beside the checkout).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from motionlens.bench.flagger_cases import shared_clips
from motionlens.bench.flaggers import markdown, measured

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "guide" / "flaggers.md"
_BETWEEN = re.compile(r"(<!-- rates -->\n).*(<!-- /rates -->)", re.DOTALL)


def main() -> int:
    if shared_clips() is None:
        print("The real clips are not there; set MOTIONLENS_SHARED.", file=sys.stderr)
        return 2
    table = markdown(*measured(tell=lambda words: print(words, flush=True)))
    text = GUIDE.read_text(encoding="utf-8")
    GUIDE.write_text(_BETWEEN.sub(lambda m: f"{m[1]}{table}{m[2]}", text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
