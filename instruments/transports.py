"""Ports: serial lines and TCP, behind one small interface.

Everything that can go wrong is an `OSError` (pyserial's own exception is one): the reader closes and opens again.
"""

import socket
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import serial

from instruments.types import SerialSettings
from lims.i18n import gettext as _

MAX_READ = 4096  # one read never takes more, whatever has piled up
TCP_CONNECT_SECONDS = 5.0
WRITE_SECONDS = 5.0
# Asked after ten silent seconds, then every five; after three answers that did not come the line is lost.
PROBES = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))


SCHEMES = ("tcp", "listen", "hwgrep", "socket", "rfc2217", "spy", "alt", "loop")  # the first two are ours


class Port(Protocol):
    """An open line."""

    def read(self, seconds: float) -> bytes:
        """What has arrived, waiting at most `seconds` for the first byte; empty when nothing came.

        Raises:
            OSError: the line is gone.
        """
        ...

    def write(self, data: bytes) -> None:
        """Send all of `data`.

        Raises:
            OSError: the line is gone, or did not take it in time.
        """
        ...

    def close(self) -> None: ...


class Opener(Protocol):
    """Opens a line again and again."""

    def open(self) -> Port:
        """Raises OSError while there is nobody at the other end."""
        ...

    def close(self) -> None:
        """Let go of what is held between openings (a listening socket)."""
        ...


@contextmanager
def termios_faults_as_os_errors() -> Iterator[None]:
    """A line unplugged in mid call shows as `termios.error`: no `OSError`, and pyserial lets it by."""
    try:
        yield
    except termios.error as error:
        raise OSError(*error.args) from error


class SerialLine:
    """A serial port opened through pyserial."""

    def __init__(self, line: serial.Serial) -> None:
        self._line = line

    def read(self, seconds: float) -> bytes:
        with termios_faults_as_os_errors():
            if self._line.timeout != seconds:
                # Sets all of the line again, which a line that cannot do seven bits (a pseudo-terminal) refuses the
                # second time. The timeout itself holds by then, and a line that is gone fails in the read below.
                with suppress(termios.error):
                    self._line.timeout = seconds
            first: bytes = self._line.read(1)
            if not first:
                return b""
            waiting = min(self._line.in_waiting, MAX_READ - 1)
            return first + self._line.read(waiting) if waiting else first

    def write(self, data: bytes) -> None:
        with termios_faults_as_os_errors():
            self._line.write(data)
            self._line.flush()

    def close(self) -> None:
        with suppress(OSError), termios_faults_as_os_errors():
            self._line.close()


@dataclass(frozen=True, slots=True)
class SerialOpener:
    """Opens a port by its stable name (`/dev/serial/by-id/…`) or pyserial URL (`hwgrep://…`)."""

    name: str
    settings: SerialSettings

    def open(self) -> Port:
        options = {"exclusive": True} if "://" not in self.name else {}
        with termios_faults_as_os_errors():
            line = serial.serial_for_url(
                self.name,
                baudrate=self.settings.baud,
                bytesize=self.settings.data_bits,
                parity=self.settings.parity,
                stopbits=self.settings.stop_bits,
                write_timeout=WRITE_SECONDS,
                **options,
            )
        return SerialLine(line)

    def close(self) -> None:
        """A serial port holds nothing between openings."""


class CallEndedError(ConnectionResetError):
    """A device that had called has gone: nothing is wrong, it calls again when it has something to say."""


class SocketLine:
    """A TCP connection. It is probed while it is silent: a device server without power says no goodbye.

    Args:
        connection: open.
        is_call: whether the device called us; it may hang up as it likes.
    """

    def __init__(self, connection: socket.socket, *, is_call: bool = False) -> None:
        self._is_call = is_call
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in PROBES:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
        self._connection = connection

    def read(self, seconds: float) -> bytes:
        self._connection.settimeout(seconds)
        try:
            data = self._connection.recv(MAX_READ)
        except BlockingIOError:  # asked for no time at all
            return b""
        except TimeoutError as error:
            if error.errno is None:
                return b""
            raise  # the probes were not answered
        except ConnectionResetError as error:  # it did not wait for our last answer
            if self._is_call:
                raise CallEndedError(*error.args) from error
            raise
        if not data:
            ended = CallEndedError if self._is_call else ConnectionResetError
            raise ended("the other end closed the connection")
        return data

    def write(self, data: bytes) -> None:
        self._connection.settimeout(WRITE_SECONDS)
        self._connection.sendall(data)

    def close(self) -> None:
        with suppress(OSError):
            self._connection.close()


@dataclass(frozen=True, slots=True)
class TcpClientOpener:
    """Connects to a device server (Moxa and alike) or to a device that listens."""

    host: str
    port: int

    def open(self) -> Port:
        return SocketLine(socket.create_connection((self.host, self.port), timeout=TCP_CONNECT_SECONDS))

    def close(self) -> None:
        """A client holds nothing between openings."""


class NobodyCalledError(TimeoutError):
    """A listening port without a device yet: nothing is wrong."""


class TcpServerOpener:
    """Listens for one device at a time; a second one waits until the first has gone."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._listener: socket.socket | None = None

    @property
    def port(self) -> int:
        """The port listened on, once open; useful where 0 was asked for."""
        return 0 if self._listener is None else int(self._listener.getsockname()[1])

    def listen(self) -> None:
        """Begin to listen, before the first device comes."""
        if self._listener is None:
            listener = socket.create_server(self._address, reuse_port=False)
            listener.settimeout(0.5)
            self._listener = listener

    def open(self) -> Port:
        self.listen()
        if self._listener is None:
            raise ConnectionAbortedError("not listening")
        try:
            connection, _address = self._listener.accept()
        except TimeoutError as error:
            raise NobodyCalledError(*error.args) from error
        return SocketLine(connection, is_call=True)

    def close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None


def opener_for(name: str, settings: SerialSettings) -> Opener:
    """The opener a port name of the configuration asks for.

    Args:
        name: `tcp://host:port`, `listen://host:port`, a device path, or a pyserial URL.
        settings: of a serial line.

    Raises:
        ValueError: a TCP name without a port, or a kind of address that nobody opens.
    """
    parts = urlsplit(name)
    if "://" in name and parts.scheme not in SCHEMES:
        known = ", ".join(SCHEMES)
        raise ValueError(
            _("%(name)s: nobody opens such an address; expected a device path or %(known)s", name=name, known=known)
        )
    if parts.scheme not in {"tcp", "listen"}:
        return SerialOpener(name, settings)
    try:
        port = parts.port
    except ValueError:  # none that there could be
        port = None
    if port is None:
        raise ValueError(_("%(name)s has no port; expected %(scheme)s://host:port", name=name, scheme=parts.scheme))
    host = parts.hostname or ""
    return TcpClientOpener(host, port) if parts.scheme == "tcp" else TcpServerOpener(host, port)
