"""The configuration file of the reader: a TOML file beside the ports.

[server]                                   # left out: readings stay in the spool
url = "https://lims.example.org"
token_file = "/etc/fenjian/reader.token"

[store]
path = "/var/lib/fenjian-reader"

[status]                                   # left out: no page of its own
listen = "127.0.0.1:5050"                  # how the ports are, in a browser beside them; /status.json for programs

[[instrument]]
name = "market-3 pesticide reader"
driver = "lz-4000t"
port = "/dev/serial/by-id/usb-FTDI_FT232R-if00-port0"   # or tcp://10.0.0.5:4001, listen://:4001, hwgrep://…
poll_seconds = 60
baud = 115200                              # left out: as the device ships
settings = { "items.0" = "农药残留" }

[[folder]]                                 # where the software of an instrument saves its exports
name = "GC-MS 2"
path = "/srv/exports/gcms2"
profile = "our-gcms"                       # left out: the header of each file decides
take = true                                # left out: every file waits until a person has looked at its rows
"""

import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from instruments.delivery import WEB_SCHEMES
from instruments.drivers.registry import UnknownDriverError, get_driver
from instruments.folders import Folder
from instruments.reader import Connection
from instruments.transports import opener_for
from instruments.types import SerialSettings
from lims.i18n import gettext as _

SHORTEST_POLL_SECONDS = 1.0
MAX_PORT = 65_535
DATA_BITS, PARITIES, STOP_BITS = (5, 6, 7, 8), ("N", "E", "O", "M", "S"), (1, 2)
_TABLES = {"server", "status", "store", "instrument", "folder"}
_FOLDER_KEYS = {"name", "path", "profile", "take"}
_KEYS_OF = {"server": {"url", "token_file"}, "store": {"path"}, "status": {"listen"}}
_INSTRUMENT_KEYS = {
    "name",
    "driver",
    "port",
    "poll_seconds",
    "baud",
    "data_bits",
    "parity",
    "stop_bits",
    "settings",
}


class ConfigError(ValueError):
    """The file cannot be used; the message names the place and what was expected."""


@dataclass(frozen=True, slots=True)
class ReaderConfig:
    """What the daemon is to do.

    Attributes:
        store: folder of journals, spool and status file.
        connections: one for every instrument.
        server_url: where readings go; empty when they stay in the spool.
        token: bearer token; never shown.
        folders: drop folders.
        status_address: host and port of the reader's own page; None without one.
    """

    store: Path
    connections: tuple[Connection, ...]
    server_url: str = ""
    token: str = field(default="", repr=False)
    folders: tuple[Folder, ...] = ()
    status_address: tuple[str, int] | None = None


def load_config(path: Path) -> ReaderConfig:
    """Read and check a configuration file.

    Raises:
        ConfigError: anything is missing, unknown or out of range.
        OSError: it cannot be read.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(_in(path, _("this is no TOML file: %(error)s", error=error))) from error
    _refuse_unknown(document, _TABLES, path)
    store = _text(_table(document, "store", path), "path", f"{path} [store]")
    rows, places = document.get("instrument", []), document.get("folder", [])
    if not _are_tables(rows) or not _are_tables(places) or not (rows or places):
        raise ConfigError(_in(path, _("expected at least one [[instrument]] or [[folder]]")))
    connections = tuple(_connection(row, f"{path} [[instrument]] {at}") for at, row in enumerate(rows, 1))
    folders = tuple(_folder(row, f"{path} [[folder]] {at}") for at, row in enumerate(places, 1))
    told = [connection.instrument for connection in connections] + [folder.instrument for folder in folders]
    names = [folder_name(name) for name in told]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(_in(path, _("two instruments are called %(name)r", name=name)))
    config = ReaderConfig(Path(store), connections, folders=folders, status_address=_address(document, path))
    if "server" not in document:
        return config
    url, token = _server(_table(document, "server", path), f"{path} [server]")
    return replace(config, server_url=url, token=token)


def _server(server: Mapping[str, Any], where: str) -> tuple[str, str]:
    url = _text(server, "url", where)
    if not url.startswith(WEB_SCHEMES):
        raise ConfigError(_in(where, _("expected http:// or https:// for url, got %(url)r", url=url)))
    token_file = _text(server, "token_file", where)
    try:
        token = Path(token_file).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            _in(where, _("token_file %(file)r cannot be read: %(error)s", file=token_file, error=error))
        ) from error
    if not token or not token.isprintable():
        raise ConfigError(_in(where, _("token_file %(file)r does not hold one token", file=token_file)))
    return url, token


def _table(document: Mapping[str, Any], name: str, path: Path) -> Mapping[str, Any]:
    """One of the tables of the file; empty where it is left out."""
    table = document.get(name, {})
    where = f"{path} [{name}]"
    if not isinstance(table, dict):
        raise ConfigError(_in(where, _("expected a table, got %(found)r", found=table)))
    _refuse_unknown(table, _KEYS_OF[name], where)
    return table


def _are_tables(rows: object) -> bool:
    return isinstance(rows, list) and all(isinstance(row, dict) for row in rows)


def _refuse_unknown(table: Mapping[str, Any], known: set[str], where: object) -> None:
    unknown = set(table) - known
    if unknown:
        raise ConfigError(
            _in(where, _("unknown %(found)s; expected %(known)s", found=_listed(unknown), known=_listed(known)))
        )


def _address(document: Mapping[str, Any], path: Path) -> tuple[str, int] | None:
    if "status" not in document:
        return None
    where = f"{path} [status]"
    listen = _text(_table(document, "status", path), "listen", where)
    host, _colon, port = listen.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > MAX_PORT:
        raise ConfigError(_in(where, _("expected host:port for listen, got %(listen)r", listen=listen)))
    return host, int(port)


def folder_name(instrument: str) -> str:
    """A file name for an instrument's journal: letters and digits of any script, the rest as hyphens."""
    return re.sub(r"[^\w]+", "-", instrument.strip()).strip("-").lower()


def _connection(row: Mapping[str, Any], where: str) -> Connection:
    _refuse_unknown(row, _INSTRUMENT_KEYS, where)
    try:
        driver = get_driver(_text(row, "driver", where))
    except UnknownDriverError as error:
        raise ConfigError(f"{where}: {error}") from error
    line = SerialSettings(
        baud=_integer(row, "baud", driver.serial.baud, where),
        data_bits=_one_of(DATA_BITS, row, "data_bits", driver.serial.data_bits, where),
        parity=_one_of(PARITIES, row, "parity", driver.serial.parity, where),
        stop_bits=_one_of(STOP_BITS, row, "stop_bits", driver.serial.stop_bits, where),
    )
    port = _text(row, "port", where)
    try:
        opener = opener_for(port, line)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error
    poll_seconds = row.get("poll_seconds")
    if poll_seconds is not None:
        if driver.requests is None:
            raise ConfigError(
                _in(where, _("%(driver)s sends by itself, poll_seconds has no meaning for it", driver=driver.name))
            )
        is_number = isinstance(poll_seconds, int | float) and not isinstance(poll_seconds, bool)
        if not is_number or not SHORTEST_POLL_SECONDS <= poll_seconds < math.inf:  # nan is not between them either
            raise ConfigError(
                _in(
                    where,
                    _(
                        "poll_seconds is at least %(least)g, got %(found)r",
                        least=SHORTEST_POLL_SECONDS,
                        found=poll_seconds,
                    ),
                )
            )
    settings = row.get("settings", {})
    if not isinstance(settings, dict) or not all(isinstance(value, str) for value in settings.values()):
        raise ConfigError(_in(where, _("settings are texts, got %(found)r", found=settings)))
    return Connection(
        instrument=_text(row, "name", where),
        driver=driver,
        port=port,
        opener=opener,
        settings=settings,
        poll_seconds=poll_seconds,
    )


def _folder(row: Mapping[str, Any], where: str) -> Folder:
    _refuse_unknown(row, _FOLDER_KEYS, where)
    take = row.get("take", False)
    if not isinstance(take, bool):
        raise ConfigError(_in(where, _("take is true or false, got %(found)r", found=take)))
    profile = _text(row, "profile", where) if "profile" in row else None
    return Folder(
        instrument=_text(row, "name", where), path=Path(_text(row, "path", where)), profile=profile, take=take
    )


def _in(where: object, problem: str) -> str:
    return f"{where}: {problem}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(_in(where, _("expected a text for %(key)s, got %(found)r", key=key, found=value)))
    return value


def _integer(table: Mapping[str, Any], key: str, default: int, where: str) -> int:
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ConfigError(_in(where, _("expected a whole number for %(key)s, got %(found)r", key=key, found=value)))
    return value


Choice = TypeVar("Choice", int, str)


def _one_of(known: Sequence[Choice], row: Mapping[str, Any], key: str, default: Choice, where: str) -> Choice:
    value = row.get(key, default)
    for choice in known:
        if type(value) is type(choice) and value == choice:
            return choice
    listed = ", ".join(str(choice) for choice in known)
    raise ConfigError(
        _in(where, _("expected one of %(known)s for %(key)s, got %(found)r", known=listed, key=key, found=value))
    )
