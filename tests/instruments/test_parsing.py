"""What the parsers make of a unit: everything the device said, and nothing else."""

import struct
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.drivers import examples
from instruments.drivers.builtin import BUILTIN_DRIVERS
from instruments.drivers.registry import get_driver
from instruments.framing.base import unfold
from instruments.parsing.meters import is_hanna
from instruments.parsing.values import decode_fixed, float32_text, parse_time, parse_value
from instruments.types import Comparator, Driver, QuarantineReason, Reading, ReadingStatus, Unread
from lims.clock import LOCAL_ZONE
from lims.tables import decode_text

OK, INVALID, NA = ReadingStatus.OK, ReadingStatus.INVALID, ReadingStatus.NOT_AVAILABLE
INSTANT = datetime(2026, 11, 23, 1, 30, 15, tzinfo=UTC)


def parse(driver: str, raw: bytes, **settings_: str) -> tuple[Reading, ...]:
    return get_driver(driver).parse(raw, settings_)


class TestValues:
    @pytest.mark.parametrize(
        ("text", "value", "comparator"),
        [
            ("40.13", "40.13", None),
            (" 1.50 ", "1.50", None),
            ("0", "0", None),
            ("-0.36", "-0.36", None),
            ("+  100.00", "100.00", None),
            ("<5.0", "5.0", Comparator.LESS),
            ("≥ 3", "3", Comparator.GREATER_OR_EQUAL),
            ("＜0.01", "0.01", Comparator.LESS),
            (".5", "0.5", None),
            ("12.", "12", None),
        ],
    )
    def test_a_number_keeps_its_figures_and_its_comparator(self, text, value, comparator):
        parsed = parse_value(text)
        assert (str(parsed.value), parsed.comparator, parsed.status) == (value, comparator, OK)

    @pytest.mark.parametrize(
        ("text", "status"),
        [
            ("NA", NA),
            ("---.-", NA),
            ("", NA),
            ("OVER", ReadingStatus.OVER),
            ("+OVR", ReadingStatus.OVER),
            ("Or", ReadingStatus.OVER),
            ("无效", INVALID),
            ("NaN", NA),
        ],
    )
    def test_a_sentinel_is_a_status_and_never_a_number(self, text, status):
        assert parse_value(text) == (None, None, status)

    @pytest.mark.parametrize("text", ["阴性", "banana", "1.2.3", "12 %", "1,5", "Infinity", "0x10", "٣"])
    def test_a_text_that_is_no_number_has_no_value(self, text):
        assert parse_value(text) == (None, None, OK)

    def test_a_decimal_comma_is_read_where_the_file_writes_it(self):
        assert parse_value("0,035", decimal_comma=True).value == Decimal("0.035")
        assert parse_value("1.000,5", decimal_comma=True).value is None

    def test_chinese_text_is_decoded_strictly_and_never_replaced(self):
        assert decode_text("魚東|".encode("gb18030")) == ("魚東|", "gb18030")
        assert decode_text("农药".encode()) == ("农药", "utf-8")
        text, encoding = decode_text(b"\xff\xfe\x81")
        assert text.encode(encoding) == b"\xff\xfe\x81"

    def test_half_a_hanzi_at_the_end_of_a_field_is_left_out(self):
        assert decode_fixed("小白菜苔".encode("gb18030")[:7]) == "小白菜"

    @given(st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=-1e6, max_value=1e6))
    def test_a_float_is_written_as_the_shortest_decimal_that_is_it(self, number):
        raw = struct.pack(">f", number)
        assert struct.pack(">f", float(float32_text(raw))) == raw

    @pytest.mark.parametrize("text", ["2026-11-23 09:30:15", "2026/11/23 09:30:15", "20261123093015"])
    def test_a_device_clock_is_the_wall_clock_of_shanghai(self, text):
        assert parse_time(text) == INSTANT

    @pytest.mark.parametrize("text", ["2000-01-01 00:00:00", "2026-02-30 10:00", "2026-11-23", "23.11.2026 09:30", ""])
    def test_a_clock_that_was_never_set_or_says_no_time_gives_no_instant(self, text):
        assert parse_time(text) is None


class TestTtnj:
    def test_the_first_worked_example_of_the_document(self):
        info, channel = bytes.fromhex("13351002 07020C8010"), bytes.fromhex("3FF7537E447CBC7C")
        [reading] = parse("ttnj", info + bytes(56) + channel)
        assert reading.slot == "8"
        assert reading.measured_at == datetime(2012, 7, 2, 8, 53, 19, tzinfo=UTC)
        assert round(reading.value, 1) == Decimal("1010.9")
        assert round(Decimal(dict(reading.attributes)["absorbance"]), 2) == Decimal("1.93")
        assert dict(reading.attributes)["item_no"] == "2"

    def test_the_second_worked_example_of_the_document(self):
        info, channel = bytes.fromhex("152E1102 07050C4020"), bytes.fromhex("3FF54D044660A81D")
        [reading] = parse("ttnj", info + bytes(48) + channel + bytes(8))
        assert (reading.slot, round(reading.value)) == ("7", 14378)

    def test_a_bitmap_that_contradicts_the_channels_makes_the_readings_invalid(self):
        info, channel = bytes.fromhex("13351002 07020C8010"), bytes.fromhex("3FF7537E447CBC7C")
        [reading] = parse("ttnj", info + channel + bytes(56))
        assert (reading.slot, reading.status) == ("1", INVALID)

    def test_the_unit_stays_empty_because_the_item_decides_it(self):
        assert {reading.unit_text for reading in parse("ttnj", examples.TTNJ[0].removeprefix(b"\x1b\xc1"))} == {""}


class TestInhibitionReaders:
    @given(record=st.integers(0, 65535), hundredths=st.integers(-32768, 32767), name=st.text("青菜韭小白", max_size=5))
    @settings(max_examples=50)
    def test_lz4000t_gives_back_what_was_encoded(self, record, hundredths, name):
        [reading] = parse("lz-4000t", examples.lz4000t_record(record, name, examples.EXAMPLE_TIME, hundredths))
        assert reading.value == Decimal(hundredths).scaleb(-2)
        assert (reading.record_no, reading.name_text, reading.unit_text) == (str(record), name[:3], "%")
        assert (reading.status is OK) == (-2000 <= hundredths <= 10000)
        assert reading.measured_at == INSTANT
        assert (reading.sample_text, reading.item_text, reading.verdict_text) == ("", "", "")

    def test_tl310_says_which_standard_and_what_it_concluded(self):
        readings = [reading for raw in examples.TL310 for reading in parse("tl-310", raw)]
        assert [(r.slot, r.value_text, r.status, r.verdict_text) for r in readings] == [
            ("1", "12.3", OK, "合格"),
            ("2", "", NA, ""),
            ("3", "75.6", OK, "超标"),
        ]
        assert dict(readings[2].attributes)["standard"] == "NY/T 448-2001"

    def test_a_clock_with_impossible_bytes_keeps_its_text_and_gives_no_instant(self):
        raw = bytearray(examples.LZ4000T[0])
        raw[17] = 13
        [reading] = parse("lz-4000t", bytes(raw))
        assert (reading.measured_text[:7], reading.measured_at) == ("2026-13", None)


class TestDy:
    def test_dy3000_without_its_item_table_keeps_the_word_and_invents_no_scale(self):
        first, second, _ = parse("dy-3000", examples.DY3000[0])
        assert (first.value, first.status, dict(first.attributes)["value_raw"]) == (None, INVALID, "7b000000")
        assert second.status is NA

    def test_dy3000_with_its_item_table_reads_rates_with_their_sign(self):
        table = {"items.0": "农药残留", "methods.0": "0"}
        readings = get_driver("dy-3000").parse(examples.DY3000[0], table)
        assert [(r.slot, r.item_text, r.value_text, r.status) for r in readings] == [
            ("1", "农药残留", "12.3", OK),
            ("2", "农药残留", "NA", NA),
            ("3", "农药残留", "-1.2", OK),
        ]

    def test_dy723pc_reads_every_record_of_an_answer(self):
        first, second = parse("dy-723pc", examples.DY723PC[0])
        assert (first.sample_text, first.slot, first.value, first.verdict_text) == (
            "B7K2M4",
            "A1",
            Decimal("12.3"),
            "合格",
        )
        assert (second.sample_text, second.status, second.value_text) == ("B7K2M5", NA, "NA")
        assert dict(first.attributes)["absorbance"] == "0.512"

    def test_dy5800_reads_both_places_where_its_clock_is_documented(self):
        usual = examples.DY5800[0]
        shifted = usual[:41] + b" " + usual[41:61] + usual[62:]
        for raw in (usual, shifted):
            [reading] = parse("dy-5800", raw)
            assert (reading.slot, reading.sample_text, reading.item_text) == ("01", "B7K2M4", "农药残留")
            assert (reading.value_text, reading.unit_text) == ("12.3", "%")
            assert reading.measured_at == INSTANT.replace(second=0)

    def test_dy7200_splits_blocks_with_gb2312_and_keeps_invalid_lines(self):
        text = "样品编号：A1\r检测结果：无效\r样品编号：A2\r检测结果：12.3 % 合格\r"
        first, second = parse("dy-7200", b"\x03\xfe" + text.encode("gb18030"))
        assert (first.sample_text, first.status, first.value) == ("A1", INVALID, None)
        assert (second.sample_text, second.value_text, second.unit_text, second.verdict_text) == (
            "A2",
            "12.3",
            "%",
            "合格",
        )

    def test_dy2620_has_no_reading_in_an_exception(self):
        assert parse("dy-2620", examples.modbus_frame(1, 0xE5, b"\x02")) == ()
        first, second = parse("dy-2620", examples.DY2620[0])
        assert (first.value_text, second.value_text) == ("24.3", "28.1")
        assert dict(first.attributes)["temperature"] == "175.5"

    def test_dyrs2_says_a_day_and_no_instant(self):
        [reading] = parse("dyrs2", examples.DYRS2[0])
        assert (reading.value_text, reading.measured_text, reading.measured_at) == ("76.5", "261123", None)


class TestLines:
    @pytest.mark.parametrize(
        ("line", "value_text", "unit", "status"),
        [
            (b"S S    100.00 g", "100.00", "g", OK),
            (b"S D     99.87 g", "99.87", "g", ReadingStatus.UNSTABLE),
            (b"S S     -0.05 mg", "-0.05", "mg", OK),
            (b"S +", "", "", ReadingStatus.OVER),
            (b"S -", "", "", ReadingStatus.UNDER),
            (b"S I", "", "", ReadingStatus.UNSTABLE),
        ],
    )
    def test_mt_sics(self, line, value_text, unit, status):
        [reading] = parse("mt-sics", line)
        assert (reading.value_text, reading.unit_text, reading.status) == (value_text, unit, status)

    @pytest.mark.parametrize("line", [b"ES", b"ET", b"EL", b'I4 A "0123456789"'])
    def test_mt_sics_errors_are_no_weighings(self, line):
        assert parse("mt-sics", line) == ()

    def test_sbi_keeps_digits_that_are_not_verified(self):
        [plain], [bracketed] = (parse("sbi", line.rstrip(b"\r\n")) for line in examples.SBI)
        assert (plain.value, plain.unit_text, plain.status) == (Decimal("100.00"), "g", OK)
        assert dict(plain.attributes) == {"identifier": "N", "unverified_digits": "false"}
        assert (bracketed.value, dict(bracketed.attributes)["unverified_digits"]) == (Decimal("12.34"), "true")

    def test_sbi_without_a_unit_was_not_stable(self):
        [reading] = parse("sbi", b"+   100.00    ")
        assert reading.status is ReadingStatus.UNSTABLE

    def test_a_scanned_code_loses_its_symbology_prefix(self):
        [reading] = parse("barcode-scanner", b"]C1B7K2-M4\x1d99")
        assert (reading.sample_text, dict(reading.attributes)["symbology"]) == ("B7K2-M4|99", "]C1")

    def test_a_censored_value_keeps_its_comparator(self):
        [reading] = parse("std-9000", examples.STD9000[0])
        assert (reading.value_text, reading.value, reading.comparator) == ("<5.0", Decimal("5.0"), Comparator.LESS)


UNREAD = [
    ("mt-sics", b"S S    100.00", Unread.NO_UNIT),
    ("mt-sics", b"S S    1.0.0 g", Unread.NOT_ITS_FORM),
    ("mt-sics", b"S S    100.00 g net", Unread.NOT_ITS_FORM),
    ("sbi", b"+   1OO.00 g  ", Unread.NO_FIGURE),
    ("std-9000", "农药残留#蔬菜类#<5.0#|".encode("gb18030"), Unread.FIELDS_MISSING),
    ("line-meter", b"pH 7.01", Unread.NOT_ITS_FORM),
    ("sper-850055", b"P07*01pH: T025.0C#01@2026-11-23 09:30:153F", Unread.NO_FIGURE),
    ("refracto-30p", b"\x02Brix,17,1?.85,%,20.0\r\n\x04", Unread.NO_FIGURE),
    ("horiba-f7x", b"RMD,1,2", Unread.NOT_ITS_FORM),
    ("hanna-ras", examples.hanna_answer("0110RR+0o7.01-0000.6+0025.00"), Unread.NO_FIGURE),
    ("lb-9507", b"1 104221 RLU", Unread.NOT_ITS_FORM),
    ("atago-prm", b"1.33299;00.012;20.0;1", Unread.NOT_ITS_FORM),
    ("dyrs2", b"\x01D  12 7a5126112305\x04", Unread.NOT_ITS_FORM),
    ("dy-723pc", "R,B7K2M4,A1,农药残留,0.512FINISH".encode("gb18030"), Unread.NOT_ITS_FORM),
    ("dy-7200", b"\x03\xfe" + "样品编号：B7K2M4\r".encode("gb18030"), Unread.NO_RESULT),
    ("dy-6260", b'{"detail":{"1":2}}', Unread.NOT_ITS_FORM),
    ("dy-2620", examples.modbus_frame(1, 0x65, b"\x03\x1a\x0b\x17"), Unread.OTHER_LENGTH),
    ("dy-3000", examples.xor8_frame(0x45, b"\x01\x02\x03"), Unread.OTHER_LENGTH),
    ("lz-4000t", examples.crc8_frame(0x11, b"\x01\x02\x03"), Unread.OTHER_LENGTH),
    ("tl-310", examples.crc8_frame(0x15, b"\x01\x02\x03"), Unread.OTHER_LENGTH),
    ("astm-records", b"H|\\^&\rO|1|B7K2-M4\rX|1|^^^PB|40.13\rL|1|N\r", Unread.UNKNOWN_RECORD),
    ("astm-e1394", b"H|\\^&\rO|1|B7K2-M4\rL|1|N\r", Unread.NO_RESULT),
]


class TestNoReadingIsLost:
    @pytest.mark.parametrize(("driver", "unit", "why"), UNREAD)
    def test_what_looks_like_a_reading_and_cannot_be_read_says_why(self, driver, unit, why):
        first, *_others = parse(driver, unit)
        assert (first.problem, first.verdict_text, first.value) == (QuarantineReason.UNDECODABLE, why, None)
        assert first.raw in unit

    @pytest.mark.parametrize(
        ("driver", "unit"),
        [
            ("line-meter", b"READY"),
            ("sbi", b"      Cal.    "),
            ("lz-4000t", examples.crc8_frame(0x11, b"")),
            ("dy-2620", examples.modbus_frame(1, 0x65, b"\x00")),
            ("dy-723pc", b"D2026-11-23D2026-11-23FINISH"),
            ("dy-6260", b'{"detail":[]}'),
            ("astm-e1394", b"H|\\^&\rQ|1|^B7K2-M4||ALL\rL|1|N\r"),
        ],
    )
    def test_an_answer_without_a_reading_comes_to_nothing(self, driver, unit):
        assert parse(driver, unit) == ()


class TestEveryDriver:
    @pytest.mark.parametrize("driver", BUILTIN_DRIVERS, ids=lambda driver: driver.name)
    @settings(max_examples=60, deadline=None)
    @given(data=st.data())
    def test_no_damaged_unit_breaks_a_parser(self, driver: Driver, data):
        unit = bytearray(data.draw(st.sampled_from(driver.examples)))
        for _ in range(data.draw(st.integers(0, 6))):
            unit[data.draw(st.integers(0, len(unit) - 1))] = data.draw(st.integers(0, 255))
        framer = driver.new_framer()
        for event in unfold([*framer.feed(bytes(unit)), *framer.close()]):
            if hasattr(event, "raw") and not hasattr(event, "reason"):
                for reading in driver.parse(event.raw, {}):
                    assert reading.value is None or reading.value.is_finite()
                    assert reading.driver == driver.name
                    assert reading.parser_version == driver.parser_version
                    assert reading.measured_at is None or reading.measured_at.tzinfo is UTC
                    assert reading.to_json()["raw_hex"] == reading.raw.hex()

    def test_the_wall_clock_of_the_examples_is_that_of_shanghai(self):
        assert examples.EXAMPLE_TIME.tzinfo is LOCAL_ZONE

    def test_two_equal_weighings_are_two_and_a_repeated_dump_is_one(self):
        [weighing] = parse("mt-sics", b"S S    100.00 g")
        [record] = parse("lz-4000t", examples.LZ4000T[0])
        assert weighing.key("a", "1:17") != weighing.key("a", "1:34")
        assert record.key("a", "1:26") == record.key("a", "7:260")
        assert record.key("a", "1:26") != record.key("b", "1:26")


class TestMeters:
    def test_a_star_for_the_point_is_a_meter_that_is_not_calibrated(self):
        [ph], [salt], [over] = (parse("line-meter", line, item="pH") for line in examples.LINE_METER)
        assert (ph.value_text, ph.value, ph.unit_text, ph.item_text, ph.status) == (
            "7.01",
            Decimal("7.01"),
            "pH",
            "pH",
            OK,
        )
        assert (salt.value_text, salt.value, salt.status) == ("12*88", Decimal("12.88"), ReadingStatus.UNCALIBRATED)
        assert (over.value_text, over.value, over.status) == ("+OVR", None, ReadingStatus.OVER)
        assert parse("line-meter", b"READY") == ()

    def test_a_stored_ph_has_its_temperature_number_and_time(self):
        [first, _second] = [reading for line in examples.SPER for reading in parse("sper-850055", line.strip())]
        assert (first.value_text, first.record_no, dict(first.attributes)["temperature_c"]) == ("07.01", "01", "025.0")
        assert first.measured_at == INSTANT

    def test_a_flagged_refraction_is_kept_and_not_valid(self):
        [plain], [flagged] = (parse("refracto-30p", unit) for unit in examples.REFRACTO)
        assert (plain.value_text, plain.unit_text, plain.record_no, plain.status) == ("11.85", "%", "17", OK)
        assert (flagged.value_text, flagged.value, flagged.status) == ("12.10*", Decimal("12.10"), INVALID)

    def test_a_horiba_names_its_item_unit_clock_and_calibration(self):
        [ph], [over], [salt] = (parse("horiba-f7x", line.strip()) for line in examples.HORIBA)
        assert (ph.item_text, ph.value_text, ph.unit_text, ph.sample_text, ph.slot) == ("pH", "7.01", "pH", "0007", "1")
        assert (ph.measured_at, ph.quality_control) == (INSTANT, False)
        assert (over.value, over.status, over.verdict_text) == (None, ReadingStatus.OVER, "upper limit alarm")
        assert (salt.item_text, salt.value, salt.unit_text) == ("conductivity", Decimal("14.13"), "mS/m")
        [low] = parse("horiba-f7x", examples.HORIBA[0].strip().replace(b"7.01", b"Ur"))
        [calibration] = parse("horiba-f7x", examples.HORIBA[0].strip().replace(b",1,1,0,", b",1,1,1,"))
        assert (low.status, calibration.quality_control) == (ReadingStatus.UNDER, True)

    def test_a_hanna_answers_with_what_its_range_has_and_stands_by_its_check(self):
        [ph], [mv] = (parse("hanna-ras", unit) for unit in examples.HANNA)
        assert (ph.item_text, ph.value, dict(ph.attributes)["temperature_c"]) == ("pH", Decimal("7.01"), "+0025.00")
        assert (mv.item_text, mv.value, dict(mv.attributes).get("mv")) == ("mV", Decimal("123.4"), None)
        [over] = parse("hanna-ras", examples.hanna_answer("0110OR+016.00-0500.0+0025.00"))
        assert (over.value, over.value_text, over.status) == (None, "+016.00", ReadingStatus.OVER)
        assert not is_hanna(examples.HANNA[0].replace(b"7.01", b"8.01"))

    def test_a_luminometer_counts_light_and_a_refractometer_says_only_figures(self):
        [light], _other = (parse("lb-9507", line.strip()) for line in examples.LB9507)
        assert (light.value_text, light.unit_text, light.record_no) == ("104221", "RLU", "1")
        index, brix = parse("atago-prm", examples.ATAGO[0].strip(), **{"item.2": "Brix", "unit.2": "%"})
        assert (index.value_text, index.item_text) == ("1.33299", "")
        assert (brix.value_text, brix.item_text, brix.unit_text) == ("00.012", "Brix", "%")
