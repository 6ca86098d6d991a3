"""`report, doctor`: a page to show, and what this machine has."""

from __future__ import annotations

import argparse

from motionlens.cli.output import Output
from motionlens.cli.parser import Verbs, add_device, clip_names, count


def register(verbs: Verbs) -> None:
    """Add this family's verbs."""
    verb = verbs.add(
        "report",
        report,
        "one page about queries and their clips",
        "report skating --query 1f3a9c -o why.html",
    )
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("--query", nargs="+", action="extend", required=True, metavar="CLIP")
    verb.add_argument("-o", dest="out", metavar="OUT.html", required=True)
    verb.add_argument("--top", type=count, default=6, metavar="N", help="clips on each side")
    verb.add_argument("--index", dest="fingerprint", metavar="FINGERPRINT")
    add_device(verb)

    verbs.add("doctor", doctor, "versions, devices, codecs, display, free disk", "doctor")


def report(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.report(
            clip_names(args.query),
            args.out,
            top=args.top,
            index=args.fingerprint,
            device=args.device,
            progress=out.progress,
        )
    out.result(result, f"{result.file}, {result.bytes / 1e6:.1f} MB")
    return 0


def doctor(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import tools
    from motionlens.operations.doctor import doctor as look

    result = look(tools())
    lines = [
        f"{'ok ' if c.ok else 'NO '} {c.name}: {c.detail}" + ("" if c.ok else f". {c.fix}")
        for c in result.checks
    ]
    out.result(result, "\n".join(lines))
    return 0
