"""Every format comes back as it went out, and obeys its own loader's rules."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from motionlens.domain.errors import ManifestError, PluginError, UsageError
from motionlens.domain.manifest import Manifest, ManifestEntry, manifest_from_json_lines
from motionlens.formats import registry
from motionlens.formats.captions import one_line, reads_as_text

OWN = {"jsonl": "list.jsonl", "csv": "list.csv", "parquet": "list.parquet"}
TRAINERS = ["diffsynth", "videofolder", "finetrainers", "cogvideox", "ltx"]
LINKING = {"videofolder", "finetrainers", "cogvideox"}


def cut(entry: ManifestEntry, target: Path) -> None:
    part = f" {entry.span.start}:{entry.span.stop}" if entry.span else ""
    target.write_bytes(f"cut of {entry.path}{part}".encode())


OPTIONS: dict[str, Any] = {"cut": cut}


def content(items: list[tuple[Path, str, tuple[int, int] | None]]) -> set[tuple[bytes, str]]:
    return {(path.read_bytes(), caption) for path, caption, _ in items}


@pytest.mark.parametrize("name", OWN)
def test_own_formats_come_back_whole(name: str, manifest: Manifest, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow") if name == "parquet" else None
    out = tmp_path / "new folder" / OWN[name]
    files = registry.exporter(name).write(manifest, out, OPTIONS)
    assert files == [out]
    expected = [
        (Path(e.path), e.caption, (e.span.start, e.span.stop) if e.span else None)
        for e in manifest.entries
    ]
    assert registry.read(out) == expected
    first = out.read_bytes()
    registry.exporter(name).write(manifest, out, OPTIONS)
    assert out.read_bytes() == first, "the same decisions give the same bytes"


def test_jsonl_is_the_manifest_itself(manifest: Manifest, tmp_path: Path) -> None:
    out = tmp_path / "m.jsonl"
    registry.exporter("jsonl").write(manifest, out, {})
    assert hashlib.sha256(out.read_bytes()).hexdigest() == manifest.sha256
    assert manifest_from_json_lines(out.read_text("utf-8"), "keep") == manifest
    assert out.read_bytes().isascii()
    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == [
        e.id for e in manifest.entries
    ]


@pytest.mark.parametrize("copy", [False, True])
@pytest.mark.parametrize("name", TRAINERS)
def test_trainer_formats_come_back(
    name: str, copy: bool, manifest: Manifest, tmp_path: Path
) -> None:
    out = tmp_path / "out ü"
    files = registry.exporter(name).write(manifest, out, {**OPTIONS, "copy": copy})
    assert all(file.is_file() for file in files)
    expected = set()
    for entry in manifest.entries:
        part = f"cut of {entry.path} 4:20".encode() if entry.span else None
        expected.add((part or Path(entry.path).read_bytes(), one_line(entry.caption)))
    assert content(registry.read(out)) == expected
    assert content(registry.read(files[0])) == expected
    sidecar = json.loads((out / "motionlens.json").read_text())
    assert sidecar["manifest_sha256"] == manifest.sha256
    linked = [file for file in out.rglob("*") if file.is_symlink()]
    assert len(linked) == (5 if name in LINKING and not copy else 0)


def test_videofolder_by_an_independent_reader(manifest: Manifest, tmp_path: Path) -> None:
    """What the loader does: names relative to the list, one split, hex names, no blank lines."""
    out = tmp_path / "out"
    files = registry.exporter("videofolder").write(manifest, out, OPTIONS)
    assert files[0] == out / "train" / "metadata.jsonl"
    lines = files[0].read_text("ascii").splitlines()
    assert len(lines) == len(manifest.entries)
    for line in lines:
        row = json.loads(line)
        assert not Path(row["file_name"]).is_absolute()
        assert re.fullmatch(r"[0-9a-f]{32}\.mp4", row["file_name"])
        assert (files[0].parent / row["file_name"]).is_file()
        assert row["caption"]
        assert len(row["caption"].splitlines()) == 1
    readme = (out / "README.md").read_text()
    assert readme.startswith("---\nconfigs:\n")
    assert 'path: "train/**"' in readme


def test_videofolder_by_datasets_itself(manifest: Manifest, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    out = tmp_path / "out"
    registry.exporter("videofolder").write(manifest, out, OPTIONS)
    loaded = datasets.load_dataset("videofolder", data_dir=str(out), split="train")
    rows = loaded.cast_column("video", datasets.Video(decode=False))
    assert {row["caption"] for row in rows} == {one_line(e.caption) for e in manifest.entries}


def test_diffsynth_by_an_independent_reader(manifest: Manifest, tmp_path: Path) -> None:
    """Its loader: a list of objects, or pandas' CSV; `video` joined to the base path."""
    out = tmp_path / "out"
    (first, *_) = registry.exporter("diffsynth").write(manifest, out, OPTIONS)
    assert first.name == "metadata.json", "007 and NA do not survive pandas' CSV reader"
    for row in json.loads(first.read_bytes()):
        assert (out / row["video"]).is_file()
        assert isinstance(row["prompt"], str)
        assert row["prompt"]
    plain = replace(manifest, entries=tuple(replace(e, caption="a, b") for e in manifest.entries))
    (first, *_) = registry.exporter("diffsynth").write(plain, out, OPTIONS)
    assert first.name == "metadata.csv"
    assert not (out / "metadata.json").exists()
    with first.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["clip"] for row in rows] == [e.id for e in plain.entries]
    assert {row["prompt"] for row in rows} == {"a, b"}


@pytest.mark.parametrize("name", ["finetrainers", "cogvideox"])
def test_prompts_and_videos_by_an_independent_reader(
    name: str, manifest: Manifest, tmp_path: Path
) -> None:
    """Their loaders: as many lines in both files, blank ones dropped, names below the root."""
    out = tmp_path / "out"
    files = registry.exporter(name).write(manifest, out, OPTIONS)
    assert files[0] == out / "videos.txt"
    prompts, videos = (
        [line.strip() for line in (out / f"{what}.txt").read_text("utf-8").splitlines()]
        for what in ("prompts", "videos")
    )
    assert len(prompts) == len(videos) == len(manifest.entries)
    assert all(prompts)
    assert all((out / video).is_file() for video in videos)
    (out / "prompts.txt").write_text("one line\n")
    with pytest.raises(ManifestError, match="6 videos and 1 captions"):
        registry.read(out)


def test_ltx_by_an_independent_reader(manifest: Manifest, tmp_path: Path) -> None:
    """Its loader: a JSON list, columns told from the first row, names relative to the list."""
    out = tmp_path / "out"
    (first, *_) = registry.exporter("ltx").write(manifest, out, OPTIONS)
    rows = json.loads(first.read_bytes())
    assert len({tuple(row) for row in rows}) == 1
    assert {"video", "caption"} <= set(rows[0])
    assert all((first.parent / row["video"]).is_file() for row in rows)


def test_diffsynth_as_a_single_list(manifest: Manifest, tmp_path: Path) -> None:
    out = tmp_path / "lists" / "train.json"
    files = registry.exporter("diffsynth").write(manifest, out, OPTIONS)
    assert files[0] == out
    assert len(registry.read(out)) == len(manifest.entries)
    with pytest.raises(ManifestError, match="cannot be written as CSV"):
        registry.exporter("diffsynth").write(manifest, out.with_suffix(".csv"), OPTIONS)


@pytest.mark.parametrize("name", TRAINERS)
def test_an_excluded_clip_is_gone_from_the_second_export(
    name: str, manifest: Manifest, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    registry.exporter(name).write(manifest, out, OPTIONS)
    fewer = replace(manifest, entries=manifest.entries[1:])
    registry.exporter(name).write(fewer, out, OPTIONS)
    gone = manifest.entries[0].id
    assert not [p for p in out.rglob("*") if gone in p.name]
    assert all(gone not in p.read_text() for p in out.rglob("*.json*"))
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize("name", TRAINERS)
def test_a_foreign_folder_is_never_replaced(name: str, manifest: Manifest, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(ManifestError, match="not empty"):
        registry.exporter(name).write(manifest, out, OPTIONS)
    assert [p.name for p in out.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("name", TRAINERS)
def test_a_failing_cut_leaves_nothing_behind(name: str, manifest: Manifest, tmp_path: Path) -> None:
    def full(entry: ManifestEntry, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(ManifestError, match="No space left"):
        registry.exporter(name).write(manifest, tmp_path / "out", {"cut": full})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["my clips ö"]


@pytest.mark.parametrize("name", TRAINERS)
def test_clips_without_a_caption(name: str, manifest: Manifest, tmp_path: Path) -> None:
    bare = replace(manifest.entries[0], caption=" \n ")
    mixed = replace(manifest, entries=(bare, *manifest.entries[1:]))
    exporter = registry.exporter(name)
    with pytest.raises(ManifestError, match=r"no caption.*default-caption"):
        exporter.write(mixed, tmp_path / "a", OPTIONS)
    skipped: list[tuple[str, str]] = []

    def report(clip: str, why: str) -> None:
        skipped.append((clip, why))

    exporter.write(mixed, tmp_path / "b", {**OPTIONS, "skipped": report})
    assert [clip for clip, _ in skipped] == [bare.id]
    assert len(registry.read(tmp_path / "b")) == len(mixed.entries) - 1
    exporter.write(mixed, tmp_path / "c", {**OPTIONS, "default_caption": "a\nmotion"})
    assert "a motion" in {caption for _, caption, _ in registry.read(tmp_path / "c")}
    none = replace(manifest, entries=(bare,))
    with pytest.raises(ManifestError, match="would be empty"):
        exporter.write(none, tmp_path / "d", {**OPTIONS, "skipped": report})


@pytest.mark.parametrize("name", TRAINERS)
def test_what_a_trainer_cannot_load_is_told_or_normalised(
    name: str, manifest: Manifest, media: Path, tmp_path: Path
) -> None:
    odd = media / "odd.apng"
    odd.write_bytes(b"odd")
    gone = replace(manifest.entries[1], path=str(media / "gone.mp4"), span=None)
    entries = (replace(manifest.entries[0], path=str(odd), span=None), gone)
    skipped: dict[str, str] = {}
    options = {"skipped": skipped.__setitem__}
    with pytest.raises(ManifestError, match="would be empty"):
        registry.exporter(name).write(replace(manifest, entries=entries), tmp_path / "a", options)
    assert "does not load .apng" in skipped[entries[0].id]
    assert "does not exist" in skipped[gone.id]

    def normalise(entry: ManifestEntry, target: Path) -> None:
        target.write_bytes(b"normal")

    registry.exporter(name).write(
        replace(manifest, entries=entries), tmp_path / "b", {**options, "normalise": normalise}
    )
    assert [path.read_bytes() for path, _, _ in registry.read(tmp_path / "b")] == [b"normal"]
    exporter = registry.exporter(name)
    exporter.write(replace(manifest, entries=entries), tmp_path / "c", {**options, **OPTIONS})
    ((made, _, _),) = registry.read(tmp_path / "c")
    assert (made.suffix, made.read_bytes()) == (".mp4", f"cut of {odd}".encode())
    vast = replace(manifest, entries=(replace(entries[0], frames=10**6),))
    with pytest.raises(ManifestError, match="would be empty"):
        exporter.write(vast, tmp_path / "d", {**options, **OPTIONS})
    assert "too long and large" in skipped[entries[0].id]


def test_own_formats_take_the_default_caption(manifest: Manifest, tmp_path: Path) -> None:
    bare = replace(manifest, entries=(replace(manifest.entries[0], caption=""),))
    registry.exporter("csv").write(bare, tmp_path / "a.csv", {"default_caption": "x"})
    registry.exporter("csv").write(bare, tmp_path / "b.csv", {})
    assert [registry.read(tmp_path / n)[0][1] for n in ("a.csv", "b.csv")] == ["x", ""]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("l.jsonl", '{"path": "a.mp4"}\n\n{"path": ', "line 3 .*no JSON"),
        ("l.jsonl", '{"path": "a.mp4"}\n[1]\n', "line 2 .*no object"),
        ("l.jsonl", '{"caption": "x"}\n', "line 1 .*names no file"),
        ("l.jsonl", '{"path": "http://x/a.mp4"}\n', "line 1 .*web address"),
        ("l.jsonl", '{"path": "a\\u0000.mp4"}\n', "line 1 .*zero byte"),
        ("l.jsonl", '{"path": "a.mp4", "span": {"start": 5, "stop": 5}}\n', "line 1 .*empty range"),
        ("l.jsonl", '{"path": "a.mp4", "start": "x", "stop": 5}\n', "line 1 .*no range"),
        ("l.jsonl", "[" * 100_000, "line 1 .*no JSON"),
        ("l.csv", 'path,caption\na.mp4,"x\n', "line 2 .*end of data"),
        ("l.csv", "path,caption\na.mp4,b\na.mp4,b,c\n", "line 3 .*more values"),
        ("l.csv", "where,caption\na.mp4,b\n", "line 2 .*names no file"),
        ("l.json", "{", "cannot be read"),
        ("l.json", "3", "holds no list"),
        ("l.json", "[3]", "line 1 .*no object"),
        ("l.jsonl", "", "lists no clips"),
        ("l.csv", "path\nnowhere.mp4\n", "None of the 1 files"),
        ("l.xyz", "hello", "no training list of a known format"),
        ("l.parquet", "hello", "no Parquet table|pyarrow"),
    ],
)
def test_broken_lists_are_told_with_their_line(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    (tmp_path / name).write_text(text)
    with pytest.raises((ManifestError, PluginError), match=told):
        registry.read(tmp_path / name)


def test_text_that_is_not_utf8_and_missing_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_bytes(b"path\n\xff\xfe\n")
    with pytest.raises(ManifestError, match="UTF-8"):
        registry.read(tmp_path / "l.csv")
    with pytest.raises(ManifestError, match="does not exist"):
        registry.read(tmp_path / "none.csv")
    with pytest.raises(UsageError, match=r"unknown.*jsonl, csv"):
        registry.exporter("nonsense")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("l.jsonl", '\ufeff{"video_path": "sub/a.mp4", "caption": "hi"}\n\n'),
        ("l.json", '[{"file_path": "sub/a.mp4", "text": "hi", "type": "video"}]'),
        ("l.json", '[{"path": "sub/a.mp4", "cap": ["hi"], "fps": 8}]'),
        ("l.json", '{"sub/a.mp4": {"caption": "hi"}}'),
        ("l.csv", "\ufeffpath,text,num_frames\nsub/a.mp4,hi,8\n"),
        ("l.tsv", "media_path\tcaption\nsub/a.mp4\thi\n"),
        ("sub/l.csv", "file_name,caption\r\n../sub/a.mp4,hi\r\n"),
    ],
)
def test_other_programs_lists_are_read(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.mp4").write_bytes(b"x")
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    ((path, caption, span),) = registry.read(tmp_path / name)
    assert (path.samefile(tmp_path / "sub" / "a.mp4"), caption, span) == (True, "hi", None)


def test_parquet_without_pyarrow_names_the_extra(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(PluginError, match=r"motionlens\[formats\]"):
        registry.exporter("parquet").write(manifest, tmp_path / "x.parquet", {})


@pytest.mark.parametrize("name", OWN)
def test_a_place_that_cannot_be_written_is_told(
    name: str, manifest: Manifest, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow") if name == "parquet" else None
    (tmp_path / "file").write_text("x")
    for out in (tmp_path, tmp_path / "file" / "x"):
        with pytest.raises(ManifestError, match="not written"):
            registry.exporter(name).write(manifest, out, {})


def test_captions_that_readers_mistake() -> None:
    for text in ("NA", "nan", "007", "1e5", "-1.5", "", "null", "None", "True", "inf"):
        assert not reads_as_text(text)
    for text in ("a ball", "7 balls", "n", "E2E: é"):
        assert reads_as_text(text)
    assert one_line("a\u2028b\x00c\r\n d\u200de") == "a b c d\u200de"


def test_reading_imports_no_heavy_library(tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "a.mp4").write_bytes(b"x")
    (tmp_path / "l.csv").write_text("path\na.mp4\n")
    code = (
        "import sys; from pathlib import Path; from motionlens.formats import registry; "
        "registry.read(Path(sys.argv[1])); print('pyarrow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "l.csv")],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.stdout == "False\n"
