"""Frames that carry their length and a check value: the 7E families, the DY 03 FE frame, Modbus RTU."""

from instruments.framing.base import Rejected, Run, ScanningFramer
from instruments.framing.checksums import (
    CRC16_A001,
    crc8,
    crc8_states,
    crc16_modbus,
    crc16_pairs,
    sum8,
    words_of,
    xor8,
)

FLAG = 0x7E
TAIL_AA = 0xAA
START, ANSWER = 0x03, 0xFE
_LEAD = bytes((START, ANSWER))


class Sum8Framer(ScanningFramer):
    """`7E CMD LENhi LENlo DATA SUM8 7E`, no escaping: DY-3000(BX1) strip module.

    The sum covers CMD to the end of DATA. 7E stands inside the data of one frame in twenty, so only length and sum
    together tell where a frame ends.

    Source: serial logs of the device of 2018 (612 frames), vendor log of the decoded curves.
    """

    max_frame = 16_384  # camera rows; a curve has at most 482 bytes of data
    starts = bytes((FLAG,))
    start_need = _overhead = 6

    def find_start(self, buffer: bytearray, at: int) -> int:
        found = buffer.find(FLAG, at)
        return len(buffer) if found < 0 else found

    def measure(self, buffer: bytearray, at: int) -> tuple[bool, int]:
        available = len(buffer) - at
        if available < self._overhead:
            return False, self._overhead
        length = (buffer[at + 2] << 8 | buffer[at + 3]) + self._overhead
        if available < length:
            return False, length
        if buffer[at + length - 1] != FLAG:
            raise Rejected
        if sum8(buffer[at + 1 : at + length - 2]) != buffer[at + length - 2]:
            raise Rejected
        return True, length

    def take_run(self, data: bytes, base: int, run: Run) -> tuple[int, int]:
        at, size = 0, len(data)
        while at < size and data[at] == FLAG:
            if size - at < self._overhead:
                return at, self._overhead
            end = at + (data[at + 2] << 8 | data[at + 3]) + self._overhead
            if end > size:
                return at, end - at if end - at <= self.max_frame else 0
            unit = data[at:end]
            if unit[-1] != FLAG or sum(unit[1:-2]) & 0xFF != unit[-2] or end - at > self.max_frame:
                break
            run.append((unit, base + end))
            at = end
        return at, 0


class Crc8Framer(ScanningFramer):
    """`7E CMD LENlo LENhi DATA CRC8 AA`, no escaping: LZ-4000T, TL-310.

    Source: driver code of the vendor's collection software (CRC-8 poly 31 over CMD to the end of DATA).
    """

    max_frame = 1024  # the longest known frame has 27 bytes
    starts = bytes((FLAG,))
    start_need = _overhead = 6

    def find_start(self, buffer: bytearray, at: int) -> int:
        found = buffer.find(FLAG, at)
        return len(buffer) if found < 0 else found

    def measure(self, buffer: bytearray, at: int) -> tuple[bool, int]:
        available = len(buffer) - at
        if available < self._overhead:
            return False, self._overhead
        length = (buffer[at + 2] | buffer[at + 3] << 8) + self._overhead
        if available < length:
            return False, length
        if buffer[at + length - 1] != TAIL_AA:
            raise Rejected
        if crc8(buffer[at + 1 : at + length - 2]) != buffer[at + length - 2]:
            raise Rejected
        return True, length

    def take_run(self, data: bytes, base: int, run: Run) -> tuple[int, int]:
        at, size, overhead, fresh = 0, len(data), self._overhead, crc8_states()
        while at < size and data[at] == FLAG:
            if size - at < overhead:
                return at, overhead
            length = (data[at + 2] | data[at + 3] << 8) + overhead
            end = at + length
            if end > size:
                return at, length if length <= self.max_frame else 0
            unit = data[at:end]
            # As `crc8`, written out, because a call costs as much as ten bytes. With its own check value a CRC comes to
            # nothing, the state it began with.
            state = fresh
            for byte in unit[1:-1]:
                state = state[byte]
            if state is not fresh or unit[-1] != TAIL_AA or length > self.max_frame:
                break
            run.append((unit, base + end))
            at = end
        return at, 0


class Xor8Framer(ScanningFramer):
    """`03 FE cmd … lenLO lenHI headerXOR dataXOR data`: DY-3000, DY-6600, TL-300.

    Eleven bytes of header end in their own check value; the check value of the data stands before the data. An
    exclusive or does not see bytes that changed places, so a frame that lost a byte can take one from its follower;
    the host therefore asks for one record at a time, and silence comes between.

    Source: driver code of the vendor's collection software; its request `03 FF 43 …` has header check B7.
    """

    max_frame = 4096
    starts = bytes((START,))
    start_need = 2
    _header = 12

    def __init__(self) -> None:
        super().__init__()
        self._head = b""  # of the last frame, up to its check value

    def find_start(self, buffer: bytearray, at: int) -> int:
        found = buffer.find(START, at)
        return len(buffer) if found < 0 else found

    def measure(self, buffer: bytearray, at: int) -> tuple[bool, int]:
        available = len(buffer) - at
        if available == 1:
            return False, 2
        if buffer[at + 1] != ANSWER:
            raise Rejected
        if available < self._header:
            return False, self._header
        if xor8(buffer[at : at + 10]) != buffer[at + 10]:
            raise Rejected
        length = self._header + (buffer[at + 8] | buffer[at + 9] << 8)
        if available < length:
            return False, length
        if xor8(buffer[at + self._header : at + length]) != buffer[at + 11]:
            raise Rejected
        return True, length

    def take_run(self, data: bytes, base: int, run: Run) -> tuple[int, int]:
        at, size, header = 0, len(data), self._header
        head = self._head
        while size - at >= header:
            # The eleven bytes change only with command and length: those that were right last time are right.
            if data[at : at + header - 1] != head:
                head = data[at : at + header - 1]
                if head[:2] != _LEAD or xor8(head):  # with its own check value an exclusive or comes to nothing
                    return at, 0
                self._head = head
            length = header + (data[at + 8] | data[at + 9] << 8)
            end = at + length
            if end > size:
                return at, length if length <= self.max_frame else 0
            if xor8(data[at + header : end]) != data[at + header - 1] or length > self.max_frame:
                return at, 0
            run.append((data[at:end], base + end))
            at = end
        return at, header if data[at : at + 2] == _LEAD else 0


class ModbusRtuFramer(ScanningFramer):
    """Answers of one Modbus RTU device, found by length and CRC instead of by silence.

    Silence between frames says nothing behind a USB converter. The documents of the DY-2620 do not say whether its
    count byte counts bytes or ten-byte records, so both lengths are tried, shorter first; the CRC decides.

    Args:
        function: the function code asked for.
        address: the unit address of the device.
        record_size: size of a record where the count may mean records.
    """

    max_frame = 256 * 10 + 5
    start_need = 2
    _exception_length = 5

    def __init__(self, function: int, address: int = 1, record_size: int = 10) -> None:
        self.starts = bytes((address,))
        super().__init__()
        self._function = function
        self._address = address
        self._record_size = record_size
        self._begun = crc16_modbus(bytes((address, function)))  # the state behind what every answer begins with

    def find_start(self, buffer: bytearray, at: int) -> int:
        found = buffer.find(self._address, at)
        return len(buffer) if found < 0 else found

    def measure(self, buffer: bytearray, at: int) -> tuple[bool, int]:
        available = len(buffer) - at
        if available == 1:
            return False, 2
        function = buffer[at + 1]
        if function not in {self._function, self._function | 0x80}:
            raise Rejected
        if available < self._exception_length:
            return False, self._exception_length
        for length in self._lengths(function, buffer[at + 2]):
            if available < length:
                return False, length
            check = buffer[at + length - 2] | buffer[at + length - 1] << 8
            if crc16_modbus(buffer[at : at + length - 2]) == check:
                return True, length
        raise Rejected

    def take_run(self, data: bytes, base: int, run: Run) -> tuple[int, int]:
        at, size, pairs, address, function = 0, len(data), crc16_pairs(), self._address, self._function
        begun, known, words = self._begun, 0, words_of(0)
        while size - at >= self._exception_length and data[at] == address and data[at + 1] == function:
            length = data[at + 2] + self._exception_length  # the other length is left to `measure`
            end = at + length
            if end > size:
                return at, length
            if length != known:
                known, words = length, words_of(length - 2)
            unit = data[at:end]
            # As `crc16_modbus`, written out, because a call costs as much as ten bytes. With its own check value a CRC
            # comes to nothing.
            crc = begun
            for word in words(unit, 2):
                crc = pairs[crc ^ word]
            if length & 1:
                crc = crc >> 8 ^ CRC16_A001[(crc ^ unit[-1]) & 0xFF]
            if crc:
                break
            run.append((unit, base + end))
            at = end
        return at, 0

    def _lengths(self, function: int, count: int) -> tuple[int, ...]:
        if function & 0x80:
            return (self._exception_length,)
        # A request that comes back as an echo on a two-wire line has eight bytes or six; it ends as garbage.
        return (count + 5, count * self._record_size + 5)
