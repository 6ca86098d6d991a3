"""`clips, analyse, history`: what is in a project."""

from __future__ import annotations

import argparse

from motionlens.cli.output import Output, table
from motionlens.cli.parser import Verbs, add_jobs
from motionlens.domain.clip import Role


def register(verbs: Verbs) -> None:
    """Add this family's verbs."""
    verb = verbs.add("clips", clips, "list clips", "clips skating --decision exclude")
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("--role", choices=[str(r) for r in Role])
    verb.add_argument("--decision", choices=("exclude", "keep", "unsure", "none"))
    verb.add_argument("--flag", metavar="NAME")

    verb = verbs.add(
        "analyse", analyse, "measure motion and flag what looks wrong", "analyse skating"
    )
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("--again", action="store_true", help="clips that are analysed already too")
    add_jobs(verb)


def clips(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        rows = project.clips(role=args.role, decision=args.decision, flag=args.flag)
    text = table(
        [
            (
                row.id[:8],
                row.role,
                f"{row.width}x{row.height}",
                row.frames,
                row.decision,
                ", ".join(flag.name for flag in row.flags) or "-",
                row.path,
            )
            for row in rows
        ],
        ("id", "role", "size", "frames", "decision", "flags", "path"),
    )
    out.result(rows, text)
    return 0


def analyse(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.analyse(again=args.again, jobs=args.jobs, progress=out.progress)
    for skipped in result.skipped:
        out.message(f"Skipped {skipped.path}: {skipped.why}")
    for blocked in result.blocked:
        out.message(f"The plugin's flagger {blocked.name} was left out: {blocked.why}")
    counts = ", ".join(f"{name} {count}" for name, count in result.flags.items())
    out.result(result, f"{result.done} clips analysed. Flags: {counts or 'none'}")
    return 3 if result.skipped else 0
