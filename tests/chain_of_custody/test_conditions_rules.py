"""What a data logger's file says: read whatever it is written in, judged by stretches, thinned out without loss."""

import io
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from chain_of_custody.conditions.chart import lay_out
from chain_of_custody.conditions.reader import read_readings
from chain_of_custody.conditions.rules import find_excursions, find_gaps, thin_out
from chain_of_custody.conditions.types import Reading
from chain_of_custody.rules import bearable
from chain_of_custody.types import CelsiusRange
from lims.clock import LOCAL_ZONE
from lims.errors import InvalidInputError

BEGIN = datetime(2026, 11, 27, 8, 0, tzinfo=LOCAL_ZONE)
CELSIUS = st.decimals(min_value=-30, max_value=30, places=1)


def journey(*celsius: Decimal | str) -> list[Reading]:
    return [Reading(BEGIN + timedelta(minutes=5 * place), Decimal(value)) for place, value in enumerate(celsius)]


def workbook(*rows: tuple) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


HEAD = "记录仪,LT-7\n序号,时间,温度(℃),湿度(%)\n"


@pytest.mark.parametrize(
    "content",
    [
        f"{HEAD}1,2026-11-27 08:00:00,4.5,60\n2,2026-11-27 08:05:00,5.0,61\n".encode(),
        f"{HEAD}1,2026-11-27 08:00:00,4.5,60\n2,2026-11-27 08:05:00,5.0,61\n".encode("gb18030"),
        f"{HEAD}1,2026/11/27 8:00,4.5,60\n2,2026/11/27 8:05,5.0,61\n".encode("utf-8-sig"),
        "Date\tTime\tTemp °C\n2026-11-27\t08:00\t4.5\n2026-11-27\t08:05\t5.0\n".encode("utf-16"),
        "Zeit;Temp. °C\n2026-11-27 08:00;4,5\n2026-11-27 08:05;5,0\n".encode(),
        "2026年11月27日 08:00:00  4.5℃\n".replace("  ", ",").encode() + "2026年11月27日 08:05:00,5.0℃\n".encode(),
        "Time,Temp(°C),Temp(°F)\n2026-11-27 08:00,4.5,40.1\n2026-11-27 08:05,5.0,41\n".encode(),
        workbook(("时间", "温度"), (datetime(2026, 11, 27, 8, 0), 4.5), (datetime(2026, 11, 27, 8, 5), 5)),  # noqa: DTZ001
    ],
    ids=["utf-8", "gb18030", "slashes", "utf-16 tabs", "decimal comma", "chinese dates", "both scales", "workbook"],
)
def test_a_logger_is_read_in_whatever_it_writes(content):
    first, second = read_readings(content)
    assert (first.at, second.at) == (BEGIN, BEGIN + timedelta(minutes=5))
    assert (first.celsius, second.celsius) == (Decimal("4.5"), Decimal(5))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"name,what\nx,y\n", "No readings found"),
        ("Time,Temp °F\n2026-11-27 08:00,40\n".encode(), "°F"),
        (b"2026-11-27 08:05,4\n2026-11-27 08:00,5\n", "Row 2 goes back in time: 2026-11-27 08:00"),
        (b"2026-11-27 08:05,950\n", "950 °C"),
        ("Unit,°F\nTime,Temp\n2026-11-27 08:00,40\n".encode(), "°F"),
        ("时间,温度\n2026-11-27 08:00,4\n2026-11-27 08:05,40 °F\n".encode(), "°F"),
        (b"2026-11-27 08:00,4\n2026-11-27 24:00,15\n", "Row 2: there is no time 2026-11-27 24:00"),
        (b"2026-02-30 08:00,15\n2026-03-01 08:00,4\n", "Row 1: there is no time 2026-02-30 08:00"),
        (b"\x81\xff\xff", "neither UTF-8 nor GB18030"),
        (b"PK\x03\x04rubbish", "no workbook"),
    ],
)
def test_what_cannot_be_trusted_is_refused_in_words(content, told):
    with pytest.raises(InvalidInputError, match=told):
        read_readings(content)


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-11-27 08:00:00 PM", 20),
        ("2026-11-27 8:00 p.m.", 20),
        ("2026-11-27 下午 8:00", 20),
        ("2026/11/27 上午8:00:00", 8),
        ("2026-11-27 12:00 AM", 0),
        ("2026-11-27 12:00 PM", 12),
        ("2026-11-27,8:00 PM", 20),
    ],
)
def test_a_clock_that_counts_to_twelve_is_read_with_its_half_of_the_day(written, hour):
    [reading] = read_readings(f"Time,Temp\n{written},4.5\n".encode())
    assert (reading.at.hour, reading.celsius) == (hour, Decimal("4.5"))


def test_readings_that_are_missing_are_told_with_what_stands_on_either_side():
    whole = journey(*map(str, range(12)))
    assert find_gaps(whole) == []
    assert find_gaps(whole[:1]) == []
    assert find_gaps(whole[:4] + whole[6:]) == []  # as loggers miss one or two
    assert find_gaps(whole[:4] + whole[8:]) == [(whole[3], whole[8])]
    drawn = lay_out(whole[:4] + whole[8:], CelsiusRange()).path
    assert (drawn.count("M"), drawn.count("L")) == (2, 6)  # no line across


@given(st.lists(CELSIUS, min_size=1, max_size=60), CELSIUS, st.none() | CELSIUS)
def test_excursions_cover_exactly_what_was_too_warm_or_too_cold(values, one_end, other_end):
    low, high = (None, one_end) if other_end is None else sorted((one_end, other_end))
    readings = journey(*values)
    excursions = find_excursions(readings, CelsiusRange(low, high))

    def covered(stretches):
        return {one.at for one in readings if any(e.begins_at <= one.at <= e.ends_at for e in stretches)}

    warm = [one for one in excursions if one.highest is not None]
    cold = [one for one in excursions if one.lowest is not None]
    assert len(warm) + len(cold) == len(excursions)
    assert covered(warm) == {one.at for one in readings if one.celsius > high}
    assert covered(cold) == {one.at for one in readings if low is not None and one.celsius < low}
    assert all(earlier.ends_at < later.begins_at for earlier, later in pairwise(excursions))
    assert max((one.highest for one in warm), default=None) == max((v for v in values if v > high), default=None)
    assert min((one.lowest for one in cold), default=None) == min(
        (v for v in values if low is not None and v < low), default=None
    )
    assert find_excursions(readings, CelsiusRange()) == []


WARMEST = {"chilled": Decimal(10), "frozen": Decimal(-12)}
COLDEST = {"chilled": Decimal(0)}


@pytest.mark.parametrize(
    ("load", "allowed"),
    [
        (["ambient"], CelsiusRange()),
        (["chilled", "ambient"], CelsiusRange(Decimal(0), Decimal(10))),
        (["frozen"], CelsiusRange(None, Decimal(-12))),
        (["chilled", "frozen"], CelsiusRange(None, Decimal(-12))),
    ],
)
def test_a_load_is_judged_by_what_bears_least_and_a_mixed_one_by_its_warm_end(load, allowed):
    assert bearable(load, WARMEST, COLDEST) == allowed


@given(CELSIUS)
def test_a_temperature_is_a_fault_on_one_side_at_most_and_on_an_end_it_is_none(celsius):
    allowed = CelsiusRange(Decimal(0), Decimal(10))
    assert not (allowed.is_too_warm(celsius) and allowed.is_too_cold(celsius))
    assert (allowed.fault(celsius) is None) == (0 <= celsius <= 10)
    assert allowed.fault(Decimal("-0.1")) == "-0.1 °C < 0 °C"


@given(st.lists(CELSIUS, min_size=1, max_size=400), st.integers(2, 50))
def test_thinning_out_loses_neither_the_coldest_nor_the_warmest(values, most):
    readings = journey(*values)
    kept = thin_out(readings, most)
    assert len(kept) <= max(most + 2, 2)
    assert {min(values), max(values)} <= {one.celsius for one in kept}
    assert [one.at for one in kept] == sorted(one.at for one in kept)


@given(st.lists(CELSIUS, min_size=1, max_size=50), st.one_of(st.none(), CELSIUS), st.one_of(st.none(), CELSIUS))
def test_a_chart_stays_inside_its_box(values, low, bound):
    chart = lay_out(journey(*values), CelsiusRange(low, bound))
    for point in chart.path[1:].split("L"):
        across, height = map(float, point.split())
        assert chart.left <= across <= chart.right
        assert chart.top <= height <= chart.bottom
    for end in (chart.bound_at, chart.lower_bound_at):
        assert end is None or chart.top <= end <= chart.bottom
