"""What sampling writes on the page of a sample: the mode and the team, the form, photos and signatures."""

from uuid import UUID

from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.i18n import lazy_gettext as _l
from lims.web.panels import NextStep, Panel, register_panel, register_step
from sampling import queries
from sampling.forms import labels_of_form
from sampling.services.corrections import OPEN_STATES
from sampling.services.samples import may_void
from sampling.types import SampleState
from sampling.words import shown_value

SUBJECT = "sample"


def team_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel:
    """Who sampled it under which mode, and who will test it."""
    sheet = queries.get_sheet(session, actor, sample_id)
    return Panel(_l("Kept apart"), "sampling/samples/team.html", {"sheet": sheet})


def form_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel:
    """The sampling form."""
    return Panel(
        _l("Sampling form"), "sampling/samples/form.html", {"sheet": queries.get_sheet(session, actor, sample_id)}
    )


def evidence_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel:
    """Photos and signatures."""
    return Panel(
        _l("Photos and signatures"),
        "sampling/samples/evidence.html",
        {
            "photos": queries.list_photos(session, actor, sample_id),
            "signatures": queries.list_signatures(session, actor, sample_id),
            "sample_id": sample_id,
        },
    )


def corrections_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel | None:
    """What was asked to be corrected on the form, and what came of it."""
    corrections = queries.list_corrections(session, actor, sample_id)
    if not corrections or not actor.may("sampling.correct"):
        return None
    return Panel(
        _l("Corrections of the form"),
        "sampling/corrections/panel.html",
        {"corrections": corrections, "labels": labels_of_form(), "shown_value": shown_value},
        is_flush=True,
    )


def correct_step(session: Session, actor: Actor, sample_id: UUID) -> NextStep | None:
    """Ask for a field to be corrected, until the conclusion is signed."""
    from flask import url_for

    if not actor.may("sampling.correct") or queries.get_sample(session, actor, sample_id).state not in OPEN_STATES:
        return None
    return NextStep(_l("Correct the form"), url_for("corrections.choose", sample_id=sample_id), "edit")


def papers_step(_session: Session, _actor: Actor, sample_id: UUID) -> NextStep:
    """The form in its five copies."""
    from flask import url_for

    return NextStep(_l("Print the sampling form"), url_for("samples.sampling_form", sample_id=sample_id), "print")


def void_step(session: Session, actor: Actor, sample_id: UUID) -> NextStep | None:
    """The way to declare it void, for whom it is, as long as its samplers hold it."""
    from flask import url_for

    sheet = queries.get_sheet(session, actor, sample_id)
    if sheet.sample.state is not SampleState.SAMPLED or not may_void(actor, sheet.sample, sheet.task):
        return None
    return NextStep(_l("Declare void"), url_for("samples.void", sample_id=sample_id), "void")


def register() -> None:
    """Bring the parts to the page."""
    register_panel(SUBJECT, 5, team_panel)
    register_panel(SUBJECT, 10, form_panel)
    register_panel(SUBJECT, 12, corrections_panel)
    register_panel(SUBJECT, 20, evidence_panel)
    register_step(SUBJECT, 90, papers_step)
    register_step(SUBJECT, 92, correct_step)
    register_step(SUBJECT, 95, void_step)
