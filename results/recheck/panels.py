"""From the page of a case to its recheck."""

from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.i18n import lazy_gettext as _l
from lims.web.panels import NextStep
from results.recheck.queries import rechecks_of
from results.recheck.types import RecheckState


def recheck_step(session: Session, actor: Actor, referral_id: UUID) -> NextStep | None:
    """The recheck of a case, or the form in which an application is entered."""
    if not actor.may("recheck.decide"):
        return None
    standing = [one for one in rechecks_of(session, referral_id) if one.state is not RecheckState.REFUSED]
    if standing:
        return NextStep(_l("Rechecks"), url_for("rechecks.detail", recheck_id=standing[-1].id), "recheck")
    return NextStep(_l("Apply for a recheck"), url_for("rechecks.create", referral_id=referral_id), "recheck")
