"""Pages of administrators and auditors: people, organisations, operations."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from lims import clock
from lims.actors import OrganisationKind
from lims.auth.permissions import requires
from lims.db import db
from lims.i18n import LazyString
from lims.i18n import gettext as _
from lims.i18n import lazy_gettext as _l
from lims.ledger.queries import count_events, latest_checkpoint
from lims.outbox.models import OutboxMessage
from lims.people.queries import list_accounts, list_organisations
from lims.people.services import disable_account
from lims.uow import unit_of_work
from lims.web.current import current_actor
from lims.web.operations import count_all

bp = Blueprint("admin", __name__)

MAX_DEAD_SHOWN = 50

KIND_NAMES: dict[OrganisationKind, LazyString] = {
    OrganisationKind.REGULATOR: _l("Regulator"),
    OrganisationKind.STATION: _l("Station"),
    OrganisationKind.SAMPLING_ORG: _l("Sampling organisation"),
    OrganisationKind.LAB: _l("Laboratory"),
    OrganisationKind.MARKET: _l("Market organiser"),
    OrganisationKind.PLATFORM: _l("Platform"),
}


@bp.route("/admin")
@requires("lims.administer")
def people() -> ResponseReturnValue:
    """Everybody with an account."""
    rows = list_accounts(db.session, clock.local_date(clock.now()))
    return render_template("lims/admin/people.html", people=rows)


@bp.route("/admin/organisations")
@requires("lims.administer")
def organisations() -> ResponseReturnValue:
    """All organisations that are open."""
    return render_template(
        "lims/admin/organisations.html",
        organisations=list_organisations(db.session),
        kind_name=lambda kind: str(KIND_NAMES[kind]),
    )


@bp.route("/admin/accounts/<uuid:account_id>/disable", methods=["POST"])
@requires("lims.administer")
def disable(account_id: UUID) -> ResponseReturnValue:
    """Disable an account; its sessions and tokens end at once."""
    with unit_of_work(current_actor()) as uow:
        disable_account(uow, account_id)
    flash(_("The account is disabled."), "success")
    return redirect(url_for("admin.people"), 303)


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
    return render_template("lims/ops.html", counts=counts, ledger=ledger, dead=dead)
