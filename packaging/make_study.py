"""The long study that `evaluate --show` prints: several fresh sets, several bases, both worlds.

    python packaging/make_study.py --base embedded --base OTHER --base THIRD --work DIR

Hours on two cores. Every unit of work is kept in --work as it is done: killed, the same command
goes on. Nothing is picked on the sets that are scored here: the recipes of all scores are fixed in
`operations/evaluate_scores.py`, set 0 is the one to look at while they are made, and the sets here
begin at 1. Each base and world writes one file to resources/evaluation: the mean over its sets,
with intervals over sets and clips together, and each set's own figures beside it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from motionlens.app.study import evaluate
from motionlens.cli.output import to_json
from motionlens.domain.evaluation import LONG, PLAIN_SCORES, QUICK, Interval, StudySize
from motionlens.files import write_json
from motionlens.operations.evaluate_figures import best_of
from motionlens.operations.evaluate_verdict import verdict

CHECKOUT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Runs or goes on with each study, then writes what they say together."""
    options = _options()
    for base in options.base:
        documents = []
        for seed in options.sets:
            print(f"{base}, set {seed}", file=sys.stderr, flush=True)
            result = evaluate(
                world=options.world,
                seed=seed,
                quick=options.quick,
                model=base,
                folder=options.work,
                size=_size(options, seed),
                progress=_say,
            )
            documents.append(to_json(result.document()))
            name = options.name or f"{Path(base).name}-{options.world}"
            # Whatever is done so far: a study of three sets is worth something after the first.
            done = options.sets[: len(documents)]
            whole = joined(documents, done, _command()) | {"model": Path(base).name}
            write_json(options.out / f"{name}.json", whole)


def _size(options: argparse.Namespace, seed: int) -> StudySize:
    if options.quick:
        return QUICK
    with_lds = seed in options.sets[: options.lds_sets]
    return replace(
        LONG,
        seeds=options.seeds,
        subsets=LONG.subsets if with_lds else 0,
        curve=LONG.curve if options.curves else (),
    )


def joined(
    documents: Sequence[dict[str, Any]], sets: Sequence[int], command: str
) -> dict[str, Any]:
    """One document from those of several sets: figures are means, intervals span the sets.

    An interval's half width is the root of the mean squared half width within a set over the number
    of sets, plus the variance of the sets' means over that number (1.96 times its root).
    """
    whole = dict(documents[0])
    whole["worlds"] = {
        name: _mean([d["worlds"][name] for d in documents]) for name in whole["worlds"]
    }
    first = next(iter(whole["worlds"].values()))
    for key in ("auroc", "precision_at_k", "lds", "win_rate", "motion_error", "lds_ceiling"):
        whole[key] = first[key]
    whole["added_by_influence"] = first["added_by_influence"]
    whole["verdict"] = first["verdict"]
    whole["seconds"] = sum(d["seconds"] for d in documents)
    return {
        **whole,
        "sets": list(sets),
        "command": command,
        "date": datetime.now(UTC).date().isoformat(),
        "of_each_set": [d["worlds"] for d in documents],
    }


def _mean(worlds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    found = dict(worlds[0])
    pairs = (
        ("auroc", "auroc_ci95"),
        ("precision_at_k", "precision_ci95"),
        ("motion_error", "errors_ci95"),
    )
    for values, intervals in pairs:
        names = [n for n in worlds[0][values] if all(n in w[values] for w in worlds)]
        both = {n: _over([(w[values][n], w[intervals][n]) for w in worlds]) for n in names}
        found[values] = {n: pair[0] for n, pair in both.items()}
        # An error in px has no upper end; the others are shares.
        most = None if values == "motion_error" else 1.0
        found[intervals] = {n: _within(pair[1], most) for n, pair in both.items()}
    for key in ("added_by_influence", "lds", "win_rate"):
        # Not every set has a datamodelling score.
        having = [w[key] for w in worlds if w[key]]
        names = [n for n in (having[0] if having else ()) if all(n in h for h in having)]
        found[key] = {}
        for name in names:
            value, interval = _over([(h[name]["value"], h[name]["ci95"]) for h in having])
            interval = _within(interval, 1.0) if key == "win_rate" else interval
            found[key][name] = {"value": value, "ci95": interval}
    names = [n for n in worlds[0]["found"] if all(n in w["found"] for w in worlds)]
    found["found"] = {n: round(float(np.mean([w["found"][n] for w in worlds]))) for n in names}
    found["auroc_by_queries"] = {
        n: float(np.mean([w["auroc_by_queries"][n] for w in worlds]))
        for n in worlds[0]["auroc_by_queries"]
    }
    ceilings = [w["lds_ceiling"] for w in worlds if w["lds_ceiling"] is not None]
    found["lds_ceiling"] = float(np.mean(ceilings)) if ceilings else None
    found["removal"] = {
        end: {share: float(np.mean([w["removal"][end][share] for w in worlds])) for share in curve}
        for end, curve in worlds[0]["removal"].items()
    }
    found["best_plain"] = best_of(found["auroc"], PLAIN_SCORES)
    found["verdict"] = verdict(
        found["auroc"],
        found["auroc_ci95"],
        found["best_plain"],
        _intervals(found["added_by_influence"]),
        _intervals(found["lds"]),
        _intervals(found["win_rate"]),
        found["world"],
    )
    return found


def _intervals(figures: dict[str, Any]) -> dict[str, Interval]:
    return {name: Interval(i["value"], i["ci95"]) for name, i in figures.items()}


def _within(interval: list[float] | None, most: float | None) -> list[float] | None:
    return None if interval is None else [float(v) for v in np.clip(interval, 0.0, most)]


def _over(pairs: Sequence[tuple[Any, Any]]) -> tuple[float | None, list[float] | None]:
    known = [(value, interval) for value, interval in pairs if value is not None]
    if not known:
        return None, None
    values = np.array([value for value, _ in known], dtype=np.float64)
    halves = np.array([(i[1] - i[0]) / 2 if i else 0.0 for _, i in known])
    count = len(values)
    within = (halves**2).mean() / count
    between = 1.96**2 * values.var(ddof=1) / count if count > 1 else 0.0
    half = float(np.sqrt(within + between))
    mean = float(values.mean())
    return mean, [mean - half, mean + half]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--base", action="append", metavar="NAME|PATH", help="may be repeated")
    parser.add_argument("--sets", type=int, nargs="+", default=[1, 2, 3], metavar="SEED")
    parser.add_argument("--world", choices=("physics", "matched", "both"), default="both")
    parser.add_argument(
        "--seeds", type=int, default=LONG.seeds, help="trainings of each arm; 0: detection alone"
    )
    parser.add_argument(
        "--lds-sets",
        type=int,
        default=None,
        metavar="N",
        help="datamodelling score on the first N sets alone (it is half of the work)",
    )
    parser.add_argument(
        "--no-curves", dest="curves", action="store_false", help="no removal curves"
    )
    parser.add_argument("--name", help="of the file written (default: BASE-WORLD)")
    parser.add_argument("--quick", action="store_true", help="small studies: does it run at all")
    parser.add_argument("--work", type=Path, required=True, help="what is done so far")
    parser.add_argument("--out", type=Path, default=CHECKOUT / "resources" / "evaluation")
    options = parser.parse_args()
    options.base = options.base or ["embedded"]
    return options


def _say(what: str, done: int, total: int) -> None:
    if done == total or done % 20 == 0:
        print(f"  {what}: {done} of {total}", file=sys.stderr, flush=True)


def _command() -> str:
    given = [Path(a).name if os.sep in a else a for a in sys.argv[1:]]
    return " ".join(["python packaging/make_study.py", *given])


if __name__ == "__main__":
    main()
