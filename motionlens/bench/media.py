"""Decoding against PyAV without conversion, and frames by number against other readers."""

from __future__ import annotations

import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np

from motionlens.bench.case import Row, compared
from motionlens.bench.video_peers import At, Peer, Picture, installed
from motionlens.domain.errors import MediaError
from motionlens.media import OpenClip, PyAVReader

SUITE = "media"
_FLOW_SIDE = 512
_BACK = 12


def media(quick: bool) -> list[Row]:
    """On clips drawn and encoded here, so that anybody can run it; and on real ones where
    MOTIONLENS_SHARED names a folder of them."""
    with tempfile.TemporaryDirectory() as name:
        made = _made(Path(name), quick)
        long = [made[0], *_real(("clips/cartoon/bbb_720p.mp4",))] if not quick else made[:1]
        rows = [row for path in long for row in _sequential(path, quick)]
        rows += [row for path in long for row in _by_number(path, 6 if quick else 17)]
        return rows + _exact([*made, *([] if quick else _all_real())], 6 if quick else 14)


def _sequential(path: Path, quick: bool) -> list[Row]:
    runs = 3
    reader = PyAVReader()
    reader.probe(path)

    def rgb() -> None:
        for _ in reader.pieces(path):
            pass

    def luma() -> None:
        for _ in reader.pieces(path, luma=True, max_side=_FLOW_SIDE):
            pass

    def floor() -> None:
        with av.open(str(path)) as container:
            container.streams.video[0].thread_type = "AUTO"
            for _ in container.decode(video=0):
                pass

    bare = "PyAV, no conversion"
    # The goal is one for 720p: a small drawn picture costs less to decode than to convert.
    limit = None if quick else 1.3
    rows = [
        compared(SUITE, f"RGB in order, {path.name}", bare, rgb, floor, limit=limit, runs=runs),
        compared(SUITE, f"luma for flow, {path.name}", bare, luma, floor, runs=runs),
    ]
    for peer in installed():
        if "seek" not in peer.name:
            rows.append(_beside(path, peer, rgb, runs))
    return rows


def _beside(path: Path, peer: Peer, ours: Callable[[], object], runs: int) -> Row:
    def theirs() -> None:
        for _ in peer.sequential(path):
            pass

    if peer.name != "imageio-ffmpeg":
        return compared(SUITE, f"RGB in order, {path.name}", peer.name, ours, theirs, runs=runs)
    # It decodes in a child process, whose work this process's clock does not see.
    mine, other = _wall(ours, runs), _wall(theirs, runs)
    case = f"RGB in order, {path.name}, ms of wall time"
    return Row(SUITE, case, mine, other, peer.name, mine / other)


def _wall(work: Callable[[], object], runs: int) -> float:
    spent = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        spent.append((time.perf_counter() - start) * 1000)
    return statistics.median(spent)


def _by_number(path: Path, count: int) -> list[Row]:
    found = PyAVReader().probe(path)
    jumps = _drawn(found.frames, count)
    back = list(range(found.frames - 1, max(0, found.frames - 1 - _BACK), -1))
    rows = []
    with _ours(path) as (clip, at):
        mine = _each(at, jumps)
        spent = clip.decoded
        ours_back = _each(at, back)[1:]
        per_step = (clip.decoded - spent) / len(back)
    for peer in installed():
        if peer.open is None:
            continue
        at_peer = peer.open(path)
        theirs, theirs_back = _each(at_peer, jumps), _each(at_peer, back)[1:]
        for name, share in (("p50", 0.5), ("p95", 0.95)):
            one, other = (float(np.quantile(times, share)) for times in (mine, theirs))
            rows.append(_row(f"a frame anywhere, {name}, {path.name}", one, other, peer.name))
        steps = statistics.median(ours_back), statistics.median(theirs_back)
        rows.append(_row(f"a step backwards, {path.name}", *steps, peer.name))
    case = f"frames decoded a step backwards, {path.name}"
    return [*rows, Row(SUITE, case, per_step, 1, "one frame", per_step, 2)]


def _row(case: str, mine: float, theirs: float, peer: str) -> Row:
    return Row(SUITE, case, mine, theirs, peer, mine / max(theirs, 1e-6))


def _drawn(frames: int, count: int) -> list[int]:
    return [int(n) for n in np.random.default_rng(frames).integers(0, frames, count)]


def _each(at: At, numbers: list[int]) -> list[float]:
    spent = []
    for number in numbers:
        start = time.process_time()
        at(number)
        spent.append((time.process_time() - start) * 1000)
    return spent


@contextmanager
def _ours(path: Path) -> Iterator[tuple[OpenClip, At]]:
    with OpenClip(path) as clip:
        yield clip, clip.frame


def _exact(paths: list[Path], count: int) -> list[Row]:
    """Files of which the frames drawn by lot equal those of a read in order, and all are there."""
    peers = [peer for peer in installed() if peer.open is not None]
    right = dict.fromkeys([None, *(peer.name for peer in peers)], 0)
    readable = 0
    for path in paths:
        try:
            frames = PyAVReader().probe(path).frames
        except MediaError:
            continue
        readable += 1
        numbers = _drawn(frames, count)
        with _ours(path) as (_, at):
            pieces = PyAVReader().pieces(path)
            right[None] += _agrees((f for piece in pieces for f in piece), at, numbers, frames)
        for peer in peers:
            right[peer.name] += _peer_agrees(peer, path, numbers, frames)
    mine = right.pop(None)
    case = f"files right of {readable} (count)"
    return [
        Row(SUITE, case, mine, theirs, str(name), mine / max(theirs, 1))
        for name, theirs in right.items()
    ]


def _peer_agrees(peer: Peer, path: Path, numbers: list[int], frames: int) -> bool:
    if peer.open is None:
        return False
    try:
        return _agrees(peer.sequential(path), peer.open(path), numbers, frames)
    except Exception:
        return False


def _agrees(in_order: Iterator[Picture], at: At, numbers: list[int], frames: int) -> bool:
    wanted = set(numbers)
    seen: dict[int, str] = {}
    count = 0
    for count, picture in enumerate(in_order, 1):
        if count - 1 in wanted:
            seen[count - 1] = _digest(picture)
    return count == frames and all(_digest(at(n)) == seen[n] for n in numbers)


def _digest(picture: Picture) -> str:
    return hashlib.sha256(picture.tobytes()).hexdigest()


def _made(folder: Path, quick: bool) -> list[Path]:
    drawn = folder / "drawn.mp4"
    PyAVReader().write(drawn, _moving_texture(24, 180, 320) if quick else _detailed(60), 25.0)
    frames = _moving_texture(40, 64, 96)
    kinds = (
        ("b_frames.mp4", "libx264", {"g": "12", "bf": "3"}),
        ("open.ts", "libx264", {"x264-params": "keyint=10:open-gop=1:bframes=3"}),
        ("hidden.webm", "libvpx-vp9", {"g": "12", "auto-alt-ref": "1", "lag-in-frames": "8"}),
        ("packed.avi", "mpeg4", {"bf": "2", "g": "9"}),
        ("stream.mpg", "mpeg1video", {"g": "9", "bf": "2"}),
    )
    return [drawn, *(_encoded(folder / name, frames, codec, o) for name, codec, o in kinds)]


def _encoded(path: Path, frames: Picture, codec: str, options: dict[str, str]) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for picture in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _real(names: tuple[str, ...]) -> list[Path]:
    shared = os.environ.get("MOTIONLENS_SHARED", "")
    return [path for name in names if shared and (path := Path(shared) / name).is_file()]


def _all_real() -> list[Path]:
    shared = os.environ.get("MOTIONLENS_SHARED", "")
    if not shared:
        return []
    found = [p for part in ("clips", "odd") for p in sorted((Path(shared) / part).rglob("*"))]
    return [p for p in found if p.is_file() and p.suffix not in (".csv", ".md", ".txt")]


def _detailed(count: int) -> Picture:
    """720p that costs what filmed video costs: texture that moves, and noise of its own."""
    frames = _moving_texture(count, 720, 1280)
    rng = np.random.default_rng(1)
    grain = rng.normal(0, 1.5, (720 + count, 1280, 1)).astype(np.int16)
    for n, frame in enumerate(frames):
        frame[:] = (frame + grain[count - n :][:720]).clip(0, 255)
    return frames


def _moving_texture(count: int, height: int, width: int) -> Picture:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (height // 20 + 1, width // 20 + count + 1, 3), dtype=np.uint8)
    big = coarse.repeat(20, 0).repeat(20, 1)
    return np.stack([big[:height, 4 * i : 4 * i + width] for i in range(count)])
