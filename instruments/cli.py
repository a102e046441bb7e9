"""`lims instruments`: the reader beside the ports, and the tools to bring an instrument up."""

import json
import random
import signal
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import click

from instruments.captures import read_capture
from instruments.config import ConfigError, ReaderConfig, load_config
from instruments.daemon import SPOOL_FILE, STATUS_FILE, CannotStartError, Daemon, journal_folder
from instruments.drivers.registry import UnknownDriverError, get_driver, registry
from instruments.intake import LOGGED_BYTES, Intake, IntakeCounts, replay
from instruments.journal import JournalError, read_journal
from instruments.printers import STATUS_QUERIES, Printer, PrinterError
from instruments.rules import SILENT_AFTER
from instruments.simulator import Fault, Misbehaviour, SimulatedDevice
from instruments.spool import Captured, Spool
from instruments.transports import NobodyCalledError, Opener, Port, opener_for
from instruments.types import Driver, ProvenOn
from instruments.words import last_fault_words, port_words, spool_words, state_words, unread_words
from lims import clock
from lims.i18n import bilingual, ngettext
from lims.i18n import gettext as _

STATUS_SECONDS = 5.0
PROVEN_WIDTH = 10


@click.group()
def instruments() -> None:
    """Readers, balances and analysers on serial ports and networks."""


def _driver(_ctx: click.Context, _param: click.Parameter, name: str) -> Driver:
    try:
        return get_driver(name)
    except UnknownDriverError as error:
        _tell_broken()
        raise click.BadParameter(str(error)) from error


def _tell_broken() -> None:
    """Say which drivers of other packages could not be used, and why."""
    for failure in registry().broken:
        click.echo(_("left out: %(entry)s (%(reason)s)", entry=failure.entry, reason=failure.reason), err=True)


def _config(_ctx: click.Context, _param: click.Parameter, path: Path) -> ReaderConfig:
    try:
        return load_config(path)
    except (ConfigError, OSError) as error:
        _tell_broken()
        raise click.BadParameter(str(error)) from error


def _settings(_ctx: click.Context, _param: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    settings = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(_("Expected KEY=VALUE, got %(pair)r.", pair=pair))
        settings[key] = value
    return settings


CONFIG_HELP = "TOML file, see docs/drivers.md."
CONFIG_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _padded(text: str, width: int) -> str:
    """Spaces up to so many columns of a terminal, in which a Chinese character takes two."""
    return text + " " * (width - sum(2 if east_asian_width(character) in "WF" else 1 for character in text))


@instruments.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def list_drivers(as_json: bool) -> None:  # noqa: FBT001 - a click flag
    """The drivers of this installation, and what each was proven on."""
    found = registry()
    drivers = sorted(found.drivers.values(), key=lambda driver: driver.name)
    if as_json:
        facts = [
            {
                "name": driver.name,
                "family": driver.family,
                "proven_on": driver.proven_on,
                "transport": driver.transport,
                "title_zh": driver.title_zh,
                "title_en": driver.title_en or driver.title_zh,
                "source": driver.source,
            }
            for driver in drivers
        ]
        broken = [{"entry": failure.entry, "reason": failure.reason} for failure in found.broken]
        click.echo(json.dumps({"drivers": facts, "broken": broken}, ensure_ascii=False))
        return
    width = max(len(driver.name) for driver in drivers)
    for driver in drivers:
        proven = _padded(_("real bytes") if driver.proven_on is ProvenOn.REAL_BYTES else _("documents"), PROVEN_WIDTH)
        click.echo(f"{driver.name:{width}}  {driver.transport:6}  {proven}  {bilingual(driver, 'title')}")
    _tell_broken()


@instruments.command()
@click.option("--driver", callback=_driver, required=True, help="Name of the driver, see `list`.")
@click.option("--set", "settings", multiple=True, callback=_settings, help="KEY=VALUE of the driver's settings.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def decode(ctx: click.Context, driver: Driver, settings: dict[str, str], file: Path) -> None:
    """Decode a file of captured bytes (raw or a hex log): one JSON reading per line.

    What cannot be read goes to standard error, each with its reason; the last line there counts frames, garbage bytes
    and incomplete units. Exit status 1 when there was no frame.
    """

    def show(_instrument: str, captured: Sequence[Captured]) -> int:
        for item in captured:
            if item.reading.problem is None:
                click.echo(json.dumps(item.reading.to_json(), ensure_ascii=False))
        return len(captured)

    def complain(raw: bytes, why: str) -> None:
        shown = f"{raw[:LOGGED_BYTES]!r}{'…' if len(raw) > LOGGED_BYTES else ''}"
        click.echo(_("%(what)s: %(detail)s", what=unread_words(why), detail=shown), err=True)

    framer = (driver.new_capture_framer or driver.new_framer)()
    intake = Intake(str(file), driver, settings, show, report=complain)
    now = clock.now()
    capture = read_capture(file.read_bytes())
    for number, line in capture.odd_lines:
        click.echo(_("Line %(number)d is no line of a hex log: %(line)r", number=number, line=line[:80]), err=True)
    intake.handle(framer.feed(capture.content), 1, now)
    intake.handle(framer.close(), 1, now)
    counts = intake.counts
    click.echo(summary_line(counts), err=True)
    if not counts.frames:
        ctx.exit(1)


def summary_line(counts: IntakeCounts) -> str:
    """The summary outside checks rely on; the same in every language."""
    return f"{counts.frames} frames, {counts.garbage_bytes} garbage bytes, {counts.incomplete} incomplete"


@instruments.command()
@click.option("--driver", callback=_driver, required=True, help="Which device to play.")
@click.option("--port", required=True, help="Device path, tcp://host:port or listen://host:port.")
@click.option(
    "--fault",
    "faults",
    type=click.Choice([fault.value for fault in Fault]),
    multiple=True,
    help="How it misbehaves; may be given several times.",
)
@click.option("--chance", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="Share of units damaged.")
@click.option("--rounds", type=click.IntRange(1), default=1, show_default=True, help="How often it sends its units.")
@click.option("--interval", type=click.FloatRange(0), default=1.0, show_default=True, help="Seconds between rounds.")
@click.option("--seed", type=int, default=None, help="Repeat a run.")
def simulate(  # noqa: PLR0917 - click passes its options
    driver: Driver, port: str, faults: tuple[str, ...], chance: float, rounds: int, interval: float, seed: int | None
) -> None:
    """Play a device on a port, misbehaving on request."""
    try:
        opener = opener_for(port, driver.serial)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--port") from error
    try:
        line = _wait_for_a_call(opener)
    except OSError as error:
        raise click.ClickException(
            _("%(port)s cannot be opened: %(error)s", port=port, error=port_words(str(error)))
        ) from error
    source = random.Random(seed)  # noqa: S311 - damage to be repeated, not a secret
    misbehaviour = Misbehaviour(tuple(Fault(fault) for fault in faults), chance, source)
    device = SimulatedDevice(driver, line, misbehaviour)
    try:
        device.run(rounds=rounds, interval=interval)
    except OSError as error:
        raise click.ClickException(
            _("%(port)s was lost: %(error)s", port=port, error=port_words(str(error)))
        ) from error
    finally:
        line.close()
        opener.close()
    click.echo(_("%(number)d units sent", number=device.sent_units), err=True)


def _wait_for_a_call(opener: Opener) -> Port:
    """The open line; one that listens is open when somebody has called."""
    while True:
        with suppress(NobodyCalledError):
            return opener.open()


@instruments.command("print")
@click.option("--port", required=True, help="Device path, tcp://host:9100 or a pyserial URL.")
@click.option(
    "--language",
    type=click.Choice(sorted(STATUS_QUERIES)),
    default="tspl",
    show_default=True,
    help="What the printer understands.",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def print_job(port: str, language: str, file: Path) -> None:
    """Send a label job to a printer; fails in seconds where the printer takes nothing."""
    job = file.read_bytes()
    try:
        Printer(port, language).print_label(job)
    except (PrinterError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(_("%(number)d bytes sent", number=len(job)), err=True)


@instruments.command()
@click.option("--config", type=CONFIG_FILE, callback=_config, required=True, help=CONFIG_HELP)
@click.option("--json", "as_json", is_flag=True, help="Print the status as a JSON line every few seconds.")
@click.option("--for-seconds", type=click.FloatRange(0), default=None, help="Stop by itself after so long.")
def run(config: ReaderConfig, as_json: bool, for_seconds: float | None) -> None:  # noqa: FBT001 - a click flag
    """Read all ports of this machine until stopped; deliver to the server."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_arguments: stop.set())
    try:
        daemon = Daemon(config)
    except (JournalError, CannotStartError) as error:
        raise click.ClickException(str(error)) from error
    for connection in config.connections:
        if connection.driver.requests is not None and connection.poll_seconds is None:
            words = _("%(name)s can be asked and is not: poll_seconds is left out.", name=connection.instrument)
            click.echo(words, err=True)
    daemon.start()
    if daemon.page is not None:
        click.echo(daemon.page.url, err=True)
    waited = 0.0
    try:
        while not stop.is_set() and (for_seconds is None or waited < for_seconds):
            pause = STATUS_SECONDS if for_seconds is None else min(STATUS_SECONDS, for_seconds - waited)
            stop.wait(pause)
            waited += pause
            daemon.write_status()
            if as_json:
                click.echo(json.dumps(daemon.status(), ensure_ascii=False))
    finally:
        daemon.stop()


@instruments.command()
@click.option("--config", type=CONFIG_FILE, callback=_config, required=True, help=CONFIG_HELP)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def status(ctx: click.Context, config: ReaderConfig, as_json: bool) -> None:  # noqa: FBT001 - a click flag
    """What the running reader last wrote down.

    Exit status 1 when somebody should look: a port is not well, the server does not take what is delivered, or the
    reader itself has not written for half a minute.
    """
    path = config.store / STATUS_FILE
    try:
        facts = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise click.ClickException(_("No reader has run here: %(error)s", error=error)) from error
    written_at = datetime.fromisoformat(facts["at"])
    runs = clock.now() - written_at <= SILENT_AFTER
    if as_json:
        click.echo(json.dumps(facts | {"running": runs}, ensure_ascii=False))
    else:
        _show_status(facts)
        if not runs:
            click.echo(_("The reader does not run: it last wrote at %(last)s.", last=_local(facts["at"])), err=True)
    if not (runs and facts["healthy"]):
        ctx.exit(1)


def _local(instant: str | None) -> str:
    """An instant of the status file as people here read it."""
    return f"{clock.local_time(datetime.fromisoformat(instant)):%Y-%m-%d %H:%M:%S}" if instant else ""


def _show_status(facts: dict[str, Any]) -> None:
    for port in facts["ports"]:
        state = state_words(port["state"], port["port"], is_healthy=port["healthy"])
        number = ngettext("%(num)s reading", "%(num)s readings", port["readings"])
        fault = (
            last_fault_words(port["last_error"], _local(port.get("last_error_at")), is_healthy=port["healthy"])
            if port["last_error"]
            else ""
        )
        click.echo("  ".join(part for part in (port["instrument"], state, number, fault) if part))
    click.echo(spool_words(facts["spool"]))
    if facts["delivery"]["last_error"]:
        click.echo(
            _(
                "The server does not take them: %(url)s: %(error)s",
                url=facts["delivery"]["url"],
                error=facts["delivery"]["last_error"],
            )
        )


@instruments.command()
@click.option("--config", type=CONFIG_FILE, callback=_config, required=True, help=CONFIG_HELP)
@click.option("--again", is_flag=True, help="Let all of it be delivered once more, after the cause was mended.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each.")
def refused(config: ReaderConfig, again: bool, as_json: bool) -> None:  # noqa: FBT001 - click flags
    """What the server refused of this reader, each with its reason; nothing of it is ever thrown away."""
    with _spool(config) as spool:
        for one in spool.refused():
            if as_json:
                click.echo(json.dumps(asdict(one), ensure_ascii=False))
            else:
                parts = (one.instrument, _local(one.captured_at), one.what, one.reason)
                click.echo("  ".join(part for part in parts if part))
        if again:
            number = spool.retry_refused()
            click.echo(ngettext("%(num)s waits again", "%(num)s wait again", number), err=True)


@contextmanager
def _spool(config: ReaderConfig) -> Iterator[Spool]:
    """The spool of a store in which a reader has run; also while it runs."""
    path = config.store / SPOOL_FILE
    if not path.exists():
        raise click.ClickException(_("No reader has run here: %(error)s", error=path))
    try:
        with closing(Spool(path)) as spool:
            yield spool
    except (JournalError, OSError, sqlite3.Error) as error:
        words = _("The store %(store)s cannot be used: %(error)s", store=str(config.store), error=error)
        raise click.ClickException(words) from error


@instruments.command("replay")
@click.option("--config", type=CONFIG_FILE, callback=_config, required=True, help=CONFIG_HELP)
@click.option("--instrument", required=True, help="Name in the configuration.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def replay_command(config: ReaderConfig, instrument: str, as_json: bool) -> None:  # noqa: FBT001 - a click flag
    """Parse the whole journal of an instrument again, after a parser was mended.

    Readings that come out as before are not sent twice; those that come out differently are sent as new ones, and the
    server shows them as conflicts.
    """
    connection = next((item for item in config.connections if item.instrument == instrument), None)
    if connection is None:
        names = ", ".join(item.instrument for item in config.connections)
        raise click.BadParameter(
            _("No instrument is called %(name)r; there are %(names)s.", name=instrument, names=names),
            param_hint="--instrument",
        )
    with _spool(config) as spool:
        intake = Intake(instrument, connection.driver, connection.settings, spool.add)
        epochs = replay(read_journal(journal_folder(config.store, instrument)), intake)
    counts = intake.counts
    if as_json:
        facts = {"connections": epochs, "new": counts.readings, "known": counts.duplicates}
        click.echo(json.dumps(facts | {"undecodable": counts.undecodable}))
        return
    click.echo(
        _(
            "%(epochs)d connections, %(new)d new readings, %(known)d known, %(undecodable)d undecodable",
            epochs=epochs,
            new=counts.readings,
            known=counts.duplicates,
            undecodable=counts.undecodable,
        )
    )
    click.echo(summary_line(counts), err=True)
