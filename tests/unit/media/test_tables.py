"""What was found of a file, kept on disk."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest

from motionlens.media import PyAVReader, probe, tables
from motionlens.media.probe import full_scan
from motionlens.media.tables import TableFolder, stamp_of
from tests.support.shared import shared_folder


@pytest.fixture
def long_file(tmp_path):
    copy = tmp_path / "clip.mp4"
    shutil.copy(shared_folder("clips", "real", "basketball_throw_bounce.mp4"), copy)
    return copy


@pytest.fixture
def no_scan(monkeypatch):
    def refuse(*_):
        raise RuntimeError("scanned again")

    def forbid():
        monkeypatch.setattr("motionlens.media.reader.full_scan", refuse)
        monkeypatch.setattr("motionlens.media.clip.full_scan", refuse)
        monkeypatch.setattr("motionlens.media.clip.table_from_packets", refuse)

    return forbid


def test_a_table_is_what_was_written(long_file, tmp_path):
    found, folder, stamp = full_scan(long_file), TableFolder(tmp_path / "t"), stamp_of(long_file)
    assert folder.read(stamp) is None
    folder.write(stamp, found)
    assert TableFolder(tmp_path / "t").read(stamp) == found


@pytest.mark.parametrize("name", ["zero_hole.mp4", "truncated_faststart.mp4", "mjpeg.avi"])
def test_damage_and_missing_key_frames_are_kept_too(name, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "LEAST_FRAMES", 0)
    path = shared_folder("odd", name)
    found = full_scan(path)
    TableFolder(tmp_path).write(stamp_of(path), found)
    assert TableFolder(tmp_path).read(stamp_of(path)) == found


def test_the_next_reader_scans_nothing(long_file, tmp_path, no_scan):
    info = PyAVReader(tmp_path / "t").probe(long_file)
    whole = PyAVReader().frames(long_file, indices=[5, 300])
    no_scan()
    reader = PyAVReader(tmp_path / "t")
    assert reader.probe(long_file) == info
    assert np.array_equal(reader.frames(long_file, indices=[5, 300]), whole)
    with reader.open(long_file, info) as clip:
        assert np.array_equal(clip.frame(300), whole[1])


def test_a_packet_scan_is_kept_for_the_next_opening(long_file, tmp_path, no_scan):
    info = probe.probe(long_file)
    PyAVReader(tmp_path / "t").open(long_file, info).close()
    no_scan()
    with PyAVReader(tmp_path / "t").open(long_file, info) as clip:
        assert clip.info == info
        clip.frame(200)


def test_a_moved_file_is_known_by_its_content(long_file, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "LEAST_BYTES", 1000)
    folder = TableFolder(tmp_path / "t")
    folder.write(stamp_of(long_file), full_scan(long_file))
    moved = long_file.rename(tmp_path / "moved.mp4")
    assert folder.read(stamp_of(moved)) is not None


def test_a_changed_file_is_not_taken_for_what_it_was(long_file, tmp_path):
    folder = TableFolder(tmp_path / "t")
    folder.write(stamp_of(long_file), full_scan(long_file))
    other = shared_folder("clips", "real", "bottle_static_long.mp4")
    shutil.copy(other, long_file)
    os.utime(long_file)
    assert folder.read(stamp_of(long_file)) is None
    assert PyAVReader(tmp_path / "t").probe(long_file) == probe.probe(other)


def test_broken_tables_count_as_absent(long_file, tmp_path):
    folder, stamp = TableFolder(tmp_path / "t"), stamp_of(long_file)
    folder.write(stamp, full_scan(long_file))
    (table,) = (tmp_path / "t").glob("*.npz")
    whole = table.read_bytes()
    for part in (b"", whole[:100], whole[:-50], whole[:200] + b"\0" * 40 + whole[240:], b"x" * 99):
        table.write_bytes(part)
        assert folder.read(stamp) is None
    table.write_bytes(whole)
    assert folder.read(stamp) is not None


def test_tables_of_another_version_are_made_again(long_file, tmp_path, monkeypatch):
    folder, stamp = TableFolder(tmp_path / "t"), stamp_of(long_file)
    folder.write(stamp, full_scan(long_file))
    monkeypatch.setattr(tables, "VERSION", tables.VERSION + 1)
    assert folder.read(stamp) is None


def test_short_files_are_not_worth_a_table_and_many_tables_are_bounded(long_file, tmp_path):
    short = shared_folder("odd", "two_frames.mp4")
    TableFolder(tmp_path / "t").write(stamp_of(short), full_scan(short))
    assert not (tmp_path / "t").exists()
    small = TableFolder(tmp_path / "t", limit_bytes=100)
    small.write(stamp_of(long_file), full_scan(long_file))
    assert sum(file.stat().st_size for file in (tmp_path / "t").iterdir()) <= 100
