"""The 24-hour report on the page of its sample, and in the evidence of its case."""

from uuid import UUID

from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.files import read_file
from lims.i18n import lazy_gettext as _l
from lims.web.panels import Panel
from results.referral.models import Referral
from results.referral.papers import PackedFile
from results.urgent.queries import sent_of


def urgent_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel | None:
    """What was sent at once about a sample; nothing where there was no need."""
    if not actor.may("urgent.see"):
        return None
    found = [one for one in sent_of(session, sample_id) if actor.organisation_id in {one.regulator_id, one.lab_id}]
    return Panel(_l("24-hour report"), "results/urgent/panel.html", {"reports": found}) if found else None


def urgent_reports_of(session: Session, referral: Referral) -> list[PackedFile]:
    """The files of a case that were sent before it was opened."""
    return [
        PackedFile(f"urgent/{one.report_no}-{one.version}.pdf", read_file(session, one.pdf_sha256)[0])
        for one in sent_of(session, referral.sample_id)
    ]
