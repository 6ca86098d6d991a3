"""A small language for which clips of a queue are shown.

    flag:drawn score>0.3 not caption:ball
    (decision:exclude or tag:pauses) by:ann frames>=48

Words beside each other must all hold; `or`, `not` (or a minus before a word) and brackets do what
they say. A word without a field is looked for in the caption and the file name.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from motionlens.domain.errors import UsageError

_TOKEN = re.compile(r'\s*(\(|\)|-(?=[\w"(])|[a-z]+\s*(?:[:=]|[<>]=?)\s*(?:"[^"]*"|[^\s()"]+)|'
                    r'"[^"]*"|[^\s()"]+)', re.IGNORECASE)  # fmt: skip
_FIELD = re.compile(r'([a-z]+)\s*(:|=|[<>]=?)\s*(?:"([^"]*)"|(.*))$', re.IGNORECASE | re.DOTALL)
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
    ":": operator.eq, "=": operator.eq,
}  # fmt: skip
NUMBERS = ("score", "q", "rank", "motion", "frames", "seconds")
WORDS = ("flag", "decision", "by", "tag", "caption", "name", "is")
_DECISIONS = {
    "exclude": "exclude", "excluded": "exclude", "keep": "keep", "kept": "keep",
    "later": "unsure", "unsure": "unsure", "none": "", "undecided": "",
}  # fmt: skip
_STATES = ("disputed", "flagged", "undecided", "judged")


@dataclass(frozen=True)
class ClipFacts:
    """What a filter can ask about one clip.

    Attributes
    ----------
    flags : mapping
        Those over their threshold, by name.
    numbers : mapping
        By the names in `NUMBERS`; what is not known is not there, and passes no comparison.
    decision : str
        `exclude`, `keep`, `unsure`, or empty.
    answers : mapping
        Curator -> decision.
    """

    name: str = ""
    caption: str = ""
    flags: Mapping[str, float] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    decision: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


Test = Callable[[ClipFacts], bool]


def parse(text: str) -> Test:
    """What a filter's text asks of a clip.

    Raises
    ------
    UsageError
        A field that is not known, a number that is none, a bracket that is not closed.
    """
    tokens = _tokens(text)
    if not tokens:
        return lambda _facts: True
    found, rest = _any_of(tokens, 0)
    if rest < len(tokens):
        raise _wrong(f"there is a {tokens[rest]} too many")
    return found


def _tokens(text: str) -> list[str]:
    tokens, place = [], 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise _wrong(f'"{text[place:].strip()}" cannot be read: is a quotation mark missing?')
        tokens.append(match[1])
        place = match.end()
    return tokens


def _any_of(tokens: list[str], place: int) -> tuple[Test, int]:
    tests = []
    while True:
        test, place = _all_of(tokens, place)
        tests.append(test)
        if place >= len(tokens) or tokens[place].lower() != "or":
            break
        place += 1
    if len(tests) == 1:
        return tests[0], place
    return lambda facts: any(test(facts) for test in tests), place


def _all_of(tokens: list[str], place: int) -> tuple[Test, int]:
    tests: list[Test] = []
    while place < len(tokens) and tokens[place].lower() not in (")", "or"):
        if tokens[place].lower() == "and":
            place += 1
            continue
        test, place = _one(tokens, place)
        tests.append(test)
    if not tests:
        raise _wrong("a condition is missing")
    return lambda facts: all(test(facts) for test in tests), place


def _one(tokens: list[str], place: int) -> tuple[Test, int]:
    token = tokens[place]
    if token.lower() in ("not", "-"):
        if place + 1 >= len(tokens):
            raise _wrong("a condition is missing after not")
        test, place = _one(tokens, place + 1)
        return lambda facts: not test(facts), place
    if token == "(":  # noqa: S105 - a bracket
        test, place = _any_of(tokens, place + 1)
        if place >= len(tokens) or tokens[place] != ")":
            raise _wrong("a bracket is not closed")
        return test, place + 1
    return _condition(token), place + 1


def _condition(token: str) -> Test:
    match = _FIELD.match(token)
    if match is None or token.startswith('"'):
        return _says(token.strip('"'))
    name, sign = match[1].lower(), match[2]
    value = (match[3] if match[3] is not None else match[4]).strip()
    if name in NUMBERS:
        return _number(name, sign, value)
    if name not in WORDS:
        known = ", ".join((*WORDS, *NUMBERS))
        raise _wrong(f'"{name}" is no field; there are {known}')
    if sign not in (":", "="):
        if name == "flag":
            raise _wrong("a flag is named, as in flag:drawn, and not compared")
        raise _wrong(f'"{name}" holds words: write {name}:{value}')
    return _words(name, value)


def _says(text: str) -> Test:
    wanted = text.casefold()
    return lambda facts: wanted in facts.caption.casefold() or wanted in facts.name.casefold()


def _number(name: str, sign: str, value: str) -> Test:
    try:
        limit = float(value.replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        raise _wrong(f'"{value}" is no number, as {name} needs one') from None
    compare = _COMPARE[sign]
    return lambda facts: name in facts.numbers and compare(facts.numbers[name], limit)


def _words(name: str, value: str) -> Test:
    wanted = value.casefold()
    if name == "decision":
        if wanted not in _DECISIONS:
            raise _wrong(f'"{value}" is no decision; there are {", ".join(_DECISIONS)}')
        return lambda facts: facts.decision == _DECISIONS[wanted]
    if name == "is":
        if wanted not in _STATES:
            raise _wrong(f'"is:{value}" is not known; there are {", ".join(_STATES)}')
        return _STATE_TESTS[wanted]
    if name == "by":
        return lambda facts: any(wanted == by.casefold() for by in facts.answers)
    if name == "tag":
        return lambda facts: any(wanted in tag.casefold() for tag in facts.tags)
    if name == "flag":
        return lambda facts: any(
            wanted in (flag.casefold(), flag.replace("_", " ").casefold(), _SHOWN.get(flag, ""))
            for flag in facts.flags
        )
    return lambda facts: wanted in str(getattr(facts, name)).casefold()


_SHOWN = {"cartoon": "drawn"}
_STATE_TESTS: dict[str, Test] = {
    "disputed": lambda facts: len(set(facts.answers.values())) > 1,
    "flagged": lambda facts: bool(facts.flags),
    "undecided": lambda facts: facts.decision in ("", "unsure"),
    "judged": lambda facts: facts.decision in ("exclude", "keep"),
}


def _wrong(why: str) -> UsageError:
    return UsageError("The filter cannot be read", why, "Mend it, or clear it")
