"""A queue judged by single keys while the process is killed again and again."""

from __future__ import annotations

from tests.support.judging_session import judge, lost, summary
from tests.support.watched_index import many_clips


def test_kills_at_random_moments_lose_nothing(tmp_path):
    [project] = many_clips(tmp_path, 20, "project")
    session = judge(project, tmp_path / "settings", clips=20, kills=3, seed=1)
    assert session.done
    assert session.kills == 3
    assert lost(project, session) == []
    told = summary(session, [])
    assert told["decisions"] == 20
    # One key a decision; a press at the moment of a kill may have to be made again.
    assert 20 <= told["keys"] <= 20 + session.kills
