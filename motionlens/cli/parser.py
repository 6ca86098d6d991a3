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


def add_common(verb: argparse.ArgumentParser) -> None:
    """`--json` and `--quiet`."""
    verb.add_argument("--json", action="store_true", help="one JSON document on stdout")
    verb.add_argument("--quiet", action="store_true", help="no progress on stderr")


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
    """`0.6,0.9`."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers") from None


def clip_names(names: list[str]) -> list[str]:
    """Clip names as given; `-` stands for one a line on stdin."""
    found: list[str] = []
    for name in names:
        if name == "-":
            found += [line.strip() for line in sys.stdin if line.strip()]
        else:
            found.append(name)
    return found
