"""What the laboratory writes on the page of a sample: how far the bench is, and the report once it is signed."""

from uuid import UUID

from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.auth.permissions import Role
from lims.i18n import lazy_gettext as _l
from lims.web.panels import NextStep, Panel, register_panel, register_step
from results import queries
from sampling.models import Sample

SUBJECT = "sample"


def bench_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel | None:
    """How far the test is, without a figure: for the regulator and the custodian."""
    sample = session.get(Sample, sample_id)
    if sample is None or not _follows(actor, sample):
        return None
    progress = queries.progress_of(session, sample_id)
    return None if progress is None else Panel(_l("Test"), "results/panels/bench.html", {"progress": progress})


def report_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel | None:
    """The signed report; for the sampling organisation the verdict alone."""
    signed = queries.signed_report(session, sample_id)
    sample = session.get(Sample, sample_id)
    if signed is None or sample is None:
        return None
    report, conclusion = signed
    visible = queries.get_visible_report(session, actor, report.id)
    return Panel(
        _l("Report"),
        "results/panels/report.html",
        {
            "report": visible,
            "conclusion": conclusion,
            "sample": sample,
            "check_code": report.check_code,
            "later": queries.later_conclusion(session, sample_id),
            "upheld": queries.upheld_objection(session, sample_id),
        },
    )


def report_step(session: Session, actor: Actor, sample_id: UUID) -> NextStep | None:
    """Open the signed report."""
    from flask import url_for

    signed = queries.signed_report(session, sample_id)
    if signed is None or queries.get_visible_report(session, actor, signed[0].id) is None:
        return None
    return NextStep(_l("Open the report"), url_for("reports.pdf", report_id=signed[0].id), "report")


def _follows(actor: Actor, sample: Sample) -> bool:
    """Whether somebody may know how far the laboratory is (product.md §2a)."""
    is_custodian = Role.CUSTODIAN in actor.roles and sample.lab_id == actor.organisation_id
    return actor.organisation_id == sample.regulator_id or is_custodian


def register() -> None:
    """Bring the parts to the page."""
    register_panel(SUBJECT, 40, bench_panel)
    register_panel(SUBJECT, 50, report_panel)
    register_step(SUBJECT, 50, report_step)
