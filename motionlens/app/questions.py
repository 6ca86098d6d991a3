"""The verbs that ask which clips taught a motion; part of `Project`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from motionlens.app.rooms import ProjectRooms
from motionlens.domain.clip import Region, Span
from motionlens.domain.ports import Progress, Token
from motionlens.domain.ranking import Neighbours, Ranking
from motionlens.operations import influence as influence_verb
from motionlens.operations import rank as rank_verb
from motionlens.operations import whatif as whatif_verb
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN

# Clips, files or folders, by id or path.
Names = str | Path | Sequence[str | Path]


class Questions:
    """Mixed into `Project`: what is asked of its gradient index."""

    rooms: ProjectRooms

    def rank(
        self,
        *,
        bad: Names = (),
        good: Names = (),
        region: Region | Sequence[float] | None = None,
        frames: Span | Sequence[int] | None = None,
        top: int | None = None,
        index: str | None = None,
        progress: Progress = NO_PROGRESS,
        cancel: Token = NO_TOKEN,
        **options: Any,
    ) -> Ranking:
        """Candidates, most harmful first; see :func:`motionlens.operations.rank.rank`.

        Parameters
        ----------
        region : Region or (x, y, width, height), optional
            Fractions of the frame, 0 to 1.
        frames : Span or (start, stop), optional
            Frame numbers of the queries, `stop` not included.
        top : int, optional
            Only so many, the most harmful.
        index : str, optional
            Fingerprint of an index other than that of the last `index` call.
        """
        ranking = rank_verb.rank(
            self.rooms,
            bad=as_list(bad),
            good=as_list(good),
            region=_region(region),
            span=_span(frames),
            fingerprint=index,
            progress=progress,
            token=cancel,
            **options,
        )
        return replace(ranking, rows=ranking.rows[:top])

    def neighbours(
        self,
        *,
        query: str,
        region: Region | Sequence[float] | None = None,
        frames: Span | Sequence[int] | None = None,
        index: str | None = None,
        progress: Progress = NO_PROGRESS,
        cancel: Token = NO_TOKEN,
        **options: Any,
    ) -> Neighbours:
        """Proponents and opponents; see :func:`motionlens.operations.rank.neighbours`.

        `region`, `frames` and `index` are those of :meth:`rank`.
        """
        return rank_verb.neighbours(
            self.rooms,
            query=query,
            region=_region(region),
            span=_span(frames),
            fingerprint=index,
            progress=progress,
            token=cancel,
            **options,
        )

    def map(
        self,
        *,
        query: str,
        clip: str,
        out: str | Path | None = None,
        region: Region | Sequence[float] | None = None,
        frames: Span | Sequence[int] | None = None,
        index: str | None = None,
        progress: Progress = NO_PROGRESS,
        cancel: Token = NO_TOKEN,
        **options: Any,
    ) -> influence_verb.MapResult:
        """Influence map; see :func:`motionlens.operations.influence.influence_map`.

        `region`, `frames` and `index` are those of :meth:`rank`.
        """
        return influence_verb.influence_map(
            self.rooms,
            query=query,
            clip=clip,
            out=out,
            region=_region(region),
            span=_span(frames),
            fingerprint=index,
            progress=progress,
            token=cancel,
            **options,
        )

    def whatif(
        self,
        *,
        query: Names,
        exclude: Names,
        index: str | None = None,
        progress: Progress = NO_PROGRESS,
        cancel: Token = NO_TOKEN,
        **options: Any,
    ) -> whatif_verb.WhatIfResult:
        """What leaving clips out does; see :func:`motionlens.operations.whatif.what_if`."""
        return whatif_verb.what_if(
            self.rooms,
            queries=as_list(query),
            exclude=as_list(exclude),
            fingerprint=index,
            progress=progress,
            token=cancel,
            **options,
        )


def as_list(names: Names) -> list[Any]:
    """One name, or several, as a list: a text is one name, not its letters."""
    return [names] if isinstance(names, str | Path) else list(names)


def _region(given: Region | Sequence[float] | None) -> Region | None:
    return given if given is None or isinstance(given, Region) else Region(*given)


def _span(given: Span | Sequence[int] | None) -> Span | None:
    return given if given is None or isinstance(given, Span) else Span(*given)
