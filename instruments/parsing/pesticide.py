"""Pesticide readers: LZ-4000T, TL-310, the TTNJ and TTJ family.

All of them measure how far the sample keeps an enzyme from working (inhibition rate, %). The limit and its comparator
belong to the method (GB/T 5009.199-2003: 50 %, NY/T 448-2001: 70 %); what the device concludes is a claim.
"""

from collections.abc import Sequence
from decimal import Decimal

from instruments.framing import ttnj
from instruments.parsing.values import decode_fixed, device_time, float32_text, scaled, signed16, unreadable
from instruments.types import Reading, ReadingStatus, Settings, Unread

LOWEST_RATE, HIGHEST_RATE = Decimal(-20), Decimal(100)
"""Outside, an inhibition rate is not believable: eight-bit checks let one error in 256 pass."""

LZ_RECORD, LZ_RECORD_SIZE = 0x11, 26
TL_RECORD, TL_RECORD_SIZE = 0x15, 27
EMPTY_RECORD_SIZE = 6
TL_NOT_AVAILABLE = 0x7FFE
TL_STANDARDS = {0x00: "GB/T 5009.199-2003", 0x01: "NY/T 448-2001"}
TL_VERDICTS = {0x01: "超标", 0x02: "合格"}


def _other_length(driver: str, raw: bytes) -> tuple[Reading, ...]:
    """A record that is not as long as it should be; one without any data says that the memory is empty."""
    return () if len(raw) == EMPTY_RECORD_SIZE else unreadable(driver, 1, raw, Unread.OTHER_LENGTH)


def rate_status(rate: Decimal) -> ReadingStatus:
    """Whether an inhibition rate (%) can be true."""
    believable = LOWEST_RATE <= rate <= HIGHEST_RATE
    return ReadingStatus.OK if believable else ReadingStatus.INVALID


def parse_lz4000t(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """One record of the LZ-4000T: the rate in hundredths of a per cent, a name of three Hanzi at most.

    Source: driver code of the vendor's collection software, class clsLZ4000T.
    """
    if raw[1] != LZ_RECORD:
        return ()
    if len(raw) != LZ_RECORD_SIZE:
        return _other_length("lz-4000t", raw)
    value_text, value = scaled(signed16(raw[22], raw[23]), 2)
    clock = device_time(2000 + raw[16], raw[17], raw[18], raw[19], raw[20], raw[21])
    return (
        Reading(
            driver="lz-4000t",
            parser_version=1,
            raw=raw,
            name_text=decode_fixed(raw[10:16]),
            value_text=value_text,
            value=value,
            unit_text="%",
            status=rate_status(value),
            measured_text=clock.text,
            measured_at=clock.instant,
            record_no=str(raw[8] | raw[9] << 8),
            natural_identity=True,
            encoding="gb18030",
        ),
    )


def parse_tl310(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """One channel of the TL-310: the rate in tenths of a per cent, 7FFE where nothing was measured.

    Source: driver code of the vendor's collection software, class clsTL310.
    """
    if raw[1] != TL_RECORD:
        return ()
    if len(raw) != TL_RECORD_SIZE:
        return _other_length("tl-310", raw)
    clock = device_time(2000 + raw[11], raw[12], raw[13], raw[14], raw[15], raw[16])
    number = raw[21] | raw[22] << 8
    value_text, value, status = "", None, ReadingStatus.NOT_AVAILABLE
    if number != TL_NOT_AVAILABLE:
        value_text, value = scaled(signed16(raw[21], raw[22]), 1)
        status = rate_status(value)
    standard = TL_STANDARDS.get(raw[10], f"{raw[10]:02X}")
    return (
        Reading(
            driver="tl-310",
            parser_version=1,
            raw=raw,
            slot=str(raw[9]),
            value_text=value_text,
            value=value,
            unit_text="%",
            status=status,
            verdict_text=TL_VERDICTS.get(raw[23], ""),
            measured_text=clock.text,
            measured_at=clock.instant,
            record_no=str(raw[7] | raw[8] << 8),
            natural_identity=True,
            attributes=(
                ("standard", standard),
                ("absorbance_raw", raw[19:21].hex()),
                ("verdict_raw", f"{raw[23]:02X}"),
            ),
        ),
    )


def parse_ttnj(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """One record of the 16 to 32 channel models: up to eight channels of absorbance and result.

    The worked examples of the document put bit n of the channel bitmap on channel n + 1, its note and the vendor's
    code put the top bit on channel 1. We follow the examples; where the marked channels are empty and unmarked ones
    are not, the record contradicts itself and its readings are invalid. Whether a result is a rate or a concentration
    depends on the item, so the unit stays empty.

    Source: the vendor's protocol document.
    """
    if len(raw) != ttnj.RECORD_SIZE:
        return ()
    second, minute, hour, day, month, year = ttnj.many_channel_clock(raw)
    return _ttnj_readings(
        "ttnj",
        raw,
        clock=(2000 + year, month, day, hour, minute, second),
        item_no=raw[5],
        record_no=str(raw[8]),
        marked=[channel for channel in range(ttnj.CHANNELS) if raw[7] >> channel & 1],
    )


def parse_ttj8(raw: bytes, _settings: Settings) -> tuple[Reading, ...]:
    """One record of the 8 channel model, which has a two-byte counter and no bitmap: every channel that is not empty.

    Source: the vendor's protocol document.
    """
    if len(raw) != ttnj.RECORD_SIZE:
        return ()
    second, minute, hour, day, month, year = ttnj.eight_channel_clock(raw)
    return _ttnj_readings(
        "ttj-8",
        raw,
        clock=(2000 + year, month, day, hour, minute, second),
        item_no=raw[6],
        record_no=str(raw[0] | raw[8] << 8),
        marked=[channel for channel in range(ttnj.CHANNELS) if any(_ttnj_channel(raw, channel))],
    )


def _ttnj_channel(raw: bytes, channel: int) -> bytes:
    start = ttnj.INFO_SIZE + 8 * channel
    return raw[start : start + 8]


def _ttnj_readings(  # the five facts of a record that the two models keep in different places
    driver: str,
    raw: bytes,
    *,
    clock: tuple[int, int, int, int, int, int],
    item_no: int,
    record_no: str,
    marked: Sequence[int],
) -> tuple[Reading, ...]:
    filled = [channel for channel in range(ttnj.CHANNELS) if any(_ttnj_channel(raw, channel))]
    contradiction = bool(filled) and not set(filled) & set(marked)
    when = device_time(*clock)
    readings = []
    for channel in filled if contradiction else marked:
        cell = _ttnj_channel(raw, channel)
        value_text = float32_text(cell[4:])
        readings.append(
            Reading(
                driver=driver,
                parser_version=1,
                raw=raw,
                slot=str(channel + 1),
                value_text=value_text,
                value=Decimal(value_text),
                status=ReadingStatus.INVALID if contradiction else ReadingStatus.OK,
                measured_text=when.text,
                measured_at=when.instant,
                record_no=record_no,
                natural_identity=True,
                attributes=(("item_no", str(item_no)), ("absorbance", float32_text(cell[:4]))),
            )
        )
    return tuple(readings)
