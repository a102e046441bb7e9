"""Claiming duties and acts: the only way anybody gets onto a side of a sample.

The keys of `sampling.models.duties` decide; this module asks them in an order that cannot deadlock, and tells a person
in words which earlier act stands in the way.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute

from lims.actors import OrganisationKind
from lims.clock import local_date
from lims.errors import ConflictError, NotFoundError, explain_constraint
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from lims.people.queries import employment_facts, employment_of_person, person_names
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
from sampling.types import (
    BENCH_ROLES,
    SAMPLE_ONLY_ROLES,
    SIDE_OF,
    DutyRole,
    SampleTuple,
    SeparationMode,
    Side,
)

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


@dataclass(frozen=True, slots=True)
class _Claim:
    """A duty to be claimed: the class, its scope without the side, and the chain it is noted on."""

    duty: type[PersonSampleDuty | PersonPlanDuty | OrganisationDuty]
    key: tuple[tuple[str, UUID], ...]
    chain: str
    scope: str


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


def claim_duties(
    uow: UnitOfWork, sample: SampleTuple, role: DutyRole, person_id: UUID, employment: EmploymentFacts | None = None
) -> EmploymentFacts:
    """Put a person (and, where the mode asks for it, their party) on the side of `role`; done at assignment.

    Raises:
        SeparationRefusedError: the person or the party stands on the other side of this scope.
        NotFoundError: the person is employed nowhere today.
    """
    facts = employment or employment_of_person(uow.session, person_id, local_date(uow.now))
    side = SIDE_OF[role]
    for claim in _claims(sample, role, facts):
        held = _claim(uow, claim, side)
        if held is not side:
            raise _refusal(uow, _Attempted.of(sample), role, facts, claim.scope)
    return facts


def claim_act(uow: UnitOfWork, sample: SampleTuple, role: DutyRole, *, person_id: UUID | None = None) -> None:
    """Note that a person acts in `role` on a sample, claiming the duties it needs. Doing it again changes nothing.

    Args:
        person_id: who acts; the actor of the unit of work when left out.

    Raises:
        SeparationRefusedError: the person stands on the other side, or holds another bench role on this sample, or the
            mode asks for the regulator's own people.
    """
    acting = person_id or uow.actor.require_person()
    held = set(
        uow.session.scalars(
            select(DutyAct.role).where(DutyAct.sample_id == sample.sample_id, DutyAct.person_id == acting)
        )
    )
    if role in held:
        return  # acts are never taken back, and their keys hold the duties
    if acting == uow.actor.person_id:
        employment_id = uow.actor.employment_id
        assert employment_id is not None  # noqa: S101 - an actor with a person has an employment
        facts = employment_facts(uow.session, employment_id, local_date(uow.now))
    else:
        facts = employment_of_person(uow.session, acting, local_date(uow.now))
    _check_mode(uow, sample, role, facts)
    claim_duties(uow, sample, role, acting, facts)
    if role in BENCH_ROLES and held & BENCH_ROLES:
        raise _refusal(uow, _Attempted.of(sample), role, facts, "bench")
    columns = {
        "id": uuid4(),
        "sample_id": sample.sample_id,
        "plan_id": sample.plan_id,
        "category_id": sample.category_id,
        "mode": sample.mode,
        "role": role,
        "side": SIDE_OF[role],
        "person_id": acting,
        "employment_id": facts.employment_id,
        "organisation_id": facts.organisation_id,
        "organisation_kind": facts.organisation_kind,
        "party_id": facts.party_id,
        "acted_at": uow.now,
    }
    # Only the repeat of the same act is forgiven; a second bench role stays an error of its own index.
    written = uow.session.scalar(
        insert(DutyAct)
        .values(**columns)
        .on_conflict_do_nothing(index_elements=["sample_id", "person_id", "role"])
        .returning(DutyAct.id)
    )
    if written is not None:
        noted = {name: value for name, value in columns.items() if name != "id"}
        uow.record(f"sample:{sample.sample_id}", "duty_act", {"id": columns["id"]}, noted)


def release_duties(uow: UnitOfWork, sample: SampleTuple, role: DutyRole, person_id: UUID) -> None:
    """Give duties back that nobody acted upon (a reassigned task); what an act points at stays.

    The plan duty stays as long as any other sample of the plan needs it.
    """
    acted = uow.session.scalar(
        select(DutyAct.id).where(DutyAct.sample_id == sample.sample_id, DutyAct.person_id == person_id).limit(1)
    )
    if acted is not None:
        return
    key = {"sample_id": sample.sample_id, "person_id": person_id}
    gone = uow.session.scalar(
        delete(PersonSampleDuty)
        .where(
            PersonSampleDuty.sample_id == sample.sample_id,
            PersonSampleDuty.person_id == person_id,
            PersonSampleDuty.side == SIDE_OF[role],
        )
        .returning(PersonSampleDuty.person_id)
    )
    if gone is not None:
        uow.record(f"sample:{sample.sample_id}", "person_sample_duty", key, None)


def claim_job(uow: UnitOfWork, category: PlanCategory, role: DutyRole, facts: EmploymentFacts) -> None:
    """Put a person (and, where the mode asks for it, their party) on their side of a plan before there is a sample.

    Raises:
        SeparationRefusedError: the person or the party stands on the other side already.
    """
    side = SIDE_OF[role]
    for claim in _job_claims(category.plan_id, category.category_id, category.mode, facts):
        if _claim(uow, claim, side) is not side:
            raise _refusal(uow, _Attempted(category.plan_id, category.category_id), role, facts, claim.scope)


def _claims(sample: SampleTuple, role: DutyRole, facts: EmploymentFacts) -> Iterable[_Claim]:
    """The duties a role demands under a mode, always in the same order, so that two claims cannot wait in a circle."""
    if role not in SAMPLE_ONLY_ROLES:
        yield from _job_claims(sample.plan_id, sample.category_id, sample.mode, facts)
    yield _Claim(
        PersonSampleDuty,
        (("sample_id", sample.sample_id), ("person_id", facts.person_id)),
        f"sample:{sample.sample_id}",
        "sample",
    )


def _job_claims(plan_id: UUID, category_id: UUID, mode: SeparationMode, facts: EmploymentFacts) -> Iterable[_Claim]:
    if mode is not SeparationMode.INTERNAL:
        yield _Claim(
            OrganisationDuty,
            (("plan_id", plan_id), ("category_id", category_id), ("party_id", facts.party_id)),
            f"plan:{plan_id}",
            "organisation",
        )
    yield _Claim(
        PersonPlanDuty,
        (("plan_id", plan_id), ("person_id", facts.person_id)),
        f"plan:{plan_id}",
        "plan",
    )


def _claim(uow: UnitOfWork, claim: _Claim, side: Side) -> Side:
    """Take the duty, or learn which side holds it; waits for a transaction that is claiming it now."""
    key = dict(claim.key)
    side_column: InstrumentedAttribute[Side] = claim.duty.side
    conditions = [getattr(claim.duty, name) == value for name, value in claim.key]
    held = uow.session.scalar(select(side_column).where(*conditions))
    if held is not None:
        return held
    taken = uow.session.scalar(
        insert(claim.duty).values(**key, side=side, claimed_at=uow.now).on_conflict_do_nothing().returning(side_column)
    )
    if taken is not None:
        uow.record(claim.chain, claim.duty.__tablename__, key, {"side": side, "claimed_at": uow.now})
        return side
    standing = uow.session.scalar(select(side_column).where(*conditions))
    if standing is None:
        raise ConflictError(_l("This duty was given back at this very moment. Try again."))
    return standing


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
    """The sample, its row locked until the commit.

    Raises:
        NotFoundError: no such sample.
    """
    sample = uow.session.get(Sample, sample_id, with_for_update=True)
    if sample is None:
        raise NotFoundError
    return sample


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
