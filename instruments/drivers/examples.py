"""Valid units of every built-in driver, in wire form.

Made here from the documents, for the simulator and the tests; nothing is copied from a device. The builders are the
inverse of the parsers and are used by the property tests.
"""

import json
import struct
from collections.abc import Sequence
from datetime import datetime

from instruments.framing.checksums import crc8, crc16_modbus, lrc8, sum8, xor8
from lims.clock import LOCAL_ZONE

EXAMPLE_TIME = datetime(2026, 11, 23, 9, 30, 15, tzinfo=LOCAL_ZONE)


def sum8_frame(command: int, data: bytes) -> bytes:
    """`7E CMD LENhi LENlo DATA SUM8 7E`."""
    body = bytes((command,)) + len(data).to_bytes(2, "big") + data
    return b"\x7e" + body + bytes((sum8(body), 0x7E))


def crc8_frame(command: int, data: bytes) -> bytes:
    """`7E CMD LENlo LENhi DATA CRC8 AA`."""
    body = bytes((command,)) + len(data).to_bytes(2, "little") + data
    return b"\x7e" + body + bytes((crc8(body), 0xAA))


def xor8_frame(command: int, data: bytes) -> bytes:
    """`03 FE cmd 0 0 0 0 0 lenLO lenHI headerXOR dataXOR data`."""
    header = b"\x03\xfe" + bytes((command, 0, 0, 0, 0, 0)) + len(data).to_bytes(2, "little")
    return header + bytes((xor8(header), xor8(data))) + data


def modbus_frame(address: int, function: int, payload: bytes) -> bytes:
    """`address function payload CRClo CRChi`."""
    body = bytes((address, function)) + payload
    return body + crc16_modbus(body).to_bytes(2, "little")


def clock_bytes(when: datetime) -> bytes:
    """Year from 2000, month, day, hour, minute, second."""
    return bytes((when.year - 2000, when.month, when.day, when.hour, when.minute, when.second))


def strip_curve(values: Sequence[int]) -> bytes:
    """A curve of the DY-3000(BX1) strip module."""
    return sum8_frame(0x16, struct.pack(f"<{len(values)}H", *values))


def lz4000t_record(record_no: int, name: str, when: datetime, hundredths: int) -> bytes:
    """A record of the LZ-4000T; the name is cut to six bytes as the device does."""
    data = struct.pack("<HHH", 1, 0, record_no) + name.encode("gb18030")[:6].ljust(6, b"\x00")
    return crc8_frame(0x11, data + clock_bytes(when) + struct.pack("<h", hundredths))


def tl310_record(  # noqa: PLR0917 - the fields of the record, in their order
    record_no: int, channel: int, standard: int, when: datetime, tenths: int, verdict: int
) -> bytes:
    """A channel of the TL-310."""
    head = b"\xff" + struct.pack("<HH", 1, record_no) + bytes((channel, standard)) + clock_bytes(when)
    return crc8_frame(0x15, head + b"\x00\x00\x10\x01" + struct.pack("<H", tenths & 0xFFFF) + bytes((verdict, 0)))


def ttnj_record(when: datetime, item_no: int, counter: int, channels: Sequence[tuple[float, float] | None]) -> bytes:
    """A record of the 16 to 32 channel TTNJ models, channel 1 first."""
    bitmap = sum(1 << at for at, channel in enumerate(channels) if channel is not None)
    info = bytes(
        (when.second, when.minute, when.hour, when.day, when.month, item_no, when.year - 2000, bitmap, counter)
    )
    cells = [struct.pack(">ff", *channel) if channel else bytes(8) for channel in channels]
    return (info + b"".join(cells)).ljust(73, b"\x00")


def ttj8_record(when: datetime, item_no: int, counter: int, channels: Sequence[tuple[float, float] | None]) -> bytes:
    """A record of the 8 channel TTJ model."""
    info = bytes(
        (
            counter & 0xFF,
            when.second,
            when.minute,
            when.hour,
            when.day,
            when.month,
            item_no,
            when.year - 2000,
            counter >> 8,
        )
    )
    cells = [struct.pack(">ff", *channel) if channel else bytes(8) for channel in channels]
    return (info + b"".join(cells)).ljust(73, b"\x00")


def dy3000_record(when: datetime, item_no: int, channels: Sequence[tuple[int, int]]) -> bytes:
    """A wet-chemistry record of the DY-3000: (channel, tenths of a per cent) pairs."""
    packed = (
        (when.year - 2000) << 25
        | when.month << 21
        | when.day << 16
        | when.hour << 11
        | when.minute << 5
        | when.second // 2
    )
    data = bytes((len(channels), item_no, 0, 0)) + packed.to_bytes(4, "little")
    for channel, tenths in channels:
        data += bytes((channel, 0x80, 0, 0)) + struct.pack("<hH", tenths, 0)
    return xor8_frame(0x45, data)


def dy5800_record(  # noqa: PLR0917 - the fields of the record, in their order
    when: datetime, hole: str, sample: str, item: str, unit: str, value: str, absorbance: str
) -> bytes:
    """An 82-byte record of the DY-5800."""
    fields = (
        (hole, 3),
        (sample, 7),
        (item, 20),
        (unit, 10),
        (value, 5),
        (absorbance, 5),
        (when.strftime("%y%m%d%H%M"), 10),
        ("", 10),
        ("", 10),
    )
    return b"P" + b"".join(text.encode("gb18030")[:size].ljust(size) for text, size in fields) + b"X"


def dy2620_record(when: datetime, tenths_celsius: int, tenths_percent: int) -> bytes:
    """A ten-byte record of the frying-oil tester."""
    return clock_bytes(when)[:5] + b"\x00" + struct.pack(">hh", tenths_celsius, tenths_percent)


def dyrs2_record(record_no: str, tenths: int, meat_type: str, when: datetime) -> bytes:
    """A reading of the meat moisture tester."""
    body = f"D{record_no:>4}{tenths:03}{meat_type}{when:%y%m%d}".encode("ascii")
    return b"\x01" + body + b"%02X" % lrc8(body) + b"\x04"


def astm_frames(records: Sequence[str], *, last_only_etx: bool = True) -> tuple[bytes, ...]:
    """One frame for every record, numbered from 1; all but the last end in ETB."""
    frames = []
    for at, record in enumerate(records):
        end = b"\x03" if at == len(records) - 1 or not last_only_etx else b"\x17"
        body = str((at + 1) % 8).encode() + record.encode() + b"\r" + end
        frames.append(b"\x02" + body + b"%02X" % sum8(body) + b"\r\n")
    return tuple(frames)


def hanna_answer(answer: str) -> bytes:
    """`STX answer checksum ETX` of a Hanna bench meter."""
    return b"\x02" + answer.encode("ascii") + b"%02X" % sum8(answer.encode("ascii")) + b"\x03"


LINE_METER = (b"7.01 pH\r\n", b"12*88 mS\r\n", b"+OVR\r\n")
SPER = (b"P07.01pH: T025.0C#01@2026-11-23 09:30:153F\r\n", b"P10.00pH: T024.8C#02@2026-11-23 09:31:0040\r\n")
ATAGO = (b"1.33299,00.012,20.0,1\r\n", b"1.34025,04.887,20.1,1\r\n")
HORIBA = (
    b"RMD,0007,1,1,0,1, ,2026,11,23,09,30,15,7.01,0,0,0,25.0,-0.6,0\r\n",
    b"RMD,    ,1,1,0,0, ,2026,11,23,09,31,40,Or,0,0,0,24.8,0,2\r\n",
    b"RMD,    ,10,2,0,1, ,2026,11,23,09,33,02,14.13,2,0,0,25.1,0,0\r\n",
)
HANNA = (hanna_answer("0110RR+007.01-0000.6+0025.00"), hanna_answer("0310 R+0123.4+0025.10"))
LB9507 = (b"1 104221\r\n", b"2 87\r\n")
REFRACTO = (b"\x02Brix,17,11.85,%,20.0\r\n\x04", b"\x02Brix,18,12.10*,%,27.5\r\n\x04")

ASTM_RECORDS = (
    "H|\\^&|||Fenjian^Simulator||||||||P|1|20261123093015",
    "P|1",
    "O|1|B7K2-M4||^^^PB",
    "R|1|^^^PB|40.13|ug/kg||N||F||||20261123093000",
    "L|1|N",
)
ASTM_SESSION = b"\x05" + b"".join(astm_frames(ASTM_RECORDS)) + b"\x04"

STRIP = (
    sum8_frame(0x02, b"\x01\x10\x13"),
    strip_curve([2400 + 90 * step for step in range(90)]),
)
LZ4000T = (
    lz4000t_record(1, "青菜", EXAMPLE_TIME, 1234),
    lz4000t_record(2, "小白菜", EXAMPLE_TIME.replace(minute=31), -56),
)
TL310 = (
    tl310_record(1, 1, 0, EXAMPLE_TIME, 123, 2),
    tl310_record(1, 2, 0, EXAMPLE_TIME, 0x7FFE, 0),
    tl310_record(1, 3, 1, EXAMPLE_TIME, 756, 1),
)
TTNJ = (b"\x1b\xc1" + ttnj_record(EXAMPLE_TIME, 2, 16, [(0.91, 12.5), None, (0.57, 37.25)]), b"\x1b\xfe")
TTJ8 = (b"\x1b\xc1" + ttj8_record(EXAMPLE_TIME, 2, 300, [(0.91, 12.5), (0.88, 9.75)]), b"\x1b\xfe")
DY3000 = (dy3000_record(EXAMPLE_TIME, 0, [(1, 123), (2, 0x7FFE), (3, -12)]),)
DY723PC = (
    (
        "R,B7K2M4,A1,农药残留,0.512,12.3,%,合格,2026-11-23 09:30:15,5A"
        "R,B7K2M5,A2,农药残留,0.201,NA,%,,2026-11-23 09:30:15,3CFINISH"
    ).encode("gb18030"),
)
DY5800 = (dy5800_record(EXAMPLE_TIME, "01", "B7K2M4", "农药残留", "%", "12.3", "0.512"),)
DY7200 = (b"\x03\xfe" + "样品编号：B7K2M4\r检测项目：农药残留\r检测结果：12.3 % 合格\r".encode("gb18030"),)
DY2620 = (
    modbus_frame(1, 0x65, b"\x14" + dy2620_record(EXAMPLE_TIME, 1755, 243) + dy2620_record(EXAMPLE_TIME, 1761, 281)),
)
DYRS2 = (dyrs2_record("12", 765, "1", EXAMPLE_TIME),)
DY6260 = (
    json.dumps(
        {"detail": [{"检测结果": "阴性", "检测项目": "克伦特罗", "样品编号": "1", "检测时间": "2026-11-23 09:30:15"}]},
        ensure_ascii=False,
    ).encode(),
)
STD9000 = ("农药残留#蔬菜类#<5.0#%抑制率#合格#GB/T 5009.199-2003#STD-9000#2026-11-23 09:30:15#1#|".encode("gb18030"),)
MT_SICS = (b"S S    100.00 g\r\n", b"S D     99.87 g\r\n", b"S +\r\n")
SBI = (b"N     +   100.00 g  \r\n", b"+   12.3[4]g  \r\n")
SCANNER = (b"]C1B7K2-M4\r", b"B7K2-M5\r\n")
ASTM_BARE = (("\r".join(ASTM_RECORDS) + "\r").encode(),)
