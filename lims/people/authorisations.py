"""Who is trained and authorised for what: the one gate that every act passes, and what people are told before it shuts.

Whether a kind is demanded, and how long before its end people are warned, are rule parameters of the day; a kind whose
parameter is absent is not demanded.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from lims.actors import Actor
from lims.auth.permissions import Role
from lims.catalog.parameters import parameters_in_force
from lims.catalog.queries import get_category
from lims.clock import local_date
from lims.errors import ConflictError
from lims.i18n import LazyString, current_locale
from lims.i18n import lazy_gettext as _l
from lims.people import rules
from lims.people.models import Authorisation, AuthorisationRevocation
from lims.people.types import AuthorisationKind, AuthorisationNotice, HeldAuthorisation
from lims.reading import read_once

_LATER = aliased(Authorisation)  # what extended one

KIND_NAMES: dict[AuthorisationKind, LazyString] = {
    AuthorisationKind.SIGN: _l("signing reports"),
    AuthorisationKind.SAMPLE: _l("sampling"),
    AuthorisationKind.TEST: _l("testing"),
    AuthorisationKind.CUSTODY: _l("keeping samples"),
}
DEMANDED = {kind: f"authorisation_{kind.value}" for kind in AuthorisationKind}
WARNING = "authorisation_warning"
NEEDED: dict[Role, AuthorisationKind] = {
    Role.SAMPLER: AuthorisationKind.SAMPLE,
    Role.ACCOMPANYING_OFFICER: AuthorisationKind.SAMPLE,
    Role.CUSTODIAN: AuthorisationKind.CUSTODY,
    Role.QUALITY_MANAGER: AuthorisationKind.CUSTODY,  # prepares and codes the samples that check the laboratory
    Role.TESTER: AuthorisationKind.TEST,
    Role.REVIEWER: AuthorisationKind.TEST,
    Role.SIGNATORY: AuthorisationKind.SIGN,
}


class NotAuthorisedError(ConflictError):
    """The person is not, or no longer, authorised for this."""

    code = "not_authorised"


@dataclass(frozen=True, slots=True)
class Needed:
    """Who has to hold what for an act: any one of `kinds`, given by the organisation they act for."""

    person_id: UUID
    person_name: str
    organisation_id: UUID
    kinds: tuple[AuthorisationKind, ...]

    @classmethod
    def of(cls, actor: Actor, *kinds: AuthorisationKind) -> "Needed":
        """The actor, for whom they act now."""
        return cls(actor.require_person(), actor.name, actor.require_organisation(), kinds)


def require_authorised(
    session: Session,
    needed: Sequence[Needed],
    on: date,
    *,
    category_id: UUID | None = None,
    methods: Callable[[], Collection[str]] | None = None,
) -> None:
    """Insist that everybody who acts is authorised for it on this day. One statement where all are.

    Args:
        needed: who needs what; whoever needs no kind passes.
        on: the local day of the act.
        category_id: the major category it is about; None where one authorisation for any food will do.
        methods: names of the methods that are used; asked for only where somebody is authorised for some and not all.

    Raises:
        NotAuthorisedError: the first who is not, with the kind, the category and the day on which it ended.
    """
    refused = without_authorisation(
        session, [one for one in needed if one.kinds], on, category_id=category_id, methods=methods
    )
    for one in needed:
        if one.person_id in refused:
            raise refused[one.person_id]


def _is_covered(
    session: Session,
    held: Iterable[HeldAuthorisation],
    needed: Needed,
    on: date,
    asked: tuple[UUID | None, Callable[[], Collection[str]] | None],
) -> bool:
    category_id, methods = asked
    for one in _fitting(held, needed):
        if not rules.in_force(one, on):
            continue
        # The name of the category is read only where somebody is limited to some.
        code = get_category(session, category_id).code if category_id and one.category_codes else None
        used = methods() if methods and one.method_codes else ()
        if rules.covers(one, code, used):
            return True
    return False


def _fitting(held: Iterable[HeldAuthorisation], needed: Needed) -> list[HeldAuthorisation]:
    return [one for one in held if one.kind in needed.kinds and one.organisation_id == needed.organisation_id]


def _refusal(
    session: Session, held: Iterable[HeldAuthorisation], needed: Needed, on: date, category_id: UUID | None
) -> NotAuthorisedError:
    kind = needed.kinds[0]
    category = get_category(session, category_id) if category_id else None
    fitting = [one for one in _fitting(held, needed) if category is None or rules.covers(one, category.code)]
    ended = rules.ended_on(fitting, on)
    what = KIND_NAMES[kind] if category is None else _of_food(kind, category.code, category.name_zh, category.name_en)
    facts = {"kind": kind.value, "category": category.code if category else None}
    if ended is not None:
        return NotAuthorisedError(
            _l(
                "%(name)s is not authorised: the authorisation for %(what)s ended on %(day)s.",
                name=needed.person_name,
                what=what,
                day=ended.isoformat(),
            ),
            facts=facts | {"ended_on": ended.isoformat()},
        )
    return NotAuthorisedError(
        _l(
            "%(name)s is not authorised for %(what)s; an administrator can record it.",
            name=needed.person_name,
            what=what,
        ),
        facts=facts,
    )


def _of_food(kind: AuthorisationKind, code: str, name_zh: str, name_en: str | None) -> LazyString:
    """Words that outlive the row: a refusal is told after the rollback."""
    return LazyString(
        lambda: f"{KIND_NAMES[kind]} ({code} {name_en if name_en and current_locale() == 'en' else name_zh})"
    )


@read_once
def authorisations_in(
    session: Session, person_ids: frozenset[UUID], on: date
) -> Mapping[UUID, Sequence[HeldAuthorisation]]:
    """What persons hold or held up to a day, by person; what was extended stands as its extension only."""
    rows = session.execute(
        select(Authorisation, AuthorisationRevocation.revoked_at)
        .outerjoin(AuthorisationRevocation, AuthorisationRevocation.authorisation_id == Authorisation.id)
        .where(
            Authorisation.person_id.in_(person_ids),
            Authorisation.valid_from <= on,
            ~exists(select(_LATER.id).where(_LATER.extends_id == Authorisation.id)),
        )
        .order_by(Authorisation.valid_to.desc(), Authorisation.id)
    )
    found: dict[UUID, list[HeldAuthorisation]] = {}
    for row, revoked_at in rows:
        found.setdefault(row.person_id, []).append(
            HeldAuthorisation(
                row.id,
                row.person_id,
                row.organisation_id,
                row.kind,
                frozenset(row.category_codes),
                frozenset(row.method_codes),
                row.valid_from,
                row.valid_to,
                local_date(revoked_at) if revoked_at else None,
            )
        )
    return found


def without_authorisation(
    session: Session,
    needed: Collection[Needed],
    on: date,
    *,
    category_id: UUID | None = None,
    methods: Callable[[], Collection[str]] | None = None,
) -> dict[UUID, NotAuthorisedError]:
    """Who of several people may not act on a day, and why, by person: for choosing people before they act."""
    held = authorisations_in(session, frozenset(one.person_id for one in needed), on)
    found = {}
    for one in needed:
        own = held.get(one.person_id, ())
        if not _is_covered(session, own, one, on, (category_id, methods)):
            found[one.person_id] = _refusal(session, own, one, on, category_id)
    demanded = demanded_kinds(session, on) if found else frozenset()
    kinds = {one.person_id: one.kinds for one in needed}
    return {person_id: why for person_id, why in found.items() if demanded.issuperset(kinds[person_id])}


def demanded_kinds(session: Session, on: date) -> frozenset[AuthorisationKind]:
    """The kinds without which nobody may act on a day."""
    values = parameters_in_force(session, frozenset(DEMANDED.values()), on)
    return frozenset(kind for kind, code in DEMANDED.items() if code in values and values[code] == 1)


def notices_of(
    session: Session, people: Mapping[UUID, tuple[UUID | None, Collection[str]]], on: date
) -> dict[UUID, list[AuthorisationNotice]]:
    """What has to be said about the authorisations of people: missing, ended, or ending within the warning.

    Args:
        session: to read with.
        people: the organisation and the roles of each; somebody employed nowhere needs nothing.
        on: the local day.

    Returns:
        Only those of whom something has to be said, in the order of the kinds.
    """
    needed = {
        person_id: {NEEDED[Role(role)] for role in roles if role in NEEDED}
        for person_id, (organisation_id, roles) in people.items()
        if organisation_id is not None
    }
    asked = frozenset(person_id for person_id, kinds in needed.items() if kinds)
    if not asked:
        return {}
    values = parameters_in_force(session, frozenset({*DEMANDED.values(), WARNING}), on)
    days = int(values.get(WARNING, 0))
    held = authorisations_in(session, asked, on)
    found: dict[UUID, list[AuthorisationNotice]] = {}
    for person_id in asked:
        own = [one for one in held.get(person_id, ()) if one.organisation_id == people[person_id][0]]
        for kind in AuthorisationKind:
            if kind not in needed[person_id] or values.get(DEMANDED[kind]) != 1:
                continue
            notice = rules.notice_of(own, kind, on, days)
            if notice is not None:
                found.setdefault(person_id, []).append(notice)
    return found


def notices_for(session: Session, actor: Actor, on: date) -> Sequence[AuthorisationNotice]:
    """What the actor has to be told about their own authorisations."""
    if actor.person_id is None:
        return ()
    told = notices_of(session, {actor.person_id: (actor.organisation_id, actor.roles)}, on)
    return told.get(actor.person_id, ())
