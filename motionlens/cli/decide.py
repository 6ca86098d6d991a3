"""`decide, undo, redo, history, merge, agreement, export`."""

from __future__ import annotations

import argparse

from motionlens.cli.output import Output, table, without
from motionlens.cli.parser import Verbs, clip_name, clip_names
from motionlens.domain.decision import Decision
from motionlens.domain.errors import UsageError
from motionlens.domain.manifest import APPROVED


def register(verbs: Verbs) -> None:
    """Add this family's verbs."""
    verb = verbs.add("decide", decide, "record a decision", "decide skating exclude 1f3a9c")
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("decision", choices=[str(d) for d in Decision])
    verb.add_argument("clips", metavar="CLIP", nargs="+", help="id, prefix, path, or - for stdin")
    verb.add_argument("--by", metavar="NAME", help="who decides (default: the login name)")
    verb.add_argument("--note", default="", metavar="TEXT")
    verb.add_argument(
        "--tag", action="append", default=[], metavar="TAG", help="a reason; may be repeated"
    )

    for name, run, about in (
        ("undo", undo, "take back the last step"),
        ("redo", redo, "bring back the step that was undone last"),
    ):
        verb = verbs.add(name, run, about, f"{name} skating")
        verb.add_argument("project", metavar="PROJECT")
        verb.add_argument("--by", metavar="NAME", help="only that person's steps")

    verb = verbs.add("history", history, "every decision ever made", "history skating")
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("clip", metavar="CLIP", nargs="?")

    verb = verbs.add("merge", merge, "take over another project's decisions", "merge mine theirs")
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("other", metavar="OTHER")

    verb = verbs.add("agreement", agreement, "how far curators agree", "agreement skating")
    verb.add_argument("project", metavar="PROJECT")

    verb = verbs.add(
        "export",
        export,
        "write the approved clips as a manifest",
        "export skating --format jsonl -o train.jsonl",
    )
    verb.add_argument("project", metavar="PROJECT", nargs="?")
    verb.add_argument("--list-formats", action="store_true")
    verb.add_argument("--format", metavar="NAME")
    verb.add_argument("-o", dest="out", metavar="OUT")
    verb.add_argument("--include", choices=APPROVED, default="not-excluded")
    how = verb.add_mutually_exclusive_group()
    how.add_argument("--copy", action="store_true", help="copy media into folder layouts")
    how.add_argument("--link", action="store_true", help="link them (the default)")
    verb.add_argument(
        "--normalise", action="store_true", help="write each clip anew as an upright H.264 mp4"
    )
    verb.add_argument("--default-caption", default="", metavar="TEXT", help="for clips without one")


def decide(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.decide(
            args.decision, clip_names(args.clips), by=args.by, note=args.note, tags=args.tag
        )
    out.result(without(result, "name", "clips"), f"{result.changed} clips: {args.decision}")
    return 0


def undo(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.undo(by=args.by)
    out.result(without(result, "name", "clips"), f"{result.name}: {result.changed} clips changed")
    return 0


def redo(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.redo(by=args.by)
    out.result(without(result, "name", "clips"), f"{result.name}: {result.changed} clips changed")
    return 0


def history(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        rows = project.history(clip_name(args.clip) if args.clip else None)
    text = table(
        [(row.at[:19], row.by, row.clip[:8], row.decision, row.note) for row in rows],
        ("at", "by", "clip", "decision", "note"),
    )
    out.result(rows, text)
    return 0


def merge(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.merge(args.other)
    text = f"{result.new_events} new events, {len(result.conflicts)} clips judged differently"
    out.result(result, text)
    return 0


def agreement(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.agreement()
    percent = "-" if result.percent is None else f"{result.percent:.1f} %"
    again = "".join(
        f"\n{by}: {found.same} of {found.clips} clips that came again got the same answer"
        for by, found in result.with_oneself.items()
    )
    shared = f"{len(result.curators)} curators, {result.clips} shared clips, {percent}"
    out.result(result, shared + again)
    return 0


def export(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project, tools

    if args.list_formats:
        names = tools().formats.names()
        out.result(names, "\n".join(names))
        return 0
    if not args.project or not args.format or not args.out:
        raise UsageError(
            "export needs a project, --format and -o", "", "See: motionlens export --help"
        )
    with open_project(args.project) as project:
        result = project.export(
            format=args.format,
            out=args.out,
            include=args.include,
            copy=args.copy,
            normalise=args.normalise,
            default_caption=args.default_caption,
            progress=out.progress,
        )
    for skipped in result.skipped:
        out.message(f"Skipped {skipped.path}: {skipped.why}")
    out.result(result, f"{result.clips} clips in {result.files[0]}, sha256 {result.sha256[:12]}")
    return 3 if result.skipped else 0
