"""`new, add, check, backup, restore, open, demo`: the project as a whole."""

from __future__ import annotations

import argparse
from pathlib import Path

from motionlens.cli.output import Output, to_json
from motionlens.cli.parser import Verbs


def register(verbs: Verbs) -> None:
    """Add this family's verbs."""
    verb = verbs.add("new", new, "make a project folder", "new skating")
    verb.add_argument("project", metavar="PROJECT")

    verb = verbs.add("add", add, "add files, folders or a manifest", "add skating ~/clips")
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("paths", metavar="PATH", nargs="*", help="files, and folders with all below")
    verb.add_argument(
        "--role", choices=("training", "generation", "reference"), default="training"
    )
    verb.add_argument("--from", dest="manifest", metavar="MANIFEST", help="a training list")
    verb.add_argument(
        "--caption-suffix", default=".txt", metavar=".txt", help="text files beside the clips"
    )

    verb = verbs.add("check", check, "look for damage and mend it", "check skating --repair")
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("--repair", action="store_true", help="mend what can be mended")

    verb = verbs.add("backup", backup, "save a verified copy of the database", "backup skating")
    verb.add_argument("project", metavar="PROJECT")

    verb = verbs.add(
        "restore", restore, "put a backup in the database's place", "restore skating FILE"
    )
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("backup", metavar="BACKUP")

    verb = verbs.add("open", open_window, "the window", "open skating")
    verb.add_argument("project", metavar="PROJECT", nargs="?")


def new(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import create_project

    with create_project(args.project) as project:
        root, schema = project.folder.root, project.rooms.store.schema
    text = f"Made {root}. Add clips with: motionlens add {args.project} FOLDER"
    out.result({"project": str(root), "schema": schema}, text)
    return 0


def add(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.add(
            args.paths,
            role=args.role,
            manifest=args.manifest,
            caption_suffix=args.caption_suffix,
            progress=out.progress,
        )
    for skipped in result.skipped:
        out.message(f"Skipped {skipped.path}: {skipped.why}")
    text = f"{result.added} added, {result.known} known, {len(result.skipped)} skipped"
    out.result(result, text)
    return 3 if result.skipped else 0


def check(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import check_project

    result = check_project(args.project, repair=args.repair)
    lines = [
        f"{p.where}: {p.what}" + (" (repaired)" if p.repaired else "") for p in result.problems
    ]
    out.result(result, "\n".join(lines) or "No problem found")
    return 0 if result.readable else 2


def backup(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        file = project.backup()
    out.result({"file": str(file)}, f"Saved {file}")
    return 0


def restore(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import restore_project

    previous = restore_project(args.project, Path(args.backup))
    document = {"file": str(args.backup), "previous": str(previous) if previous else None}
    out.result(to_json(document), f"Restored {args.backup}; what was there is in {previous}")
    return 0


def open_window(args: argparse.Namespace, out: Output) -> int:
    from motionlens.ui.application import run_window

    return run_window(Path(args.project) if args.project else None)
