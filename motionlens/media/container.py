"""Opening a media file: where FFmpeg's failures are put in words."""

from __future__ import annotations

import os
from pathlib import Path

import av
import av.logging
from av.codec.codec import Codec, UnknownCodecError
from av.codec.context import CodecContext
from av.container import InputContainer
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from motionlens.domain.errors import MediaError

MAX_PIXELS = 100_000_000
"""Largest picture that is decoded or shown, pixels: a header can claim any size."""

_NOT_VIDEO_FORMATS = ("tty", "subviewer", "srt")
_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
_CHECK_PATH = "Check the path"
_COPY_AGAIN = "Copy or download the file again"


def open_video(path: str | Path, threaded: bool = True) -> tuple[InputContainer, VideoStream]:
    """Open a file and choose its video stream.

    Parameters
    ----------
    path : str or Path
        A local file. Nothing is ever fetched from a network, whatever the file refers to.
    threaded : bool
        Decode on several threads. Damaged files are decoded on one: which frames come out, and how
        they are repaired, must not hang on the timing of threads.

    Returns
    -------
    container, stream
        The caller closes the container.

    Raises
    ------
    MediaError
        No such file, a folder, empty, not a video, only sound, only cover art.
    """
    quiet_ffmpeg()
    _require_file(path)
    options = {"protocol_whitelist": "file", "max_pixels": str(MAX_PIXELS)}
    try:
        container = av.open(os.path.abspath(path), options=options, metadata_errors="ignore")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise _not_a_video(path, error) from error
    try:
        stream = _video_stream(path, container)
        stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        stream.thread_type = "AUTO" if threaded else "NONE"
    except BaseException:
        container.close()
        raise
    return container, stream


def decoder_of(stream: VideoStream, threaded: bool) -> VideoCodecContext:
    """What decodes a stream: its own decoder, or one that sees its transparency.

    WebM keeps transparency beside each packet, where FFmpeg's own VP8 and VP9 decoders do not look
    and those of libvpx do. Frames and times are the same.
    """
    own = stream.codec_context
    name = _WITH_ALPHA.get(own.codec.canonical_name)
    if stream.metadata.get("alpha_mode") != "1" or name is None or not has_decoder(name):
        return own
    context = CodecContext.create(name, "r")
    if not isinstance(context, VideoCodecContext):
        return own
    context.extradata = own.extradata
    context.options = {"max_pixels": str(MAX_PIXELS)}
    context.thread_type = "AUTO" if threaded else "NONE"
    return context


def has_decoder(name: str) -> bool:
    """Whether this build of FFmpeg has a video decoder of this name."""
    try:
        return bool(Codec(name, "r").type == "video")
    except UnknownCodecError:
        return False


def quiet_ffmpeg() -> None:
    """Keep FFmpeg from writing to stderr, which belongs to our own messages.

    PyAV's own log callback takes the interpreter lock for every error, whatever the level: a
    decoding thread that logs while the main thread closes its container would wait for ever. So
    FFmpeg's callback stays in place, and is silenced by its level.
    """
    av.logging.restore_default_callback()
    av.logging.set_libav_level(av.logging.PANIC)


def unreadable(path: str | Path, why: str, next_step: str) -> MediaError:
    """The failure of one file."""
    return MediaError(f"{path} cannot be read as a video", why, next_step)


def _require_file(path: str | Path) -> None:
    # Asked first, so that a name such as "pipe:0" or "http://..." is never taken for more.
    file = Path(path)
    try:
        if file.is_dir():
            raise unreadable(path, "It is a folder", "Name a video file inside it")
        if not file.exists():
            raise unreadable(path, "There is no such file", _CHECK_PATH)
        if not file.is_file():
            raise unreadable(path, "It is not a plain file", _CHECK_PATH)
        if file.stat().st_size == 0:
            raise unreadable(path, "The file is empty", _COPY_AGAIN)
    except (OSError, ValueError) as error:
        raise unreadable(path, f"The path cannot be used: {error}", _CHECK_PATH) from error


def _not_a_video(path: str | Path, error: Exception) -> MediaError:
    if isinstance(error, PermissionError):
        return unreadable(path, "You may not read it", "Change its permissions")
    try:
        with open(path, "rb") as file:
            head = file.read(12)
    except OSError as failure:
        return unreadable(path, f"The disk says: {failure.strerror}", _COPY_AGAIN)
    if head[4:8] == b"ftyp":
        why = "It is an MP4 whose index is missing or broken: it was cut off while being written"
        return unreadable(path, why, f"{_COPY_AGAIN}, or repair it with its recorder")
    return unreadable(
        path,
        "It is not a video, or its beginning is damaged",
        "Open it in a player, or leave it out",
    )


def _video_stream(path: str | Path, container: InputContainer) -> VideoStream:
    if container.format.name in _NOT_VIDEO_FORMATS:
        raise unreadable(path, "It is a text file", "Name a video file")
    pictures = container.streams.video
    streams = [s for s in pictures if not s.disposition & Disposition.attached_pic]
    if not streams:
        why = "It holds no picture"
        if container.streams.audio:
            why = "It holds only sound" + (" and cover art" if pictures else "")
        elif pictures:
            why = "Its only picture is an attached cover"
        raise unreadable(path, why, "Name a file with moving pictures")
    best = container.streams.best("video")
    stream = best if best in streams and isinstance(best, VideoStream) else streams[0]
    if stream.codec_context is None:
        raise unreadable(path, "Its video format has no decoder here", "Convert it to H.264 first")
    return stream
