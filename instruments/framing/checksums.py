"""The checksums of the instrument protocols, as the devices compute them."""

from collections.abc import Callable
from functools import cache
from struct import Struct
from zlib import adler32

HEX8 = tuple(b"%02X" % value for value in range(256))
"""The two hex digits in which the text protocols state a check value."""


ADLER_SUMS = 256
"""Bytes of which the lower half of the Adler-32 is their plain sum and one: 256 * 255 + 1 is below its modulus, 65,521.

It is counted in C without a number for each byte, which is three to six times as fast as `sum`.
"""


def sum8(data: bytes | bytearray | memoryview) -> int:
    """Sum of the bytes modulo 256."""
    return (adler32(data) - 1 if len(data) <= ADLER_SUMS else sum(data)) & 0xFF


def xor8(data: bytes | bytearray | memoryview) -> int:
    """Exclusive or of the bytes (the DY documents call it a sum); of many, by halves of one long number."""
    folded = int.from_bytes(data, "little")
    if len(data) > _SHORT:
        half = 4 << (len(data) - 1).bit_length()  # bits of half of the next power of two: what is above stays out of it
        while half > _LONGEST_HALF:
            folded ^= folded >> half
            half >>= 1
    folded ^= folded >> 128
    folded ^= folded >> 64
    folded ^= folded >> 32
    folded ^= folded >> 16
    return (folded ^ folded >> 8) & 0xFF


_SHORT = 32
_LONGEST_HALF = 128  # bits; from there on the steps are written out, and are enough for what is short


def lrc8(data: bytes | bytearray | memoryview) -> int:
    """Two's complement of the sum modulo 256."""
    return -sum8(data) & 0xFF


def _crc8_table(polynomial: int) -> bytes:
    table = bytearray()
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = (crc << 1) ^ polynomial if crc & 0x80 else crc << 1
        table.append(crc & 0xFF)
    return bytes(table)


@cache
def words_of(size: int) -> Callable[..., tuple[int, ...]]:
    """Reads so many bytes from an offset as 16-bit numbers, low byte first: a table of pairs halves the steps."""
    return Struct(f"<{size // 2}H").unpack_from


CRC8_31 = _crc8_table(0x31)


_State = list["_State"]


@cache
def crc8_states() -> _State:
    """The state of a CRC-8 before its first byte: a list that has at each byte the state behind it.

    So a byte costs one look-up and no arithmetic.
    """
    states: list[_State] = [[] for _ in range(256)]
    for crc, state in enumerate(states):
        state += [states[CRC8_31[crc ^ byte]] for byte in range(256)]
    return states[0]


def crc8(data: bytes | bytearray | memoryview) -> int:
    """CRC-8, polynomial 31, initial value 00, most significant bit first (LZ-4000T, TL-310)."""
    crc = 0
    for byte in data:
        crc = CRC8_31[crc ^ byte]
    return crc


def _crc16_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        table.append(crc)
    return tuple(table)


CRC16_A001 = _crc16_table()


@cache
def crc16_pairs() -> list[int]:
    """As `crc8_pairs`; reflected, so a second byte has passed one table and the first one two."""
    first = [(crc >> 8) ^ CRC16_A001[crc & 0xFF] for crc in CRC16_A001]
    return [one ^ other for other in CRC16_A001 for one in first]


def crc16_modbus(data: bytes | bytearray | memoryview) -> int:
    """CRC-16 of Modbus RTU: polynomial A001, initial value FFFF, sent low byte first."""
    crc, size, pairs = 0xFFFF, len(data), crc16_pairs()
    for word in words_of(size)(data):
        crc = pairs[crc ^ word]
    return (crc >> 8) ^ CRC16_A001[(crc ^ data[-1]) & 0xFF] if size & 1 else crc
