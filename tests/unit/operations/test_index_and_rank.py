"""An index lets go when it is stopped, goes on, and is ranked from where it lies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from motionlens.app import Project, create_project
from motionlens.domain.errors import Cancelled
from motionlens.lanes import CancelToken
from motionlens.models.embedded import EmbeddedModel
from motionlens.models.network import NetworkShape
from motionlens.operations import candidates
from motionlens.operations import index as index_verb
from motionlens.operations import rank as rank_verb
from tests.support.verbs import slide

CLIPS = 5
SMALL = NetworkShape(widths=(8, 8, 16), blocks=(1, 1, 1, 1, 1), condition=16)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("model") / "small"
    EmbeddedModel.untrained(3, SMALL).save(folder)
    return str(folder)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with create_project(tmp_path / "p") as made:
        for number in range(CLIPS):
            slide(tmp_path / "m" / f"{number}.mp4", 1 + number, frames=6)
        made.add([tmp_path / "m"])
        made.add([slide(tmp_path / "bad.mp4", 4, frames=6, rising=True)], role="generation")
        yield made


def test_a_stopped_index_lets_go_and_the_same_call_goes_on(
    project: Project, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_verb, "COMMIT_EVERY", 1)
    token = CancelToken()

    def stop_after_two(what: str, done: int, total: int) -> None:
        if what == "Indexing" and done == 2:
            token.cancel()

    # The error, and with it every frame that held the index, is kept while the next call opens it.
    with pytest.raises(Cancelled) as kept:
        project.index(model=model, progress=stop_after_two, cancel=token)
    before = project.rooms.indexes.latest()[0]
    assert 0 < len(before.ids) < CLIPS
    result = project.index(model=model)
    assert kept.traceback
    assert result.clips == CLIPS
    assert list(project.rooms.indexes.latest()[0].ids)[: len(before.ids)] == list(before.ids)


def test_rows_are_ranked_where_they_lie(project: Project, model: str) -> None:
    project.index(model=model)
    index = project.rooms.indexes.latest()[0]
    clips = project.rooms.store.clips()
    whole = candidates.join(project.rooms, index, clips)
    assert np.shares_memory(whole.vectors, index.vectors())
    first = index.ids[0]
    part = candidates.join(project.rooms, index, [clip for clip in clips if clip.id != first])
    assert first not in part.ids
    np.testing.assert_array_equal(part.vectors, index.vectors()[1:])


@pytest.mark.parametrize("method", ["cosine", "centred", "whitened", "vote"])
@pytest.mark.parametrize("bad", [0, 1, 3])
def test_chance_scores_are_those_of_each_copy_by_itself(
    project: Project, model: str, method: str, bad: int
) -> None:
    project.index(model=model, dim=16)
    clips = project.rooms.store.clips()
    joined = candidates.join(project.rooms, project.rooms.indexes.latest()[0], clips)
    null = np.random.default_rng(0).standard_normal((4, 3, 16)).astype(np.float32)
    scorer = project.rooms.scorer
    together = candidates.null_scores(scorer, joined, null, bad, method)
    apart = [candidates.score(scorer, joined, copy, bad, method).scores for copy in null]
    np.testing.assert_allclose(np.sort(together), np.sort(np.concatenate(apart)), atol=1e-6)


def test_a_ranking_is_kept_for_the_window(project: Project, model: str) -> None:
    project.index(model=model)
    bad = project.clips(role="generation")[0].id
    made = project.rank(bad=[bad])
    assert rank_verb.last_ranking(project.rooms) == made
    assert [row.rank for row in made.rows] == list(range(1, CLIPS + 1))


def test_lanes_and_stops_change_no_bit_and_a_lost_clip_costs_no_other(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clips are read ahead for one model, or by several side by side; at once, or with a stop."""
    token = CancelToken()

    def stop_after_five(what: str, done: int, total: int) -> None:
        if what == "Indexing" and done == 5:
            token.cancel()

    with create_project(tmp_path / "q") as made:
        for number in range(11):
            slide(tmp_path / "m" / f"{number:02}.mp4", 1 + number % 5, frames=6 + number)
        made.add([tmp_path / "m"])
        (tmp_path / "m" / "03.mp4").unlink()
        found = []
        for jobs, stop in ((1, False), (2, False), (2, True)):
            if stop:
                monkeypatch.setattr(index_verb, "COMMIT_SECONDS", 0.0)  # each row as it comes
                with pytest.raises(Cancelled):
                    made.index(model=model, jobs=jobs, progress=stop_after_five, cancel=token)
                assert 0 < len(made.rooms.indexes.latest()[0].ids) < 10
            result = made.index(model=model, jobs=jobs)
            assert (result.clips, len(result.skipped)) == (10, 1)
            index, note = made.rooms.indexes.latest()
            assert note["micro_batch"] == 8
            found.append({clip: index.vectors()[n].tobytes() for n, clip in enumerate(index.ids)})
            made.rooms.indexes.drop(result.fingerprint, index.ids)
        assert found[0] == found[1] == found[2]
