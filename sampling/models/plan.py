"""Plans, their categories with the separation mode, lines, draws and tasks."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from sampling.types import (
    NoSampleReason,
    PlaceKind,
    PlanKind,
    PlanState,
    SeparationMode,
    SignalKind,
    Stage,
    TaskCategory,
    TaskState,
)


class SamplingPlan(Ledgered, Entity):
    """A regulator's plan: budget, where its lines came from, and who approved it."""

    __tablename__ = "sampling_plan"
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    year: Mapped[int]
    kind: Mapped[PlanKind]
    task_category: Mapped[TaskCategory]
    report_class_a: Mapped[str]
    report_class_b: Mapped[str]
    priority_reasons: Mapped[list[str]]
    state: Mapped[PlanState]
    is_standing: Mapped[bool]  # one a year and regulator, for complaints and emergencies
    tree_version: Mapped[str]
    budget: Mapped[int | None]
    shares: Mapped[dict[str, Any]]  # as `text`: neyman=0.4,risk=0.4,votes=0.2
    seed: Mapped[str | None]
    pick_round_id: Mapped[UUID | None] = mapped_column(ForeignKey("pick_round.id"))
    inputs: Mapped[dict[str, Any]]  # tally figures and instant, history, statutory counts: what the lines came from
    inputs_sha256: Mapped[bytes | None]
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    approved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("budget IS NULL OR budget > 0", name="budget_positive"),
        CheckConstraint("(approved_at IS NULL) = (state IN ('draft', 'computed'))", name="approved_when_approved"),
        Index("uq_sampling_plan_standing", "organisation_id", "year", unique=True, postgresql_where="is_standing"),
        Index(
            "uq_sampling_plan_quality_check",
            "organisation_id",
            "year",
            unique=True,
            postgresql_where="kind = 'quality_check'",
        ),
    )

    def ledger_chain(self) -> str:
        return f"plan:{self.id}"


class PlanCategory(Ledgered, Base):
    """A major category of a plan: its separation mode, who samples it and who tests it.

    Tasks and samples point at (plan, category, mode), so the mode cannot change once the first task is issued.
    """

    __tablename__ = "plan_category"
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("sampling_plan.id"), primary_key=True)
    category_id: Mapped[UUID] = mapped_column(ForeignKey("food_category.id"), primary_key=True)
    mode: Mapped[SeparationMode]
    sampling_organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    lab_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    __table_args__ = (UniqueConstraint("plan_id", "category_id", "mode"),)

    def ledger_chain(self) -> str:
        return f"plan:{self.plan_id}"


class PlanLine(Ledgered, Entity):
    """How many samples of one stratum, and why that many."""

    __tablename__ = "plan_line"
    plan_id: Mapped[UUID]
    category_id: Mapped[UUID]
    stratum: Mapped[str]
    food_category_id: Mapped[UUID] = mapped_column(ForeignKey("food_category.id"))
    place_kind: Mapped[PlaceKind]
    samples: Mapped[int]
    parts: Mapped[dict[str, Any]]  # floor, statutory, neyman, risk, votes; they add up to samples
    figures: Mapped[dict[str, Any]]  # population, floor, ceiling, statutory, votes, tests, fails as they were
    # Of a line that another system gave: whose task it is, how it is filed, where it is drawn. NULL: as its plan says.
    task_source: Mapped[str | None]
    report_class_a: Mapped[str | None]
    report_class_b: Mapped[str | None]
    region_code: Mapped[str | None]
    __table_args__ = (
        CheckConstraint(
            "(task_source IS NULL) = (report_class_a IS NULL) AND (task_source IS NULL) = (report_class_b IS NULL)"
            " AND (region_code IS NULL OR task_source IS NOT NULL)",
            name="given_as_a_whole",
        ),
        ForeignKeyConstraint(["plan_id", "category_id"], ["plan_category.plan_id", "plan_category.category_id"]),
        UniqueConstraint("plan_id", "stratum"),
        UniqueConstraint("id", "plan_id", "category_id"),
        CheckConstraint("samples >= 0", name="samples_not_negative"),
    )

    def ledger_chain(self) -> str:
        return f"plan:{self.plan_id}"


class Business(Ledgered, Entity):
    """A food business that can be sampled: the frame of the draw."""

    __tablename__ = "business"
    name: Mapped[str]
    address: Mapped[str]
    stall_no: Mapped[str | None]
    region_code: Mapped[str]
    area_type: Mapped[str]
    place_kind: Mapped[PlaceKind]
    uscc: Mapped[str | None]
    uscc_note: Mapped[str | None]
    licence_kind: Mapped[str | None]
    licence_no: Mapped[str | None]
    legal_person: Mapped[str | None]
    contact: Mapped[str | None]
    phone: Mapped[str | None]
    market_organiser: Mapped[str | None]  # 食品集中交易市场开办者, an addressee of every notice
    platform: Mapped[str | None]
    shop_url: Mapped[str | None]
    regulator_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)  # who handles what it does
    registered_at: Mapped[datetime]
    closed_on: Mapped[date | None]
    __table_args__ = (
        Index("ix_business_open_place", "place_kind", "region_code", postgresql_where="closed_on IS NULL"),
    )

    def ledger_chain(self) -> str:
        return f"business:{self.id}"


class BusinessFood(Base):
    """What a business sells or makes: the strata it can be drawn for."""

    __tablename__ = "business_food"
    business_id: Mapped[UUID] = mapped_column(ForeignKey("business.id"), primary_key=True)
    food_category_id: Mapped[UUID] = mapped_column(ForeignKey("food_category.id"), primary_key=True, index=True)
    __table_args__ = ({"info": {"privileges": "select, insert, delete"}},)


class SamplingInstitution(Ledgered, Base):
    """The four-digit number of a sampling organisation within its sampling numbers, given once and kept."""

    __tablename__ = "sampling_institution"
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    __table_args__ = (
        CheckConstraint("code ~ '^[0-9]{4}$'", name="four_digits"),
        {"info": {"privileges": "select, insert"}},
    )

    def ledger_chain(self) -> str:
        return f"organisation:{self.organisation_id}"


class RandomDraw(Ledgered, Entity):
    """A draw of businesses and teams: its record is sealed until sampling is over, then published (I11)."""

    __tablename__ = "random_draw"
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("sampling_plan.id"), index=True)
    drawn_at: Mapped[datetime]
    drawn_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    record: Mapped[dict[str, Any]] = mapped_column(info={"ledger": False})
    record_sha256: Mapped[bytes]
    published_at: Mapped[datetime | None]

    def ledger_chain(self) -> str:
        return f"draw:{self.id}"


class SamplingTask(Ledgered, Entity):
    """One visit: a drawn business, a food of the plan, a team of two samplers and an accompanying officer."""

    __tablename__ = "sampling_task"
    task_no: Mapped[str] = mapped_column(unique=True)
    plan_id: Mapped[UUID]
    category_id: Mapped[UUID]
    mode: Mapped[SeparationMode]
    plan_line_id: Mapped[UUID]
    draw_id: Mapped[UUID | None] = mapped_column(ForeignKey("random_draw.id"))
    rank: Mapped[int | None]  # place among the tickets of its stratum; past the line's number: a reserve
    business_id: Mapped[UUID] = mapped_column(ForeignKey("business.id"), index=True)
    food_category_id: Mapped[UUID] = mapped_column(ForeignKey("food_category.id"))
    stage: Mapped[Stage]
    sampling_organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    first_sampler_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    second_sampler_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    accompanying_officer_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    planned_on: Mapped[date]
    state: Mapped[TaskState]
    no_sample_reason: Mapped[NoSampleReason | None]
    note: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    issued_at: Mapped[datetime]
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("sampling_task.id"), unique=True)
    __table_args__ = (
        # Pins the mode: the plan's category cannot take another mode while a task points at this one.
        ForeignKeyConstraint(
            ["plan_id", "category_id", "mode"],
            ["plan_category.plan_id", "plan_category.category_id", "plan_category.mode"],
        ),
        ForeignKeyConstraint(
            ["plan_line_id", "plan_id", "category_id"], ["plan_line.id", "plan_line.plan_id", "plan_line.category_id"]
        ),
        UniqueConstraint("id", "plan_id", "category_id", "mode"),
        CheckConstraint(
            "first_sampler_id <> second_sampler_id AND first_sampler_id <> accompanying_officer_id"
            " AND second_sampler_id <> accompanying_officer_id",
            name="team_of_three",
        ),
        CheckConstraint("(state = 'not_sampled') = (no_sample_reason IS NOT NULL)", name="reason_if_not_sampled"),
        Index("ix_sampling_task_open_day", "planned_on", postgresql_where="state = 'issued'"),
    )

    def ledger_chain(self) -> str:
        return f"plan:{self.plan_id}"


class Signal(Ledgered, Entity):
    """Something that may steer samples, after a person confirmed it."""

    __tablename__ = "signal"
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    kind: Mapped[SignalKind]
    received_at: Mapped[datetime]
    food_category_id: Mapped[UUID | None] = mapped_column(ForeignKey("food_category.id"))
    business_id: Mapped[UUID | None] = mapped_column(ForeignKey("business.id"))
    place_kind: Mapped[PlaceKind | None]
    text: Mapped[str]
    source_reference: Mapped[str | None]
    weight: Mapped[int]
    expires_on: Mapped[date]
    confirmed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None]
    dismissed_reason: Mapped[str | None]
    __table_args__ = (
        CheckConstraint("weight BETWEEN 1 AND 100", name="weight_in_range"),
        CheckConstraint("(confirmed_by_id IS NULL) = (confirmed_at IS NULL)", name="confirmed_by_somebody"),
    )

    def ledger_chain(self) -> str:
        return f"signal:{self.id}"


explain_constraint(
    "uq_sampling_plan_standing", _l("There is a standing plan for this year already."), field="is_standing"
)
explain_constraint("pk_plan_category", _l("This category stands in the plan already."), field="category")
explain_constraint(
    "fk_sampling_task_plan_id_category_id_mode_plan_category",
    _l("The separation mode is fixed: the first task of this category is issued."),
    field="mode",
)
explain_constraint("ck_sampling_task_team_of_three", _l("Two samplers and the accompanying officer are three persons."))
explain_constraint("uq_sampling_task_replaces_id", _l("Another visit has taken the place of this one already."))
