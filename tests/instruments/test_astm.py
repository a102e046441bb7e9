"""ASTM on the wire: every fault that made another program store a wrong value, and what ours does."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.drivers.examples import ASTM_RECORDS, ASTM_SESSION, astm_frames
from instruments.drivers.registry import get_driver
from instruments.framing.astm import ACK, ENQ, EOT, NAK, AstmLinkFramer
from instruments.framing.base import Frame, Garbage, Incomplete, Message
from tests.instruments.driving import answers, count, cut_at, pieces_of, readings_of, run

DRIVER = get_driver("astm-e1394")
FRAMES = astm_frames(ASTM_RECORDS)


def values(stream: bytes) -> list[str]:
    return [reading.value_text for reading in readings_of(DRIVER, run(AstmLinkFramer(), [stream]))]


def session_of(capture: bytes) -> bytes:
    return ENQ + capture.replace(b"\r\r\n", b"\r\n") + EOT


def test_a_clean_session_gives_one_reading_and_an_answer_for_every_step():
    events = run(AstmLinkFramer(), [ASTM_SESSION])
    assert [reading.value_text for reading in readings_of(DRIVER, events)] == ["40.13"]
    assert answers(events) == ACK * (1 + len(FRAMES))


def test_a_value_cut_in_two_stays_whole():
    cut = ASTM_SESSION.index(b"40.13") + 2
    [reading] = readings_of(DRIVER, run(AstmLinkFramer(), cut_at(ASTM_SESSION, [cut])))
    assert (reading.value_text, str(reading.value)) == ("40.13", "40.13")


@pytest.mark.parametrize("name", ["cobas_c111.txt", "sysmex_xp100.txt"])
def test_every_split_of_a_capture_gives_identical_readings(captures: Path, name: str):
    stream = session_of((captures / "senaite__senaite.astm" / "data" / name).read_bytes())
    whole = readings_of(DRIVER, run(AstmLinkFramer(), [stream]))
    assert whole
    for at in range(len(stream) + 1):
        events = run(AstmLinkFramer(), cut_at(stream, [at]))
        assert readings_of(DRIVER, events) == whole
        assert NAK not in answers(events)
    assert readings_of(DRIVER, run(AstmLinkFramer(), pieces_of(stream, 1))) == whole


def test_every_split_of_bare_records_gives_identical_readings(captures: Path):
    driver = get_driver("astm-records")
    stream = (captures / "kardianos__lis2a" / "testdata" / "esr.txt").read_bytes()
    whole = readings_of(driver, run(driver.new_framer(), [stream]))
    assert len(whole) == 1
    for at in range(len(stream) + 1):
        assert readings_of(driver, run(driver.new_framer(), cut_at(stream, [at]))) == whole


def test_a_print_out_between_stx_and_etx_is_refused_at_every_split_and_nothing_is_invented(captures: Path):
    stream = (captures / "senaite__senaite.astm" / "data" / "spotchem_el.txt").read_bytes()
    whole = run(AstmLinkFramer(), [ENQ, stream, EOT])
    assert not readings_of(DRIVER, whole)
    assert answers(whole)[:1] == ACK
    assert ACK not in answers(whole)[1:]
    for at in range(len(stream) + 1):
        events = run(AstmLinkFramer(), [ENQ, *cut_at(stream, [at]), EOT])
        assert events == whole


def test_the_cobas_capture_gives_the_value_with_all_its_figures(captures: Path):
    stream = (captures / "senaite__senaite.astm" / "data" / "cobas_c111.txt").read_bytes()
    events = run(AstmLinkFramer(converse=False), [stream])
    [reading] = readings_of(DRIVER, events)
    assert (reading.sample_text, reading.item_text, reading.value_text, reading.unit_text) == (
        "T20 10134GA D28",
        "413",
        "40.13",
        "g/L",
    )
    assert count(events, Frame) == 7


def test_the_sysmex_capture_gives_all_twenty_results(captures: Path):
    stream = (captures / "senaite__senaite.astm" / "data" / "sysmex_xp100.txt").read_bytes()
    readings = readings_of(DRIVER, run(AstmLinkFramer(converse=False), [stream]))
    assert len(readings) == 20
    assert [(reading.item_text, reading.value_text) for reading in readings[:3]] == [
        ("WBC", "5.5"),
        ("RBC", "2.87"),
        ("HGB", "10.1"),
    ]
    assert {reading.sample_text for reading in readings} == {"113"}


def test_bare_records_are_read_too(captures: Path):
    driver = get_driver("astm-records")
    stream = (captures / "kardianos__lis2a" / "testdata" / "esr.txt").read_bytes()
    [reading] = readings_of(driver, run(driver.new_framer(), pieces_of(stream, 7)))
    assert (reading.sample_text, reading.item_text, reading.value_text, reading.unit_text) == (
        "231",
        "ESR",
        "11",
        "mm/h",
    )


@given(frame=st.sampled_from(FRAMES), data=st.data())
@settings(max_examples=200, deadline=None)
def test_a_flipped_bit_is_never_acknowledged(frame: bytes, data):
    bit = data.draw(st.integers(8, (len(frame) - 2) * 8 - 1))  # not STX, not CR LF
    damaged = bytearray(frame)
    damaged[bit // 8] ^= 1 << bit % 8
    number = FRAMES.index(frame)
    events = run(AstmLinkFramer(), [ENQ, *FRAMES[:number], bytes(damaged)])
    accepted = [event.raw for event in events if isinstance(event, Frame)]
    digits = slice(-4, -2)
    same_checksum = bytes(damaged)[digits].upper() == frame[digits] and bytes(damaged)[:-4] == frame[:-4]
    assert len(accepted) == number + same_checksum  # `c6` for `C6` is the same checksum


def test_a_corrupted_etb_frame_is_refused_and_its_value_never_stored():
    corrupted = FRAMES[3].replace(b"40.13", b"90.13")
    events = run(AstmLinkFramer(), [ENQ, *FRAMES[:3], corrupted])
    assert answers(events) == ACK * 4 + NAK
    assert values(ENQ + b"".join(FRAMES[:3]) + corrupted + b"".join(FRAMES[3:]) + EOT) == ["40.13"]


@pytest.mark.parametrize("glued", [(0, 1), (1, 2), (4, 5), (5, 6)])
def test_steps_glued_together_lose_nothing(glued: tuple[int, int]):
    steps = [ENQ, *FRAMES, EOT]
    first, second = glued
    steps[first : second + 1] = [steps[first] + steps[second]]
    assert [reading.value_text for reading in readings_of(DRIVER, run(AstmLinkFramer(), steps))] == ["40.13"]


def test_a_frame_sent_again_after_a_lost_ack_is_acknowledged_and_counted_once():
    events = run(AstmLinkFramer(), [ENQ, *FRAMES[:4], FRAMES[3], *FRAMES[4:], EOT])
    assert answers(events) == ACK * (2 + len(FRAMES))
    assert len(readings_of(DRIVER, events)) == 1
    assert count(events, Frame) == len(FRAMES)


def test_a_missing_frame_is_refused_and_nothing_is_made_of_the_rest():
    events = run(AstmLinkFramer(), [ENQ, *FRAMES[:2], *FRAMES[3:], EOT])
    assert answers(events) == ACK * 3 + NAK * 2
    assert not readings_of(DRIVER, events)
    assert count(events, Incomplete) == 3


def test_a_power_cycle_in_mid_transfer_closes_the_first_message_and_keeps_the_second():
    events = run(AstmLinkFramer(), [ENQ, *FRAMES[:3], FRAMES[3][:9], ASTM_SESSION])
    assert [reading.value_text for reading in readings_of(DRIVER, events)] == ["40.13"]
    assert count(events, Message) == 1
    assert count(events, Incomplete) == 2


def test_a_frame_without_enq_is_refused():
    events = run(AstmLinkFramer(), list(FRAMES))
    assert answers(events) == NAK * len(FRAMES)
    assert not readings_of(DRIVER, events)


def test_eot_without_the_last_frame_is_incomplete():
    events = run(AstmLinkFramer(), [ENQ, *FRAMES[:4], EOT])
    assert not readings_of(DRIVER, events)
    assert [event.reason for event in events if isinstance(event, Incomplete)] == ["EOT without ETX"]


def test_the_last_frame_without_eot_is_no_message_until_eot_comes():
    framer = AstmLinkFramer()
    events = [event for piece in (ENQ, *FRAMES) for event in framer.feed(piece)]
    assert not count(events, Message)
    assert count(framer.feed(EOT), Message) == 1


def test_thirty_seconds_of_silence_end_the_session_and_the_next_one_works():
    framer = AstmLinkFramer()
    framer.feed(ENQ + FRAMES[0] + FRAMES[1][:5])
    assert framer.pending
    assert count(framer.expire(), Incomplete) == 2
    assert not framer.pending
    assert len(readings_of(DRIVER, run(framer, [ASTM_SESSION]))) == 1


def test_a_message_without_header_or_terminator_is_kept_and_not_read():
    headless = astm_frames(ASTM_RECORDS[1:])
    events = run(AstmLinkFramer(), [ENQ, *headless, EOT])
    assert not readings_of(DRIVER, events)
    assert count(events, Incomplete) == 1


def test_two_messages_in_one_session_each_second_are_two():
    assert values(ASTM_SESSION + ASTM_SESSION) == ["40.13", "40.13"]


def test_bytes_at_a_wrong_rate_are_garbage_and_not_answered():
    events = run(AstmLinkFramer(), [bytes.fromhex("66 18 06 18 98 e0 fe"), ASTM_SESSION])
    assert sum(len(event.raw) for event in events if isinstance(event, Garbage)) == 7
    assert answers(events) == ACK * (1 + len(FRAMES))


def test_declared_delimiters_and_escapes_are_read():
    records = ("H|@^\\|||dev", "O|1|S\\F\\1@x", "R|1|^^^PB|<0.02|mg/kg||<", "C|1|a\\E\\b", "L|1")
    [reading] = DRIVER.parse("\r".join(records).encode(), {})
    assert (reading.sample_text, reading.comparator, str(reading.value)) == ("S|1@x", "<", "0.02")
    assert dict(reading.attributes)["comment_1"] == "a\\b"


def test_the_same_message_again_gives_the_same_keys_and_a_changed_value_does_not():
    first, again = (readings_of(DRIVER, run(AstmLinkFramer(), [ASTM_SESSION]))[0] for _ in range(2))
    changed = astm_frames(tuple(record.replace("40.13", "41.13") for record in ASTM_RECORDS))
    [other] = readings_of(DRIVER, run(AstmLinkFramer(), [ENQ, *changed, EOT]))
    assert first.key("a", "1:1") == again.key("a", "2:9")
    assert first.key("a", "1:1") != other.key("a", "1:1")


def test_a_new_header_time_does_not_make_a_new_reading():
    later = tuple(record.replace("P|1|20261123093015", "P|1|20261123094500") for record in ASTM_RECORDS)
    assert later != ASTM_RECORDS
    [first] = readings_of(DRIVER, run(AstmLinkFramer(), [ASTM_SESSION]))
    [again] = readings_of(DRIVER, run(AstmLinkFramer(), [ENQ, *astm_frames(later), EOT]))
    assert first.key("a", "1:1") == again.key("a", "2:1")
