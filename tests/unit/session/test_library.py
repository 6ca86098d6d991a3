"""The library: filter, counts, hollow and saved decisions."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from motionlens.domain.clip import Clip, ClipLine, Flag, MediaInfo, MotionSummary, Role
from motionlens.domain.decision import Changes, Decision, Event, StepKind
from motionlens.domain.errors import StoreError
from motionlens.domain.ranking import RankedClip, Ranking
from motionlens.lanes import InlineLane
from motionlens.session.clip_list import ClipFilter, matching, ordered
from motionlens.session.library import LibraryState

INFO = MediaInfo(64, 48, 8.0, 16, False, 0, "h264", 2.0)


def clip(name: str, role: Role = Role.TRAINING, caption: str = "") -> Clip:
    return Clip(name.ljust(32, "0"), (f"/clips/{name}.mp4",), name, role, INFO, caption)


@dataclass
class FakeStore:
    """Decisions in memory; `broken` makes the next commit fail."""

    broken: bool = False

    def __post_init__(self):
        self.all = [
            clip("ant", caption="An ant walks"),
            clip("bee", caption="İstanbul'da arı"),
            clip("cat"),
            clip("gen", Role.GENERATION),
        ]
        self.state: dict[str, Event] = {}
        self.steps: list[tuple[str, ...]] = []
        self.undone = 0

    def clips(self, role=None):
        return [c for c in self.all if role is None or c.role is role]

    def listing(self, first=None):
        means = {id: summary.mean_px for id, (summary, _) in self.analyses().items()}
        lines = [
            ClipLine(c.id, str(c.role), c.path, c.caption, None, None, 2.0, means.get(c.id))
            for c in self.all
        ]
        return lines if first is None else [x for x in lines if x.role == "training"][:first]

    def clip_map(self):
        return {c.id: c for c in self.all}

    def summaries(self, ids=None):
        return {id: summary for id, (summary, _) in self.analyses().items()}

    def decided(self):
        return {id: str(event.decision) for id, event in self.state.items()}

    def clips_by_id(self, ids):
        return [c for id in ids for c in self.all if c.id == id]

    def flags_over(self, ids=None):
        return {id: tuple(f for f in found if f.over) for id, found in self.flags().items()}

    def flags(self):
        return {
            self.all[0].id: [Flag("static", 0.9, "still"), Flag("cartoon", 0.2, "", over=False)],
            self.all[2].id: [Flag("static", 0.5, "still"), Flag("cartoon", 0.8, "drawn")],
        }

    def analyses(self):
        return {self.all[0].id: (MotionSummary((0.1, 0.2), 0.15, 0.0), b"")}

    def setting(self, name):
        return None

    def decisions(self, ids=None):
        return {id: event for id, event in self.state.items() if ids is None or id in ids}

    def decide(self, clips, decision, by, note="", evidence=None):
        if self.broken:
            raise StoreError("The decision was not saved", "the disk is full", "Free some space")
        for id in clips:
            self.state[id] = Event("e", "s", StepKind.DECIDE, "2026", by, id, Decision(decision))
        self.steps.append(tuple(clips))
        return Changes("s", f"{decision} of {len(clips)} clips", tuple(clips))

    def undo(self, by=None):
        clips = self.steps.pop()
        for id in clips:
            self.state.pop(id, None)
        return Changes("s", "undo", clips)


class WaitingLane(InlineLane):
    """Work is done when the test says so."""

    def __init__(self):
        super().__init__()
        self.waiting = []

    def submit(self, name, work, priority=None):
        from motionlens.lanes import Job

        job = Job(name, work)
        self.waiting.append(job)
        return job

    def run(self):
        while self.waiting:
            self.waiting.pop(0).run()


@pytest.fixture
def parts():
    store, lane = FakeStore(), WaitingLane()
    project = SimpleNamespace(
        rooms=SimpleNamespace(store=store), lanes=SimpleNamespace(store=lane), folder=None
    )
    library = LibraryState(project, lambda call: call(), "ada")
    library.refresh()
    lane.run()
    return store, lane, library


def names(library):
    return [library.clips[id].name for id in library.shown]


def test_training_clips_are_listed_first_and_counted(parts):
    _, _, library = parts
    assert names(library) == ["ant", "bee", "cat"]
    assert library.counts.roles == {"training": 3, "generation": 1}
    assert library.counts.decisions == {"none": 3}
    # Only flags over their threshold count.
    assert library.counts.flags == {"static": 2, "cartoon": 1}
    assert library.counts.analysed == 1


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"text": "ANT"}, ["ant"]),
        ({"text": "an walks"}, ["ant"]),
        ({"text": "arı"}, ["bee"]),
        ({"flag": "static"}, ["ant", "cat"]),
        ({"flag": "static", "text": "c"}, ["cat"]),
        ({"role": "generation"}, ["gen"]),
        ({"decision": "exclude"}, []),
        ({"sort": "flags"}, ["cat", "ant", "bee"]),
        ({"sort": "motion"}, ["ant", "bee", "cat"]),
    ],
)
def test_filter_and_order(parts, wanted, found):
    _, _, library = parts
    library.set_filter(**wanted)
    assert names(library) == found


def test_a_decision_is_hollow_until_the_commit_returns(parts):
    store, lane, library = parts
    saved = []
    library.saved.connect(saved.append)
    ant = library.shown[0]
    library.select((ant,), ant)
    library.decide("exclude")
    assert (library.decision(ant), library.clips[ant].decision) == ("exclude", "none")
    assert saved == []
    lane.run()
    assert library.pending == {}
    assert library.clips[ant].decision == "exclude"
    assert saved[0].clips == (ant,)
    assert store.state[ant].by == "ada"


def test_a_failed_commit_is_told_and_nothing_looks_decided(parts):
    store, lane, library = parts
    errors = []
    library.failed.connect(errors.append)
    store.broken = True
    ant = library.shown[0]
    library.decide("keep", [ant])
    lane.run()
    assert isinstance(errors[0], StoreError)
    assert library.decision(ant) == "none"


def test_undo_goes_to_the_clips_it_undid(parts):
    _, lane, library = parts
    first, second, _ = library.shown
    library.decide("exclude", [first, second])
    lane.run()
    library.select((library.shown[2],), library.shown[2])
    library.undo()
    lane.run()
    assert library.selection == (first, second)
    assert library.current == first
    assert [library.decision(id) for id in (first, second)] == ["none", "none"]


def test_a_decision_filter_drops_what_no_longer_fits(parts):
    _, lane, library = parts
    library.set_filter(decision="none")
    library.decide("keep", [library.shown[0]])
    lane.run()
    assert names(library) == ["bee", "cat"]


def test_scores_give_an_order(parts):
    _, _, library = parts
    ids = {c.name: id for id, c in library.clips.items()}
    rows = (RankedClip(ids["cat"], 0.4, 1), RankedClip(ids["ant"], -0.1, 2))
    library.set_ranking(Ranking("centred", "f", rows))
    library.set_filter(sort="score")
    assert names(library) == ["cat", "ant", "bee"]
    assert library.score(ids["ant"]) == -0.1
    assert library.score(ids["bee"]) is None


def test_an_older_answer_never_replaces_a_newer_one(parts):
    store, lane, library = parts
    library.refresh()
    library.refresh()
    first, second = lane.waiting
    lane.waiting = []
    second.run()
    store.all.append(clip("dog"))
    first.run()
    assert "dog" not in names(library)


def test_a_hundred_thousand_clips_filter_into_the_right_ones():
    from motionlens.session.clip_list import Details, LibraryClip, ordered

    clips = {}
    details = Details({}, {})
    for n in range(100_000):
        id, name = f"{n:032d}", f"{n:06d}"
        clips[id] = LibraryClip(id, "training", name, f"{name}\n", "none", (), 2.0, None, details)
    found = matching(ordered(clips, "name", {}), ClipFilter(text="09999"))
    assert [clips[id].name for id in found] == ["009999", *(f"09999{d}" for d in range(10))]


def test_a_page_is_listed_while_the_rest_is_read(monkeypatch):
    monkeypatch.setattr("motionlens.session.library.PAGE", 2)
    store, lane = FakeStore(), WaitingLane()
    rooms, lanes = SimpleNamespace(store=store), SimpleNamespace(store=lane)
    library = LibraryState(SimpleNamespace(rooms=rooms, lanes=lanes), lambda call: call(), "ada")
    library.refresh()
    page, rest = lane.waiting
    page.run()
    assert names(library) == ["ant", "bee"]
    assert not library.loaded
    library.select((library.shown[1],), library.shown[1])
    rest.run()
    assert names(library) == ["ant", "bee", "cat"]
    assert library.loaded
    assert library.clips[library.current].name == "bee"
    assert library.counts.roles == {"training": 3, "generation": 1}


def test_a_text_typed_on_and_taken_back_lists_what_a_fresh_one_does():
    store, lane = FakeStore(), WaitingLane()
    rooms, lanes = SimpleNamespace(store=store), SimpleNamespace(store=lane)
    library = LibraryState(SimpleNamespace(rooms=rooms, lanes=lanes), lambda call: call(), "ada")
    library.refresh()
    for job in lane.waiting:
        job.run()
    for text in ("a", "an", "an t", "a", "", "be", "c", "ca", "cat x"):
        library.set_filter(text=text)
        assert library.shown == matching(ordered(library.clips, "name", {}), library.filter), text
    library.set_filter(text="a", decision="keep")
    assert library.shown == []
    library.apply({next(iter(library.clips)): "keep"})
    assert len(library.shown) == 1
