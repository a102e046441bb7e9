"""What custody brings to the page of a sample: its way, and the steps that can be taken next."""

from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from chain_of_custody import queries
from chain_of_custody.views.common import cards_of_sample, names_for, trail_context
from lims.actors import Actor
from lims.i18n import lazy_gettext as _l
from lims.web.panels import NextStep, Panel, register_panel, register_step
from sampling.models import Sample
from sampling.types import SampleState

SUBJECT = "sample"
CUSTODY = 30


def custody_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel | None:
    """Portions, seals, who holds them, and every step of their way."""
    sample = session.get(Sample, sample_id)
    if sample is None or not queries.may_see_custody(session, actor, sample):
        return None
    trail = queries.visible_trail(session, actor, sample)
    if not trail:
        return None
    reception = queries.get_reception(session, sample_id)
    context = trail_context(session, trail)
    if reception is not None:
        context |= {"checked_by": names_for(session, [reception.checked_by_id], [])["people"][reception.checked_by_id]}
    held_elsewhere = {entry.portion_no for entry in trail if entry.organisation_id != actor.organisation_id}
    return Panel(
        _l("Custody"),
        "chain_of_custody/panels/sample.html",
        context
        | {
            "cards": cards_of_sample(session, sample_id),
            "linked": not held_elsewhere or queries.sees_all_custody(session, actor, sample),
            "reception": reception,
            "sees_reception": queries.sees_all_custody(session, actor, sample),
        },
    )


def seal_step(session: Session, actor: Actor, sample_id: UUID) -> NextStep | None:
    """Seal what was taken."""
    sample = session.get(Sample, sample_id)
    if sample is None or not actor.may("custody.seal") or sample.sampling_organisation_id != actor.organisation_id:
        return None
    if sample.state is not SampleState.SAMPLED:
        return None
    address = url_for("seals.seal", sample_id=sample_id)
    if queries.list_portions(session, sample_id):
        return NextStep(_l("Labels and receipt"), address, "print")
    return NextStep(_l("Seal the portions"), address, "seal", is_primary=True)


def hand_over_step(session: Session, actor: Actor, sample_id: UUID) -> NextStep | None:
    """Hand over what one holds."""
    sample = session.get(Sample, sample_id)
    if sample is None or not actor.may("custody.hand_over") or sample.state is not SampleState.SAMPLED:
        return None
    entries = queries.current_entries(session, [portion.id for portion in queries.list_portions(session, sample_id)])
    if not any(entry.holder_id == actor.person_id for entry in entries.values()):
        return None
    return NextStep(_l("Hand over"), url_for("hand_overs.index"), "truck", is_primary=True)


def reception_step(session: Session, actor: Actor, sample_id: UUID) -> NextStep | None:
    """Look at what arrived, or give it its blind code."""
    sample = session.get(Sample, sample_id)
    if sample is None or not actor.may("custody.receive") or sample.lab_id != actor.organisation_id:
        return None
    if sample.state is SampleState.RECEIVED:
        return NextStep(_l("Give the blind code"), url_for("custody.blind_code", sample_id=sample_id), "blind", True)
    entries = queries.current_entries(session, [portion.id for portion in queries.list_portions(session, sample_id)])
    arrived = any(queries.is_with(entry, sample.lab_id) for entry in entries.values())
    if sample.state is SampleState.IN_TRANSIT and arrived:
        return NextStep(_l("Check at reception"), url_for("custody.reception", sample_id=sample_id), "inbox", True)
    return None


def give_up_step(session: Session, actor: Actor, sample_id: UUID) -> NextStep | None:
    """End an accepted sample that cannot be tested."""
    sample = session.get(Sample, sample_id)
    if sample is None or not actor.may("custody.receive") or sample.lab_id != actor.organisation_id:
        return None
    if sample.state is not SampleState.RECEIVED:
        return None
    return NextStep(_l("Give it up"), url_for("custody.give_up", sample_id=sample_id), "void")


def refused_panel(session: Session, actor: Actor, plan_id: UUID) -> Panel | None:
    """What laboratories refused of a plan: reported to whoever planned it, with the reason in writing."""
    refused = queries.list_refused(session, actor, plan_id)
    if not refused:
        return None
    return Panel(
        _l("Refused at reception"),
        "chain_of_custody/panels/refused.html",
        {"refused": refused} | names_for(session, [], [one.lab_id for one in refused]),
        is_flush=True,
    )


def register() -> None:
    """Bring custody to the page of a sample, and what was refused to the page of its plan."""
    register_panel("plan", CUSTODY, refused_panel)
    register_panel(SUBJECT, CUSTODY, custody_panel)
    for place, step in enumerate((seal_step, hand_over_step, reception_step, give_up_step)):
        register_step(SUBJECT, CUSTODY + place, step)
