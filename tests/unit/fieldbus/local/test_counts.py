"""Counts outlive power cuts, torn writes and full cards, and say when they do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattledger.fieldbus.local.counts import SIZE, Count, CountFiles

COUNTS = {3: Count(123_456_789), 12: Count(7, 4711, "boot")}


def test_counts_are_found_again(tmp_path: Path) -> None:
    files = CountFiles(tmp_path / "counts")
    files.keep({3: Count(1)})
    files.keep(COUNTS)

    again = CountFiles(tmp_path / "counts")

    assert again.load() == COUNTS
    assert not again.are_damaged


def test_where_nothing_was_counted_there_is_nothing(tmp_path: Path) -> None:
    files = CountFiles(tmp_path / "counts")

    assert (files.load(), files.are_damaged) == ({}, False)


@settings(max_examples=40)
@given(spoilt_at=st.integers(0, SIZE - 1), spoilt_by=st.binary(min_size=1, max_size=600))
def test_a_torn_write_leaves_the_counts_before_it(
    tmp_path_factory: pytest.TempPathFactory, spoilt_at: int, spoilt_by: bytes
) -> None:
    folder = tmp_path_factory.mktemp("counts")
    files = CountFiles(folder)
    for pulses in (1, 2, 3):
        files.keep({1: Count(pulses)})
    newest = folder / "counts-1"
    whole = newest.read_bytes()
    newest.write_bytes((whole[:spoilt_at] + spoilt_by + whole[spoilt_at + len(spoilt_by) :])[:SIZE])
    is_spoilt = newest.read_bytes() != whole

    again = CountFiles(folder)
    found = again.load()
    again.keep({1: Count(4)})

    assert found == {1: Count(2 if is_spoilt else 3)}
    assert CountFiles(folder).load() == {1: Count(4)}


def test_counts_that_cannot_be_read_at_all_are_told(tmp_path: Path) -> None:
    files = CountFiles(tmp_path)
    files.keep(COUNTS)
    (tmp_path / "counts-1").write_bytes(b"")

    again = CountFiles(tmp_path)

    assert (again.load(), again.are_damaged) == ({}, True)


def test_a_file_is_overwritten_in_place_so_that_a_full_card_takes_it(tmp_path: Path) -> None:
    files = CountFiles(tmp_path)
    files.keep({1: Count(1)})
    files.keep({1: Count(2)})
    before = {path: (path.stat().st_ino, path.stat().st_size) for path in tmp_path.iterdir()}

    for pulses in range(3, 9):
        files.keep({1: Count(pulses * 10**15)})

    assert before == {path: (path.stat().st_ino, SIZE) for path in tmp_path.iterdir()}
