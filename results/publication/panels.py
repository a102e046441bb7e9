"""What the page of a sample says about its publication."""

from uuid import UUID

from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.i18n import lazy_gettext as _l
from lims.web.panels import Panel
from results.publication.queries import publication_of


def publication_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel | None:
    """The notice a sample was published by; nothing before."""
    if not actor.may("cases.see"):
        return None
    found = publication_of(session, sample_id)
    if found is None:
        return None
    told = {"publication": found[0], "notice": found[1]}
    return Panel(_l("Publication of the result"), "results/publication/panel.html", told)
