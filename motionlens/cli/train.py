"""`finetune, runs, stop, generate`: training on the approved clips, and what comes of it."""

from __future__ import annotations

import argparse

from motionlens.cli.output import Output, table
from motionlens.cli.parser import Verbs, add_device, add_seed, count
from motionlens.domain.manifest import APPROVED
from motionlens.domain.run import LIVE


def register(verbs: Verbs) -> None:
    """Add this family's verbs."""
    _register_finetune(verbs)
    verb = verbs.add("runs", runs, "all fine-tunes, newest first", "runs skating")
    verb.add_argument("project", metavar="PROJECT")

    verb = verbs.add("stop", stop, "end a fine-tune after its current step", "stop skating run-1")
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("name", metavar="RUN")

    verb = verbs.add(
        "generate",
        generate,
        "let a model continue starts, and add what it makes",
        "generate skating --model run-1 --references",
    )
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("--model", default="embedded", metavar="NAME|RUN|PATH")
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument("--prompts", metavar="FILE", help="one prompt a line")
    what.add_argument(
        "--references", action="store_true", help="continue each reference's first frames"
    )
    verb.add_argument("-o", dest="out", metavar="DIR", help="(default: generations, in PROJECT)")
    add_seed(verb)
    add_device(verb)


def _register_finetune(verbs: Verbs) -> None:
    verb = verbs.add(
        "finetune",
        finetune,
        "train a model on the approved clips",
        "finetune skating --model embedded --steps 250",
    )
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("--model", default="embedded", metavar="NAME|RUN|PATH")
    verb.add_argument("--method", choices=("full", "lora"), default="full")
    which = verb.add_mutually_exclusive_group()
    which.add_argument("--manifest", metavar="FILE", help="train on this list instead")
    which.add_argument("--include", choices=APPROVED, default="not-excluded")
    verb.add_argument("--steps", type=count, default=250, metavar="N", help="all steps of the run")
    how = verb.add_mutually_exclusive_group()
    how.add_argument("--name", default="", metavar="RUN", help="(default: the next free run-N)")
    how.add_argument("--resume", metavar="RUN", help="go on with it, with its own settings")
    verb.add_argument("--detach", action="store_true", help="return at once, train on alone")
    verb.add_argument("--processes", type=count, default=1, metavar="N")
    verb.add_argument("--batch", type=count, default=16, metavar="N", help="clips a step")
    verb.add_argument(
        "--learning-rate", type=float, default=0.0, metavar="X", help="(default: the method's own)"
    )
    add_seed(verb)
    add_device(verb)


def finetune(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.finetune(
            model=args.model,
            method=args.method,
            manifest=args.manifest,
            include=args.include,
            steps=args.steps,
            name=args.name,
            resume=args.resume,
            detach=args.detach,
            processes=args.processes,
            seed=args.seed,
            batch=args.batch,
            learning_rate=args.learning_rate,
            device=args.device,
            progress=out.progress,
        )
    for skipped in result.skipped:
        out.message(f"Skipped {skipped.path}: {skipped.why}")
    if args.detach:
        text = f"{result.run} trains by itself. See: motionlens runs {args.project}"
    else:
        loss = "-" if result.final_loss is None else f"{result.final_loss:.4g}"
        text = f"{result.run} {result.state}: {result.steps} steps, loss {loss}, {result.weights}"
    out.result(result, text)
    return 3 if result.skipped or result.state == "stopped" else 0


def runs(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        rows = project.runs()
    cells = [
        (
            row.run,
            row.state,
            f"{row.step}/{row.steps}",
            "-" if row.loss is None else f"{row.loss:.4g}",
            row.started[:19],
            row.base,
            row.why,
        )
        for row in rows
    ]
    header = ("run", "state", "step", "loss", "started", "base", "")
    out.result(rows, table(cells, header) if rows else "No runs yet")
    return 0


def stop(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        rows = project.stop(args.name)
    row = rows[0]
    live = row.state in LIVE
    end = "ends after its current step" if live else f"is {row.state}"
    out.result(rows, f"{row.run} {end}")
    return 0


def generate(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.generate(
            model=args.model,
            prompts=args.prompts,
            references=args.references,
            out=args.out,
            seed=args.seed,
            device=args.device,
            progress=out.progress,
        )
    for skipped in result.skipped:
        out.message(f"Skipped {skipped.path}: {skipped.why}")
    out.result(result, f"{len(result.clips)} generations added")
    return 3 if result.skipped else 0
