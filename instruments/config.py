"""The configuration file of the reader: a TOML file beside the ports.

[server]                                   # left out: readings stay in the spool
url = "https://lims.example.org"
token_file = "/etc/fenjian/reader.token"

[store]
path = "/var/lib/fenjian-reader"

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

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from instruments.drivers.registry import UnknownDriverError, get_driver
from instruments.folders import Folder
from instruments.reader import Connection
from instruments.transports import opener_for
from instruments.types import SerialSettings

SHORTEST_POLL_SECONDS = 1.0
_TABLES = {"server", "store", "instrument", "folder"}
_FOLDER_KEYS = {"name", "path", "profile", "take"}
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
    """

    store: Path
    connections: tuple[Connection, ...]
    server_url: str = ""
    token: str = field(default="", repr=False)
    folders: tuple[Folder, ...] = ()


def load_config(path: Path) -> ReaderConfig:
    """Read and check a configuration file.

    Raises:
        ConfigError: anything is missing, unknown or out of range.
        OSError: it cannot be read.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    unknown = set(document) - _TABLES
    if unknown:
        raise ConfigError(f"{path}: unknown {', '.join(sorted(unknown))}; expected {', '.join(sorted(_TABLES))}")
    store = _text(document.get("store", {}), "path", f"{path} [store]")
    rows, places = document.get("instrument", []), document.get("folder", [])
    if not isinstance(rows, list) or not isinstance(places, list) or not (rows or places):
        raise ConfigError(f"{path}: expected at least one [[instrument]] or [[folder]]")
    connections = tuple(_connection(row, f"{path} [[instrument]] {at}") for at, row in enumerate(rows, 1))
    folders = tuple(_folder(row, f"{path} [[folder]] {at}") for at, row in enumerate(places, 1))
    told = [connection.instrument for connection in connections] + [folder.instrument for folder in folders]
    names = [folder_name(name) for name in told]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{path}: two instruments are called {name!r}")
    server = document.get("server", {})
    if not server:
        return ReaderConfig(Path(store), connections, folders=folders)
    token_file = Path(_text(server, "token_file", f"{path} [server]"))
    url = _text(server, "url", f"{path} [server]")
    return ReaderConfig(Path(store), connections, url, token_file.read_text("utf-8").strip(), folders)


def folder_name(instrument: str) -> str:
    """A file name for an instrument's journal: letters and digits of any script, the rest as hyphens."""
    return re.sub(r"[^\w]+", "-", instrument.strip()).strip("-").lower()


def _connection(row: Mapping[str, Any], where: str) -> Connection:
    unknown = set(row) - _INSTRUMENT_KEYS
    if unknown:
        raise ConfigError(f"{where}: unknown {', '.join(sorted(unknown))}")
    try:
        driver = get_driver(_text(row, "driver", where))
    except UnknownDriverError as error:
        raise ConfigError(f"{where}: {error}") from error
    line = SerialSettings(
        baud=_integer(row, "baud", driver.serial.baud, where),
        data_bits=_integer(row, "data_bits", driver.serial.data_bits, where),
        parity=str(row.get("parity", driver.serial.parity)),
        stop_bits=_integer(row, "stop_bits", driver.serial.stop_bits, where),
    )
    port = _text(row, "port", where)
    try:
        opener = opener_for(port, line)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error
    poll_seconds = row.get("poll_seconds")
    if poll_seconds is not None:
        if driver.requests is None:
            raise ConfigError(f"{where}: {driver.name} sends by itself, poll_seconds has no meaning for it")
        if not isinstance(poll_seconds, int | float) or poll_seconds < SHORTEST_POLL_SECONDS:
            raise ConfigError(f"{where}: poll_seconds is at least {SHORTEST_POLL_SECONDS:g}, got {poll_seconds!r}")
    settings = row.get("settings", {})
    if not isinstance(settings, dict) or not all(isinstance(value, str) for value in settings.values()):
        raise ConfigError(f"{where}: settings are texts, got {settings!r}")
    return Connection(
        instrument=_text(row, "name", where),
        driver=driver,
        port=port,
        opener=opener,
        settings=settings,
        poll_seconds=poll_seconds,
    )


def _folder(row: Mapping[str, Any], where: str) -> Folder:
    unknown = set(row) - _FOLDER_KEYS
    if unknown:
        raise ConfigError(f"{where}: unknown {', '.join(sorted(unknown))}")
    take = row.get("take", False)
    if not isinstance(take, bool):
        raise ConfigError(f"{where}: take is true or false, got {take!r}")
    profile = _text(row, "profile", where) if "profile" in row else None
    return Folder(
        instrument=_text(row, "name", where), path=Path(_text(row, "path", where)), profile=profile, take=take
    )


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{where}: expected a text for {key}, got {value!r}")
    return value


def _integer(table: Mapping[str, Any], key: str, default: int, where: str) -> int:
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ConfigError(f"{where}: expected a whole number for {key}, got {value!r}")
    return value
