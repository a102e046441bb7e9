"""What is personal about a person of ours, and when it may go."""

from collections.abc import Collection, Iterable
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from lims import clock
from lims.clock import local_date
from lims.erasure.subjects import GONE, Place, SubjectKind
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from lims.people.models import Account, Employment
from lims.people.queries import in_force


def _find(session: Session, username: str) -> UUID | None:
    return session.scalar(sa.select(Account.person_id).where(sa.func.lower(Account.username) == username.lower()))


def _obstacle(session: Session, person_id: UUID) -> LazyString | None:
    today = local_date(clock.now())
    employed = sa.select(Employment.id).where(Employment.person_id == person_id, *in_force(today))
    if session.scalar(employed.limit(1)) is not None:
        return _l("This person is employed today; end the employment first.")
    return None


def _held(_session: Session, person_id: UUID) -> Iterable[Place]:
    yield Place("person", {"id": person_id}, {"name": GONE, "name_latin": None, "phone": None, "email": None})


def _called(session: Session, person_ids: Collection[UUID]) -> dict[UUID, str]:
    names = sa.func.string_agg(Account.username, aggregate_order_by(sa.literal("、"), Account.username))
    accounts = sa.select(Account.person_id, names).where(Account.person_id.in_(person_ids)).group_by(Account.person_id)
    return dict(session.execute(accounts).all())


PERSON = SubjectKind("person", _l("A person of an organisation"), _find, _obstacle, _called)
PERSON.held.append(_held)
