"""A curator judges a whole queue by single keys, and the process is killed again and again.

    python -m tests.support.judging_session FOLDER [--clips 100] [--kills 30] [--seed 0]

Prints one JSON document: keys a decision, program time a decision, and what the kills lost (an
answer that the window called saved and that the store does not have: none may be).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path

from motionlens.app import open_project
from tests.support.watched_index import many_clips
from tests.support.window_child import played


@dataclass
class Session:
    """What was pressed and told, over all the sittings."""

    pressed: list[str] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)
    saved_ms: list[float] = field(default_factory=list)
    seen_ms: list[float] = field(default_factory=list)
    kills: int = 0
    sittings: int = 0
    done: bool = False


def judge(project: Path, settings: Path, clips: int, kills: int, seed: int) -> Session:
    """Sit down again after each kill, which comes at a random moment after a random press.

    Presses are counted, not seconds, so that the kills come before the queue ends on any machine.
    """
    chance, session = random.Random(seed), Session()
    most = clips // (kills + 1)
    while not session.done:
        session.sittings += 1
        with played("judge_all", project, settings) as child:
            doomed = session.kills < kills
            press, pause_s = chance.randint(1, max(1, most - 1)), chance.uniform(0, 0.12)
            killer = threading.Timer(pause_s, os.kill, (child.pid, signal.SIGKILL))
            presses = 0
            assert child.stdout is not None
            for line in child.stdout:
                told = json.loads(line)
                presses += "pressed" in told
                if doomed and presses == press and "pressed" in told:
                    killer.start()
                _note(session, told)
            killer.cancel()
            code = child.wait(timeout=60)
            session.kills += code == -signal.SIGKILL
            assert code in (0, -signal.SIGKILL), child.stderr and child.stderr.read()
    return session


def lost(project: Path, session: Session) -> list[str]:
    """Clips whose answer was called saved and is not in the store; and those judged twice."""
    with open_project(project) as opened:
        events = [event.clip for event in opened.rooms.store.events(None)]
    return [clip for clip in set(session.saved) if events.count(clip) != 1]


def _note(session: Session, told: dict[str, object]) -> None:
    if "pressed" in told:
        session.pressed.append(str(told["pressed"]))
    if "saved" in told:
        session.saved.append(str(told["saved"]))
        session.saved_ms.append(float(str(told["ms"])))
    if "seen" in told:
        session.seen_ms.append(float(str(told["ms"])))
    session.done = session.done or bool(told.get("done"))


def summary(session: Session, gone: list[str]) -> dict[str, object]:
    """The figures of a session."""

    def share(values: list[float], at: float) -> float:
        return sorted(values)[min(len(values) - 1, int(at * len(values)))]

    known = asdict(session)
    return {
        "decisions": len(set(session.pressed)),
        "keys": len(session.pressed),
        "keys_a_decision": len(session.pressed) / len(set(session.pressed)),
        "ms_to_saved_p50": share(session.saved_ms, 0.5),
        "ms_to_saved_p95": share(session.saved_ms, 0.95),
        "ms_to_next_clip_p50": share(session.seen_ms, 0.5),
        "ms_to_next_clip_p95": share(session.seen_ms, 0.95),
        "kills": known["kills"],
        "sittings": known["sittings"],
        "lost": gone,
    }


def main() -> None:
    """Make the clips, judge them, print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    [project] = many_clips(options.folder, options.clips, "project")
    session = judge(
        project, options.folder / "settings", options.clips, options.kills, options.seed
    )
    json.dump(summary(session, lost(project, session)), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
