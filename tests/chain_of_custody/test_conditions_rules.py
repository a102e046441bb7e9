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
from chain_of_custody.conditions.rules import find_excursions, thin_out
from chain_of_custody.conditions.types import Reading
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
        workbook(("时间", "温度"), (datetime(2026, 11, 27, 8, 0), 4.5), (datetime(2026, 11, 27, 8, 5), 5)),  # noqa: DTZ001
    ],
    ids=["utf-8", "gb18030", "slashes", "utf-16 tabs", "decimal comma", "chinese dates", "workbook"],
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
        (b"\x81\xff\xff", "neither UTF-8 nor GB18030"),
        (b"PK\x03\x04rubbish", "no workbook"),
    ],
)
def test_what_cannot_be_trusted_is_refused_in_words(content, told):
    with pytest.raises(InvalidInputError, match=told):
        read_readings(content)


@given(st.lists(CELSIUS, min_size=1, max_size=60), CELSIUS)
def test_excursions_cover_exactly_what_was_too_warm(values, bound):
    readings = journey(*values)
    excursions = find_excursions(readings, bound)
    covered = {one.at for one in readings if any(e.begins_at <= one.at <= e.ends_at for e in excursions)}
    assert covered == {one.at for one in readings if one.celsius > bound}
    assert all(earlier.ends_at < later.begins_at for earlier, later in pairwise(excursions))
    assert max((one.highest for one in excursions), default=None) == max((v for v in values if v > bound), default=None)
    assert find_excursions(readings, None) == []


@given(st.lists(CELSIUS, min_size=1, max_size=400), st.integers(2, 50))
def test_thinning_out_loses_neither_the_coldest_nor_the_warmest(values, most):
    readings = journey(*values)
    kept = thin_out(readings, most)
    assert len(kept) <= max(most + 2, 2)
    assert {min(values), max(values)} <= {one.celsius for one in kept}
    assert [one.at for one in kept] == sorted(one.at for one in kept)


@given(st.lists(CELSIUS, min_size=1, max_size=50), st.one_of(st.none(), CELSIUS))
def test_a_chart_stays_inside_its_box(values, bound):
    chart = lay_out(journey(*values), bound)
    for point in chart.path[1:].split("L"):
        across, height = map(float, point.split())
        assert chart.left <= across <= chart.right
        assert chart.top <= height <= chart.bottom
    assert chart.bound_at is None or chart.top <= chart.bound_at <= chart.bottom
