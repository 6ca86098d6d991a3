"""`trial new, vote, report`: the blind comparison."""

from __future__ import annotations

import argparse
from typing import Any

from motionlens.cli.output import Output
from motionlens.cli.parser import Verbs, add_common, add_device, add_seed, count
from motionlens.domain.trial import TrialReport


def register(verbs: Verbs) -> None:
    """Add this family's verbs."""
    verb = verbs.add(
        "trial",
        report,
        "blind comparison of a base and a tuned model",
        "trial skating new --base embedded --tuned run-1",
    )
    verb.add_argument("project", metavar="PROJECT")
    steps = verb.add_subparsers(dest="step", metavar="new|vote|report", required=True)

    made = _step(steps, "new", new, "make blind pairs")
    made.add_argument("--base", required=True, metavar="M", help="a model, run, or weights")
    made.add_argument("--tuned", required=True, metavar="M", help="a model, run, or weights")
    made.add_argument("--pairs", type=count, metavar="N", help="(default: 24, or one a prompt)")
    made.add_argument("--prompts", metavar="FILE", help="one prompt a line")
    add_seed(made)
    add_device(made)

    cast = _step(steps, "vote", vote, "record a vote")
    cast.add_argument("trial", metavar="TRIAL")
    cast.add_argument("pair", metavar="PAIR", type=int)
    cast.add_argument("vote", choices=("left", "right", "tie"))
    cast.add_argument("--by", metavar="NAME", help="who votes (default: the login name)")

    told = _step(steps, "report", report, "counts, win rate and its interval")
    told.add_argument("trial", metavar="TRIAL")


def _step(steps: Any, name: str, run: Any, about: str) -> argparse.ArgumentParser:
    step: argparse.ArgumentParser = steps.add_parser(
        name, help=about, description=about[:1].upper() + about[1:] + "."
    )
    # What stands before the step (`trial --json skating new`) must not be taken back by it.
    add_common(step, default=argparse.SUPPRESS)
    step.set_defaults(run=run)
    return step


def new(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.trial_new(
            base=args.base,
            tuned=args.tuned,
            pairs=args.pairs,
            prompts=args.prompts,
            seed=args.seed,
            device=args.device,
            progress=out.progress,
        )
    out.result(result, f"{result.trial}: {result.pairs} pairs")
    return 0


def vote(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.trial_vote(args.trial, args.pair, args.vote, by=args.by)
    out.result(result, f"{result.votes} votes in {args.trial}")
    return 0


def report(args: argparse.Namespace, out: Output) -> int:
    from motionlens.app import open_project

    with open_project(args.project) as project:
        result = project.trial_report(args.trial)
    out.result(result, _told(result))
    return 0


def _told(result: TrialReport) -> str:
    counts = f"{result.wins} wins, {result.ties} ties, {result.losses} losses"
    low, high = result.ci95
    if result.win_rate is None:
        rate = "nothing decided yet"
    else:
        rate = (
            f"win rate {result.win_rate:.0%} of decided [{low:.0%}, {high:.0%}],"
            f" p = {result.p_value:.3g}"
        )
    names = (
        f"{result.tuned} against {result.base}"
        if result.tuned
        else f"models are named once all pairs have a vote ({result.voted_pairs} of {result.pairs})"
    )
    return f"{counts} from {result.participants} people; {rate}; {names}"
