"""What is read lazily says the same as what is read at once."""

from __future__ import annotations

from pathlib import Path

from motionlens.domain.clip import Clip, Flag, MediaInfo, MotionSummary, Role, Span
from motionlens.store.store import create_store

INFO = MediaInfo(64, 48, 8.0, 16, False, 0, "h264", 2.0)


def made(n: int, role: Role = Role.TRAINING, span: Span | None = None) -> Clip:
    return Clip(f"{n:032x}", (f"/clips/{9 - n}.mp4",), f"{n:064x}", role, INFO, f"clip {n}", span)


def test_maps_and_listings_agree_with_the_lists(tmp_path: Path) -> None:
    with create_store(tmp_path) as store:
        clips = [made(1), made(2, Role.GENERATION), made(3, span=Span(2, 9)), made(4)]
        store.add_clips(clips)
        summary = MotionSummary((0.5, 1.5), 1.0, 0.25, (1,), ())
        flags = [Flag("loop", 0.3, "a"), Flag("static", 0.9, "b"), Flag("blur", 0.9, "c", False)]
        store.save_analysis(clips[0].id, summary, flags, b"s")

        assert list(store.clip_map()) == [clip.id for clip in store.clips()]
        assert list(store.clip_map().values()) == store.clips()
        assert dict(store.summaries()) == {clips[0].id: summary}
        assert dict(store.summaries([clips[1].id])) == {}
        wanted = {clips[0].id: (flags[1], flags[0])}
        assert store.flags_over() == store.flags_over([clips[0].id, clips[1].id]) == wanted
        assert store.flags_over([clips[1].id]) == {}

        lines = store.listing()
        assert [line.id for line in lines] == [clip.id for clip in clips]
        assert [line.name for line in lines] == ["8", "7", "6, 2\u20139", "5"]
        assert [line.mean_px for line in lines] == [1.0, None, None, None]
        # The first page: training clips, by their path.
        assert [line.id for line in store.listing(2)] == [clips[3].id, clips[2].id]


def test_a_value_is_made_once_and_only_when_asked_for(tmp_path: Path) -> None:
    with create_store(tmp_path) as store:
        store.add_clips([made(1), made(2)])
        found = store.clip_map()
    # The rows are there: the store may be closed before a value is made.
    assert found[made(1).id] is found[made(1).id]
    assert made(2).id in found
    assert "f" * 32 not in found
    assert len(found) == 2
