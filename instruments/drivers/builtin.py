"""The drivers that come with the program."""

from datetime import datetime
from functools import partial

from instruments.drivers import examples
from instruments.framing import ttnj
from instruments.framing.astm import AstmLinkFramer
from instruments.framing.astm_records import AstmRecordFramer
from instruments.framing.delimited import (
    FixedSizeFramer,
    HeaderedBlockFramer,
    JsonObjectFramer,
    LineFramer,
    TerminatedFramer,
)
from instruments.framing.lengths import Crc8Framer, ModbusRtuFramer, Sum8Framer, Xor8Framer
from instruments.parsing import astm, dy, lines, meters, pesticide, strips
from instruments.types import Driver, ProvenOn, SerialSettings, TransportKind
from lims.clock import local_time

FAST = SerialSettings(baud=115_200)
VENDOR_CODE = "vendor documents and driver code of a public collection program, read 2026"


def _lz4000t_requests(now: datetime) -> tuple[bytes, ...]:
    today = local_time(now)
    return (examples.crc8_frame(0x10, bytes((today.year - 2000, today.month, today.day))),)


def _tl310_requests(_now: datetime) -> tuple[bytes, ...]:
    return (examples.crc8_frame(0x15, b"\xff\xff\xff\xff"),)


def _ttnj_requests(_now: datetime) -> tuple[bytes, ...]:
    return (ttnj.WHO_ARE_YOU, ttnj.SEND_MEMORY)


def _dy723pc_requests(now: datetime) -> tuple[bytes, ...]:
    today = f"D{local_time(now):%Y-%m-%d}"
    return ((today + today).encode("ascii"),)


def _dy2620_requests(_now: datetime) -> tuple[bytes, ...]:
    return (examples.modbus_frame(1, dy.DY2620_READ, b"\x00\x0a"),)


def _mt_sics_requests(_now: datetime) -> tuple[bytes, ...]:
    return (b"S\r\n",)


def _sbi_requests(_now: datetime) -> tuple[bytes, ...]:
    return (b"\x1bP\r\n",)


BUILTIN_DRIVERS = (
    Driver(
        name="dy-3000-bx1",
        title_zh="DY-3000(BX1) 胶体金卡检测模块",
        title_en="DY-3000(BX1) colloidal-gold strip module",
        family="7E length sum",
        proven_on=ProvenOn.REAL_BYTES,
        new_framer=Sum8Framer,
        parse=strips.parse_strip,
        serial=FAST,
        examples=examples.STRIP,
        source="serial logs of 2018 with the vendor's own decodes",
    ),
    Driver(
        name="lz-4000t",
        title_zh="LZ-4000T 农药残留速测仪",
        title_en="LZ-4000T pesticide residue reader",
        family="7E length CRC-8 AA",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=Crc8Framer,
        parse=pesticide.parse_lz4000t,
        requests=_lz4000t_requests,
        serial=FAST,
        examples=examples.LZ4000T,
        source=VENDOR_CODE,
    ),
    Driver(
        name="tl-310",
        title_zh="TL-310 农药残留速测仪",
        title_en="TL-310 pesticide residue reader",
        family="7E length CRC-8 AA",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=Crc8Framer,
        parse=pesticide.parse_tl310,
        requests=_tl310_requests,
        serial=FAST,
        examples=examples.TL310,
        source=VENDOR_CODE,
    ),
    Driver(
        name="ttnj",
        title_zh="TTNJ 16、24、32 通道农残速测仪",
        title_en="TTNJ 16, 24 and 32 channel readers",
        family="TTNJ",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=ttnj.AskingTtnjFramer,
        new_capture_framer=ttnj.TtnjFramer,
        parse=pesticide.parse_ttnj,
        requests=_ttnj_requests,
        examples=examples.TTNJ,
        source="the vendor's protocol document with two worked examples",
    ),
    Driver(
        name="ttj-8",
        title_zh="TTJ 8 通道农残速测仪",
        title_en="TTJ 8 channel reader",
        family="TTNJ",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(ttnj.AskingTtnjFramer, ttnj.eight_channel_clock),
        new_capture_framer=partial(ttnj.TtnjFramer, ttnj.eight_channel_clock),
        parse=pesticide.parse_ttj8,
        requests=_ttnj_requests,
        examples=examples.TTJ8,
        source="the vendor's protocol document",
    ),
    Driver(
        name="dy-3000",
        title_zh="DY-3000、DY-6600、TL-300 多功能食品安全检测仪",
        title_en="DY-3000, DY-6600 and TL-300 multi readers",
        family="03 FE XOR",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=Xor8Framer,
        parse=dy.parse_dy3000,
        examples=examples.DY3000,
        source=VENDOR_CODE,
    ),
    Driver(
        name="dy-723pc",
        title_zh="DY-723PC 分光光度计",
        title_en="DY-723PC photometer",
        family="DY text",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(TerminatedFramer, b"", b"FINISH", max_frame=1_048_576),
        parse=dy.parse_dy723pc,
        requests=_dy723pc_requests,
        examples=examples.DY723PC,
        source=VENDOR_CODE,
    ),
    Driver(
        name="dy-5800",
        title_zh="DY-5800 食品安全检测仪",
        title_en="DY-5800 reader",
        family="DY text",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(FixedSizeFramer, dy.DY5800_SIZE, ord("P"), dy.is_dy5800),
        parse=dy.parse_dy5800,
        examples=examples.DY5800,
        source=VENDOR_CODE,
    ),
    Driver(
        name="dy-7200",
        title_zh="DY-7200 食品安全检测仪",
        title_en="DY-7200 reader",
        family="DY text",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(HeaderedBlockFramer, dy.DY7200_HEADER),
        parse=dy.parse_dy7200,
        examples=examples.DY7200,
        source=VENDOR_CODE,
    ),
    Driver(
        name="dy-2620",
        title_zh="DY-2620 煎炸油极性组分检测仪",
        title_en="DY-2620 frying-oil tester",
        family="Modbus RTU",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(ModbusRtuFramer, dy.DY2620_READ),
        parse=dy.parse_dy2620,
        requests=_dy2620_requests,
        examples=examples.DY2620,
        source=VENDOR_CODE,
    ),
    Driver(
        name="dyrs2",
        title_zh="DYRS2 肉类水分检测仪",
        title_en="DYRS2 meat moisture tester",
        family="01 LRC 04",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(TerminatedFramer, b"\x01", b"\x04", max_frame=64, check=dy.is_dyrs2),
        parse=dy.parse_dyrs2,
        examples=examples.DYRS2,
        source=VENDOR_CODE,
    ),
    Driver(
        name="dy-6260",
        title_zh="DY-6260 胶体金读数仪（adb forward）",
        title_en="DY-6260 colloidal-gold reader (adb forward)",
        family="JSON",
        proven_on=ProvenOn.DOCUMENTS,
        transport=TransportKind.TCP,
        new_framer=JsonObjectFramer,
        parse=strips.parse_dy6260,
        examples=examples.DY6260,
        source=VENDOR_CODE,
    ),
    Driver(
        name="std-9000",
        title_zh="STD-9000 及以 # 分隔记录的仪器",
        title_en="STD-9000 and devices with # records",
        family="# records",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(TerminatedFramer, b"", b"#|", max_frame=4096),
        parse=lines.parse_std9000,
        examples=examples.STD9000,
        source="a string in a public program",
    ),
    Driver(
        name="mt-sics",
        title_zh="梅特勒-托利多天平（MT-SICS）",
        title_en="METTLER TOLEDO balances (MT-SICS)",
        family="lines",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(LineFramer, 256),
        parse=lines.parse_mt_sics,
        requests=_mt_sics_requests,
        examples=examples.MT_SICS,
        source="MT-SICS reference manuals, level 0",
    ),
    Driver(
        name="sbi",
        title_zh="赛多利斯天平（SBI）",
        title_en="Sartorius balances (SBI)",
        family="lines",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(LineFramer, 256),
        parse=lines.parse_sbi,
        requests=_sbi_requests,
        serial=SerialSettings(baud=1200, data_bits=7, parity="O"),
        examples=examples.SBI,
        source="Sartorius operating manuals, data output format",
    ),
    Driver(
        name="line-meter",
        title_zh="逐行打印数值和单位的 pH 计、电导率仪、糖度计",
        title_en="pH, conductivity and Brix meters that print a number and a unit",
        family="lines",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(LineFramer, 128),
        parse=meters.parse_line_meter,
        examples=examples.LINE_METER,
        source="TPS 901-C handbook and meters alike",
    ),
    Driver(
        name="sper-850055",
        title_zh="Sper Scientific 850055 pH 计",
        title_en="Sper Scientific 850055 pH meter",
        family="lines",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(LineFramer, 128),
        parse=meters.parse_sper,
        examples=examples.SPER,
        source="operating manual, RS232 data format",
    ),
    Driver(
        name="refracto-30p",
        title_zh="梅特勒-托利多 Refracto 30P 折光仪（糖度）",
        title_en="METTLER TOLEDO Refracto 30P (Brix)",
        family="STX EOT",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(TerminatedFramer, b"\x02", b"\x04", max_frame=256),
        parse=meters.parse_refracto,
        examples=examples.REFRACTO,
        source="operating instructions, data transfer",
    ),
    Driver(
        name="horiba-f7x",
        title_zh="HORIBA F-7x、LAQUA 系列 pH 计、离子计、电导率仪",
        title_en="HORIBA F-7x and LAQUA pH, ion and conductivity meters",
        family="lines",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(LineFramer, 256),
        parse=meters.parse_horiba,
        serial=SerialSettings(baud=2400),
        examples=examples.HORIBA,
        source="F-7x BW low-spec command reference, 2016",
    ),
    Driver(
        name="hanna-ras",
        title_zh="哈纳台式仪表，应答 RAS（HI 2216、HI 2222、HI 2550）",
        title_en="Hanna bench meters that answer RAS (HI 2216, HI 2222, HI 2550)",
        family="STX sum ETX",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(TerminatedFramer, b"\x02", b"\x03", max_frame=64, check=meters.is_hanna),
        parse=meters.parse_hanna,
        examples=examples.HANNA,
        source="HI 2222 owner's manual, RS232 communication",
    ),
    Driver(
        name="atago-prm",
        title_zh="爱拓 PRM 在线折光仪",
        title_en="Atago PRM process refractometers",
        family="lines",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(LineFramer, 256),
        parse=meters.parse_atago,
        serial=SerialSettings(parity="O"),
        examples=examples.ATAGO,
        source="a public description of the line format",
    ),
    Driver(
        name="lb-9507",
        title_zh="Berthold LB 9507 发光检测仪（ATP）",
        title_en="Berthold LB 9507 luminometer (ATP)",
        family="lines",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(LineFramer, 128),
        parse=meters.parse_lb9507,
        examples=examples.LB9507,
        source="operating manual, printer output",
    ),
    Driver(
        name="barcode-scanner",
        title_zh="串口条码扫描枪",
        title_en="Serial barcode scanners",
        family="lines",
        proven_on=ProvenOn.DOCUMENTS,
        new_framer=partial(LineFramer, 4096, accept_silence=True),
        parse=lines.parse_scanner,
        examples=examples.SCANNER,
        source="scanner manuals",
    ),
    Driver(
        name="astm-e1394",
        title_zh="ASTM E1381 / E1394（LIS01-A2、LIS02-A2）分析仪",
        title_en="Analysers with ASTM E1381 / E1394 (LIS01-A2, LIS02-A2)",
        family="ASTM",
        proven_on=ProvenOn.REAL_BYTES,
        new_framer=AstmLinkFramer,
        new_capture_framer=partial(AstmLinkFramer, converse=False),
        parse=astm.parse_link_message,
        examples=(examples.ASTM_SESSION,),
        source="CLSI LIS01-A2, LIS02-A2; captures of cobas c111 and Sysmex XP-100",
    ),
    Driver(
        name="astm-records",
        title_zh="直接发送 ASTM E1394 记录的仪器和文件",
        title_en="Devices and files with bare ASTM E1394 records",
        family="ASTM",
        proven_on=ProvenOn.REAL_BYTES,
        new_framer=AstmRecordFramer,
        parse=astm.parse_bare_message,
        examples=examples.ASTM_BARE,
        source="CLSI LIS02-A2; records of an ESR analyser",
    ),
)
