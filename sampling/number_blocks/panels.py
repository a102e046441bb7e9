"""What the page of a plan says about the numbers its samples will carry."""

from uuid import UUID

from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.i18n import lazy_gettext as _l
from lims.web.panels import Panel
from sampling.number_blocks.queries import blocks_of_plan


def numbers_panel(session: Session, actor: Actor, plan_id: UUID) -> Panel | None:
    """The blocks of whoever samples the plan, with what is left; nothing where own numbers are used."""
    rows = blocks_of_plan(session, actor, plan_id)
    if not rows:
        return None
    return Panel(_l("Sampling numbers"), "sampling/number_blocks/panel.html", {"rows": rows}, is_flush=True)
