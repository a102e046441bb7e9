"""`lims demo`: the county with a month of work in it, ready to click."""

import json
import os
import random
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select

from lims import clock, migrate
from lims.actors import INSTALL
from lims.auth.passwords import hashed_cheaply
from lims.catalog.load import load_reference
from lims.cli import WORKERS, run_server
from lims.config import Environment, Settings
from lims.db import db
from lims.demo import EVENING, World
from lims.demo_people import PASSWORD
from lims.errors import ConflictError, LimsError
from lims.garbage import seldom_collected
from lims.i18n import lazy_gettext as _l
from lims.people.models import Organisation
from lims.runtime import connect, database_urls, disconnect, settings_of
from lims.uow import unit_of_work

DAYS = 31
EVE_DAYS = 45  # how long before the first day people are employed and rounds are opened
SEED = 20260901
MARKER = "demo.json"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One account to log in with, as it is printed."""

    username: str
    organisation: str
    what_zh: str
    what_en: str


@click.command("demo")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=5000, show_default=True)
@click.option("--no-serve", is_flag=True, help="Stop when the county stands.")
@click.option("--home", type=click.Path(file_okay=False, path_type=Path), help="Folder to keep it in (LIMS_HOME).")
@click.option("--seed", default=SEED, show_default=True, help="The same seed gives the same county.")
@click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), help="Last day of its month; the last one that is over when left out."
)
@with_appcontext
def demo(  # noqa: PLR0917 - click passes options by position
    host: str,
    port: int,
    no_serve: bool,  # noqa: FBT001 - click passes flags by position
    home: Path | None,  # noqa: ARG001 - `app.main` has put it into the settings already
    seed: int,
    today: datetime | None,
) -> None:
    """Make a fictional county with a month of work in it, print its accounts, and serve it."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's own idiom
    settings = settings_of(app)
    if settings.environment is Environment.PRODUCTION:
        os.environ["LIMS_ENVIRONMENT"] = Environment.DEMO  # served on plain http, so its cookies are not Secure
    try:
        accounts = _standing_county(settings) or build_county(app, seed, today.date() if today else None)
        print_accounts(accounts)
        db.dispose()
        if not no_serve:
            click.echo(f"http://{host}:{port}/")
            sys.exit(run_server(app, host, port, WORKERS))
    except LimsError as refusal:
        raise click.UsageError(str(refusal)) from refusal
    finally:
        disconnect()


def _standing_county(settings: Settings) -> list[DemoAccount] | None:
    """The accounts of a county that was made here before; None where nothing stands yet.

    Raises:
        ConflictError: the database holds something else, or a county that was not finished.
    """
    marker = settings.home / MARKER
    urls = database_urls(settings)
    migrate.upgrade(urls.owner)
    db.configure(urls.app)
    with db.read_session() as session:
        holds_something = bool(session.scalar(select(func.count()).select_from(Organisation)))
    if not holds_something:
        return None
    if not marker.exists():
        raise ConflictError(
            _l(
                "The database under %(home)s holds other work, or a county that was not finished. "
                "Choose another folder with --home, or remove this one.",
                home=str(settings.home),
            )
        )
    return [DemoAccount(**account) for account in json.loads(marker.read_text(encoding="utf8"))]


def last_evening(now: datetime) -> date:
    """The last day whose work is over: nothing in the county may have happened later than now."""
    local = clock.local_time(now)
    return local.date() if local.time() >= EVENING else local.date() - timedelta(days=1)


def build_county(app: Flask, seed: int, today: date | None) -> list[DemoAccount]:
    """Let every package live its chapter on a simulated clock; returns the accounts."""
    connect(app, durable=False)  # a county that is cut off half way is refused at the next start, and made again
    last = today or last_evening(clock.now())
    begins_on = last - timedelta(days=DAYS - 1)
    eve = datetime.combine(begins_on - timedelta(days=EVE_DAYS), time(0, 30), UTC)
    simulated = clock.SimulatedClock(eve)
    # A generator of its own for ids: a chapter that makes one row more leaves everybody else's chance alone.
    ids = random.Random(f"ids {seed}")  # noqa: S311 - ids of made-up rows, not secrets
    world = World(random.Random(seed), simulated, begins_on, last)  # noqa: S311 - chance, not secrets
    with clock.use_clock(simulated), world.reproducible_ids(ids), hashed_cheaply(), seldom_collected():
        with unit_of_work(INSTALL) as uow:
            load_reference(uow.session, uow.now)
        world.begin()
        length = (last - clock.local_date(eve)).days + 1
        with click.progressbar(length=length, label="The county lives its month", file=sys.stderr) as bar:
            passed = clock.local_date(eve)

            def advance(now: datetime) -> None:
                nonlocal passed
                day = clock.local_date(now)
                bar.update((day - passed).days)
                passed = day

            world.live_in_two(advance)
            bar.update(length)
    accounts = [
        DemoAccount(one.username, one.organisation_key, one.what_zh, one.what_en) for one in world.inhabitants.values()
    ]
    marker = settings_of(app).home / MARKER
    text = json.dumps([asdict(account) for account in accounts], ensure_ascii=False, indent=1)
    marker.write_text(text, encoding="utf8")
    return accounts


def print_accounts(accounts: list[DemoAccount]) -> None:
    """Show who can be logged in as; everybody has the same password."""
    width = max(len(account.username) for account in accounts)
    for account in accounts:
        click.echo(f"  {account.username:<{width}}  {account.what_zh} · {account.what_en} ({account.organisation})")
    click.echo(f"\n密码 · password: {PASSWORD}\n")
