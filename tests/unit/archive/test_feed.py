"""The change feed: sets of ids as text, and drawing old rows together without losing anything."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.archive.embedded import feed
from wattledger.archive.embedded.feed import Span, append, from_runs, read_changes, runs
from wattledger.archive.embedded.layouts import Layout, LayoutBook, write_layout
from wattledger.archive.embedded.schema import migrate

IDS = st.sets(st.integers(1, 200), max_size=60)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as opened:
        migrate(opened)
        write_layout(opened, Layout(1, (10, 11), (0, 0), 300))
        write_layout(opened, Layout(2, (20,), (0,), 300))
        yield opened


def book(connection: sqlite3.Connection) -> LayoutBook:
    known = LayoutBook()
    known.catch_up(connection)
    return known


@given(ids=IDS)
def test_a_set_of_ids_comes_back_from_its_text(ids: set[int]) -> None:
    assert from_runs(runs(ids)) == ids


def test_neighbours_are_written_as_a_run() -> None:
    assert runs({3, 1, 2, 7, 9, 10}) == "1-3,7,9-10"
    assert runs(()) == ""


def test_drawn_together_rows_name_all_series_and_the_whole_time(connection: sqlite3.Connection) -> None:
    spans = [
        Span(300, 600, layouts=frozenset({1})),
        Span(0, 100, layouts=frozenset({2}), series=frozenset({5})),
        Span(900, 900, layouts=frozenset({1})),
    ]
    append(connection, spans)

    feed.fold(connection, through=2)

    told = read_changes(connection, book(connection), after=0, limit=9)
    assert [(c.series, c.start.timestamp(), c.end.timestamp()) for c in told.changes] == [
        ((5, 10, 11, 20), 0, 600),
        ((10, 11), 900, 900),
    ]
    assert read_changes(connection, book(connection), after=1, limit=9) == told
    assert len(read_changes(connection, book(connection), after=2, limit=9).changes) == 1


def test_the_feed_stays_bounded_and_its_cursor_goes_on(connection: sqlite3.Connection) -> None:
    most, written = 10, 3 * feed.FOLDED_AT_ONCE

    for number in range(1, written + 1):
        append(connection, [Span(number, number, layouts=frozenset({1}))], most=most)
        newest = connection.execute("SELECT max(cursor) FROM change").fetchone()[0]
        assert newest == number

    (rows,) = connection.execute("SELECT count(*) FROM change").fetchone()
    assert most <= rows <= most + feed.FOLDED_AT_ONCE
    told = read_changes(connection, book(connection), after=0, limit=written)
    covered = {second for c in told.changes for second in range(int(c.start.timestamp()), int(c.end.timestamp()) + 1)}
    assert covered == set(range(1, written + 1))


@given(after=st.integers(0, 600))
def test_no_follower_misses_anything_wherever_he_stood(after: int) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        append(connection, [Span(number, number, series=frozenset({number})) for number in range(1, 601)], most=10)
        append(connection, [Span(601, 601, series=frozenset({601}))], most=10)

        told = read_changes(connection, LayoutBook(), after=after, limit=1000)

    assert set(range(after + 1, 602)) <= {series for change in told.changes for series in change.series}
