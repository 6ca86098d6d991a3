"""Review on the real store and an inline lane: order, decisions, saving, undo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from motionlens.domain.clip import Clip, Flag, MediaInfo, MotionSummary, Role, clip_id
from motionlens.domain.decision import Decision
from motionlens.domain.errors import StoreError
from motionlens.domain.ranking import Polarity, Query, RankedClip, Ranking
from motionlens.lanes import InlineLane
from motionlens.operations.merge import WithOneself, with_oneself
from motionlens.operations.rank import ranking_to_json
from motionlens.session.agreement import agreed
from motionlens.session.pace import Pace, about
from motionlens.session.review import ReviewState
from motionlens.session.review_queue import Filters, QueueKind, Walk, chance, signed
from motionlens.store import create_store

NAMES = ("alpha", "bravo", "charlie", "delta")


def id_of(name: str) -> str:
    return clip_id(name.encode().hex().ljust(64, "0"))


class Rooms:
    """Only the store of a project."""

    def __init__(self, store) -> None:
        self.store = store


class BreakingStore:
    """The real store, with a full disk as long as it is told so."""

    def __init__(self, store) -> None:
        self._store = store
        self.full = False

    def __getattr__(self, name):
        return getattr(self._store, name)

    def decide(self, *args, **kwargs):
        if self.full:
            raise StoreError("The decision is not saved", "the disk is full", "Free space")
        return self._store.decide(*args, **kwargs)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.fixture
def store(tmp_path):
    made = create_store(tmp_path / "project.db")
    info = MediaInfo(64, 48, 10.0, 10, False, 0, "h264", 1.0)
    for name, role in (*((n, Role.TRAINING) for n in NAMES), ("gen", Role.GENERATION)):
        content = name.encode().hex().ljust(64, "0")
        made.add_clip(Clip(clip_id(content), (f"/media/{name}.mp4",), content, role, info))
    made.save_analysis(
        id_of("charlie"),
        MotionSummary((1.0,) * 10, 1.0, 0.0),
        [Flag("static", 0.9, "It hardly moves.")],
        np.zeros(4, np.uint8).tobytes(),
    )
    yield BreakingStore(made)
    made.close()


@pytest.fixture
def clock():
    return Clock()


def make_state(store, clock):
    def bug(error):
        raise error

    state = ReviewState(InlineLane(), Rooms(store), lambda call: call(), bug, lambda: "ann", clock)
    state.load()
    return state


@pytest.fixture
def state(store, clock):
    return make_state(store, clock)


def judge(state, decision, **options):
    state.painted(state.current.clip.id)
    return state.decide(decision, **options)


def names(state):
    return [state.candidate(clip).clip.name for clip in state.order]


def test_without_a_ranking_flagged_clips_come_first(state):
    assert state.kind is QueueKind.FLAGGED
    assert names(state) == ["charlie", "alpha", "bravo", "delta"]
    reason = state.current.reasons[0]
    assert (reason.name, reason.sentence) == ("Static shot", "It hardly moves.")


def test_a_decision_goes_on_and_is_in_the_store(state, store):
    first = state.current.clip.id
    assert judge(state, Decision.EXCLUDE)
    assert state.current.clip.name == "alpha"
    event = store.decisions()[first]
    assert (event.decision, event.by) == (Decision.EXCLUDE, "ann")
    assert event.evidence["flags"] == [{"name": "static", "score": 0.9}]
    assert state.marks[first].saved
    assert state.last is not None
    assert state.last.words == "Excluded 1, charlie"
    assert state.counts.judged == 1


def test_an_unseen_clip_cannot_be_judged(state, store):
    assert not state.decide(Decision.EXCLUDE)
    state.painted(id_of("delta"))
    assert not state.decide(Decision.EXCLUDE)
    assert store.decisions() == {}


def test_a_bouncing_key_counts_once(state, clock, store):
    judge(state, Decision.KEEP)
    clock.now -= 0.95
    assert not judge(state, Decision.KEEP)
    assert len(store.decisions()) == 1


def test_later_puts_a_clip_at_the_end_and_undo_puts_it_back(state):
    judge(state, Decision.UNSURE)
    assert names(state) == ["alpha", "bravo", "delta", "charlie"]
    assert state.current.clip.name == "alpha"
    state.undo()
    assert names(state) == ["charlie", "alpha", "bravo", "delta"]
    assert state.current.clip.name == "charlie"
    assert state.marks == {}


def test_undo_goes_to_the_clip_it_undid(state, store):
    judge(state, Decision.EXCLUDE)
    judge(state, Decision.KEEP)
    state.undo()
    assert state.current.clip.name == "alpha"
    assert id_of("alpha") not in store.decisions()
    state.undo()
    assert state.current.clip.name == "charlie"
    assert state.undo_name == ""
    state.redo()
    assert store.decisions()[id_of("charlie")].decision is Decision.EXCLUDE


def test_nothing_to_undo_is_said_and_holds_nothing_up(state):
    state.undo()
    assert state.refusal is not None
    assert not state.writer.held
    assert judge(state, Decision.KEEP)
    assert state.refusal is None


def test_a_full_disk_stops_and_loses_nothing(state, store):
    store.full = True
    first = state.current.clip.id
    judge(state, Decision.EXCLUDE)
    assert state.failure is not None
    assert state.failure.why == "the disk is full"
    assert state.writer.held
    assert state.writer.waiting == 1
    assert not state.marks[first].saved
    assert not judge(state, Decision.KEEP)
    state.undo()
    assert state.writer.waiting == 1
    store.full = False
    state.try_again()
    assert state.failure is None
    assert state.writer.waiting == 0
    assert store.decisions()[first].decision is Decision.EXCLUDE
    assert state.marks[first].saved


def test_decided_clips_are_left_out_on_opening_and_counted(state, store, clock):
    judge(state, Decision.EXCLUDE)
    again = make_state(store, clock)
    assert names(again) == ["alpha", "bravo", "delta"]
    assert again.counts.judged == 1
    assert again.counts.total == 4
    again.set_filters(Filters(undecided=False))
    assert len(again.order) == 4


def test_the_place_is_kept(state, store, clock):
    state.next()
    state.next()
    assert make_state(store, clock).current.clip.name == "bravo"


def test_advancing_skips_judged_clips_and_comes_round(state):
    state.go(2)
    judge(state, Decision.KEEP)
    assert state.current.clip.name == "delta"
    state.go(1)
    judge(state, Decision.KEEP)
    assert state.current.clip.name == "delta"
    judge(state, Decision.KEEP)
    assert state.current.clip.name == "charlie"
    judge(state, Decision.KEEP)
    assert state.finished


def test_decide_and_stay_and_decide_anew(state, store):
    first = state.current.clip.id
    judge(state, Decision.EXCLUDE, stay=True)
    assert state.current.clip.id == first
    judge(state, Decision.KEEP, stay=True)
    assert store.decisions()[first].decision is Decision.KEEP
    assert len(store.events(first)) == 2
    judge(state, Decision.CLEAR, stay=True)
    assert first not in store.decisions()
    assert first not in state.marks


def test_a_note_goes_with_the_decision_or_follows_it(state, store):
    first = state.current.clip.id
    state.set_note(first, "arms freeze")
    assert store.decisions() == {}
    judge(state, Decision.EXCLUDE)
    assert store.decisions()[first].note == "arms freeze"
    state.set_note(first, "legs freeze")
    assert store.decisions()[first].note == "legs freeze"
    assert state.note(first) == "legs freeze"


def make_ranking():
    queries = (Query(id_of("gen")), Query(id_of("delta"), Polarity.GOOD))
    rows = tuple(
        RankedClip(id_of(name), 0.4 - 0.3 * place, place + 1, q_value=0.005 + place,
                   per_query={id_of("gen"): 0.4})
        for place, name in enumerate(("delta", "bravo", "charlie"))
    )  # fmt: skip
    return Ranking("centred", "a91f03", rows, queries)


def test_a_ranking_makes_its_own_queue_with_evidence(state, store):
    state.use_ranking(make_ranking())
    assert state.kind is QueueKind.RANKED
    assert names(state) == ["delta", "bravo", "charlie"]
    reason = state.current.reasons[0]
    assert reason.number == "+0.40"
    assert "Rank 1 of 3" in reason.sentence
    assert "q .005" in reason.sentence
    judge(state, Decision.EXCLUDE)
    evidence = store.decisions()[id_of("delta")].evidence
    assert (evidence["rank"], evidence["fingerprint"]) == (1, "a91f03")
    state.choose_queue(QueueKind.FLAGGED)
    assert names(state) == ["charlie", "alpha", "bravo"]


def test_queries_are_stepped_round(state):
    state.use_ranking(make_ranking())
    assert state.query.clip == id_of("gen")
    state.step_query(1)
    assert state.query.polarity is Polarity.GOOD
    state.step_query(1)
    assert state.query.clip == id_of("gen")


def test_every_generation_is_a_query_until_a_ranking_says_otherwise(state):
    assert [query.clip for query in state.queries] == [id_of("gen")]


def test_another_view_s_decision_is_shown(state, store):
    store.decide([id_of("bravo")], Decision.KEEP, "ann")
    state.reread((id_of("bravo"),))
    assert state.marks[id_of("bravo")].decision is Decision.KEEP


def test_a_clip_hidden_by_a_filter_can_be_shown(state):
    judge(state, Decision.EXCLUDE)
    state.load()
    assert "charlie" not in names(state)
    assert state.go_to_any(id_of("charlie"))
    assert state.current.clip.name == "charlie"


def test_filters_by_flag(state):
    state.set_filters(Filters(flag="static"))
    assert names(state) == ["charlie"]
    state.set_filters(Filters(flag="cartoon"))
    assert state.current is None


def test_a_walk_puts_back_before_those_that_wait():
    walk = Walk.over("abcd")
    walk.put_last("a")
    walk.put_last("c")
    assert walk.order == ["b", "d", "a", "c"]
    walk.put_back("c", {"a"})
    assert walk.order == ["b", "c", "d", "a"]


def test_pace_leaves_pauses_out():
    pace = Pace()
    for moment in (0, 4, 10, 500, 505):
        pace.decided(float(moment))
    assert pace.seconds_a_clip == 5.0
    assert pace.words(13) == "5.0 s a clip, about 2 min left"
    assert pace.words(0) == ""


def test_numbers_as_people_read_them():
    assert [signed(x) for x in (0.414, -0.06, 0.001)] == ["+0.41", "\u22120.06", "0.00"]
    assert [chance(x) for x in (0.005, 0.0001, 1.0)] == [".005", "< .001", "1"]
    assert [about(x) for x in (3, 47, 70, 7300)] == ["5 s", "50 s", "2 min", "2 h 2 min"]


def keep(store, ranking):
    store.save_setting("ranking", ranking_to_json(ranking))


def test_a_ranking_that_was_made_elsewhere_is_what_opens(store, clock):
    before = make_state(store, clock)
    before.next()
    assert before.kind is QueueKind.FLAGGED
    keep(store, make_ranking())
    assert make_state(store, clock).kind is QueueKind.RANKED
    before.load()
    assert before.kind is QueueKind.RANKED


def test_the_queue_that_was_chosen_beside_a_ranking_stays(store, clock):
    keep(store, make_ranking())
    state = make_state(store, clock)
    state.choose_queue(QueueKind.FLAGGED)
    state.next()
    place = state.current.clip.id
    again = make_state(store, clock)
    assert (again.kind, again.current.clip.id) == (QueueKind.FLAGGED, place)


def test_a_combined_score_says_what_it_is_made_of(state):
    parts = {"influence": 0.31, "flow_deviation": 4.2, "loss": 0.1, "static": 0.0}
    rows = tuple(
        RankedClip(id_of(name), 0.9 - 0.3 * n, n + 1, q_value=q, parts=parts)
        for n, (name, q) in enumerate((("charlie", 0.01), ("bravo", 0.4)))
    )
    state.use_ranking(Ranking("combined", "a91f03", rows, (Query(id_of("gen")),)))
    told = state.current
    assert told.score_text == "0.90"
    assert [(r.kind, r.number) for r in told.reasons] == [
        ("combined", "0.90"), ("influence", "+0.31"), ("motion", "4.2 s.d."), ("static", "0.90"),
    ]  # fmt: skip
    assert "on 1 bad query" in told.reasons[1].sentence
    # Influence that chance explains is no reason.
    assert [r.kind for r in state.candidate(id_of("bravo")).reasons] == ["combined", "motion"]


def test_influence_within_chance_is_called_so(state):
    rows = (RankedClip(id_of("bravo"), 0.02, 1, q_value=0.6),)
    state.use_ranking(Ranking("centred", "a91f03", rows, (Query(id_of("gen")),)))
    reason = state.current.reasons[0]
    assert (reason.kind, reason.name) == ("chance", "Influence within chance")


def test_tags_go_with_the_decision_and_are_offered_again(state, store):
    first = state.current.clip.id
    state.set_tags(first, ("floats", "stretches"))
    judge(state, Decision.EXCLUDE)
    assert store.events(first)[-1].evidence["tags"] == ["floats", "stretches"]
    assert state.known_tags[:2] == ["floats", "stretches"]
    state.set_tags(first, ("floats",))
    assert store.events(first)[-1].evidence["tags"] == ["floats"]
    assert store.events(first)[-1].decision is Decision.EXCLUDE
    assert state.tags(first) == ("floats",)


def test_filters_in_words_and_what_is_wrong_with_them(state):
    state.set_filters(Filters(undecided=False, text="flag:static or name:alpha"))
    assert names(state) == ["charlie", "alpha"]
    state.set_filters(Filters(undecided=False, text="flg:static"))
    assert "flg" in state.filter_error.why
    assert names(state) == ["charlie", "alpha"], "what was shown stays"
    state.set_filters(Filters(undecided=False, order="name"))
    assert state.filter_error is None
    assert names(state) == ["alpha", "bravo", "charlie", "delta"]


def test_a_queue_is_saved_by_name_and_found_after_a_restart(state, store, clock):
    state.set_filters(Filters(undecided=False, text="flag:static"))
    state.save_queue("Stills")
    assert state.open_queue.name == "Stills"
    again = make_state(store, clock)
    assert [queue.name for queue in again.saved_queues] == [
        "Stills", "Excluded", "Kept", "Later", "Second look",
    ]  # fmt: skip
    again.choose_saved(again.saved_queues[0])
    assert names(again) == ["charlie"]
    again.forget_queue("Stills")
    assert "Stills" not in [queue.name for queue in make_state(store, clock).saved_queues]


def test_a_built_in_queue_shows_what_was_kept(state):
    judge(state, Decision.KEEP)
    kept = next(queue for queue in state.saved_queues if queue.name == "Kept")
    state.choose_saved(kept)
    assert names(state) == ["charlie"]


def test_blind_hides_and_shuffles_the_same_way_and_events_say_so(state, store, clock):
    plain = list(state.order)
    state.set_blind(True)
    assert sorted(state.order) == sorted(plain)
    for candidate in state.queue:
        assert (candidate.title, candidate.flags, candidate.reasons) == ("", (), ())
        assert (candidate.ranked, candidate.score_text) == (None, "")
    again = make_state(store, clock)
    again.set_blind(True)
    assert again.order == state.order
    first = state.current.clip.id
    judge(state, Decision.EXCLUDE)
    assert "charlie" not in state.last.words
    event = store.events(first)[-1]
    assert event.evidence["blind"] is True
    # What was known is kept with the event all the same.
    charlie = id_of("charlie")
    while state.current.clip.id != charlie and first != charlie:
        judge(state, Decision.KEEP)
    if first != charlie:
        judge(state, Decision.KEEP)
    assert store.events(charlie)[-1].evidence["flags"][0]["name"] == "static"


def test_others_answers_are_hidden_from_a_blind_or_second_curator(state, store):
    clip = id_of("alpha")
    store.decide([clip], Decision.EXCLUDE, "bob", "it floats")
    state.load()
    assert state.marks[clip].decision is Decision.EXCLUDE
    state.set_second(True)
    assert clip not in state.marks
    assert clip in state.order
    state.go_to(clip)
    judge(state, Decision.KEEP)
    assert state.marks[clip].decision is Decision.KEEP
    state.set_second(False)
    state.choose_saved(next(q for q in state.saved_queues if q.name == "Second look"))
    assert state.order == [clip]


def test_a_clip_comes_again_as_a_control_after_25_blind_answers(store, clock):
    info = MediaInfo(64, 48, 10.0, 10, False, 0, "h264", 1.0)
    for n in range(40):
        content = f"{n:02x}".ljust(64, "f")
        store.add_clip(Clip(clip_id(content), (f"/media/{n}.mp4",), content, Role.TRAINING, info))
    state = make_state(store, clock)
    state.set_blind(True)
    seen = []
    for _ in range(25):
        seen.append(state.current.clip.id)
        judge(state, Decision.KEEP)
    upcoming = state.order[state.place]
    assert upcoming not in seen
    control = state.control
    assert control in seen[:-10]
    assert state.current.clip.id == control
    assert state.note(control) == ""
    judge(state, Decision.EXCLUDE)
    assert store.events(control)[-1].evidence["control"] is True
    assert state.control is None
    assert state.current.clip.id == upcoming, "the walk goes on where it was"
    found = with_oneself(store.events())
    assert (found["ann"].clips, found["ann"].same) == (1, 0)


def added(store, name, flagged=False):
    content = name.encode().hex().ljust(64, "0")
    info = MediaInfo(64, 48, 10.0, 10, False, 0, "h264", 1.0)
    store.add_clip(Clip(clip_id(content), (f"/m/{name}.mp4",), content, Role.TRAINING, info))
    if flagged:
        flag(store, name)


def flag(store, name):
    summary = MotionSummary((1.0,) * 10, 1.0, 0.0)
    cells = np.zeros(4, np.uint8).tobytes()
    store.save_analysis(id_of(name), summary, [Flag("static", 0.8, "It hardly moves.")], cells)


def test_new_candidates_wait_until_they_are_let_in(state, store):
    judge(state, Decision.KEEP, stay=True)
    added(store, "aardvark", flagged=True)
    state.load()
    assert names(state) == ["alpha", "bravo", "delta"]
    assert state.frozen.fresh == (id_of("aardvark"),)
    state.let_in(sort=False)
    assert names(state) == ["alpha", "bravo", "delta", "aardvark"]
    assert state.candidate(id_of("aardvark")).rank == 5
    assert state.frozen.fresh == ()


def test_new_flags_move_nothing_until_it_is_sorted_again(state, store):
    judge(state, Decision.KEEP, stay=True)
    flag(store, "delta")
    state.load()
    assert names(state) == ["alpha", "bravo", "delta"]
    assert state.frozen.moved
    current = state.current.clip.id
    state.let_in(sort=True)
    assert names(state) == ["delta", "alpha", "bravo"]
    assert state.current.clip.id == current
    assert not state.frozen.moved


def test_before_anything_is_judged_a_queue_sorts_itself(state, store):
    added(store, "aardvark", flagged=True)
    flag(store, "delta")
    state.load()
    assert names(state) == ["charlie", "aardvark", "delta", "alpha", "bravo"]


def test_filters_drafts_and_order_are_taken_up_again(state, store, clock):
    state.set_filters(Filters(undecided=False, order="name"))
    state.go_to(id_of("bravo"))
    state.set_note(id_of("bravo"), "half a thought")
    state.set_tags(id_of("bravo"), ("floats",))
    again = make_state(store, clock)
    assert again.filters == Filters(undecided=False, order="name")
    assert again.current.clip.name == "bravo"
    assert (again.note(id_of("bravo")), again.tags(id_of("bravo"))) == (
        "half a thought", ("floats",),
    )  # fmt: skip
    judge(again, Decision.EXCLUDE)
    assert make_state(store, clock).drafts == {}


@pytest.mark.parametrize(
    "kept", [{"order": "backwards"}, {"text": "flag:("}, {"colour": 3}, "name", {"text": 5}]
)
def test_filters_of_another_version_are_dropped(state, store, clock, kept):
    state.keep(filters=kept)
    assert make_state(store, clock).filters == Filters()


def test_the_end_of_a_queue_tells_how_far_curators_agree(state, store):
    for name in NAMES:
        for by, decision in (("ann", Decision.KEEP), ("bob", Decision.KEEP)):
            store.decide([id_of(name)], decision, by=by)
    found = []
    state.ask_agreement(found.append)
    (result,) = found
    assert (result.clips, result.percent) == (4, 100.0)
    assert agreed(result) == ""  # of four shared answers nothing is said
    shared = replace(result, clips=40, percent=92.5, cohen_kappa=0.8, krippendorff_alpha=None)
    shared = replace(shared, with_oneself={"ann": WithOneself(8, 7)})
    assert agreed(shared) == (
        "2 curators agree on 92 % of 40 shared clips (kappa 0.80, alpha undefined). "
        "ann answered 7 of 8 clips that came again the same way."
    )
