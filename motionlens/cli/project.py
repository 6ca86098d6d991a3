"""`new, add, check, backup, restore, open, demo`: the project as a whole."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from motionlens.cli.output import Output, to_json
from motionlens.cli.parser import Verbs, add_jobs, add_seed
from motionlens.domain.clip import Role


def register(verbs: Verbs) -> None:
    """Add this family's verbs."""
    verb = verbs.add("new", new, "make a project folder", "new skating")
    verb.add_argument("project", metavar="PROJECT")

    verb = verbs.add("add", add, "add files, folders or a manifest", "add skating ~/clips")
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("paths", metavar="PATH", nargs="*", help="files, and folders with all below")
    verb.add_argument("--role", choices=[str(r) for r in Role], default="training")
    verb.add_argument("--from", dest="manifest", metavar="MANIFEST", help="a training list")
    verb.add_argument(
        "--caption-suffix", default=".txt", metavar=".txt", help="text files beside the clips"
    )
    verb.add_argument(
        "--split-scenes", action="store_true", help="each scene between cuts as a clip of its own"
    )
    add_jobs(verb)

    verb = verbs.add("check", check, "look for damage and mend it", "check skating --repair")
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("--repair", action="store_true", help="mend what can be mended")
    verb.add_argument(
        "--search", nargs="+", metavar="DIR", default=[], help="where moved media may lie"
    )

    verb = verbs.add("backup", backup, "save a verified copy of the database", "backup skating")
    verb.add_argument("project", metavar="PROJECT")

    verb = verbs.add(
        "restore", restore, "put a backup in the database's place", "restore skating FILE"
    )
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("backup", metavar="BACKUP")

    verb = verbs.add(
        "demo", demo, "the whole loop on simulated clips, done here", "demo ~/motionlens-demo"
    )
    verb.add_argument("project", metavar="DIR", nargs="?")
    verb.add_argument("--headless", action="store_true", help="open no window")
    verb.add_argument("--fresh", action="store_true", help="make a finished demo again")
    add_seed(verb)

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
            split_scenes=args.split_scenes,
            jobs=args.jobs,
            progress=out.progress,
        )
    for skipped in result.skipped:
        out.message(f"Skipped {skipped.path}: {skipped.why}")
    text = f"{result.added} added, {result.known} known, {len(result.skipped)} skipped"
    out.result(result, text)
    return 3 if result.skipped else 0


def check(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import check_project

    result = check_project(args.project, repair=args.repair, search=args.search)
    lines = [
        f"{p.where}: {p.what}" + (" (repaired)" if p.repaired else "") for p in result.problems
    ]
    out.result(result, "\n".join(lines) or "No problem found")
    return 0 if result.readable else 2


def backup(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.backup()
    out.result(result, f"Saved {result.file}")
    return 0


def restore(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import restore_project

    previous = restore_project(args.project, Path(args.backup))
    document = {"file": str(args.backup), "previous": str(previous) if previous else None}
    out.result(to_json(document), f"Restored {args.backup}; what was there is in {previous}")
    return 0


def demo(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import make_demo
    from motionlens.operations.demo import demo_folder

    folder = Path(args.project) if args.project else demo_folder()
    document = make_demo(folder, fresh=args.fresh, seed=args.seed, progress=out.progress)
    out.result(document, _demo_text(document))
    if args.headless:
        return 0
    from motionlens.ui.application import run_window

    return run_window(folder)


def _demo_text(document: dict[str, Any]) -> str:
    rate = document["win_rate"]
    lo, hi = document["ci95"]
    counts = "{wins} won, {ties} tied, {losses} lost".format(**document)
    control = "{wins} won, {ties} tied, {losses} lost".format(**document["control"])
    said = "nothing was decided" if rate is None else f"win rate {rate:.0%} ({lo:.0%} to {hi:.0%})"
    return (
        f"{document['project']}: {document['clips']} clips, {document['planted']} planted;"
        f" {document['found']} of them among the {document['candidates']} candidates"
        f" (decided by {document['decided_by']}).\n"
        f"Trained without them against the base: {counts}; {said}.\n"
        f"Control, as many random clips left out: {control}.\n"
        f"Judged by {document['judged_by']}. {document['seconds']:.0f} s."
    )


def open_window(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app.bindings import spare_player

    # Its libraries are loaded beside those of the window, not after them.
    spare_player().start()
    try:
        from motionlens.ui.application import run_window

        return run_window(Path(args.project) if args.project else None)
    finally:
        spare_player().close()
