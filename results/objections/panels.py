"""Objections on the pages of a sample and of a case."""

from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.i18n import lazy_gettext as _l
from lims.web.panels import NextStep, Panel
from results.objections.forms import KINDS
from results.objections.queries import objections_of
from results.referral.models import Referral
from sampling.models import Sample, SamplingForm


def objections_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel | None:
    """The objections to a sample; nothing where nobody objected."""
    if not actor.may("objection.see"):
        return None
    found = [one for one in objections_of(session, sample_id) if one.regulator_id == actor.organisation_id]
    if not found:
        return None
    return Panel(_l("Objections"), "results/objections/panel.html", {"objections": found, "kinds": KINDS})


def objection_step(session: Session, actor: Actor, sample_id: UUID) -> NextStep | None:
    """From the page of a sample to the form for an objection that came in on paper."""
    sample = session.get(Sample, sample_id)
    if not actor.may("objection.decide") or sample is None or sample.regulator_id != actor.organisation_id:
        return None
    if session.get(SamplingForm, sample_id) is None:
        return None
    return NextStep(_l("Enter an objection"), url_for("objections.create", sample_id=sample_id), "edit")


def case_step(session: Session, actor: Actor, referral_id: UUID) -> NextStep | None:
    """The same from the page of a case."""
    return objection_step(session, actor, session.get_one(Referral, referral_id).sample_id)
