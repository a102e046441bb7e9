"""What the page of a plan says about the national tasks whose batches stand in it."""

from uuid import UUID

from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.i18n import lazy_gettext as _l
from lims.web.panels import Panel
from sampling.national_tasks.queries import parts_of_plan


def tasks_panel(session: Session, actor: Actor, plan_id: UUID) -> Panel | None:
    """The parts that stand in the plan; nothing where no line of it was given by the national system."""
    rows = parts_of_plan(session, actor, plan_id)
    if not rows:
        return None
    return Panel(_l("National tasks"), "sampling/national_tasks/panel.html", {"rows": rows}, is_flush=True)
