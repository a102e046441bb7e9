"""From the pages of a case and of a sample to the recheck."""

from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.i18n import lazy_gettext as _l
from lims.web.panels import NextStep, Panel
from results.recheck.queries import conclusion_of, rechecks_of, rechecks_of_sample
from results.recheck.types import RecheckState
from results.referral.models import Referral


def recheck_step(session: Session, actor: Actor, referral_id: UUID) -> NextStep | None:
    """The recheck of a case, or the form in which an application is entered."""
    if not actor.may("recheck.decide"):
        return None
    standing = [one for one in rechecks_of(session, referral_id) if one.state is not RecheckState.REFUSED]
    if standing:
        return NextStep(_l("Rechecks"), url_for("rechecks.detail", recheck_id=standing[-1].id), "recheck")
    if session.get_one(Referral, referral_id).withdrawn_at is not None:
        return None
    return NextStep(_l("Apply for a recheck"), url_for("rechecks.create", referral_id=referral_id), "recheck")


def recheck_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel | None:
    """How the rechecks of a sample stand, for whoever may see them."""
    if not actor.may("recheck.see"):
        return None
    rows = rechecks_of_sample(session, actor, sample_id)
    if not rows:
        return None
    concluded = {row.id: conclusion_of(session, row.id) for row in rows}
    return Panel(_l("Rechecks"), "results/recheck/panel.html", {"rows": rows, "concluded": concluded})
