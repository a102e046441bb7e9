"""Separation of sampling and testing as keys (product.md §4).

A duty puts a party on one side of a scope. Its primary key leaves the side out, so a scope knows a person on one side
only; its unique key carries the side, so that an act can point at exactly that side. Every act is a `duty_act` row
whose side is pinned to its role by a CHECK and which carries foreign keys including the side to the duties its mode
demands. Whoever is first on one side of a scope cannot act on the other, whatever code, race or hand-written SQL tries.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from lims.actors import OrganisationKind
from lims.db import Base, Entity
from lims.ledger.capture import Ledgered
from sampling.models.of_sample import OfSample
from sampling.types import BENCH_ROLES, SAMPLE_ONLY_ROLES, SIDE_OF, DutyRole, SeparationMode, Side


def _sql_list(values: Any) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


SAMPLING_ROLES = _sql_list(role for role, side in SIDE_OF.items() if side is Side.SAMPLING)
SAMPLE_ONLY = _sql_list(SAMPLE_ONLY_ROLES)
ONE_PERSON_EACH = _sql_list(BENCH_ROLES)

# Claimed at assignment, given back by DELETE until acted upon; the application may not UPDATE a duty.
CLAIMABLE = {"privileges": "select, insert, delete"}


class PersonSampleDuty(OfSample, Base):
    """A person stands on one side of one sample."""

    __tablename__ = "person_sample_duty"
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    side: Mapped[Side]
    claimed_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("sample_id", "person_id", "side"), {"info": CLAIMABLE})


class PersonPlanDuty(Ledgered, Base):
    """A person does one of the two jobs in one plan."""

    __tablename__ = "person_plan_duty"
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("sampling_plan.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    side: Mapped[Side]
    claimed_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("plan_id", "person_id", "side"), {"info": CLAIMABLE})

    def ledger_chain(self) -> str:
        return f"plan:{self.plan_id}"


class OrganisationDuty(Ledgered, Base):
    """A party (a company group) stands on one side of one major category of one plan."""

    __tablename__ = "organisation_duty"
    plan_id: Mapped[UUID] = mapped_column(primary_key=True)
    category_id: Mapped[UUID] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True, index=True)
    side: Mapped[Side]
    claimed_at: Mapped[datetime]
    __table_args__ = (
        ForeignKeyConstraint(["plan_id", "category_id"], ["plan_category.plan_id", "plan_category.category_id"]),
        UniqueConstraint("plan_id", "category_id", "party_id", "side"),
        {"info": CLAIMABLE},
    )

    def ledger_chain(self) -> str:
        return f"plan:{self.plan_id}"


class DutyAct(OfSample, Entity):
    """The first time a person did one of the acts that count, on one sample, in one role."""

    __tablename__ = "duty_act"
    sample_id: Mapped[UUID]
    plan_id: Mapped[UUID]
    category_id: Mapped[UUID]
    mode: Mapped[SeparationMode]
    role: Mapped[DutyRole]
    side: Mapped[Side]
    person_id: Mapped[UUID] = mapped_column(index=True)
    employment_id: Mapped[UUID]
    organisation_id: Mapped[UUID]
    organisation_kind: Mapped[OrganisationKind]
    party_id: Mapped[UUID]
    acted_at: Mapped[datetime]
    # Scopes that only some roles and modes claim: NULL where nothing is claimed, and a key with a NULL demands nothing.
    # They are computed by the database, so no writer can leave one out.
    plan_scope: Mapped[UUID | None] = mapped_column(
        Uuid, Computed(f"CASE WHEN role IN ({SAMPLE_ONLY}) THEN NULL ELSE plan_id END", persisted=True)
    )
    organisation_scope: Mapped[UUID | None] = mapped_column(
        Uuid,
        Computed(f"CASE WHEN role IN ({SAMPLE_ONLY}) OR mode = 'internal' THEN NULL ELSE plan_id END", persisted=True),
    )
    __table_args__ = (
        UniqueConstraint("sample_id", "person_id", "role"),
        CheckConstraint(
            f"(side = 'sampling') = (role IN ({SAMPLING_ROLES}))",
            name="side_is_of_role",
        ),
        CheckConstraint(
            "NOT (mode = 'regulator' AND role = 'sampler') OR organisation_kind = 'regulator'",
            name="regulator_samples_itself",
        ),
        ForeignKeyConstraint(
            ["sample_id", "plan_id", "category_id", "mode"],
            ["sample.id", "sample.plan_id", "sample.category_id", "sample.mode"],
            name="fk_duty_act_sample_tuple",
        ),
        ForeignKeyConstraint(
            ["sample_id", "person_id", "side"],
            ["person_sample_duty.sample_id", "person_sample_duty.person_id", "person_sample_duty.side"],
            name="fk_duty_act_person_sample_duty",
        ),
        ForeignKeyConstraint(
            ["plan_scope", "person_id", "side"],
            ["person_plan_duty.plan_id", "person_plan_duty.person_id", "person_plan_duty.side"],
            name="fk_duty_act_person_plan_duty",
        ),
        ForeignKeyConstraint(
            ["organisation_scope", "category_id", "party_id", "side"],
            [
                "organisation_duty.plan_id",
                "organisation_duty.category_id",
                "organisation_duty.party_id",
                "organisation_duty.side",
            ],
            name="fk_duty_act_organisation_duty",
        ),
        ForeignKeyConstraint(
            ["employment_id", "person_id", "organisation_id"],
            ["employment.id", "employment.person_id", "employment.organisation_id"],
            name="fk_duty_act_employment",
        ),
        ForeignKeyConstraint(
            ["organisation_id", "organisation_kind", "party_id"],
            ["organisation.id", "organisation.kind", "organisation.party_id"],
            name="fk_duty_act_organisation",
        ),
        # I6: of tester, reviewer and signatory (and of a recheck's testers) each is another person.
        Index(
            "uq_duty_act_one_bench_role",
            "sample_id",
            "person_id",
            unique=True,
            postgresql_where=f"role IN ({ONE_PERSON_EACH})",
        ),
        {"info": {"privileges": "select, insert"}},
    )


class SeparationRefusal(Ledgered, Entity):
    """An attempt to act on both sides, refused: kept for the auditor, with the earlier act it ran into.

    There is no sample yet when a draw or an assignment for a whole plan is refused.
    """

    __tablename__ = "separation_refusal"
    at: Mapped[datetime]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    account_id: Mapped[UUID | None]
    organisation_id: Mapped[UUID | None]
    plan_id: Mapped[UUID]
    category_id: Mapped[UUID]
    sample_id: Mapped[UUID | None] = mapped_column(ForeignKey("sample.id"), index=True)
    role: Mapped[DutyRole]
    scope: Mapped[str]  # sample, plan, organisation, mode, bench
    earlier_role: Mapped[DutyRole | None]
    earlier_at: Mapped[datetime | None]
    __table_args__ = (
        ForeignKeyConstraint(["plan_id", "category_id"], ["plan_category.plan_id", "plan_category.category_id"]),
        CheckConstraint(
            "sample_id IS NOT NULL OR scope IN ('plan', 'organisation', 'mode')", name="sample_unless_whole_plan"
        ),
        Index("ix_separation_refusal_at", "at", "id"),
        {"info": {"privileges": "select, insert"}},
    )

    def ledger_chain(self) -> str:
        return f"person:{self.person_id}"
