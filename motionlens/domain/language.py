"""The language that people are spoken to in; English words are the keys of a catalogue.

One setting for the whole process, as a locale is: labels, states and jobs on every thread speak it.
What outsiders script against (the command line, stored data, logs) stays English, and so do errors
and reasons where they are made: a window retells them, by the patterns they were made from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

# A sentence with fewer letters of its own would fit what it was never said of.
_LEAST_LETTERS = 5
_SLOT = re.compile(r"\\\{\d+\\\}")  # of an escaped pattern


class Catalogue:
    """Words and sentences of one language.

    Parameters
    ----------
    words : mapping
        English -> the other language, slots by name: ``"{n} clips left"``.
    sentences : mapping
        The same for what rooms below say in English alone, slots by number: ``"{0} is gone"``.
    """

    def __init__(self, words: Mapping[str, str], sentences: Mapping[str, str]) -> None:
        self._words, self._sentences = dict(words), dict(sentences)
        self.retell = lru_cache(maxsize=2000)(self._retell)

    def say(self, text: str) -> str:
        """The words, or the English ones where they are not known."""
        return self._words.get(text) or text

    def _retell(self, text: str) -> str:
        known = self._words.get(text) or self._sentences.get(text)
        if known:
            return known
        for pattern, told in self._patterns:
            if found := pattern.fullmatch(text):
                return told.format(*(self.retell(part) for part in found.groups()))
        return text

    @property
    def _patterns(self) -> Iterable[tuple[re.Pattern[str], str]]:
        if not hasattr(self, "_made"):
            # What says most in its own words is tried first: "{0} {1}" would fit anything.
            longest = sorted(self._sentences, key=lambda one: len(_SLOT.sub("", one)), reverse=True)
            self._made = [
                (_pattern(one), self._sentences[one]) for one in longest if _says_enough(one)
            ]
        return self._made


ENGLISH = Catalogue({}, {})


class _Spoken:
    catalogue = ENGLISH


def speak(catalogue: Catalogue = ENGLISH) -> None:
    """The catalogue that words come from, from now on."""
    _Spoken.catalogue = catalogue


def say(text: str, /, **slots: object) -> str:
    """Words in the chosen language, with their slots filled: ``say("{n} clips left", n=3)``.

    A translation whose slots are not those of the English words is passed over.
    """
    found = _Spoken.catalogue.say(text)
    if not slots:
        return found
    try:
        return found.format(**slots)
    except (KeyError, IndexError, ValueError):
        return text.format(**slots)


def retell(text: str) -> str:
    """An English sentence of a room below, in the chosen language as far as it is known."""
    return text if _Spoken.catalogue is ENGLISH else _Spoken.catalogue.retell(text)


def word(text: str) -> str:
    """Marks words that are kept in a table and said later; gives them back as they are."""
    return text


def _says_enough(sentence: str) -> bool:
    return "{0}" in sentence and len(re.sub(r"\{\d+\}|[^a-zA-Z]", "", sentence)) >= _LEAST_LETTERS


def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(_SLOT.sub("(.+?)", re.escape(sentence)), re.DOTALL)
