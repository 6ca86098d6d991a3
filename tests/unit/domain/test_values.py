"""Fingerprints, manifests, clip ids and errors."""

from __future__ import annotations

import pickle
from dataclasses import asdict, replace

from motionlens.domain.clip import Span, clip_id
from motionlens.domain.errors import IndexStale, MediaError, MotionLensError
from motionlens.domain.fingerprint import IndexSpec, spec_from_json
from motionlens.domain.manifest import Manifest, ManifestEntry, manifest_from_json_lines

SPEC = IndexSpec("w" * 64, "all", (0.6, 0.9), 0, "adjacent", "dis", "default", 512, 0)
ENTRY = ManifestEntry("i", "/a b/ü.mp4", "h", 'says "hi"', 4, 4, 8.0, 16, 2.0, Span(2, 9))


def test_any_part_of_a_spec_changes_the_fingerprint() -> None:
    others = [
        replace(SPEC, weights="x" * 64),
        replace(SPEC, tracked="lora"),
        replace(SPEC, levels=(0.6,)),
        replace(SPEC, noise_seed=1),
        replace(SPEC, mask="anchor"),
        replace(SPEC, flow="farneback"),
        replace(SPEC, projection="sjlt"),
        replace(SPEC, dim=1024),
        replace(SPEC, projection_seed=1),
        replace(SPEC, recipe_version=99),
    ]
    assert len({spec.fingerprint for spec in [SPEC, *others]}) == len(others) + 1
    for other in others:
        assert len(SPEC.differences(other)) == 1


def test_a_spec_survives_json_and_names_what_differs() -> None:
    assert spec_from_json(asdict(SPEC)) == SPEC
    words = SPEC.differences(replace(SPEC, mask="anchor"))
    assert words == ["the mask recipe changed from adjacent to anchor"]


def test_a_manifest_reads_its_own_lines_and_hashes_its_content() -> None:
    manifest = Manifest((ENTRY, replace(ENTRY, id="j", span=None)), "keep")
    text = manifest.to_json_lines()
    again = manifest_from_json_lines(text, "keep")
    assert again == manifest
    assert again.sha256 == manifest.sha256
    changed = Manifest((replace(ENTRY, caption="else"),), "keep")
    assert changed.sha256 != manifest.sha256


def test_a_part_of_a_file_is_another_clip() -> None:
    content = "ab" * 32
    whole, part = clip_id(content), clip_id(content, Span(0, 8))
    assert whole != part != clip_id(content, Span(0, 9))
    assert {len(whole), len(part)} == {32}


def test_errors_are_one_line_and_cross_process_borders() -> None:
    error = MediaError("a.mp4 cannot\nbe read", "it is empty", "Leave it out")
    assert error.sentence() == "a.mp4 cannot be read. It is empty. Leave it out."
    again = pickle.loads(pickle.dumps(error))  # what multiprocessing does with exceptions
    assert isinstance(again, MediaError)
    assert again.sentence() == error.sentence()
    assert issubclass(IndexStale, MotionLensError)
