"""Dividing and moving batches: the parts add up, what has begun stays, and a row always has the same number."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.errors import ConflictError, InvalidInputError
from sampling.national_tasks.rules import (
    MOST_BATCHES,
    check_division,
    check_move,
    check_sides,
    progress_of,
    read_batches,
    reference_of,
    visits_to_withdraw,
)
from sampling.national_tasks.types import Progress, Sides
from sampling.types import SampleState, SeparationMode

counts = st.integers(-2, 40)


@given(
    st.integers(1, 200), st.lists(st.tuples(st.booleans(), st.integers(0, 5), counts, st.integers(0, 10)), max_size=30)
)
def test_whatever_is_divided_and_moved_the_parts_and_the_rest_are_the_task(batches, acts):
    parts: list[int] = []
    begun: list[int] = []
    for divides, which, count, sampled in acts:
        if divides or not parts:
            try:
                check_division(batches - sum(parts), [count])
            except InvalidInputError:
                assert count < 1 or count > batches - sum(parts)
                continue
            parts.append(count)
            begun.append(0)
        else:
            place = which % len(parts)
            begun[place] = min(begun[place] + sampled, parts[place])
            try:
                check_move(parts[place], begun[place], count)
            except (InvalidInputError, ConflictError):
                assert count < 1 or count > parts[place] - begun[place]
                continue
            parts[place] -= count
        assert 0 <= batches - sum(parts) <= batches
        assert all(done <= part for done, part in zip(begun, parts, strict=True))


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12), st.integers(0, 700))
def test_parts_are_taken_exactly_when_they_fit_into_the_rest(parts, rest):
    if sum(parts) <= rest:
        check_division(rest, parts)
    else:
        with pytest.raises(InvalidInputError, match=str(sum(parts))):
            check_division(rest, parts)


def test_no_part_at_all_is_refused():
    with pytest.raises(InvalidInputError):
        check_division(5, [])


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(1, 60))
def test_visits_that_stay_have_a_batch_each_and_no_more_are_taken_back_than_needed(part, begun, to_come, batches):
    if begun + batches > part:
        return
    gone = visits_to_withdraw(part, begun, to_come, batches)
    assert 0 <= gone <= to_come
    left = part - batches
    assert gone == 0 or begun + to_come - gone == left
    assert begun + to_come - gone <= left


ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize("mode", [SeparationMode.EXTERNAL, SeparationMode.REGULATOR])
def test_a_group_that_samples_one_part_does_not_test_another(mode):
    with pytest.raises(InvalidInputError):
        check_sides([Sides(mode, ONE, uuid4()), Sides(mode, uuid4(), ONE)])
    check_sides([Sides(mode, ONE, TWO), Sides(mode, ONE, uuid4())])


def test_where_a_laboratory_samples_itself_its_group_is_on_both_sides():
    check_sides([Sides(SeparationMode.INTERNAL, ONE, ONE), Sides(SeparationMode.INTERNAL, TWO, ONE)])


@given(st.dictionaries(st.sampled_from(SampleState), st.integers(0, 9)), st.integers(0, 300), st.integers(0, 300))
def test_every_step_holds_those_after_it_and_each_sample_counts_once(samples, assigned, more):
    samples.pop(SampleState.EVALUATED, None)
    taken = sum(samples.values())
    found = progress_of(assigned + taken + more, assigned + taken, samples)
    reached = (found.planned, found.assigned, found.sampled, found.received, found.tested, found.reported)
    assert list(reached) == sorted(reached, reverse=True)
    assert sum(found.steps) == found.planned
    assert found.sampled + found.lost == taken


def test_several_tasks_add_up():
    one = Progress(5, 4, 3, 2, 1, 0, 1)
    assert Progress.total([one, one]) == Progress(10, 8, 6, 4, 2, 0, 2)


@pytest.mark.parametrize(("text", "batches"), [("30", 30), ("30批次", 30), ("30 批", 30), ("３０", 30), ("30.0", 30)])
def test_batches_are_read_as_spreadsheets_write_them(text, batches):
    assert read_batches(text) == batches


@pytest.mark.parametrize("text", ["", "0", "-3", "三十", "3.5", str(MOST_BATCHES + 1)])
def test_other_batches_are_refused_with_what_stands_there(text):
    with pytest.raises(InvalidInputError, match=text.replace(".", r"\.") or "“”"):
        read_batches(text)


@given(st.lists(st.text(max_size=8), min_size=7, max_size=7), st.lists(st.text(max_size=8), min_size=7, max_size=7))
def test_without_a_number_a_row_has_the_same_one_exactly_when_it_says_the_same(one, other):
    if all("\x1f" not in text for text in (*one, *other)):
        assert (reference_of("", one) == reference_of(" ", other)) == (one == other)
    assert reference_of(" GC 01 ", one) == "GC01"
