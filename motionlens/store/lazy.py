"""Rows read at once, their values made when they are asked for.

A hundred thousand rows are read in half a second; as many values of the domain take ten times as
long to make, and a window looks at fifty of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Lazily(Mapping[str, T], Generic[T]):
    """Clip id -> value, in the order of the rows.

    Parameters
    ----------
    rows : mapping
        Clip id -> row.
    make : callable
        The value of a row; called once for each that is asked for.
    """

    def __init__(self, rows: Mapping[str, Any], make: Callable[[Any], T]) -> None:
        self._rows = rows
        self._make = make
        self._made: dict[str, T] = {}

    def __getitem__(self, key: str) -> T:
        if key not in self._made:
            self._made[key] = self._make(self._rows[key])
        return self._made[key]

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)
