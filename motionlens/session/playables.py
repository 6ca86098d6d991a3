"""Clips with their exact frame times, which a list of clips is read without."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from motionlens.domain.clip import Clip
from motionlens.domain.ports import Store
from motionlens.lanes import Lane, Priority
from motionlens.session.playable import Playable, playable
from motionlens.session.work import Hop, ask

_KEPT = 200


class Playables:
    """Reads frame times on the store lane, keeps the last 200 clips, and hands them over on the
    main thread: at once where they are known.

    With the times a file opens in milliseconds; without them it is decoded once from end to end.
    """

    def __init__(
        self, lane: Lane, store: Store, hop: Hop, bug: Callable[[BaseException], object]
    ) -> None:
        self._lane = lane
        self._store = store
        self._hop = hop
        self._bug = bug
        self._known: OrderedDict[str, Playable] = OrderedDict()

    def get(self, clip: Clip, done: Callable[[Playable], object]) -> None:
        """Hand a clip to `done`."""
        self.get_all([clip], lambda found: done(found[0]))

    def get_all(self, clips: Iterable[Clip], done: Callable[[list[Playable]], object]) -> None:
        """Hand clips to `done`, in their order."""
        wanted = list(clips)
        missing = [clip.id for clip in wanted if clip.id not in self._known]

        def read() -> list[Clip]:
            return [self._store.clip(id_) for id_ in missing]

        def take(found: list[Clip]) -> None:
            for clip in found:
                self._known[clip.id] = playable(clip)
            known = [self._known[clip.id] for clip in wanted]
            for clip in wanted:
                self._known.move_to_end(clip.id)
            while len(self._known) > max(_KEPT, len(wanted)):
                self._known.popitem(last=False)
            done(known)

        if not missing:
            take([])
            return
        ask(
            self._lane, "Read frame times", lambda _token: read(), self._hop, take, self._bug,
            priority=Priority.URGENT,
        )  # fmt: skip
