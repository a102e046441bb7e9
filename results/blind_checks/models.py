"""Tables of the checks: what was put in, what is known of it, and how the laboratory did."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from results.blind_checks.types import Expected, Outcome
from sampling.models.of_sample import OfSample
from sampling.types import DutyRole, SamplePurpose


class BlindCheck(OfSample, Base):
    """One check: a sample that its quality manager prepared, and what came of it."""

    __tablename__ = "blind_check"
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"), primary_key=True)
    purpose: Mapped[SamplePurpose]
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    material: Mapped[str]  # what is in the container: certified material and lot, or how it was spiked
    split_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("sample.id"), index=True)
    most_percent: Mapped[Decimal | None]  # of a split: the largest difference, in per cent of the mean
    prepared_by_id: Mapped[UUID]
    prepared_as: Mapped[DutyRole]
    prepared_at: Mapped[datetime]
    evaluated_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    evaluated_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None]
    conclusion: Mapped[str | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["sample_id", "prepared_by_id", "prepared_as"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_blind_check_prepared_by_acted",
        ),
        CheckConstraint("prepared_as = 'recoder'", name="prepared_on_the_sampling_side"),
        CheckConstraint("purpose IN ('known', 'split')", name="is_a_check"),
        CheckConstraint("(purpose = 'split') = (split_of_id IS NOT NULL)", name="split_of_a_sample"),
        CheckConstraint("(purpose = 'split') = (most_percent IS NOT NULL)", name="split_with_a_bound"),
        CheckConstraint("most_percent > 0 AND most_percent <= 200", name="percent_possible"),
        CheckConstraint("material <> ''", name="material_given"),
        CheckConstraint(
            "(outcome IS NULL) = (evaluated_at IS NULL) AND (outcome IS NULL) = (evaluated_by_id IS NULL)"
            " AND (outcome IS NULL) = (conclusion IS NULL)",
            name="evaluation_is_whole",
        ),
        CheckConstraint("conclusion <> ''", name="conclusion_given"),
        Index("ix_blind_check_newest", "lab_id", "prepared_at", "sample_id"),
        {"info": {"privileges": "select, insert, update (evaluated_by_id, evaluated_at, outcome, conclusion)"}},
    )


class BlindCheckValue(OfSample, Base):
    """What is known of one item of the material; written before the bench has seen it, and never changed."""

    __tablename__ = "blind_check_value"
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("blind_check.sample_id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("test_item.id"))
    expected: Mapped[Expected]
    value: Mapped[Decimal | None]
    deviation: Mapped[Decimal | None]
    unit: Mapped[str]
    __table_args__ = (
        PrimaryKeyConstraint("sample_id", "item_id"),
        CheckConstraint("(expected = 'value') = (value IS NOT NULL)", name="value_if_expected"),
        CheckConstraint("(value IS NULL) = (deviation IS NULL)", name="value_with_its_deviation"),
        CheckConstraint("value >= 0 AND value < 'Infinity'", name="value_possible"),
        CheckConstraint("deviation > 0 AND deviation < 'Infinity'", name="deviation_positive"),
        {"info": {"privileges": "select, insert"}},
    )


class BlindCheckScore(OfSample, Base):
    """How one item was scored, on the version of the result that stood."""

    __tablename__ = "blind_check_score"
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("blind_check.sample_id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("test_item.id"))
    result_id: Mapped[UUID] = mapped_column(ForeignKey("item_result.id"))
    compared_id: Mapped[UUID | None] = mapped_column(ForeignKey("item_result.id"))  # of a split: the original's
    figure: Mapped[Decimal | None]
    outcome: Mapped[Outcome]
    __table_args__ = (
        PrimaryKeyConstraint("sample_id", "item_id"),
        CheckConstraint("abs(figure) < 'Infinity'", name="figure_finite"),
        {"info": {"privileges": "select, insert"}},
    )


explain_constraint("pk_blind_check_value", _l("This item stands there already."), field="values")
explain_constraint("pk_blind_check_score", _l("This check is evaluated already."))
