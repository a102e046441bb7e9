"""Real bytes of a strip reader and its vendor's own decodes."""

import re
from pathlib import Path

import pytest

from instruments.captures import Capture, captured_bytes, read_capture
from instruments.drivers.registry import get_driver
from instruments.framing.base import Frame
from instruments.parsing.strips import curve_values
from tests.instruments.driving import count, garbage_bytes, pieces_of, readings_of, run

DRIVER = get_driver("dy-3000-bx1")
LOGS = {"2018-07-28": (437, 0), "2018-07-31": (74, 0), "2018-08-01": (101, 3)}


def stream_of(captures: Path, day: str) -> bytes:
    return captured_bytes((captures / "soldiers1989__UploadSoftWare" / f"{day} 串口数据Hex.log").read_bytes())


@pytest.mark.parametrize("size", [1, 7, 64, 1 << 20])
@pytest.mark.parametrize("day", LOGS)
def test_every_logged_frame_is_found(captures: Path, day: str, size: int):
    frames, stray = LOGS[day]
    events = run(DRIVER.new_framer(), pieces_of(stream_of(captures, day), size))
    assert (count(events, Frame), garbage_bytes(events), len(events) - count(events, Frame)) == (
        frames,
        stray,
        1 if stray else 0,
    )


def test_our_curves_are_those_of_the_vendor(captures: Path):
    log = (captures / "soldiers1989__UploadSoftWare" / "2018-07-28 所有胶体金返回原始数据.log").read_text("ascii")
    vendor = [tuple(map(int, line.split("|"))) for line in log.splitlines() if "|" in line]
    events = run(DRIVER.new_framer(), [stream_of(captures, "2018-07-28")])
    ours = readings_of(DRIVER, events)
    curves = [curve_values(reading.raw) for reading in ours]
    assert len(vendor) == 66
    assert [words for words in vendor if words[2:-1] not in curves] == []
    assert all(reading.value_text == "|".join(map(str, curve)) for reading, curve in zip(ours, curves, strict=True))


def test_a_curve_says_nothing_that_the_module_did_not_send(captures: Path):
    events = run(DRIVER.new_framer(), [stream_of(captures, "2018-08-01")])
    for reading in readings_of(DRIVER, events):
        assert reading.value is None
        said = (reading.item_text, reading.sample_text, reading.verdict_text, reading.measured_text)
        assert said == ("", "", "", "")


def test_a_hex_log_is_told_from_raw_bytes():
    assert captured_bytes(b"14:54:20\n7E,02,00,7E\n\n") == b"\x7e\x02\x00\x7e"
    assert captured_bytes(b"14:54:20\r\n7e 02\r\n2018-08-01 14:54:21.5\r\n7E\r\n") == b"\x7e\x02\x7e"
    for text in (b"14:54:20\n", b"S S 100.00 g\r\n", b"12 34\r\nN 1.5 g\r\n", b"", b"\n"):
        assert read_capture(text) == Capture(text)
    raw = b"\x7e\x02\x00\x00\x02\x7e"
    assert captured_bytes(raw) == raw


def test_a_hex_log_that_was_cut_or_hurt_gives_its_other_frames_and_tells_the_lines(captures: Path):
    log = (captures / "soldiers1989__UploadSoftWare" / "2018-08-01 串口数据Hex.log").read_bytes()
    cut = read_capture(log[5:])
    assert [number for number, _line in cut.odd_lines] == [1]
    events = run(DRIVER.new_framer(), [cut.content])
    assert (count(events, Frame), garbage_bytes(events)) == (101, 3)
    lines = log.splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith(b"7E,16"))
    hurt = read_capture(
        b"COM3 opened\n" + b"".join([*lines[:at], lines[at].replace(b"7E,16,", b"7E,1G,", 1), *lines[at + 1 :]])
    )
    assert [number for number, _line in hurt.odd_lines] == [1, at + 2]
    assert count(run(DRIVER.new_framer(), [hurt.content]), Frame) == 100


def test_the_logs_hold_flag_bytes_inside_their_data(captures: Path):
    events = run(DRIVER.new_framer(), [stream_of(captures, "2018-07-28")])
    inside = [event for event in events if isinstance(event, Frame) and b"\x7e" in event.raw[1:-1]]
    assert len(inside) == 22
    assert all(re.fullmatch(rb"\x7e.*\x7e", event.raw, re.DOTALL) for event in inside)
