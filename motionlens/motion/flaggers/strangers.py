"""Flaggers of others, found as plugins: they judge by our evidence, and may fail alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from motionlens.domain.clip import Flag
from motionlens.domain.errors import MotionLensError
from motionlens.motion.evidence import Evidence
from motionlens.plugins import FLAGGERS, Plugins


class Strangers:
    """All flaggers of the entry-point group ``motionlens.flaggers``.

    An entry point names an object with ``judge(evidence)`` that gives a
    :class:`motionlens.domain.clip.Flag`; the flag is stored under the entry point's name. One that
    cannot be loaded, raises, or gives something else is blocked and named, and never stops an
    analysis.

    Parameters
    ----------
    found : mapping, optional
        Name -> flagger, instead of what is installed.
    """

    def __init__(self, found: Mapping[str, Any] | None = None) -> None:
        self._blocked: dict[str, str] = {}
        self._found: dict[str, Any] | None = None if found is None else dict(found)

    @property
    def blocked(self) -> Mapping[str, str]:
        """Name -> why, of those that are not asked any more."""
        return dict(self._blocked)

    def judge(self, evidence: Evidence) -> list[Flag]:
        """The flags of all that work."""
        if self._found is None:
            self._found, self._blocked = _installed()
        flags = []
        for name, flagger in list(self._found.items()):
            try:
                flags.append(_checked(name, flagger.judge(evidence)))
            except Exception as error:  # a stranger's code may raise anything
                self._block(name, error)
        return flags

    def _block(self, name: str, error: Exception) -> None:
        self._blocked[name] = str(error) or type(error).__name__
        if self._found is not None:
            del self._found[name]


def _installed() -> tuple[dict[str, Any], dict[str, str]]:
    """Flaggers by name, and why others could not be loaded."""
    found, blocked = {}, {}
    plugins = Plugins()
    for plugin in plugins.known(FLAGGERS):
        try:
            made = plugins.load(FLAGGERS, plugin.name)
            found[plugin.name] = made() if isinstance(made, type) else made
        except MotionLensError as error:
            blocked[plugin.name] = error.why
        except Exception as error:  # a stranger's class may raise anything when made
            blocked[plugin.name] = str(error) or type(error).__name__
    return found, blocked


def _checked(name: str, flag: Any) -> Flag:
    if not isinstance(flag, Flag):
        raise TypeError(f"it gave {type(flag).__name__} and not a Flag")
    score = float(flag.score)
    if not math.isfinite(score):
        raise ValueError(f"its score is {score}")
    return Flag(name, score, str(flag.reason), bool(flag.over))
