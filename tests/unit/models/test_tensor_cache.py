"""A cache that may be deleted, cut or full at any time."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from motionlens.models.tensor_cache import TensorCache


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    cache = TensorCache(tmp_path / "made when needed")
    value = torch.arange(6, dtype=torch.bfloat16).reshape(2, 3)
    assert cache.get("a", "b") is None
    cache.put(value, "a", "b")
    found = TensorCache(cache.folder).get("a", "b")
    assert found is not None
    assert torch.equal(found, value)
    assert cache.get("ab", "") is None


def test_damaged_file_is_no_answer_and_is_made_again(tmp_path: Path) -> None:
    cache = TensorCache(tmp_path)
    cache.put(torch.ones(8), "key")
    (file,) = tmp_path.iterdir()
    for damage in (b"", b"nonsense", file.read_bytes()[:-3]):
        file.write_bytes(damage)
        assert cache.get("key") is None
        assert not file.exists()
        cache.put(torch.ones(8), "key")
        assert cache.get("key") is not None


def test_least_recently_used_gives_way(tmp_path: Path) -> None:
    cache = TensorCache(tmp_path, most_bytes=12_000)
    for n in range(3):
        cache.put(torch.full((800,), float(n)), str(n))  # 3.3 kB each
        for age, path in enumerate(sorted(tmp_path.iterdir(), key=os.path.getmtime)):
            os.utime(path, (1000 + age, 1000 + age))
    assert cache.get("0") is not None  # used now: the second is the oldest
    cache.put(torch.full((800,), 3.0), "3")
    assert cache.get("1") is None
    assert cache.get("0") is not None
    assert cache.get("3") is not None
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 12_000


def test_what_is_larger_than_the_whole_is_not_kept(tmp_path: Path) -> None:
    cache = TensorCache(tmp_path, most_bytes=1000)
    cache.put(torch.zeros(800), "key")
    assert cache.get("key") is None
    assert list(tmp_path.iterdir()) == []


def test_place_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = TensorCache(tmp_path / "file" / "cache")
    cache.put(torch.zeros(3), "key")
    assert cache.get("key") is None
