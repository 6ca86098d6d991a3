"""`bench`: the table of README."""

from __future__ import annotations

import argparse

from motionlens.cli.output import Output, table
from motionlens.cli.parser import Verbs


def register(verbs: Verbs) -> None:
    """Add this family's verb."""
    verb = verbs.add("bench", bench, "measure ours beside peers and limits", "bench --suite decode")
    verb.add_argument("--suite", action="append", default=[], metavar="NAME")
    verb.add_argument("--quick", action="store_true", help="small shapes: does it run at all")


def bench(args: argparse.Namespace, out: Output) -> int:
    from motionlens.bench import run
    from motionlens.bench.suites import machine

    rows = run(args.suite, args.quick, out.progress)
    text = table(
        [
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
        ],
        ("suite", "case", "ours ms", "peer ms", "peer", "ratio", "goal"),
    )
    out.result({"machine": machine(), "rows": rows}, text)
    return 0
