"""Frames of one file in the order of showing, from the start or from a key frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from motionlens.domain.errors import MediaError
from motionlens.lanes.beat import beat
from motionlens.media.container import decoder_of, open_video, unreadable
from motionlens.media.table import Key, PacketFacts


class Decoder:
    """A decoder and its position. Errors in the stream are counted and passed over.

    Owns a container: use as a context manager, from one thread.

    Attributes
    ----------
    errors : int
        Packets that could not be decoded since it was opened.
    broken_off : bool
        Whether reading the file itself failed before its end.
    packets : list of PacketFacts
        What went by, in the order of the file; only with `record`.
    """

    def __init__(self, path: str | Path, threaded: bool = True, record: bool = False) -> None:
        self._path = path
        self.threaded = threaded
        self._record = record
        self.errors = 0
        self.broken_off = False
        self.packets: list[PacketFacts] = []
        self.container, self.stream = open_video(path, threaded)
        self._context = decoder_of(self.stream, threaded)
        self._untouched = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    def from_start(self) -> Iterator[VideoFrame]:
        """All frames, as a fresh opening gives them."""
        self._rewind()
        return self._decoded(self._demuxed())

    def from_key(self, key: Key, before: Key | None) -> Iterator[VideoFrame]:
        """Frames from a key frame on, without those shown before it.

        `before` is the key frame before it: where a seek lands too late, the next try aims there.
        """
        for aim in (key, before):
            if aim is None:
                continue
            packets = self._sought(key, aim)
            if packets is not None:
                return self._shown_from(key.pts, packets)
        self._rewind()
        return self._shown_from(key.pts, self._skipped_to(key, self._demuxed()))

    def scan_packets(self) -> list[PacketFacts]:
        """Read the whole stream without decoding."""
        self._rewind()
        return [PacketFacts.of(p) for p in self._demuxed() if not _is_flush(p)]

    def _rewind(self) -> None:
        # Reopening is the one way back to the first packet that holds in every container.
        if not self._untouched:
            self.close()
            self.container, self.stream = open_video(self._path, self.threaded)
            self._context = decoder_of(self.stream, self.threaded)

    def _sought(self, key: Key, aim: Key) -> Iterator[Packet[VideoStream]] | None:
        self._untouched = False
        try:
            # By decoding time: MP4 seeks by it, and a target that is too early only costs reading.
            self.container.seek(min(aim.dts, aim.pts), stream=self.stream)
            # Seeking flushes the stream's own decoder, and no other.
            if self._context is not self.stream.codec_context:
                self._context.flush_buffers()
        except (av.FFmpegError, OSError):
            return None
        packets = self._demuxed()
        for packet in packets:
            if packet.pts == key.pts and packet.is_keyframe:
                return _chain(packet, packets)
            if packet.dts is not None and packet.dts >= key.dts:
                return None
        return None

    def _skipped_to(
        self, key: Key, packets: Iterator[Packet[VideoStream]]
    ) -> Iterator[Packet[VideoStream]]:
        for packet in packets:
            if packet.pts == key.pts and packet.is_keyframe:
                yield packet
                break
        yield from packets

    def _shown_from(self, pts: int, packets: Iterator[Packet[VideoStream]]) -> Iterator[VideoFrame]:
        # In an open group, frames shown before the key frame follow it and lean on what is missing.
        frames = self._decoded(packets)
        for frame in frames:
            if frame.pts is None or frame.pts >= pts:
                yield frame
                break
        yield from frames

    def _demuxed(self) -> Iterator[Packet[VideoStream]]:
        self._untouched = False
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (av.FFmpegError, OSError):
                self.broken_off = True
                return
            beat()
            yield packet

    def _decoded(self, packets: Iterator[Packet[VideoStream]]) -> Iterator[VideoFrame]:
        flushed = False
        for packet in packets:
            flushed = _is_flush(packet)
            if self._record and not flushed:
                self.packets.append(PacketFacts.of(packet))
            yield from self._frames_of(packet)
        if not flushed:
            yield from self._frames_of(None)

    def _frames_of(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        try:
            return self._context.decode(packet)
        except EOFError:
            return []
        except MemoryError as error:
            why = "There is not enough memory for its frames"
            raise unreadable(self._path, why, "Close other programs") from error
        except (av.FFmpegError, ValueError):
            self.errors += 1
            return []


def _is_flush(packet: Packet[VideoStream]) -> bool:
    return packet.size == 0 and packet.dts is None


def _chain(
    first: Packet[VideoStream], rest: Iterator[Packet[VideoStream]]
) -> Iterator[Packet[VideoStream]]:
    yield first
    yield from rest


def lost(path: str | Path) -> MediaError:
    """The failure of a file that no longer gives the frames it gave before."""
    return unreadable(
        path, "It has changed or was damaged since it was first read", "Remove it and add it again"
    )
