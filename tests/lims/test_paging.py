"""Cursors of lists: what was written is read, anything else is refused, and pages make up the whole."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.errors import InvalidInputError
from lims.web.paging import BY_INSTANT, BY_NAME, MOST_CHARACTERS, page_of, read_cursor, write_cursor

instants = st.datetimes(timezones=st.just(UTC))
names = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=120)


@given(at=instants, row_id=st.uuids())
def test_an_instant_and_an_id_are_read_as_they_were_written(at: datetime, row_id: UUID) -> None:
    assert read_cursor(write_cursor((at, row_id)), BY_INSTANT) == (at, row_id)


@given(name=names, row_id=st.uuids())
def test_the_longest_name_of_the_register_fits_into_a_cursor(name: str, row_id: UUID) -> None:
    written = write_cursor((name, row_id))
    assert len(written) <= MOST_CHARACTERS
    assert read_cursor(written, BY_NAME) == (name, row_id)


@given(text=st.text(min_size=1))
def test_what_was_not_written_here_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_cursor(text, BY_INSTANT, field="after")
    assert refused.value.field == "after"


@pytest.mark.parametrize("key", [(datetime(2026, 9, 1), UUID(int=1)), ("a", UUID(int=1)), (1,)])  # noqa: DTZ001
def test_a_cursor_of_another_list_and_an_instant_without_its_zone_are_refused(key) -> None:
    with pytest.raises(InvalidInputError):
        read_cursor(write_cursor(key), BY_INSTANT)


@given(rows=st.lists(st.integers(0, 1000), unique=True, max_size=40), size=st.integers(1, 10))
def test_pages_walked_by_their_cursors_make_up_the_list(rows: list[int], size: int) -> None:
    ordered, walked, after = sorted(rows), [], None
    while True:
        left = [row for row in ordered if after is None or row > after[0]]
        page = page_of(left[: size + 1], size, lambda row: (row,))
        walked += page.rows
        if page.next_cursor is None:
            break
        after = read_cursor(page.next_cursor, (int,))
    assert walked == ordered
