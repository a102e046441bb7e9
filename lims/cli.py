"""Commands of the ground floor: the parts for production, the database, checks, the ledger, people."""

import contextlib
import json
import os
import secrets
import signal
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from lims import clock, migrate, verification
from lims.actors import INSTALL
from lims.auth.login import TOKEN_BYTES, current_employment
from lims.cluster import ClusterError
from lims.db import db
from lims.doctor import examine
from lims.erasure.services import erase_approved
from lims.errors import LimsError
from lims.i18n import LazyString
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.ledger.export import write_bundle
from lims.ledger.sequencer import seal_head
from lims.ledger.verify import Broken, verify_bundle
from lims.ledger.witness import Witness, make_server
from lims.outbox.tasks import drain
from lims.people.administration import settle_administrator
from lims.people.models import Account, Person
from lims.people.services import disable_account, issue_token, open_account
from lims.runtime import (
    database_urls,
    disconnect,
    keep_database,
    prepare_database,
    settings_of,
    signer_of,
    with_database,
)
from lims.supervisor import Child, supervise
from lims.uow import unit_of_work

FOUND_WRONG = 1  # exit status, product.md §13
WORKERS = 2
THREADS = 4


def _asks(words: LazyString) -> str:
    """A prompt in the language of whoever is asked; click writes it only then."""
    return cast("str", words)


PASSWORD_OPTION = click.password_option(
    prompt=_asks(_l("Password")), confirmation_prompt=_asks(_l("The same password again"))
)


class LimsGroup(click.Group):
    """A group whose commands turn refusals into a sentence and exit status 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LimsError as refusal:
            raise click.UsageError(str(refusal)) from refusal
        except ClusterError as refusal:
            raise click.UsageError(_(refusal.message, **refusal.facts)) from refusal


@click.group("db", cls=LimsGroup)
def db_group() -> None:
    """The database schema."""


@db_group.command("upgrade")
@click.option("--revision", default="head", show_default=True)
@with_appcontext
def db_upgrade(revision: str) -> None:
    """Bring the database to the schema of this version (as its owner), with the reference rows it ships."""
    settings = settings_of(current_app)
    try:
        if revision == "head":
            prepare_database(settings)
        else:
            migrate.upgrade(database_urls(settings).owner, revision)
    finally:
        disconnect()
    click.echo(_("The database stands at revision %(revision)s.", revision=revision))


@db_group.command("check")
@with_appcontext
def db_check() -> None:
    """Say where the database differs from this version; exit 1 when it does."""
    try:
        found = migrate.differences(database_urls(settings_of(current_app)).owner)
    finally:
        disconnect()
    for line in found:
        click.echo(line)
    if found:
        sys.exit(FOUND_WRONG)
    click.echo(_("The database has exactly the schema and privileges of this version."))


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print findings as JSON.")
@with_appcontext
def doctor(as_json: bool) -> None:  # noqa: FBT001 - click passes flags by position
    """Look at the installation and say what is wrong and how to mend it."""
    findings = examine(settings_of(current_app))
    if as_json:
        click.echo(json.dumps([finding.to_json() for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(
                _(
                    "%(mark)s  %(what)s: %(detail)s",
                    mark=verification.mark_of(is_right=finding.ok),
                    what=_(finding.what),
                    detail=finding.detail,
                )
            )
            if not finding.ok:
                click.echo(f"       {finding.remedy}")
    if not all(finding.ok for finding in findings):
        sys.exit(FOUND_WRONG)


@click.group("ledger", cls=LimsGroup)
def ledger_group() -> None:
    """The ledger: export it, check an export."""


@ledger_group.command("export")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
@with_database
def ledger_export(output: Path) -> None:
    """Write a bundle that `lims ledger verify` or `verify.py` alone checks offline."""
    signer = signer_of(current_app)
    with unit_of_work(INSTALL) as uow:
        while seal_head(uow, signer) is not None:
            pass
    with db.snapshot() as session:
        count = write_bundle(session, output, signer.verifier_key)
    click.echo(_("%(count)s events written to %(path)s", count=count, path=str(output)))


@ledger_group.command("erase")
@with_appcontext
def ledger_erase() -> None:
    """Do every approved erasure, as the owner of the database; run it daily."""
    engine = create_engine(database_urls(settings_of(current_app)).owner, poolclass=NullPool)
    try:
        with Session(engine) as session, session.begin():
            done = erase_approved(session, clock.now())
            values = sum(one.erased_values or 0 for one in done)
        click.echo(_("%(count)s erasures done, %(values)s values gone.", count=len(done), values=values))
    finally:
        engine.dispose()
        disconnect()


@ledger_group.command("verify")
@click.argument("bundle", type=click.Path(exists=True, dir_okay=False))
@click.option("--key", help="Verifier key noted outside the machine.")
@click.option("--head", multiple=True, type=click.Path(exists=True), help="A head kept outside the machine.")
def ledger_verify(bundle: str, key: str | None, head: tuple[str, ...]) -> None:
    """Check an exported bundle offline; exit 1 when something in it does not hold."""
    try:
        heads = [Path(path).read_text(encoding="utf8") for path in head]
    except UnicodeDecodeError as error:
        raise click.UsageError(_("A head cannot be read: %(error)s", error=str(error))) from error
    try:
        events, covered = verify_bundle(bundle, key=key, heads=heads, processes=os.cpu_count() or 1)
    except Broken as finding:
        click.echo(_("BROKEN: %(finding)s", finding=_(finding.message, **finding.facts)))
        sys.exit(FOUND_WRONG)
    click.echo(_("SOUND: %(events)s events, %(covered)s of them under a signed head", events=events, covered=covered))
    if events > covered:
        left = events - covered
        click.echo(_("The last %(left)s stand under none: nothing shows that they were not made up.", left=left))
    if key is None and not heads:
        click.echo(_("No --key and no --head was given: the bundle agrees with itself, whoever made it."))


@ledger_group.command("witness")
@click.option("--home", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of its memory.")
@click.option("--key", required=True, help="Verifier key of the ledger it watches, as `lims ledger key` prints it.")
@click.option("--name", default="fenjian-witness", show_default=True, help="Name under which it countersigns.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8017, show_default=True)
def ledger_witness(home: Path, key: str, name: str, host: str, port: int) -> None:
    """Countersign the heads of another machine's ledger, and refuse a tree that shrank or forked."""
    try:
        witness = Witness(home, key, name, time.time)
    except Broken as finding:
        raise click.UsageError(_(finding.message, **finding.facts)) from finding
    with make_server(witness, host, port) as server:
        events = witness.last.size if witness.last else 0
        click.echo(_("Watching %(origin)s, %(events)s events seen.", origin=witness.origin, events=events))
        click.echo(witness.verifier_key)
        click.echo(f"http://{host}:{server.server_port}/")
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


@ledger_group.command("key")
@with_appcontext
def ledger_key() -> None:
    """Print the verifier key, to be noted outside the machine."""
    click.echo(signer_of(current_app).verifier_key)


@click.group("users", cls=LimsGroup)
def users_group() -> None:
    """Accounts and tokens."""


@users_group.command("list")
@click.option("--json", "as_json", is_flag=True)
@with_database
def users_list(as_json: bool) -> None:  # noqa: FBT001 - click passes flags by position
    """All accounts."""
    with db.read_session() as session:
        rows = session.execute(
            select(Account.username, Person.name, Account.disabled_at)
            .join(Person, Person.id == Account.person_id)
            .order_by(func.lower(Account.username))
        ).all()
    for username, name, disabled_at in rows:
        if as_json:
            body = {"username": username, "name": name, "disabled": disabled_at is not None}
            click.echo(json.dumps(body, ensure_ascii=False))
        else:
            click.echo(f"{username}\t{name}{'' if disabled_at is None else '  ' + _('(disabled)')}")


@users_group.command("add")
@click.argument("person_id", type=click.UUID)
@click.argument("username")
@PASSWORD_OPTION
@with_database
def users_add(person_id: Any, username: str, password: str) -> None:
    """Open an account for a person who is registered."""
    with unit_of_work(INSTALL) as uow:
        open_account(uow, person_id, username, password)
    click.echo(_("%(name)s can log in.", name=username))


@users_group.command("administrator")
@click.argument("username")
@click.option("--name", prompt=_asks(_l("Name of the person")), help="Of the person.")
@click.option(
    "--document",
    prompt=_asks(_l("Number of the resident identity card")),
    help="Of the person; only a keyed digest is kept.",
)
@click.option(
    "--organisation",
    prompt=_asks(_l("Name of the regulator that runs this installation")),
    help="Name of the regulator that runs this installation.",
)
@PASSWORD_OPTION
@with_database
def users_administrator(username: str, name: str, document: str, organisation: str, password: str) -> None:
    """Make the first administrator of an empty installation, with their organisation."""
    with unit_of_work(INSTALL) as uow:
        settle_administrator(uow, username, password, name=name, document=document, organisation=organisation)
    click.echo(_("%(name)s can log in and register everybody else at /admin.", name=username))


@users_group.command("disable")
@click.argument("username")
@with_database
def users_disable(username: str) -> None:
    """Disable an account; its sessions and tokens end at once."""
    with unit_of_work(INSTALL) as uow:
        disable_account(uow, _account(uow.session, username).id)
    click.echo(_("%(name)s can no longer log in.", name=username))


@users_group.command("token")
@click.argument("username")
@click.option("--label", default="command line", show_default=True)
@click.option("--days", type=click.IntRange(1, 730), default=90, show_default=True)
@with_database
def users_token(username: str, label: str, days: int) -> None:
    """Make an API token for an account; it is shown once."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with unit_of_work(INSTALL) as uow:
        account = _account(uow.session, username)
        employment_id = current_employment(uow.session, account, uow.now)
        expires_at = uow.now + timedelta(days=days)
        issue_token(uow, account.id, employment_id, label=label, token=token, expires_at=expires_at)
    click.echo(token)


def _account(session: Any, username: str) -> Account:
    account: Account | None = session.scalar(select(Account).where(func.lower(Account.username) == username.lower()))
    if account is None:
        raise click.UsageError(_("There is no account “%(name)s”; `lims users list` shows all.", name=username))
    return account


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=5000, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=WORKERS, show_default=True)
@with_appcontext
def serve(host: str, port: int, workers: int) -> None:
    """Serve pages and API; without a broker also the background work, each in a process that is kept alive."""
    sys.exit(run_server(current_app._get_current_object(), host, port, workers))  # type: ignore[attr-defined]  # noqa: SLF001


def run_server(app: Flask, host: str, port: int, workers: int) -> int:
    """Upgrade a private cluster, then supervise the web server and, without a broker, the background child."""
    settings = settings_of(app)
    database_urls(settings)
    try:
        if settings.uses_own_cluster:
            prepare_database(settings)
        settings.session_secret()  # made here once, before several workers look for it
        web = [
            *(sys.executable, "-m", "gunicorn", "--bind", f"{host}:{port}", "--workers", str(workers)),
            *("--threads", str(THREADS), "--worker-class", "gthread", "--graceful-timeout", "15"),
            *("--no-control-socket", "--preload"),  # read once, shared by the workers, which open their own connections
            *("--max-requests", "50000", "--max-requests-jitter", "5000", "app:create_served_app()"),
        ]
        children = [Child("web", web)]
        if settings.broker_url is None:
            children.append(Child("background", [sys.executable, "-m", "app", "background"]))
        return supervise(children, os.environ, keep_database)
    finally:
        disconnect()


def _until_signalled() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


@click.command("background", hidden=True)
@with_database
def background() -> None:
    """Relay, worker and beat in one process: the child of `lims serve`."""
    from lims import background as parts
    from lims import logging

    logging.configure(settings_of(current_app).log_level)
    parts.run_all(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001


@click.command("relay")
@with_database
def relay() -> None:
    """Hand outbox messages to the broker."""
    from lims import background as parts

    parts.run_relay(current_app._get_current_object(), _until_signalled())  # type: ignore[attr-defined]  # noqa: SLF001


@click.command("worker")
@click.option("--concurrency", type=click.IntRange(1, 64), default=2, show_default=True)
@with_database
def worker(concurrency: int) -> None:
    """Perform background work that the broker hands out."""
    from lims import background as parts

    parts.run_worker(current_app._get_current_object(), concurrency=concurrency)  # type: ignore[attr-defined]  # noqa: SLF001


@click.command("beat")
@with_database
def beat() -> None:
    """Start periodic work; run one of it."""
    from lims import background as parts

    parts.run_beat(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001


@click.command("drain")
@with_database
def drain_command() -> None:
    """Perform everything the outbox holds, here and now."""
    click.echo(_("%(count)s messages performed", count=drain()))


def register(app: Flask) -> None:
    """Hang the commands onto the application."""
    from lims.cli_backup import backup, restore
    from lims.cli_bench import bench
    from lims.cli_verify import verify

    for command in (
        bench,
        backup,
        restore,
        db_group,
        doctor,
        verify,
        ledger_group,
        users_group,
        serve,
        background,
        relay,
        worker,
        beat,
        drain_command,
    ):
        app.cli.add_command(command)
