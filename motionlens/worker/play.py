"""The player's door: requests in, finished frames out, work ahead between them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from motionlens.app.isolated_codec import decode, encode
from motionlens.app.isolated_renderer import INFOS
from motionlens.app.renderer import load, make_renderer
from motionlens.domain.clip import MediaInfo
from motionlens.domain.requests import FrameRenderer, FrameRequest
from motionlens.lanes.child_end import ChildEnd
from motionlens.lanes.wire import Block, Message


class PlayerDoor:
    """Answers what :class:`motionlens.app.isolated_renderer.IsolatedRenderer` asks."""

    def __init__(self, end: ChildEnd) -> None:
        load()  # before the first frame is asked for
        self._end = end
        self._renderer: FrameRenderer | None = None
        self._infos: OrderedDict[str, MediaInfo] = OrderedDict()

    def answer(self, message: Message) -> None:
        """Draw a frame."""
        if self._renderer is None:
            cache = str(message.header["cache"])
            self._renderer = make_renderer(Path(cache) if cache else None)
        image = self._renderer.render(self._request(message))
        blocks: list[Block] = []
        encoded = encode(image, blocks)
        self._end.send({"image": encoded, "end": True}, blocks)

    def idle(self) -> bool:
        """One step of work ahead; whether there is more."""
        return self._renderer is not None and self._renderer.idle()

    def _request(self, message: Message) -> FrameRequest:
        request: FrameRequest = decode(message.header["request"], message.blocks)
        key = str(message.header["info"])
        if not key:
            return request
        info = request.info or self._infos[key]
        self._infos[key] = info
        self._infos.move_to_end(key)
        while len(self._infos) > INFOS:
            self._infos.popitem(last=False)
        return replace(request, info=info)
