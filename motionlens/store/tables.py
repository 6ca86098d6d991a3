"""What the parts of the store share: the connection."""

from __future__ import annotations

import json
from collections.abc import Iterable

from motionlens.store.connection import Connection


class Tables:
    """Some tables of the database, reached through one connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection


def listed(values: Iterable[str]) -> str:
    """Many values as one SQL parameter, for `IN (SELECT value FROM json_each(?))`."""
    return json.dumps(list(values))
