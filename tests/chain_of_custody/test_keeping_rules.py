"""How long a portion is kept, and what a count finds: decisions on plain values."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain_of_custody.keeping.rules import compare_stock, keep_until, keeping_state, shelf_life_end
from chain_of_custody.keeping.types import DifferenceKind, Hold, HoldKind, KeepingState

DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1))
NUMBERS = st.sets(st.sampled_from([f"P{number}" for number in range(12)]))
HOLD = Hold(HoldKind.RECHECK, "FJ1", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("made_on", "written", "end"),
    [
        (date(2026, 1, 31), "1个月", date(2026, 2, 28)),
        (date(2026, 3, 1), "12个月", date(2027, 3, 1)),
        (date(2026, 3, 1), "18 months", date(2027, 9, 1)),
        (date(2026, 3, 1), "2年", date(2028, 3, 1)),
        (date(2026, 3, 1), "7天", date(2026, 3, 8)),
        (date(2026, 3, 1), "常温7天，冷藏15日", date(2026, 3, 16)),
        (date(2026, 3, 1), "36小时", date(2026, 3, 3)),
        (date(2026, 3, 1), "见包装", None),
        (date(2026, 3, 1), "9999年", None),
        (date(2026, 3, 1), None, None),
    ],
)
def test_a_shelf_life_is_read_as_labels_write_it(made_on, written, end):
    assert shelf_life_end(made_on, written) == end


@given(DAYS, DAYS, st.one_of(st.none(), DAYS))
def test_a_portion_is_never_kept_longer_than_its_period_nor_than_its_shelf_life(period, other, shelf):
    until = keep_until(period, shelf)
    assert until <= period
    assert shelf is None or until <= shelf
    assert until in {period, shelf}
    assert keep_until(max(period, other), shelf) >= until


@given(DAYS, st.integers(0, 400), st.integers(1, 60), st.booleans())
def test_time_moves_a_clock_forwards_only_and_a_hold_stops_it(until, days, grace, is_proposed):
    today, dispose_by = until + timedelta(days=days - 200), until + timedelta(days=grace)
    order = [KeepingState.RUNNING, KeepingState.DUE, KeepingState.OVERDUE]
    now = keeping_state(today, until, dispose_by, (), is_proposed=False)
    later = keeping_state(today + timedelta(days=1), until, dispose_by, (), is_proposed=False)
    assert order.index(now) <= order.index(later)
    assert (now is KeepingState.RUNNING) == (today <= until)
    assert keeping_state(today, until, dispose_by, (HOLD,), is_proposed=is_proposed) is KeepingState.HELD
    assert keeping_state(today, None, None, (), is_proposed=False) is KeepingState.WAITING


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_count_tells_exactly_what_differs(expected, scanned, kept):
    differences = compare_stock(expected, scanned, kept)
    assert set(differences) == expected ^ scanned
    for number, kind in differences.items():
        assert (kind is DifferenceKind.MISSING) == (number in expected)
        assert (kind is DifferenceKind.ELSEWHERE) == (number not in expected and number in kept)
