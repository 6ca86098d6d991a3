"""`models, index, rank, neighbours`: which clips taught this motion."""

from __future__ import annotations

import argparse

from motionlens.cli.output import Output, table
from motionlens.cli.parser import (
    Verbs,
    add_device,
    add_jobs,
    add_seed,
    clip_name,
    clip_names,
    count,
    frame_span,
    numbers,
    region,
)
from motionlens.domain.ranking import Method


def register(verbs: Verbs) -> None:
    """Add this family's verbs."""
    verbs.add("models", models, "model families, and whether each can run here", "models")

    verb = verbs.add(
        "index",
        index,
        "projected gradients of all training clips",
        "index skating --model embedded",
    )
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("--model", default="embedded", metavar="NAME|PATH")
    verb.add_argument(
        "--timesteps",
        type=numbers,
        nargs="+",
        default=[(0.6, 0.9)],
        metavar="0.6,0.9",
        help="shares of noise",
    )
    verb.add_argument("--tracked", default="all", metavar="all|lora|REGEX")
    verb.add_argument("--mask", choices=("adjacent", "anchor", "none"), default="adjacent")
    verb.add_argument("--flow", default="dis", metavar="NAME", help="flow backend of the mask")
    verb.add_argument("--projection", default="default", metavar="NAME")
    verb.add_argument("--dim", type=count, default=512, metavar="512")
    add_seed(verb)
    add_jobs(verb)
    add_device(verb)

    verb = verbs.add(
        "rank", rank, "candidates, most harmful first", "rank skating --bad 1f3a9c --good 77b0d2"
    )
    verb.add_argument("project", metavar="PROJECT")
    for name, about in (("--bad", "motion we want gone"), ("--good", "motion we want")):
        verb.add_argument(name, nargs="+", action="extend", default=[], metavar="CLIP", help=about)
    _add_where(verb)
    verb.add_argument("--top", type=count, metavar="N", help="only the N most harmful")
    verb.add_argument("--method", choices=[str(m) for m in Method], default="centred")
    verb.add_argument("--explain", action="store_true", help="the parts of each score too")

    verb = verbs.add(
        "neighbours",
        neighbours,
        "proponents and opponents of one query",
        "neighbours skating --query 1f3a9c",
    )
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("--query", required=True, metavar="CLIP")
    _add_where(verb)
    verb.add_argument("--top", type=int, default=10, metavar="N")


def _add_where(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--region", type=region, metavar="X,Y,W,H", help="fractions of the frame")
    verb.add_argument("--frames", type=frame_span, metavar="A:B", help="B not included")
    verb.add_argument("--index", dest="fingerprint", metavar="FINGERPRINT")
    add_device(verb)


def models(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import tools

    rows = tools().models.known()
    text = table(
        [(r.name, r.family, f"{r.parameters:,}", "ready" if r.ready else r.why_not) for r in rows],
        ("name", "family", "parameters", "here"),
    )
    notes = "".join(f"\n{row.name} {row.note}." for row in rows if row.note)
    out.result(rows, text + notes)
    return 0


def index(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.index(
            model=args.model,
            timesteps=tuple(level for part in args.timesteps for level in part),
            tracked=args.tracked,
            mask=args.mask,
            flow=args.flow,
            projection=args.projection,
            dim=args.dim,
            seed=args.seed,
            jobs=args.jobs,
            device=args.device,
            progress=out.progress,
        )
    for skipped in result.skipped:
        out.message(f"Skipped {skipped.path}: {skipped.why}")
    text = f"Index {result.fingerprint}: {result.clips} clips in {result.seconds:.0f} s"
    out.result(result, text)
    return 3 if result.skipped else 0


def rank(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.rank(
            bad=clip_names(args.bad),
            good=clip_names(args.good),
            region=args.region,
            frames=args.frames,
            top=args.top,
            method=args.method,
            index=args.fingerprint,
            device=args.device,
            progress=out.progress,
        )
        names = {row.id: row.path.rsplit("/", 1)[-1] for row in project.clips(role="training")}
    _say_left_out(result.left_out, out)
    rows = result.rows
    document = {
        "method": result.method,
        "fingerprint": result.fingerprint,
        "rows": [
            {
                "id": row.id,
                "score": row.score,
                "rank": row.rank,
                "p_value": row.p_value,
                "q_value": row.q_value,
                "per_query": dict(row.per_query),
            }
            | ({"parts": dict(row.parts)} if args.explain else {})
            for row in rows
        ],
    }
    text = table(
        [
            (row.rank, row.id[:8], f"{row.score:+.4f}", _short(row.q_value), names.get(row.id, ""))
            for row in rows
        ],
        ("rank", "id", "score", "q", "clip"),
    )
    out.result(document, text)
    return 0


def neighbours(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.neighbours(
            query=clip_name(args.query),
            region=args.region,
            frames=args.frames,
            top=args.top,
            index=args.fingerprint,
            device=args.device,
            progress=out.progress,
        )
        names = {row.id: row.path.rsplit("/", 1)[-1] for row in project.clips(role="training")}
    _say_left_out(result.left_out, out)
    document = {"proponents": result.proponents, "opponents": result.opponents}
    lines = [
        (kind, row.id[:8], f"{row.score:+.4f}", names.get(row.id, ""))
        for kind, found in (("proponent", result.proponents), ("opponent", result.opponents))
        for row in found
    ]
    out.result(document, table(lines, ("", "id", "score", "clip")))
    return 0


def _say_left_out(count: int, out: Output) -> None:
    if count:
        clips = "clip is" if count == 1 else "clips are"
        out.message(f"{count} training {clips} not indexed yet and left out.")


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}".lstrip("0")
