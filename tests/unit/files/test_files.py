"""Files: whole or not at all, with the user's own permissions, under names that may be long."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from motionlens.domain.errors import MotionLensError, from_os_error
from motionlens.files import atomic_file, inside, plain_path, write_atomically


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "a.bin"
    write_atomically(target, "first")

    def stopped_half_way() -> None:
        with atomic_file(target) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped_half_way()
    assert target.read_text() == "first"
    assert [path.name for path in target.parent.iterdir()] == ["a.bin"]


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    name = "n" * 251 + ".txt"
    write_atomically(tmp_path / name, "x")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_many_threads_leave_the_umask_as_it_is(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: write_atomically(tmp_path / str(n), "x"), range(64)))
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o640}
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)


def test_one_file_has_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a" / "b")
    file = tmp_path / "a" / "f"
    file.write_text("x")
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert plain_path("../f") == file
    assert plain_path(tmp_path / "a" / "b" / ".." / "f") == file
    # Kept as the user knows it, but where `..` behind a link leads elsewhere than it reads.
    assert plain_path(tmp_path / "link") == tmp_path / "link"
    assert plain_path(tmp_path / "link" / ".." / "f") == file


@pytest.mark.parametrize("name", ["..", "../x", "/etc", ".hidden", "", " "])
def test_a_name_cannot_lead_out_of_its_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(MotionLensError, match="cannot be used"):
        inside(tmp_path, name)


def test_what_the_system_says_becomes_words(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as caught:
        (tmp_path / "gone").read_bytes()
    told = from_os_error(caught.value).sentence()
    assert told.startswith(f"{tmp_path / 'gone'} cannot be read or written. No such file")
