"""`finetrainers` and `cogvideox`: two text files of equal length, a caption and a file a line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motionlens.domain.errors import ManifestError
from motionlens.domain.manifest import Manifest
from motionlens.files import write_atomically
from motionlens.formats.captions import captioned, require_some
from motionlens.formats.json_lines import text_of
from motionlens.formats.layout import place_media, whole_folder, write_sidecar
from motionlens.formats.rows import Item, items_from

PROMPTS, VIDEOS = "prompts.txt", "videos.txt"
SUFFIXES = frozenset((".mp4", ".mov", ".avi", ".mkv", ".webm"))


class Finetrainers:
    """`prompts.txt`, `videos.txt` and `media/`, names relative to the folder.

    Its trainer samples a longer clip evenly over its whole length, so speed depends on length:
    give it clips of one length.
    """

    name = "finetrainers"
    folder = True

    def write(self, manifest: Manifest, out: Path, options: Mapping[str, Any]) -> list[Path]:
        """Write the folder, media linked unless `options["copy"]`."""
        captions: list[str] = []
        videos: list[str] = []
        with whole_folder(out) as folder:
            for entry in captioned(manifest, options):
                target = place_media(entry, folder / "media", options, SUFFIXES)
                if target is not None:
                    captions.append(entry.caption)
                    videos.append(target.relative_to(folder).as_posix())
            require_some(videos, self.name)
            write_atomically(folder / PROMPTS, "".join(f"{line}\n" for line in captions))
            write_atomically(folder / VIDEOS, "".join(f"{line}\n" for line in videos))
            write_sidecar(folder, self.name, manifest, len(videos))
        return [out / VIDEOS, out / PROMPTS, *(out / video for video in videos)]

    def reads(self, path: Path) -> bool:
        folder = path if path.is_dir() else path.parent
        named = path.is_dir() or path.name in (PROMPTS, VIDEOS)
        return named and all((folder / name).is_file() for name in (PROMPTS, VIDEOS))

    def read(self, path: Path) -> list[Item]:
        """Read the pair of files, given the folder or one of them."""
        folder = path if path.is_dir() else path.parent
        captions, videos = (_lines(folder / name) for name in (PROMPTS, VIDEOS))
        if len(captions) != len(videos):
            raise ManifestError(
                f"{folder / PROMPTS} and {VIDEOS} do not belong together",
                f"there are {len(videos)} videos and {len(captions)} captions",
                "Mend the files so that each line has its partner",
            )
        pairs = zip(videos, captions, strict=True)
        rows = ({"path": video, "caption": caption} for video, caption in pairs)
        return items_from(enumerate(rows, start=1), folder / VIDEOS)


class CogVideoX(Finetrainers):
    """The same two files; its trainer takes every k-th frame, k = frames // frames to train on."""

    name = "cogvideox"


def _lines(file: Path) -> list[str]:
    # The trainers drop blank lines on both sides before they count.
    return [line.strip() for line in text_of(file).split("\n") if line.strip()]
