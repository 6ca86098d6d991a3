"""Trials, their pairs and votes."""

from __future__ import annotations

from collections.abc import Sequence

from motionlens.domain.errors import UsageError
from motionlens.domain.trial import CastVote, Pair, Vote
from motionlens.store.tables import Tables

_LATEST = (
    'SELECT pair, vote, curator, at FROM votes WHERE "cast" IN '
    '(SELECT max("cast") FROM votes WHERE trial = ? GROUP BY pair, curator) ORDER BY "cast"'
)


class TrialTables(Tables):
    """The port `Trials`. Every vote is kept; a person's second one counts in place of the first."""

    def save_trial(self, trial: str, base: str, tuned: str, pairs: Sequence[Pair], at: str) -> None:
        """Save a new trial with its pairs; UsageError if the name is taken."""
        with self.connection.write("The trial was not saved") as raw:
            if raw.execute("SELECT 1 FROM trials WHERE trial = ?", (trial,)).fetchone():
                raise UsageError(
                    f"The trial {trial} exists already", "its votes are kept", "Use another name"
                )
            raw.execute("INSERT INTO trials VALUES (?, ?, ?, ?)", (trial, base, tuned, at))
            raw.executemany(
                "INSERT INTO pairs VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (trial, pair.number, pair.left, pair.right, int(pair.tuned_left), pair.prompt)
                    for pair in pairs
                ],
            )

    def trial(self, trial: str) -> tuple[str, str, list[Pair]]:
        """Base, tuned, pairs."""
        found = self.connection.rows("SELECT base, tuned FROM trials WHERE trial = ?", (trial,))
        if not found:
            raise _unknown(trial, self.trials())
        pairs = self.connection.rows(
            'SELECT number, "left", "right", tuned_left, prompt FROM pairs WHERE trial = ? '
            "ORDER BY number",
            (trial,),
        )
        base, tuned = found[0]
        return base, tuned, [Pair(n, left, right, bool(side), prompt)
                             for n, left, right, side, prompt in pairs]  # fmt: skip

    def trials(self) -> list[str]:
        """Names, oldest first."""
        return [row[0] for row in self.connection.rows("SELECT trial FROM trials ORDER BY rowid")]

    def cast(self, trial: str, vote: CastVote) -> int:
        """Save a vote; the number of votes of this trial that count."""
        with self.connection.write("The vote was not saved") as raw:
            known = raw.execute(
                "SELECT max(number) FROM pairs WHERE trial = ? GROUP BY trial", (trial,)
            ).fetchone()
            if known is None:
                raise _unknown(trial, self.trials())
            if not raw.execute(
                "SELECT 1 FROM pairs WHERE trial = ? AND number = ?", (trial, vote.pair)
            ).fetchone():
                raise UsageError(
                    f"The trial {trial} has no pair {vote.pair}",
                    f"its pairs are numbered from 1 to {known[0]}",
                    "Name one of them",
                )
            raw.execute(
                "INSERT INTO votes (trial, pair, vote, curator, at) VALUES (?, ?, ?, ?, ?)",
                (trial, vote.pair, vote.vote.value, vote.by, vote.at),
            )
        return len(self.votes(trial))

    def votes(self, trial: str) -> list[CastVote]:
        """The votes that count: one a person and pair, in the order in which they were cast."""
        return [
            CastVote(pair, Vote(vote), by, at)
            for pair, vote, by, at in self.connection.rows(_LATEST, (trial,))
        ]


def _unknown(trial: str, known: Sequence[str]) -> UsageError:
    names = ", ".join(known) or "none"
    return UsageError(
        f"The trial {trial} is unknown", f"this project's trials: {names}", "Name one of them"
    )
