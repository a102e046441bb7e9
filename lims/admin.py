"""Pages of administrators and auditors: people, organisations, operations."""

from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from lims import clock, nightly
from lims.auth.permissions import requires
from lims.db import db
from lims.ledger.queries import count_events, latest_checkpoint
from lims.ledger.witnessing import list_standings
from lims.outbox.models import OutboxMessage
from lims.people.authorisation_views import words_of
from lims.people.authorisations import notices_of
from lims.people.directory import PAGE, list_people
from lims.people.forms import KIND_NAMES, PeopleSearch
from lims.people.queries import list_organisations
from lims.runtime import settings_of
from lims.web.operations import count_all

bp = Blueprint("admin", __name__)

MAX_DEAD_SHOWN = 50


@bp.route("/admin")
@requires("lims.administer")
def people() -> ResponseReturnValue:
    """Everybody who is registered, by name, with where they work."""
    form = PeopleSearch(request.args)
    words = (form.q.data or "").strip() if form.validate() else ""
    on = clock.local_date(clock.now())
    rows = list_people(db.session, on, words=words, after=_after(request.args), limit=PAGE + 1)
    shown, more = rows[:PAGE], len(rows) > PAGE
    following = {"q": words, "name": shown[-1].name, "id": str(shown[-1].person_id)} if more else None
    acting = {row.person_id: (row.organisation.id if row.organisation else None, row.roles) for row in shown}
    told = notices_of(db.session, acting, on)
    return render_template(
        "lims/admin/people.html",
        people=shown,
        notices={person_id: [words_of(one) for one in said] for person_id, said in told.items()},
        words=words,
        next_url=f"{url_for('.people')}?{urlencode(following)}" if following else None,
    )


def _after(asked: Mapping[str, str]) -> tuple[str, UUID] | None:
    try:
        return asked["name"], UUID(asked["id"])
    except (KeyError, ValueError):
        return None


@bp.route("/admin/organisations")
@requires("lims.administer")
def organisations() -> ResponseReturnValue:
    """All organisations that are open."""
    return render_template(
        "lims/admin/organisations.html",
        organisations=list_organisations(db.session),
        kind_name=lambda kind: str(KIND_NAMES[kind]),
    )


@bp.route("/ops")
@requires("lims.operate")
def operations() -> ResponseReturnValue:
    """The counts that must be zero, and the ledger's signed head."""
    counts = [
        {"label": count.label, "meaning": count.meaning, "value": value}
        for count, value in count_all(db.session, clock.now())
    ]
    head = latest_checkpoint(db.session)
    ledger = {
        "events": count_events(db.session),
        "signed": head.size if head else 0,
        "note": head.note if head else None,
        "made_at": head.made_at if head else None,
    }
    dead = db.session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.dead_at.is_not(None))
        .order_by(OutboxMessage.id.desc())
        .limit(MAX_DEAD_SHOWN)
    ).all()
    proof = nightly.last_run(db.session)
    witnesses = list_standings(db.session, settings_of(current_app).witnesses)
    return render_template("lims/ops.html", counts=counts, ledger=ledger, proof=proof, witnesses=witnesses, dead=dead)
