import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lims.catalog.load import _days
from lims.catalog.types import ParameterUnit
from lims.catalog.workdays import Calendar, Deadline, end_of_day

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SHIPPED = {row["day"]: row["is_workday"] for row in _days(NOW)}
CALENDAR = Calendar(SHIPPED, max(SHIPPED))

dates = st.dates(date(2025, 1, 1), date(2026, 11, 30))
counts = st.integers(1, 60)


def test_received_on_18_september_2026_a_report_in_20_working_days_is_due_on_22_october():
    deadline = CALENDAR.add_working_days(date(2026, 9, 18), 20)
    assert deadline == Deadline(date(2026, 10, 22), datetime(2026, 10, 22, 16, tzinfo=UTC), provisional=False)


@pytest.mark.parametrize(
    "day",
    [
        *("2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"),
        *("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
    ],
)
def test_a_make_up_day_is_worked_although_it_is_a_weekend(day):
    made_up = date.fromisoformat(day)
    assert made_up.weekday() >= 5
    assert CALENDAR.is_workday(made_up)


@pytest.mark.parametrize("year", [2025, 2026])
def test_both_years_have_248_working_days(year):
    assert sum(worked for day, worked in SHIPPED.items() if day.year == year) == 248


def test_the_event_itself_does_not_count_and_the_next_working_day_is_day_one():
    assert CALENDAR.add_working_days(date(2026, 11, 23), 1).on == date(2026, 11, 24)
    assert CALENDAR.add_working_days(date(2026, 11, 27), 1).on == date(2026, 11, 30)


def test_an_event_late_in_the_utc_day_belongs_to_the_next_local_day():
    started_at = datetime(2026, 9, 17, 16, 30, tzinfo=UTC)  # 00:30 on the 18th in Shanghai
    assert CALENDAR.deadline(started_at, 20, ParameterUnit.WORKING_DAY).on == date(2026, 10, 22)


def test_natural_days_that_end_on_a_holiday_move_to_the_next_working_day():
    assert CALENDAR.add_natural_days(date(2026, 9, 25), 8).on == date(2026, 10, 8)
    assert CALENDAR.add_natural_days(date(2026, 9, 30), 10).on == date(2026, 10, 10)  # a Saturday that is worked


def test_months_end_on_the_last_day_of_a_shorter_month():
    assert CALENDAR.add_months(date(2025, 11, 30), 3).on == date(2026, 2, 28)  # worked, although a Saturday
    assert CALENDAR.add_months(date(2025, 8, 25), 3).on == date(2025, 11, 25)


def test_hours_run_through_nights_and_holidays():
    started_at = datetime(2026, 9, 30, 10, 0, tzinfo=UTC)
    deadline = CALENDAR.deadline(started_at, 24, ParameterUnit.HOUR)
    assert deadline == Deadline(date(2026, 10, 1), datetime(2026, 10, 1, 10, 0, tzinfo=UTC))


def test_past_the_horizon_weekends_and_fixed_holidays_count_and_the_result_is_provisional():
    deadline = CALENDAR.add_working_days(date(2026, 12, 30), 2)
    assert deadline.on == date(2027, 1, 4)  # 1 January is a Friday that every year keeps free
    assert deadline.provisional
    assert not CALENDAR.add_working_days(date(2026, 12, 30), 1).provisional


def test_a_day_settled_by_hand_beyond_the_horizon_is_not_provisional():
    settled = Calendar(SHIPPED | {date(2027, 1, 1): True}, CALENDAR.horizon)
    assert settled.add_working_days(date(2026, 12, 31), 1) == Deadline(date(2027, 1, 1), end_of_day(date(2027, 1, 1)))


@pytest.mark.parametrize("unit", [unit for unit in ParameterUnit if not unit.is_time])
def test_what_does_not_measure_time_makes_no_deadline(unit):
    with pytest.raises(ValueError, match="unit of time"):
        CALENDAR.deadline(NOW, 20, unit)


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="aware"):
        CALENDAR.deadline(datetime(2026, 9, 18, 9, 0), 20, ParameterUnit.WORKING_DAY)  # noqa: DTZ001


@pytest.mark.parametrize("count", [0, -3])
def test_a_limit_of_no_length_is_refused(count):
    with pytest.raises(ValueError, match="at least 1"):
        CALENDAR.add_working_days(date(2026, 9, 18), count)


@settings(max_examples=100)
@given(start=dates, count=counts)
def test_a_deadline_is_a_working_day_with_exactly_the_asked_number_before_it(start, count):
    deadline = CALENDAR.add_working_days(start, count)
    assert CALENDAR.is_workday(deadline.on)
    assert CALENDAR.working_days_between(start, deadline.on) == count


@settings(max_examples=100)
@given(start=dates, count=counts)
def test_a_later_event_is_never_due_earlier(start, count):
    assert CALENDAR.add_working_days(start, count).on <= CALENDAR.add_working_days(start + timedelta(days=1), count).on


@settings(max_examples=100)
@given(start=dates, one=counts, other=counts)
def test_two_limits_in_a_row_are_one_limit_of_their_sum(start, one, other):
    in_two_steps = CALENDAR.add_working_days(CALENDAR.add_working_days(start, one).on, other)
    assert in_two_steps == CALENDAR.add_working_days(start, one + other)


def test_the_shipped_calendar_agrees_with_the_reference_on_every_day(reference_dir: Path):
    with (reference_dir / "data" / "cn_workdays_2025_2026.csv").open(encoding="utf-8") as file:
        expected = {date.fromisoformat(row["date"]): row["is_workday"] == "1" for row in csv.DictReader(file)}
    assert expected == SHIPPED
