"""What sampling writes on the page of a sample's whole evidence: choice, acts, what was filed, and the proof.

The page is made as that of the sample is (`lims.web.panels`): each package brings what it knows.
"""

from uuid import UUID

from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.i18n import lazy_gettext as _l
from lims.ledger.objects import prove_object
from lims.people.authorisations import KIND_NAMES
from lims.web.panels import NextStep, Panel, register_panel, register_step
from sampling import queries
from sampling.models import PlanLine, RandomDraw
from sampling.sample_panels import corrections_panel
from sampling.services.separation import ACT_NAMES
from sampling.words import explain_line

SUBJECT = "sample_evidence"


def choice_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel:
    """The plan's line with its parts, the draw, the visit."""
    sheet = queries.get_sheet(session, actor, sample_id)
    line = session.get_one(PlanLine, sheet.task.plan_line_id)
    draw = session.get(RandomDraw, sheet.task.draw_id) if sheet.task.draw_id else None
    return Panel(
        _l("How it was chosen"),
        "sampling/evidence/choice.html",
        {"sheet": sheet, "explained": explain_line(line), "draw": draw},
    )


def acts_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel:
    """Everybody who acted, on which side, by what authorisation."""
    return Panel(
        _l("Who acted"),
        "sampling/evidence/acts.html",
        {
            "acts": queries.list_acts(session, actor, sample_id),
            "act_names": ACT_NAMES,
            "kind_names": KIND_NAMES,
        },
        is_flush=True,
    )


def filed_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel:
    """The form, its photos and signatures, each with the hash that the ledger knows."""
    sheet = queries.get_sheet(session, actor, sample_id)
    return Panel(
        _l("Form, photos and signatures"),
        "sampling/evidence/filed.html",
        {
            "form": sheet.form,
            "sample_id": sample_id,
            "photos": queries.list_photos(session, actor, sample_id),
            "signatures": queries.list_signatures(session, actor, sample_id),
        },
        is_flush=True,
    )


def proof_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel:
    """The chain of the sample in the ledger, checked link by link and row by row at this moment."""
    sample = queries.get_sample(session, actor, sample_id)
    return Panel(_l("Proof"), "sampling/evidence/proof.html", {"proof": prove_object(session, sample.ledger_chain())})


def evidence_step(_session: Session, _actor: Actor, sample_id: UUID) -> NextStep:
    """From the page of the sample to its evidence."""
    from flask import url_for

    return NextStep(_l("Evidence chain"), url_for("samples.evidence", sample_id=sample_id), "shield")


def register() -> None:
    """Bring the parts to the page."""
    register_panel(SUBJECT, 5, choice_panel)
    register_panel(SUBJECT, 8, acts_panel)
    register_panel(SUBJECT, 20, filed_panel)
    register_panel(SUBJECT, 22, corrections_panel)
    register_panel(SUBJECT, 90, proof_panel)
    register_step("sample", 85, evidence_step)
