"""The framers hold to their bytes: cut how you like, damage what you like."""

from functools import reduce
from operator import xor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.drivers import examples
from instruments.drivers.builtin import BUILTIN_DRIVERS
from instruments.framing.base import Frame, Garbage, Incomplete, ScanningFramer, unfold
from instruments.framing.checksums import crc8, crc16_modbus, lrc8, xor8
from instruments.framing.delimited import JsonObjectFramer, LineFramer, TerminatedFramer
from instruments.framing.lengths import Crc8Framer, ModbusRtuFramer, Sum8Framer, Xor8Framer
from instruments.framing.ttnj import AskingTtnjFramer
from instruments.types import Driver
from tests.instruments.driving import (
    answers,
    capture_framer,
    count,
    cut_at,
    garbage_bytes,
    pieces_of,
    readings_of,
    run,
)

every_driver = pytest.mark.parametrize("driver", BUILTIN_DRIVERS, ids=lambda driver: driver.name)
noise = st.binary(max_size=40)


@every_driver
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_same_bytes_give_the_same_events_however_they_are_cut(driver: Driver, data):
    parts = data.draw(st.lists(st.one_of(noise, st.sampled_from(driver.examples)), max_size=6))
    stream = b"".join(parts)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
    assert run(driver.new_framer(), cut_at(stream, cuts)) == run(driver.new_framer(), [stream])


@every_driver
def test_a_split_at_every_boundary_gives_identical_readings(driver: Driver):
    stream = b"".join(driver.examples)
    whole = readings_of(driver, run(capture_framer(driver), [stream]))
    assert whole
    for at in range(len(stream) + 1):
        assert readings_of(driver, run(capture_framer(driver), cut_at(stream, [at]))) == whole
    assert readings_of(driver, run(capture_framer(driver), pieces_of(stream, 1))) == whole


@every_driver
def test_a_megabyte_without_an_end_stays_in_bounded_memory(driver: Driver):
    framer = driver.new_framer()
    kept = 0
    for unit in (b"\x7e", b"A", b"\x01", b"{", b"P", b"\x02", b"\x1b\xc1"):
        for piece in pieces_of(unit * (150_000 // len(unit)), 4096):
            for event in unfold(framer.feed(piece)):
                kept = max(kept, len(getattr(event, "raw", b"")))
    framer.close()
    assert kept <= 1_048_576


@every_driver
def test_silence_ends_what_was_begun_and_the_next_unit_is_read(driver: Driver):
    unit = driver.examples[0]
    framer = driver.new_framer()
    framer.feed(unit[: len(unit) // 2])
    framer.expire()
    assert not framer.pending
    expected = readings_of(driver, run(driver.new_framer(), driver.examples))
    assert readings_of(driver, run(framer, driver.examples))[-len(expected) :] == expected


binary_families = pytest.mark.parametrize(
    ("framer", "frames"),
    [
        (Sum8Framer, [examples.sum8_frame(0x16, bytes(range(100, 160))), examples.sum8_frame(2, b"\x7e\x7e")]),
        (Crc8Framer, [*examples.LZ4000T, *examples.TL310]),
        (Xor8Framer, list(examples.DY3000)),
        (lambda: ModbusRtuFramer(0x65), list(examples.DY2620)),
    ],
    ids=["sum8", "crc8", "xor8", "modbus"],
)


@binary_families
def test_one_byte_lost_costs_one_frame(framer, frames):
    for at in range(len(frames[0])):
        damaged = frames[0][:at] + frames[0][at + 1 :]
        receiving = framer()
        events = [*unfold((*receiving.feed(damaged), *receiving.expire())), *run(receiving, frames)]
        assert [event.raw for event in events if isinstance(event, Frame)] == frames


@binary_families
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_never_passes_as_the_frame(framer, frames, data):
    frame = data.draw(st.sampled_from(frames))
    bit = data.draw(st.integers(0, len(frame) * 8 - 1))
    damaged = bytearray(frame)
    damaged[bit // 8] ^= 1 << bit % 8
    found = [event.raw for event in run(framer(), [bytes(damaged), frame]) if isinstance(event, Frame)]
    assert bytes(damaged) not in found
    assert frame in found


@binary_families
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_noise_between_frames_is_counted_and_costs_nothing(framer, frames, data):
    quiet = st.binary(max_size=20).map(lambda raw: bytes(byte for byte in raw if byte not in b"\x7e\x03\x01"))
    stream = b"".join(data.draw(quiet) + frame for frame in frames)
    events = run(framer(), [stream])
    assert [event.raw for event in events if isinstance(event, Frame)] == frames
    assert garbage_bytes(events) == len(stream) - sum(map(len, frames))


def test_a_length_that_cannot_be_does_not_block_the_frames_behind_it():
    frame = examples.strip_curve([1, 2, 3])
    events = run(Sum8Framer(), [b"\x7e\x16\xff\xff", frame])
    assert [event.raw for event in events if isinstance(event, Frame)] == [frame]
    assert garbage_bytes(events) == 4


def test_a_frame_beyond_the_limit_is_refused_however_it_comes():
    oversize = examples.sum8_frame(0x16, bytes(Sum8Framer.max_frame))
    whole, cut = run(Sum8Framer(), [oversize]), run(Sum8Framer(), pieces_of(oversize, 100))
    assert whole == cut
    assert not count(whole, Frame)


def test_a_plausible_wrong_length_blocks_only_until_the_line_is_silent():
    frame = examples.strip_curve([1, 2, 3])
    framer = Sum8Framer()
    assert not framer.feed(b"\x7e\x16\x10\x00" + frame)
    assert [event.raw for event in unfold(framer.expire()) if isinstance(event, Frame)] == [frame]


def test_half_a_frame_at_the_end_is_incomplete_and_not_garbage():
    frame = examples.strip_curve(range(50))
    events = run(Sum8Framer(), [frame, frame[:30]])
    assert (count(events, Frame), garbage_bytes(events), count(events, Incomplete)) == (1, 0, 1)


def test_check_values_of_the_documents():
    assert crc8(bytes.fromhex("020400ff021010")) == 0xF8
    assert crc16_modbus(bytes.fromhex("010300000002")) == 0x0BC4
    assert lrc8(b"\x55") == 0xAB


@given(data=st.binary(max_size=300))
def test_the_quick_check_values_are_those_of_the_definition(data: bytes):
    crc_8, crc_16 = 0, 0xFFFF
    for byte in data:
        crc_8, crc_16 = crc_8 ^ byte, crc_16 ^ byte
        for _bit in range(8):
            crc_8 = (crc_8 << 1 ^ 0x31) & 0xFF if crc_8 & 0x80 else crc_8 << 1
            crc_16 = crc_16 >> 1 ^ 0xA001 if crc_16 & 1 else crc_16 >> 1
    assert (crc8(data), crc16_modbus(data)) == (crc_8, crc_16)
    assert xor8(data) == reduce(xor, data, 0)


def test_a_line_may_end_in_cr_or_lf_or_both_and_blank_lines_are_nothing():
    events = run(LineFramer(), [b"a\r\nb\rc\n\r\n\nd\r\n"])
    assert [event.raw for event in events] == [b"a", b"b", b"c", b"d"]


def test_a_line_that_is_too_long_is_garbage_up_to_its_end():
    events = run(LineFramer(10), [b"x" * 50 + b"\nS S 1 g\n"])
    assert [event.raw for event in events if isinstance(event, Frame)] == [b"S S 1 g"]
    assert garbage_bytes(events) == 50


def test_a_terminator_cut_in_two_is_found():
    framer = TerminatedFramer(b"", b"FINISH")
    assert [event.raw for event in run(framer, [b"R,1,FIN", b"ISHR,2", b",FINISH"])] == [b"R,1,FINISH", b"R,2,FINISH"]


def test_braces_and_quotes_inside_json_strings_are_text():
    first, second = b'{"a":"}{\\"\\\\"}', '{"样品":"{"}'.encode()
    events = run(JsonObjectFramer(), pieces_of(b" " + first + b"\n" + second, 1))
    assert [event.raw for event in events] == [first, second]


def test_the_next_record_is_only_asked_for_after_a_record():
    framer = AskingTtnjFramer()
    assert answers(framer.feed(b"\x1b\x08")) == b""
    record = examples.TTNJ[0].removeprefix(b"\x1b\xc1")
    assert answers(framer.feed(b"\x1b\xc1" + record[:40])) == b""
    assert answers(framer.feed(record[40:])) == b"\x24"
    assert answers(framer.feed(b"\x1b\xfe")) == b""


def test_ttnj_noise_with_an_impossible_clock_is_no_record():
    record = examples.TTNJ[0].removeprefix(b"\x1b\xc1")
    events = run(AskingTtnjFramer(), [b"\x1b\xc1", bytes((99,)), record, b"\x1b\xfe"])
    assert [len(event.raw) for event in events if isinstance(event, Frame)] == [2, 73, 2]
    assert count(events, Garbage) == 1


@every_driver
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_short_cut_of_a_framer_changes_no_event(driver: Driver, data):
    plain, size = driver.new_framer(), 1  # byte by byte the ASTM framers never see a whole frame at once
    if isinstance(plain, ScanningFramer):
        vars(plain)["take_run"], size = lambda *_: (0, 0), 1 << 20
    damage = st.builds(lambda unit, at: unit[: at % len(unit)], st.sampled_from(driver.examples), st.integers(0, 99))
    parts = data.draw(st.lists(st.one_of(noise, st.sampled_from(driver.examples), damage), max_size=8))
    stream = b"".join(parts)
    assert run(driver.new_framer(), [stream]) == run(plain, pieces_of(stream, size))
