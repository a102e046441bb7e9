"""Issuing controlled templates, and retiring them."""

from datetime import date
from uuid import UUID, uuid4

from lims.clock import local_date
from lims.decisions import read_reason
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from results.raw_records.models import RecordTemplate
from results.raw_records.queries import known_standards


def issue_template(
    uow: UnitOfWork, *, number: str, version: str, title: str, standard: str, valid_from: date
) -> RecordTemplate:
    """Put a template into force from a day on, today at the earliest: no record of before changes its form.

    Args:
        uow: the transaction.
        number: its controlled number.
        version: of the template, such as A/0.
        title: as it stands above the record.
        standard: of the methods it is for; empty for all that have none of their own.
        valid_from: its first day.

    Raises:
        InvalidInputError: a name is missing, the catalogue knows no method of this standard, or a day gone by.
        ConflictError: number and version, or the day for these methods, are taken.
    """
    given = {"number": number.strip(), "version": version.strip(), "title": title.strip()}
    for field, text in given.items():
        if not text:
            raise InvalidInputError(_l("Fill this in."), field=field)
    of = standard.strip()
    if of and of not in known_standards(uow.session):
        raise InvalidInputError(
            _l("The catalogue knows no method of “%(given)s”; expected a standard such as GB 5009.12.", given=of),
            field="standard",
        )
    today = local_date(uow.now)
    if valid_from < today:
        raise InvalidInputError(
            _l(
                "%(day)s is gone by; expected %(today)s or later, so that records of before keep their form.",
                day=valid_from.isoformat(),
                today=today.isoformat(),
            ),
            field="valid_from",
        )
    made = RecordTemplate(
        id=uuid4(),
        lab_id=uow.actor.require_organisation(),
        standard=of,
        valid_from=valid_from,
        issued_by_id=uow.actor.require_person(),
        issued_at=uow.now,
        **given,
    )
    uow.session.add(made)
    uow.session.flush()
    return made


def retire_template(uow: UnitOfWork, template_id: UUID, *, first_day: date, reason: str) -> RecordTemplate:
    """Write nothing on a template any more from a day on, tomorrow at the earliest: today's records keep theirs.

    Raises:
        NotFoundError: no such template of this laboratory.
        InvalidInputError: no reason, or a day that is not to come, or before the template began.
        ConflictError: it was retired before.
    """
    why = read_reason(reason)
    template = uow.session.get(RecordTemplate, template_id, with_for_update=True)
    if template is None or template.lab_id != uow.actor.require_organisation():
        raise NotFoundError
    if template.retired_from is not None:
        raise ConflictError(
            _l("It is retired from %(day)s on already.", day=template.retired_from.isoformat()), field="first_day"
        )
    last = max(local_date(uow.now), template.valid_from)
    if first_day <= last:
        raise InvalidInputError(
            _l(
                "%(day)s is too early; expected a day after %(last)s.", day=first_day.isoformat(), last=last.isoformat()
            ),
            field="first_day",
        )
    template.retired_from, template.retire_reason = first_day, why
    template.retired_by_id, template.retired_at = uow.actor.require_person(), uow.now
    uow.session.flush()
    return template
