"""Editions of standards that a person adds: a standard that is new, or the next edition of one that is known."""

from dataclasses import dataclass
from datetime import date
from uuid import uuid4

import sqlalchemy as sa

from lims.catalog.events import EditionAdded
from lims.catalog.models import Standard, StandardEdition
from lims.catalog.names import match_key
from lims.catalog.types import Coverage, Trust
from lims.errors import ConflictError, InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionDraft:
    """An edition as a person enters it.

    Attributes:
        number: of the standard, without the year.
        edition: its year; empty for an announcement, which has none.
        in_force_from, in_force_to: production dates it governs.
    """

    number: str
    edition: str
    in_force_from: date
    in_force_to: date | None
    source: str
    title_zh: str = ""
    title_en: str = ""


def add_edition(uow: UnitOfWork, draft: EditionDraft, *, reason: str) -> StandardEdition:
    """Let the catalogue know an edition by name and dates; none of its limits is loaded by that.

    Raises:
        InvalidInputError: no number or reason, or it ends before it begins.
        ConflictError: the edition is known already.
    Emits: EditionAdded.
    """
    number, why = " ".join(draft.number.split()), reason.strip()
    if not number:
        raise InvalidInputError(_l("Name the standard by its number, such as GB 2762."), field="number")
    if not why:
        raise InvalidInputError(_l("Say why: the reason stays beside the change."), field="reason")
    if draft.in_force_to is not None and draft.in_force_to < draft.in_force_from:
        raise InvalidInputError(
            _l(
                "It cannot be in force until %(last)s when it begins on %(first)s.",
                last=draft.in_force_to.isoformat(),
                first=draft.in_force_from.isoformat(),
            ),
            field="in_force_to",
        )
    standard = _standard(uow, number, draft)
    known = uow.session.scalar(
        sa.select(StandardEdition).where(
            StandardEdition.standard_id == standard.id, StandardEdition.edition == draft.edition
        )
    )
    if known is not None:
        raise ConflictError(
            _l("The edition %(edition)s of %(number)s is known already.", edition=draft.edition or "/", number=number),
            field="edition",
        )
    edition = StandardEdition(
        id=uuid4(),
        standard_id=standard.id,
        edition=draft.edition,
        in_force_from=draft.in_force_from,
        in_force_to=draft.in_force_to,
        coverage=Coverage.NONE,
        source=draft.source,
        trust=Trust.READ,
    )
    uow.session.add(edition)
    uow.emit(
        EditionAdded(
            edition_id=edition.id,
            standard=standard.number,
            edition=draft.edition,
            in_force_from=draft.in_force_from,
            in_force_to=draft.in_force_to,
            reason=why,
        )
    )
    return edition


def _standard(uow: UnitOfWork, number: str, draft: EditionDraft) -> Standard:
    """The standard of this number in any spelling of width and space, else a new one."""
    key = match_key(number)
    for standard in uow.session.scalars(sa.select(Standard).order_by(Standard.number)):
        if match_key(standard.number) == key:
            return standard
    standard = Standard(
        id=uuid4(),
        number=number,
        title_zh=draft.title_zh.strip() or None,
        title_en=draft.title_en.strip() or None,
        source=draft.source,
        trust=Trust.READ,
    )
    uow.session.add(standard)
    uow.session.flush()
    return standard
