"""The checksums of the instrument protocols, as the devices compute them."""

from functools import reduce
from operator import xor


def sum8(data: bytes | bytearray | memoryview) -> int:
    """Sum of the bytes modulo 256."""
    return sum(data) & 0xFF


def xor8(data: bytes | bytearray | memoryview) -> int:
    """Exclusive or of the bytes (the DY documents call it a sum)."""
    return reduce(xor, data, 0)


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


_CRC8_31 = _crc8_table(0x31)


def crc8(data: bytes | bytearray | memoryview) -> int:
    """CRC-8, polynomial 31, initial value 00, most significant bit first (LZ-4000T, TL-310)."""
    crc, table = 0, _CRC8_31
    for byte in data:
        crc = table[crc ^ byte]
    return crc


def _crc16_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        table.append(crc)
    return tuple(table)


_CRC16_A001 = _crc16_table()


def crc16_modbus(data: bytes | bytearray | memoryview) -> int:
    """CRC-16 of Modbus RTU: polynomial A001, initial value FFFF, sent low byte first."""
    crc, table = 0xFFFF, _CRC16_A001
    for byte in data:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
    return crc
