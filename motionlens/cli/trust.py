"""`evaluate`: how far the rankings can be trusted."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motionlens.cli.output import Output, spoken_time, table, to_json
from motionlens.cli.parser import Verbs, add_seed


def register(verbs: Verbs) -> None:
    """Add this family's verb."""
    verb = verbs.add(
        "evaluate",
        evaluate,
        "how far attribution can be trusted, on clips with known truth",
        "evaluate --world both --quick",
    )
    verb.add_argument("--world", choices=("physics", "matched", "both"), default="physics")
    add_seed(verb)
    verb.add_argument("--quick", action="store_true", help="minutes in place of hours; rougher")
    verb.add_argument("--model", default="embedded", metavar="NAME|PATH")
    verb.add_argument("--folder", type=Path, metavar="DIR", help="where studies are kept")
    verb.add_argument("--show", action="store_true", help="the shipped figures; computes nothing")


def evaluate(args: argparse.Namespace, out: Output) -> int:
    if args.show:
        return _show(out)
    from motionlens.app.study import evaluate as run

    result = run(
        world=args.world,
        seed=args.seed,
        quick=args.quick,
        model=args.model,
        folder=args.folder,
        progress=out.progress,
    )
    document = to_json(result.document())
    out.result(document, told(document))
    return 0


def told(document: Mapping[str, Any]) -> str:
    """A study for people: a table a world, then what it says."""
    parts = [_world(figures) for figures in document["worlds"].values()]
    end = f"{spoken_time(document['seconds'])} on {document['machine']}; seed {document['seed']}."
    if document.get("command"):
        end = f"{document['command']}: {end}"
    parts.append("\n".join(text for text in (document.get("note", ""), end) if text))
    return "\n\n".join(parts)


def _show(out: Output) -> int:
    from motionlens.operations.evaluate_shown import shipped_studies

    studies = shipped_studies()
    text = "\n\n".join(told(study) for study in studies)
    out.result(studies, text or "No study is shipped with this version. Run: motionlens evaluate")
    return 0


def _world(figures: Mapping[str, Any]) -> str:
    detected = sorted(figures["auroc"].items(), key=lambda pair: -(pair[1] or 0))
    rows = [
        (
            method,
            _with(value, figures["auroc_ci95"][method]),
            _with(figures["precision_at_k"][method], figures["precision_ci95"][method]),
        )
        for method, value in detected
    ]
    arms = [
        (name, _with(value, figures["errors_ci95"][name]), _out(figures["removed"].get(name)))
        for name, value in figures["motion_error"].items()
    ]
    ceiling = figures["lds_ceiling"]
    above = "ceiling not measured" if ceiling is None else f"ceiling {ceiling:.2f}"
    tables = (
        (rows, ("score", "AUROC", f"precision in the first {figures['k']}")),
        (_by_queries(figures), ("bad queries", "AUROC of centred")),
        (_pairs(figures["added_by_influence"]), ("AUROC of one score over another", "")),
        (_pairs(figures["lds"]), ("datamodelling score", above)),
        (arms, ("trained on", "motion error, px", "left out (false)")),
        _curves(figures.get("removal", {})),
        (_pairs(figures["win_rate"]), ("of decided pairs", "won")),
    )
    blocks = [
        f"World: {figures['world']}, {figures['clips']} clips, {figures['planted']} of them false",
        # A study of detection alone trains nothing.
        *(table(found, heads) for found, heads in tables if found),
        "\n".join(figures["verdict"]),
    ]
    return "\n\n".join(blocks)


def _curves(removal: Mapping[str, Any]) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """The motion error after the top, as many random, or the bottom share is left out, unseen."""
    shares = [share for curve in removal.values() for share in curve]
    names = list(dict.fromkeys(shares))
    rows = [(end, *(f"{curve[share]:.2f}" for share in names)) for end, curve in removal.items()]
    heads = ("left out by combined, error in px", *(f"{float(share):.0%}" for share in names))
    return rows, heads


def _by_queries(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = figures.get("auroc_by_queries", {})
    return [(count, f"{found[count]:.2f}") for count in sorted(found, key=int)]


def _pairs(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, _with(i["value"], i["ci95"])) for name, i in found.items()]


def _with(value: float | None, interval: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" + (f" [{interval[0]:.2f}, {interval[1]:.2f}]" if interval else "")


def _out(removed: Mapping[str, int] | None) -> str:
    return "" if removed is None else f"{removed['clips']} ({removed['false']})"
