"""`models, index, rank, neighbours, map, whatif`: which clips taught this motion."""

from __future__ import annotations

import argparse
from typing import Any

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
from motionlens.domain.ranking import Method, RankedClip


def register(verbs: Verbs) -> None:
    """Add this family's verbs."""
    verb = verbs.add(
        "models",
        models,
        "models, what each needs, and whether it can run here",
        "models ./Wan2.1-T2V-1.3B-Diffusers",
    )
    verb.add_argument("folders", nargs="*", metavar="FOLDER", help="diffusers folders to look at")

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
        default=[(0.8, 0.95)],
        metavar="0.8,0.95",
        help="shares of noise",
    )
    verb.add_argument("--tracked", default="all", metavar="all|lora|REGEX")
    verb.add_argument(
        "--mask",
        default="adjacent",
        metavar="adjacent|anchor|none",
        help="may be followed by +stabilise, +robust, +confidence",
    )
    verb.add_argument("--flow", default="dis", metavar="NAME", help="flow backend of the mask")
    verb.add_argument("--projection", default="default", metavar="NAME")
    verb.add_argument("--dim", type=count, default=512, metavar="512")
    verb.add_argument("--half", action="store_true", help="rows in half precision, half the disk")
    verb.add_argument(
        "--balance",
        choices=("layers", "none"),
        default="layers",
        help="each layer's gradient at unit length, or as published",
    )
    add_seed(verb)
    add_jobs(verb)
    add_device(verb)
    _register_rankings(verbs)
    _register_explanations(verbs)


def _register_rankings(verbs: Verbs) -> None:
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


def _register_explanations(verbs: Verbs) -> None:
    verb = verbs.add(
        "map",
        influence_map,
        "where and when in a clip its influence comes from",
        "map skating --query 1f3a9c --clip 77b0d2 -o map.npz",
    )
    verb.add_argument("project", metavar="PROJECT")
    verb.add_argument("--query", required=True, metavar="CLIP")
    verb.add_argument("--clip", required=True, metavar="CLIP", help="a training clip of the index")
    verb.add_argument("-o", dest="out", metavar="OUT.npz", required=True)
    verb.add_argument("--method", choices=("centred", "cosine", "whitened"), default="centred")
    verb.add_argument("--side", choices=("clip", "query"), default="clip", help="whose places")
    _add_where(verb)

    verb = verbs.add(
        "whatif",
        what_if,
        "what the model does without some clips: predicted, and measured by training steps",
        "whatif skating --query 1f3a9c --exclude 77b0d2",
    )
    verb.add_argument("project", metavar="PROJECT")
    for name, about in (("--query", "whose loss is watched"), ("--exclude", "left out")):
        verb.add_argument(
            name, nargs="+", action="extend", required=True, metavar="CLIP", help=about
        )
    verb.add_argument("--steps", type=count, default=8, metavar="N", help="real training steps")
    verb.add_argument("--index", dest="fingerprint", metavar="FINGERPRINT")
    add_seed(verb)
    add_device(verb)


def _add_where(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--region", type=region, metavar="X,Y,W,H", help="fractions of the frame")
    verb.add_argument("--frames", type=frame_span, metavar="A:B", help="B not included")
    verb.add_argument("--index", dest="fingerprint", metavar="FINGERPRINT")
    add_device(verb)


def models(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import tools

    known = tools().models
    rows = [known.describe(folder) for folder in args.folders] or known.known()
    text = table(
        [
            (
                r.name,
                r.family,
                f"{r.parameters:,}",
                f"{r.needs_gb:.0f} GB" if r.needs_gb else "",
                "ready" if r.ready else r.why_not,
            )
            for r in rows
        ],
        ("name", "family", "parameters", "needs", "here"),
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
            half=args.half,
            balance=args.balance,
            seed=args.seed,
            jobs=args.jobs,
            device=args.device,
            progress=out.progress,
        )
    for skipped in result.skipped:
        out.message(f"Skipped {skipped.path}: {skipped.why}")
    text = f"Index {result.fingerprint}: {result.clips} clips in {result.seconds:.0f} s"
    if result.self_test is not None and not result.self_test.ok:
        text += f"\nDo not trust this index: {result.self_test.why}."
    out.result(result, text)
    return 3 if result.skipped else 0


def rank(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project
    from motionlens.app.study import studies_folder
    from motionlens.operations.evaluate_shown import known_truth
    from motionlens.operations.trust import nothing_stands_out

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
        weights = project.rooms.indexes.latest(result.fingerprint)[0].spec.weights
    _say_left_out(result.left_out, out)
    rows = result.rows
    trusted = known_truth(weights, result.method, [studies_folder()])
    document = {
        "method": result.method,
        "fingerprint": result.fingerprint,
        "ridge": result.ridge,
        "standing_out": result.standing_out,
        "warnings": result.warnings,
        "known_truth": trusted,
        "rows": [_ranked(row, args.explain) for row in rows],
    }
    for warning in result.warnings:
        out.message(warning)
    text = table(
        [
            (
                row.rank,
                _between(row.rank_low, row.rank_high),
                row.id[:8],
                f"{row.score:+.4f}",
                _short(row.q_value),
                names.get(row.id, "") + ("  (no motion)" if row.no_motion else ""),
            )
            for row in rows
        ],
        ("rank", "90 %", "id", "score", "q", "clip"),
    )
    said = (nothing_stands_out(result.standing_out), text, trusted)
    out.result(document, "\n".join(part for part in said if part))
    return 0


def _ranked(row: RankedClip, explain: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": row.id,
        "score": row.score,
        "rank": row.rank,
        "p_value": row.p_value,
        "q_value": row.q_value,
        "per_query": dict(row.per_query),
        "rank_low": row.rank_low,
        "rank_high": row.rank_high,
        "no_motion": row.no_motion,
    }
    return document | ({"parts": dict(row.parts)} if explain else {})


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


def influence_map(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.map(
            query=clip_name(args.query),
            clip=clip_name(args.clip),
            out=args.out,
            region=args.region,
            frames=args.frames,
            method=args.method,
            side=args.side,
            index=args.fingerprint,
            device=args.device,
            progress=out.progress,
        )
    if result.no_motion:
        text = "Nothing moves in one of the two: there is no influence to map."
    else:
        curve = result.per_frame
        top = max(range(result.frames), key=lambda n: abs(curve[n]))
        text = (
            f"Score {result.total:+.4f} over {result.frames} frames;"
            f" frame {top} carries {100 * result.share_top_frame:.0f} % of it"
        )
    out.result(result, text)
    return 0


def what_if(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.whatif(
            query=clip_names(args.query),
            exclude=clip_names(args.exclude),
            steps=args.steps,
            seed=args.seed,
            index=args.fingerprint,
            device=args.device,
            progress=out.progress,
        )
        names = {row.id: row.path.rsplit("/", 1)[-1] for row in project.clips()}
    beside = result.random
    lines = [
        (
            query[:8],
            *(
                f"{100 * value[query] / result.before[query]:+.3f}"
                for value in (result.predicted, result.predicted_damped, result.measured)
            ),
            *(
                f"{100 * value[query] / result.before[query]:+.3f}"
                for value in (beside.predicted, beside.measured)
            ),
            names.get(query, ""),
        )
        for query in result.predicted
    ]
    heads = ("query", "predicted", "damped", "measured", "random: predicted", "measured", "clip")
    so_far = result.agreement
    told = (
        "too few to tell" if so_far.spearman is None else f"rank correlation {so_far.spearman:.2f}"
    )
    text = (
        f"Change of each query's loss in per cent without {result.excluded} clips, after"
        f" {result.steps} steps. Negative: it falls when they go.\n"
        f"{table(lines, heads)}\n"
        f"Predictions against measurements of this index so far: {so_far.pairs} pairs, {told}."
    )
    out.result(result, text)
    return 0


def _say_left_out(count: int, out: Output) -> None:
    if count:
        clips = "clip is" if count == 1 else "clips are"
        out.message(f"{count} training {clips} not indexed yet and left out.")


def _between(low: int | None, high: int | None) -> str:
    return "" if low is None or high is None else f"{low}-{high}"


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}".lstrip("0")
