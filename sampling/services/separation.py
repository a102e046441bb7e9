"""Claiming duties and acts: the only way anybody gets onto a side of a sample.

The keys of `sampling.models.duties` decide; this module asks them in an order that cannot deadlock, and tells a person
in words which earlier act stands in the way.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select, tuple_

from lims.actors import OrganisationKind
from lims.clock import local_date
from lims.copying import insert_rows
from lims.db import among
from lims.errors import ConflictError, NotFoundError, explain_constraint
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import plain
from lims.people.queries import employment_of_person, employments_of_persons, person_names
from lims.people.types import EmploymentFacts
from lims.uow import UnitOfWork
from sampling.models import (
    DutyAct,
    OrganisationDuty,
    PersonPlanDuty,
    PersonSampleDuty,
    PlanCategory,
    Sample,
    SeparationRefusal,
)
from sampling.services.authorisation import require_may_act
from sampling.types import (
    BENCH_ROLES,
    SAMPLE_ONLY_ROLES,
    SIDE_OF,
    DutyRole,
    SampleTuple,
    SeparationMode,
    Side,
    sample_chain,
)

LOCKED = "sampling.locked_samples"  # what a session keeps: the samples whose rows its transaction has locked

ACT_NAMES: dict[DutyRole, LazyString] = {
    DutyRole.SAMPLER: _l("took this sample"),
    DutyRole.ACCOMPANYING_OFFICER: _l("accompanied its sampling"),
    DutyRole.RECODER: _l("gave it its blind code"),
    DutyRole.UNBLINDER: _l("unblinded it"),
    DutyRole.TESTER: _l("tested it"),
    DutyRole.REVIEWER: _l("reviewed its results"),
    DutyRole.SIGNATORY: _l("signed its report"),
    DutyRole.RECHECK_TESTER: _l("tested it in the recheck"),
}


class SeparationRefusedError(ConflictError):
    """The person, or their organisation, already stands on the other side. Kept for the auditor."""

    code = "separation_refused"

    def __init__(self, message: LazyString, attempt: SeparationRefusal) -> None:
        super().__init__(message, facts={"scope": attempt.scope, "role": attempt.role.value})
        self.attempt = attempt

    def remember(self, uow: UnitOfWork) -> None:
        """Write the attempt down with the earlier act it ran into.

        A form that is refused leaves no sample behind: the attempt then stands on the plan alone.
        """
        noted = self.attempt
        sample_stands = noted.sample_id is not None and uow.session.get(Sample, noted.sample_id) is not None
        uow.session.add(
            SeparationRefusal(
                at=uow.now,
                person_id=noted.person_id,
                account_id=noted.account_id,
                organisation_id=noted.organisation_id,
                plan_id=noted.plan_id,
                category_id=noted.category_id,
                sample_id=noted.sample_id if sample_stands else None,
                role=noted.role,
                scope=noted.scope,
                earlier_role=noted.earlier_role,
                earlier_at=noted.earlier_at,
            )
        )


_Duty = type[PersonSampleDuty] | type[PersonPlanDuty] | type[OrganisationDuty]
_Key = tuple[tuple[str, UUID], ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    """A duty to be claimed: the class, its scope without the side, the chain it is noted on, for whom, and for what."""

    tried: "_Attempted"
    duty: _Duty
    key: _Key
    chain: str
    scope: str
    role: DutyRole
    facts: EmploymentFacts


@dataclass(frozen=True, slots=True)
class _Attempted:
    """What somebody tried to act on: a sample, or a plan's category before there is any."""

    plan_id: UUID
    category_id: UUID
    sample_id: UUID | None = None

    @classmethod
    def of(cls, sample: SampleTuple) -> "_Attempted":
        return cls(sample.plan_id, sample.category_id, sample.sample_id)


def sample_tuple(sample: Sample) -> SampleTuple:
    """What every act on the sample is tied to."""
    return SampleTuple(sample.id, sample.plan_id, sample.category_id, sample.mode)


def claim_duties(uow: UnitOfWork, sample: SampleTuple, role: DutyRole, person_id: UUID) -> EmploymentFacts:
    """Put a person (and, where the mode asks for it, their party) on the side of `role`; done at assignment.

    Raises:
        SeparationRefusedError: the person or the party stands on the other side of this scope.
        NotFoundError: the person is employed nowhere today.
    """
    facts = employment_of_person(uow.session, person_id, local_date(uow.now))
    _take(uow, _claims(sample, role, facts))
    return facts


def claim_act(uow: UnitOfWork, sample: SampleTuple, role: DutyRole, *, person_id: UUID | None = None) -> None:
    """Note that one person acts in `role` on a sample; the actor when nobody is named. As `claim_acts`."""
    claim_acts(uow, sample, [(role, person_id or uow.actor.require_person())])


def claim_acts(uow: UnitOfWork, sample: SampleTuple, acts: Sequence[tuple[DutyRole, UUID]]) -> None:
    """Note who acts in which role on a sample; a form is submitted by three. As `claim_acts_on`."""
    claim_acts_on(uow, [(sample, role, person_id) for role, person_id in acts])


def claim_acts_on(uow: UnitOfWork, acts: Sequence[tuple[SampleTuple, DutyRole, UUID]]) -> None:
    """Note who acts in which role on which sample, claiming the duties it needs. Doing it again changes nothing.

    Takes one statement for each kind of row, however many persons act on however many samples.

    Raises:
        SeparationRefusedError: a person stands on the other side, or holds another bench role on one of the samples, or
            the mode asks for the regulator's own people.
        NotAuthorisedError: a person is not, or no longer, authorised for the role; also where the act stands already,
            because who tested yesterday may not go on today.
        NotFoundError: a person is employed nowhere today, or the actor no longer where they act.
    """
    _note_acts(uow, acts)
    by_category: dict[UUID, dict[tuple[DutyRole, UUID], None]] = defaultdict(dict)
    for sample, role, person_id in acts:
        by_category[sample.category_id][role, person_id] = None
    for category_id, acting in by_category.items():
        require_may_act(uow, category_id, list(acting))


def _note_acts(uow: UnitOfWork, acts: Sequence[tuple[SampleTuple, DutyRole, UUID]]) -> None:
    """Write the acts that do not stand yet, with their duties."""
    held: dict[tuple[UUID, UUID], set[DutyRole]] = defaultdict(set)
    samples = {sample.sample_id for sample, _role, _person_id in acts}
    people = {person_id for _sample, _role, person_id in acts}
    for sample_id, person_id, role in uow.session.execute(
        select(DutyAct.sample_id, DutyAct.person_id, DutyAct.role).where(
            among(DutyAct.sample_id, samples), among(DutyAct.person_id, people)
        )
    ):
        held[sample_id, person_id].add(role)
    # Acts are never taken back, and their keys hold the duties: what was noted before needs nothing more.
    fresh = [(sample, role, one) for sample, role, one in acts if role not in held[sample.sample_id, one]]
    if not fresh:
        return
    facts = _employments(uow, {person_id for _sample, _role, person_id in fresh})
    parts = [(sample, role, facts[person_id]) for sample, role, person_id in fresh]
    for sample, role, one in parts:
        _check_mode(uow, sample, role, one)
    _take(uow, [claim for sample, role, one in parts for claim in _claims(sample, role, one)])
    for sample, role, one in parts:
        if role in BENCH_ROLES and held[sample.sample_id, one.person_id] & BENCH_ROLES:
            raise _refusal(uow, _Attempted.of(sample), role, one, "bench")
    rows = [
        {
            "id": str(uuid4()),
            "sample_id": str(sample.sample_id),
            "plan_id": str(sample.plan_id),
            "category_id": str(sample.category_id),
            "mode": sample.mode.value,
            "role": role.value,
            "side": SIDE_OF[role].value,
            "person_id": str(one.person_id),
            "employment_id": str(one.employment_id),
            "organisation_id": str(one.organisation_id),
            "organisation_kind": one.organisation_kind.value,
            "party_id": str(one.party_id),
            "acted_at": plain(uow.now),
        }
        for sample, role, one in parts
    ]
    # Only the repeat of the same act is forgiven; a second bench role stays an error of its own index.
    written = uow.session.scalars(
        insert_rows(DutyAct, rows)
        .on_conflict_do_nothing(index_elements=["sample_id", "person_id", "role"])
        .returning(DutyAct.id)
    )
    of_id = {row["id"]: row for row in rows}
    for act_id in map(str, written):
        uow.record_plain(sample_chain(of_id[act_id]["sample_id"]), DutyAct.__tablename__, [of_id[act_id]])


def _employments(uow: UnitOfWork, person_ids: Collection[UUID]) -> Mapping[UUID, EmploymentFacts]:
    """Where the persons are employed today; the actor must still be where they act."""
    facts = employments_of_persons(uow.session, person_ids, local_date(uow.now))
    acting = facts.get(uow.actor.person_id) if uow.actor.person_id else None
    if acting is not None and acting.employment_id != uow.actor.employment_id:
        raise NotFoundError(
            _l("This employment does not cover %(day)s.", day=local_date(uow.now).isoformat()),
        )
    return facts


def claim_job(uow: UnitOfWork, category: PlanCategory, role: DutyRole, facts: EmploymentFacts) -> None:
    """Put a person (and, where the mode asks for it, their party) on their side of a plan before there is a sample.

    Raises:
        SeparationRefusedError: the person or the party stands on the other side already.
    """
    _take(uow, _job_claims(_Attempted(category.plan_id, category.category_id), category.mode, role, facts))


def _claims(sample: SampleTuple, role: DutyRole, facts: EmploymentFacts) -> Iterable[_Claim]:
    """The duties a role demands under a mode."""
    tried = _Attempted.of(sample)
    if role not in SAMPLE_ONLY_ROLES:
        yield from _job_claims(tried, sample.mode, role, facts)
    yield _Claim(
        tried,
        PersonSampleDuty,
        (("sample_id", sample.sample_id), ("person_id", facts.person_id)),
        sample_chain(sample.sample_id),
        "sample",
        role,
        facts,
    )


def _job_claims(tried: _Attempted, mode: SeparationMode, role: DutyRole, facts: EmploymentFacts) -> Iterable[_Claim]:
    if mode is not SeparationMode.INTERNAL:
        yield _Claim(
            tried,
            OrganisationDuty,
            (("plan_id", tried.plan_id), ("category_id", tried.category_id), ("party_id", facts.party_id)),
            f"plan:{tried.plan_id}",
            "organisation",
            role,
            facts,
        )
    yield _Claim(
        tried,
        PersonPlanDuty,
        (("plan_id", tried.plan_id), ("person_id", facts.person_id)),
        f"plan:{tried.plan_id}",
        "plan",
        role,
        facts,
    )


def _take(uow: UnitOfWork, claims: Iterable[_Claim]) -> None:
    """Take every duty, or refuse with the first one that the other side holds.

    Kinds of duty always in the same order and keys sorted within one, so that two claims cannot wait in a circle; waits
    for a transaction that is claiming one of them now.
    """
    wanted = list(claims)
    for duty in (OrganisationDuty, PersonPlanDuty, PersonSampleDuty):
        of_kind = {claim.key: claim for claim in wanted if claim.duty is duty}
        if not of_kind:
            continue
        keys = sorted(of_kind)
        # A plan's duties stand after its first sample; those of a sample are new almost always.
        held = {} if duty is PersonSampleDuty else _held(uow, duty, keys)
        held |= _insert_duties(uow, [of_kind[key] for key in keys if key not in held])
        if missing := [key for key in keys if key not in held]:
            held |= _held(uow, duty, missing)
        for claim in (claim for claim in wanted if claim.duty is duty):
            side = held.get(claim.key)
            if side is None:
                raise ConflictError(_l("This duty was given back at this very moment. Try again."))
            if side is not SIDE_OF[claim.role]:
                raise _refusal(uow, claim.tried, claim.role, claim.facts, claim.scope)


def _held(uow: UnitOfWork, duty: _Duty, keys: Sequence[_Key]) -> dict[_Key, Side]:
    """Which sides hold these duties."""
    names = [name for name, _value in keys[0]]
    columns = [getattr(duty, name) for name in names]
    rows = uow.session.execute(
        select(*columns, duty.side).where(tuple_(*columns).in_([tuple(value for _name, value in key) for key in keys]))
    )
    return {tuple(zip(names, row[:-1], strict=True)): row[-1] for row in rows}


def _insert_duties(uow: UnitOfWork, claims: Sequence[_Claim]) -> dict[_Key, Side]:
    """Take the duties that nobody holds; what comes back is what was taken."""
    if not claims:
        return {}
    duty, names = claims[0].duty, [name for name, _value in claims[0].key]
    rows = [plain(dict(claim.key) | {"side": SIDE_OF[claim.role], "claimed_at": uow.now}) for claim in claims]
    taken = uow.session.execute(
        insert_rows(duty, rows).on_conflict_do_nothing().returning(*(getattr(duty, name) for name in names), duty.side)
    )
    sides = {tuple(zip(names, row[:-1], strict=True)): row[-1] for row in taken}
    for claim in claims:
        if claim.key in sides:
            noted = {"side": sides[claim.key], "claimed_at": uow.now}
            uow.record(claim.chain, duty.__tablename__, dict(claim.key), noted)
    return sides


def _check_mode(uow: UnitOfWork, sample: SampleTuple, role: DutyRole, facts: EmploymentFacts) -> None:
    wants_regulator = sample.mode is SeparationMode.REGULATOR and role is DutyRole.SAMPLER
    if wants_regulator and facts.organisation_kind is not OrganisationKind.REGULATOR:
        raise SeparationRefusedError(
            _l("In this plan the regulator samples itself; you are employed by another kind of organisation."),
            _attempt(uow, _Attempted.of(sample), role, facts, "mode"),
        )


def _refusal(
    uow: UnitOfWork, tried: _Attempted, role: DutyRole, facts: EmploymentFacts, scope: str
) -> SeparationRefusedError:
    """Words for a refused claim, naming the earlier act."""
    attempt = _attempt(uow, tried, role, facts, scope)
    if scope == "organisation":
        message = _l(
            "Your organisation, or one of its group, stands on the other side of this food category in this plan."
        )
    elif attempt.earlier_role is not None and attempt.earlier_at is not None:
        name = person_names(uow.session, [facts.person_id]).get(facts.person_id, "")
        texts = {
            "plan": _l("%(name)s stands on the other side of this plan since %(day)s and cannot do both jobs."),
            "bench": _l("%(name)s %(act)s on %(day)s; each of tester, reviewer and signatory is another person."),
        }
        values = {
            "name": name,
            "act": ACT_NAMES[attempt.earlier_role],
            "day": local_date(attempt.earlier_at).isoformat(),
        }
        text = texts.get(scope, _l("%(name)s %(act)s on %(day)s and cannot act on the other side."))
        message = LazyString(lambda: str(text) % values)
    elif tried.sample_id is None:
        message = _l("%(name)s stands on the other side of this plan.", name=facts.person_name)
    else:
        message = _l("This person is assigned to the other side and cannot act on this one.")
    return SeparationRefusedError(message, attempt)


def _attempt(
    uow: UnitOfWork, tried: _Attempted, role: DutyRole, facts: EmploymentFacts, scope: str
) -> SeparationRefusal:
    earlier = _earlier_act(uow, tried, role, facts.person_id, scope)
    return SeparationRefusal(
        person_id=facts.person_id,
        account_id=uow.actor.account_id,
        organisation_id=facts.organisation_id,
        plan_id=tried.plan_id,
        category_id=tried.category_id,
        sample_id=tried.sample_id,
        role=role,
        scope=scope,
        earlier_role=earlier[0] if earlier else None,
        earlier_at=earlier[1] if earlier else None,
    )


def _earlier_act(
    uow: UnitOfWork, tried: _Attempted, role: DutyRole, person_id: UUID, scope: str
) -> tuple[DutyRole, datetime] | None:
    query = select(DutyAct.role, DutyAct.acted_at).where(DutyAct.person_id == person_id)
    if scope == "plan" or tried.sample_id is None:
        query = query.where(DutyAct.plan_id == tried.plan_id)
    else:
        query = query.where(DutyAct.sample_id == tried.sample_id)
    query = query.where(DutyAct.role != role) if scope == "bench" else query.where(DutyAct.side != SIDE_OF[role])
    row = uow.session.execute(query.order_by(DutyAct.acted_at, DutyAct.id).limit(1)).one_or_none()
    return None if row is None else (row[0], row[1])


def get_sample_for_act(uow: UnitOfWork, sample_id: UUID) -> Sample:
    """The sample, its row locked until the commit; as `get_samples_for_act`."""
    return get_samples_for_act(uow, [sample_id])[sample_id]


def get_samples_for_act(uow: UnitOfWork, sample_ids: Collection[UUID]) -> Mapping[UUID, Sample]:
    """The samples, their rows locked until the commit, in one order whoever asks for whichever of them.

    A unit asks for the same sample in several of its services; the row it has locked cannot have changed since.

    Raises:
        NotFoundError: one of them does not exist.
    """
    locked: dict[UUID, Sample] = uow.session.info.setdefault(LOCKED, {})
    asked = {sample_id for sample_id in sample_ids if sample_id not in locked}
    if asked:
        rows = uow.session.scalars(
            select(Sample)
            .where(among(Sample.id, asked))
            .order_by(Sample.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        locked |= {sample.id: sample for sample in rows}
        if not locked.keys() >= asked:
            raise NotFoundError
    return {sample_id: locked[sample_id] for sample_id in sample_ids}


OTHER_SIDE = _l("Somebody cannot stand on both sides of a sample: this act contradicts an earlier one.")
for _name in (
    "fk_duty_act_person_sample_duty",
    "fk_duty_act_person_plan_duty",
    "fk_duty_act_organisation_duty",
    "ck_duty_act_side_is_of_role",
    "ck_duty_act_regulator_samples_itself",
    "uq_duty_act_one_bench_role",
):
    explain_constraint(_name, OTHER_SIDE)
explain_constraint(
    "fk_duty_act_organisation",
    _l("People acted for this organisation already, so its kind and its company group stand."),
    field="owner_id",
)
