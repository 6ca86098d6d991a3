"""`bench`: the table of README."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from motionlens.cli.output import Output, table
from motionlens.cli.parser import Verbs


def register(verbs: Verbs) -> None:
    """Add this family's verb."""
    verb = verbs.add("bench", bench, "measure ours beside peers and limits", "bench --suite decode")
    verb.add_argument("--suite", action="append", default=[], metavar="NAME,...")
    verb.add_argument("--markdown", action="store_true", help="the table as README has it")
    verb.add_argument("--quick", action="store_true", help="small shapes: does it run at all")


_HEAD = ("suite", "case", "ours", "peer", "peer's name", "ratio", "goal")


def markdown(cells: Sequence[tuple[str, ...]], machine: str) -> str:
    """The table in Markdown, with the machine below it."""
    head = [_HEAD, tuple("---" for _ in _HEAD)]
    lines = [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in [*head, *cells]]
    return "\n".join([*lines, "", f"Milliseconds unless a case names its unit; {machine}."])


def bench(args: argparse.Namespace, out: Output) -> int:
    from motionlens.bench import run
    from motionlens.bench.suites import machine

    rows = run(args.suite, args.quick, out.progress)
    cells = [
        (
            row.suite,
            row.case,
            f"{row.ours:.2f}",
            f"{row.peer:.2f}",
            row.peer_name,
            f"{row.ratio:.2f}",
            "" if row.limit is None else f"{row.limit:g}",
        )
        for row in rows
    ]
    text = markdown(cells, machine()) if args.markdown else table(cells, _HEAD)
    out.result({"machine": machine(), "rows": rows}, text)
    return 0
