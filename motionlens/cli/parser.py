"""The parser: common options, and the verbs of each family."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable
from typing import NoReturn

from motionlens.cli.output import Output
from motionlens.domain.errors import UsageError
from motionlens.domain.version import VERSION

Run = Callable[[argparse.Namespace, Output], int]


class OneLineParser(argparse.ArgumentParser):
    """Usage errors are told like all others: what, why, and what next."""

    def error(self, message: str) -> NoReturn:
        text = message[:1].upper() + message[1:]
        raise UsageError(text, "", f"See: {self.prog} --help")


class Verbs:
    """Registers verbs; each family's `register` gets it."""

    def __init__(self, parent: argparse._SubParsersAction[OneLineParser]) -> None:
        self._parent = parent

    def add(self, name: str, run: Run, about: str, example: str) -> argparse.ArgumentParser:
        """A verb with the options that all verbs share, and one example in its help."""
        verb = self._parent.add_parser(
            name,
            help=about,
            description=about[:1].upper() + about[1:] + ".",
            epilog=f"Example:\n  motionlens {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add_common(verb)
        verb.set_defaults(run=run)
        return verb


def add_common(verb: argparse.ArgumentParser, default: bool | str = False) -> None:
    """`--json` and `--quiet`."""
    for name, about in (
        ("json", "one JSON document on stdout"),
        ("quiet", "no progress on stderr"),
    ):
        verb.add_argument(f"--{name}", action="store_true", default=default, help=about)


def add_device(verb: argparse.ArgumentParser) -> None:
    """`--device`."""
    verb.add_argument(
        "--device", default="auto", metavar="auto|cpu|cuda|cuda:N|mps", help="what computes"
    )


def add_seed(verb: argparse.ArgumentParser) -> None:
    """`--seed`."""
    verb.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="of all that is random (default: 0)"
    )


def add_jobs(verb: argparse.ArgumentParser) -> None:
    """`--jobs`."""
    verb.add_argument(
        "--jobs", type=count, metavar="N", help="clips read side by side (default: by the cores)"
    )


def build_parser() -> OneLineParser:
    """The whole command line."""
    # Here, not at the top: each family is small, but they import one another's helpers.
    from motionlens.cli import FAMILIES

    parser = OneLineParser(
        prog="motionlens",
        description="Finds the training clips that teach a video model false motion, lets a"
        " person judge them, trains without them, and tests whether people agree.",
        epilog="Without a verb the window opens. Each verb has its own help:"
        " motionlens VERB --help",
    )
    parser.add_argument("--version", action="version", version=f"motionlens {VERSION}")
    verbs = Verbs(parser.add_subparsers(dest="verb", metavar="VERB", required=True))
    for family in FAMILIES:
        importlib.import_module(f"motionlens.cli.{family}").register(verbs)
    return parser


def region(text: str) -> tuple[float, float, float, float]:
    """`X,Y,W,H` in fractions of the frame."""
    try:
        x, y, w, h = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not X,Y,W,H") from None
    if not (0 <= x < 1 and 0 <= y < 1 and w > 0 and h > 0 and x + w <= 1.0001 and y + h <= 1.0001):
        raise argparse.ArgumentTypeError(f"the region {text} lies outside the frame (0 to 1)")
    return x, y, w, h


def frame_span(text: str) -> tuple[int, int]:
    """`A:B`, frame numbers, B not included."""
    try:
        start, stop = (int(part) for part in text.split(":"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not A:B") from None
    if not 0 <= start < stop:
        raise argparse.ArgumentTypeError(f"the frame range {text} is empty")
    return start, stop


def overlays(text: str) -> tuple[str, ...]:
    """`flow,mask,tracks,arrows`, any mix."""
    from motionlens.domain.requests import OVERLAYS

    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in OVERLAYS]
    if unknown:
        known = ", ".join(OVERLAYS)
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is no overlay (there are {known})")
    return names


def numbers(text: str) -> tuple[float, ...]:
    """`0.8,0.95`."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers") from None


def seed(text: str) -> int:
    """A seed: 0 or more."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"the seed {text} is negative")
    return number


def count(text: str) -> int:
    """How many: 1 or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def clip_name(name: str) -> str:
    """One clip's name; `-` reads it from stdin."""
    found = clip_names([name])
    if len(found) != 1:
        raise UsageError(
            "One clip is needed here", f"stdin named {len(found)}", "Give one name on one line"
        )
    return found[0]


def clip_names(names: list[str]) -> list[str]:
    """Clip names as given; `-` stands for one a line on stdin."""
    found: list[str] = []
    for name in names:
        if name == "-":
            found += [line.strip() for line in sys.stdin if line.strip()]
        else:
            found.append(name)
    return found
