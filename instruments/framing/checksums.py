"""The checksums of the instrument protocols, as the devices compute them."""

from array import array
from collections.abc import Callable
from functools import cache, reduce
from operator import xor
from struct import Struct

HEX8 = tuple(b"%02X" % value for value in range(256))
"""The two hex digits in which the text protocols state a check value."""


def sum8(data: bytes | bytearray | memoryview) -> int:
    """Sum of the bytes modulo 256."""
    return sum(data) & 0xFF


def xor8(data: bytes | bytearray | memoryview) -> int:
    """Exclusive or of the bytes (the DY documents call it a sum); of many, by halves of one long number."""
    if len(data) <= _FEW:
        return reduce(xor, data, 0)
    folded = int.from_bytes(data, "little")
    half = 4 << (len(data) - 1).bit_length()  # bits of half of the next power of two: what is above stays out of it
    while half > _LONGEST_HALF:
        folded ^= folded >> half
        half >>= 1
    folded ^= folded >> 128
    folded ^= folded >> 64
    folded ^= folded >> 32
    folded ^= folded >> 16
    return (folded ^ folded >> 8) & 0xFF


_FEW = 16
_LONGEST_HALF = 128  # bits; from there on the steps are written out


def lrc8(data: bytes | bytearray | memoryview) -> int:
    """Two's complement of the sum modulo 256."""
    return -sum(data) & 0xFF


def _crc8_table(polynomial: int) -> bytes:
    table = bytearray()
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = (crc << 1) ^ polynomial if crc & 0x80 else crc << 1
        table.append(crc & 0xFF)
    return bytes(table)


@cache
def _words(size: int) -> Callable[[bytes | bytearray | memoryview], tuple[int, ...]]:
    """Reads the first so many bytes as 16-bit numbers, low byte first: a table of pairs halves the steps."""
    return Struct(f"<{size // 2}H").unpack_from


_CRC8_31 = _crc8_table(0x31)


@cache
def _crc8_pairs() -> bytes:
    """The CRC of every two bytes: as it is linear, that of the first one followed by 00, or that of the second."""
    first = [_CRC8_31[crc] for crc in _CRC8_31]
    return bytes(one ^ other for other in _CRC8_31 for one in first)


def crc8(data: bytes | bytearray | memoryview) -> int:
    """CRC-8, polynomial 31, initial value 00, most significant bit first (LZ-4000T, TL-310)."""
    crc, size, pairs = 0, len(data), _crc8_pairs()
    for word in _words(size)(data):
        crc = pairs[crc ^ word]
    return _CRC8_31[crc ^ data[-1]] if size & 1 else crc


def _crc16_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        table.append(crc)
    return tuple(table)


_CRC16_A001 = _crc16_table()


@cache
def _crc16_pairs() -> "array[int]":
    """As `_crc8_pairs`; reflected, so a second byte has passed one table and the first one two."""
    first = [(crc >> 8) ^ _CRC16_A001[crc & 0xFF] for crc in _CRC16_A001]
    return array("H", (one ^ other for other in _CRC16_A001 for one in first))


def crc16_modbus(data: bytes | bytearray | memoryview) -> int:
    """CRC-16 of Modbus RTU: polynomial A001, initial value FFFF, sent low byte first."""
    crc, size, pairs = 0xFFFF, len(data), _crc16_pairs()
    for word in _words(size)(data):
        crc = pairs[crc ^ word]
    return (crc >> 8) ^ _CRC16_A001[(crc ^ data[-1]) & 0xFF] if size & 1 else crc
