"""The original record on the page of a sample's evidence."""

from uuid import UUID

from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.errors import ConflictError
from lims.i18n import lazy_gettext as _l
from lims.web.panels import Panel
from results.evidence.queries import visible_set
from results.raw_records.assembly import templates_of


def record_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel | None:
    """On which controlled templates the record is printed, and the record; or why there is none."""
    test_set = visible_set(session, actor, sample_id)
    if test_set is None:
        return None
    title, inside = _l("Original record"), "results/evidence/record.html"
    try:
        templates, why = templates_of(session, test_set), None
    except ConflictError as refusal:
        templates, why = [], refusal.message
    return Panel(title, inside, {"templates": templates, "why": why, "sample_id": sample_id})
