"""Checks of the laboratory: known materials and splits among the samples of the bench

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KINDS = (
    "routine",
    "special",
    "follow_up",
    "surprise",
    "public_pick",
    "public_event",
    "major_event",
    "complaint",
    "signal",
    "adhoc",
)
STATES = (
    "issued",
    "sampled",
    "in_transit",
    "received",
    "recoded",
    "testing",
    "locked",
    "signed",
    "served",
    "closed",
    "refused",
    "void",
    "not_tested",
    "recheck",
)
EXPECTED = ("value", "detected", "not_detected")
OUTCOMES = ("satisfactory", "questionable", "unsatisfactory")
ROLES = (
    "sampler",
    "accompanying_officer",
    "recoder",
    "unblinder",
    "tester",
    "reviewer",
    "signatory",
    "recheck_tester",
)
PURPOSES = ("inspection", "known", "split")
OF_AN_INSPECTION = ("plan_line_id", "task_id", "business_id")
# Columns of the worklist that stand on the sampling form, with their words.
FACTS = {
    "product_type": ("produce", "industrial", "catering", "additive", "contact_material", "other"),
    "packaging": ("prepackaged", "bulk"),
    "physical_form": ("solid", "semi_solid", "liquid", "gas"),
    "storage_condition": ("ambient", "chilled", "frozen", "dark", "airtight", "other"),
}


def _words(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=40)


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def _replace_check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(name), table)
    op.create_check_constraint(op.f(name), table, condition)


def upgrade() -> None:
    _replace_check("sampling_plan", "ck_sampling_plan_kind_known", _one_of("kind", (*KINDS, "quality_check")))
    op.create_index(
        "uq_sampling_plan_quality_check",
        "sampling_plan",
        ["organisation_id", "year"],
        unique=True,
        postgresql_where="kind = 'quality_check'",
    )
    _upgrade_samples()
    _upgrade_worklists()
    _create_checks()


def _upgrade_samples() -> None:
    op.add_column(
        "sample",
        sa.Column("purpose", _words(PURPOSES, "samplepurpose"), server_default="inspection", nullable=False),
    )
    op.create_check_constraint(op.f("ck_sample_purpose_known"), "sample", _one_of("purpose", PURPOSES))
    for column in OF_AN_INSPECTION:
        op.alter_column("sample", column, nullable=True)
    _replace_check("sample", "ck_sample_state_known", _one_of("state", (*STATES, "evaluated")))
    op.create_check_constraint(
        op.f("ck_sample_inspected_by_task_at_a_business"),
        "sample",
        "(purpose = 'inspection') = (task_id IS NOT NULL) AND (purpose = 'inspection') = (business_id IS NOT NULL)"
        " AND (purpose = 'inspection') = (plan_line_id IS NOT NULL)",
    )
    op.create_check_constraint(
        op.f("ck_sample_checks_are_evaluated"), "sample", "state <> 'evaluated' OR purpose <> 'inspection'"
    )
    op.create_check_constraint(
        op.f("ck_sample_checks_are_never_concluded"),
        "sample",
        "purpose = 'inspection' OR state IN ('issued', 'recoded', 'testing', 'locked', 'evaluated', 'not_tested')",
    )


def _upgrade_worklists() -> None:
    for column, values in FACTS.items():
        op.add_column("test_set", sa.Column(column, _words(values, column.replace("_", "")), nullable=True))
        op.create_check_constraint(op.f(f"ck_test_set_{column}_known"), "test_set", _one_of(column, values))
    op.add_column("test_set", sa.Column("storage_celsius", sa.Text(), nullable=True))
    op.add_column("test_set", sa.Column("standard", sa.Text(), nullable=True))
    op.add_column("test_set", sa.Column("is_enterprise_standard", sa.Boolean(), nullable=True))
    op.execute(
        "UPDATE test_set SET product_type = form.product_type, packaging = form.packaging,"
        " physical_form = form.physical_form, storage_condition = form.storage_condition,"
        " storage_celsius = form.storage_celsius,"
        " standard = CASE WHEN upper(btrim(form.executed_standard)) LIKE 'GB%'"
        " THEN upper(btrim(form.executed_standard)) END,"
        " is_enterprise_standard = coalesce(upper(btrim(form.executed_standard)) LIKE 'Q/%', false)"
        " FROM sampling_form form WHERE form.sample_id = test_set.sample_id"
    )
    for column in (*FACTS, "is_enterprise_standard"):
        op.alter_column("test_set", column, nullable=False)


def _create_checks() -> None:
    op.create_table(
        "blind_check",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", _words(PURPOSES, "samplepurpose"), nullable=False),
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("material", sa.Text(), nullable=False),
        sa.Column("split_of_id", sa.Uuid(), nullable=True),
        sa.Column("most_percent", sa.Numeric(), nullable=True),
        sa.Column("prepared_by_id", sa.Uuid(), nullable=False),
        sa.Column("prepared_as", _words(ROLES, "dutyrole"), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evaluated_by_id", sa.Uuid(), nullable=True),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", _words(OUTCOMES, "outcome"), nullable=True),
        sa.Column("conclusion", sa.Text(), nullable=True),
        sa.CheckConstraint("prepared_as = 'recoder'", name=op.f("ck_blind_check_prepared_on_the_sampling_side")),
        sa.CheckConstraint("purpose IN ('known', 'split')", name=op.f("ck_blind_check_is_a_check")),
        sa.CheckConstraint(
            "(purpose = 'split') = (split_of_id IS NOT NULL)", name=op.f("ck_blind_check_split_of_a_sample")
        ),
        sa.CheckConstraint(
            "(purpose = 'split') = (most_percent IS NOT NULL)", name=op.f("ck_blind_check_split_with_a_bound")
        ),
        sa.CheckConstraint("most_percent > 0 AND most_percent <= 200", name=op.f("ck_blind_check_percent_possible")),
        sa.CheckConstraint("material <> ''", name=op.f("ck_blind_check_material_given")),
        sa.CheckConstraint(
            "(outcome IS NULL) = (evaluated_at IS NULL) AND (outcome IS NULL) = (evaluated_by_id IS NULL)"
            " AND (outcome IS NULL) = (conclusion IS NULL)",
            name=op.f("ck_blind_check_evaluation_is_whole"),
        ),
        sa.CheckConstraint("conclusion <> ''", name=op.f("ck_blind_check_conclusion_given")),
        sa.CheckConstraint(_one_of("purpose", PURPOSES), name=op.f("ck_blind_check_purpose_known")),
        sa.CheckConstraint(_one_of("prepared_as", ROLES), name=op.f("ck_blind_check_prepared_as_known")),
        sa.CheckConstraint(_one_of("outcome", OUTCOMES), name=op.f("ck_blind_check_outcome_known")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_blind_check_sample_id_sample")),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_blind_check_lab_id_organisation")),
        sa.ForeignKeyConstraint(["split_of_id"], ["sample.id"], name=op.f("fk_blind_check_split_of_id_sample")),
        sa.ForeignKeyConstraint(["evaluated_by_id"], ["person.id"], name=op.f("fk_blind_check_evaluated_by_id_person")),
        sa.ForeignKeyConstraint(
            ["sample_id", "prepared_by_id", "prepared_as"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_blind_check_prepared_by_acted",
        ),
        sa.PrimaryKeyConstraint("sample_id", name=op.f("pk_blind_check")),
        info={"privileges": "select, insert, update (evaluated_by_id, evaluated_at, outcome, conclusion)"},
    )
    op.create_index(op.f("ix_blind_check_split_of_id"), "blind_check", ["split_of_id"])
    op.create_index("ix_blind_check_newest", "blind_check", ["lab_id", "prepared_at", "sample_id"])
    op.create_table(
        "blind_check_value",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("expected", _words(EXPECTED, "expected"), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("deviation", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(expected = 'value') = (value IS NOT NULL)", name=op.f("ck_blind_check_value_value_if_expected")
        ),
        sa.CheckConstraint(
            "(value IS NULL) = (deviation IS NULL)", name=op.f("ck_blind_check_value_value_with_its_deviation")
        ),
        sa.CheckConstraint("value >= 0 AND value < 'Infinity'", name=op.f("ck_blind_check_value_value_possible")),
        sa.CheckConstraint(
            "deviation > 0 AND deviation < 'Infinity'", name=op.f("ck_blind_check_value_deviation_positive")
        ),
        sa.CheckConstraint(_one_of("expected", EXPECTED), name=op.f("ck_blind_check_value_expected_known")),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["blind_check.sample_id"], name=op.f("fk_blind_check_value_sample_id_blind_check")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["test_item.id"], name=op.f("fk_blind_check_value_item_id_test_item")),
        sa.PrimaryKeyConstraint("sample_id", "item_id", name=op.f("pk_blind_check_value")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "blind_check_score",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("result_id", sa.Uuid(), nullable=False),
        sa.Column("compared_id", sa.Uuid(), nullable=True),
        sa.Column("figure", sa.Numeric(), nullable=True),
        sa.Column("outcome", _words(OUTCOMES, "outcome"), nullable=False),
        sa.CheckConstraint("abs(figure) < 'Infinity'", name=op.f("ck_blind_check_score_figure_finite")),
        sa.CheckConstraint(_one_of("outcome", OUTCOMES), name=op.f("ck_blind_check_score_outcome_known")),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["blind_check.sample_id"], name=op.f("fk_blind_check_score_sample_id_blind_check")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["test_item.id"], name=op.f("fk_blind_check_score_item_id_test_item")),
        sa.ForeignKeyConstraint(
            ["result_id"], ["item_result.id"], name=op.f("fk_blind_check_score_result_id_item_result")
        ),
        sa.ForeignKeyConstraint(
            ["compared_id"], ["item_result.id"], name=op.f("fk_blind_check_score_compared_id_item_result")
        ),
        sa.PrimaryKeyConstraint("sample_id", "item_id", name=op.f("pk_blind_check_score")),
        info={"privileges": "select, insert"},
    )


def downgrade() -> None:
    for table in ("blind_check_score", "blind_check_value", "blind_check"):
        op.drop_table(table)
    for column in ("is_enterprise_standard", "standard", "storage_celsius", *reversed(FACTS)):
        op.drop_column("test_set", column)
    # A database in which the laboratory was checked cannot go back: its checks are samples that the older one refuses.
    for column in OF_AN_INSPECTION:
        op.alter_column("sample", column, nullable=False)
    op.drop_constraint(op.f("ck_sample_checks_are_never_concluded"), "sample")
    op.drop_constraint(op.f("ck_sample_checks_are_evaluated"), "sample")
    op.drop_constraint(op.f("ck_sample_inspected_by_task_at_a_business"), "sample")
    op.drop_column("sample", "purpose")
    _replace_check("sample", "ck_sample_state_known", _one_of("state", STATES))
    op.drop_index("uq_sampling_plan_quality_check", "sampling_plan")
    _replace_check("sampling_plan", "ck_sampling_plan_kind_known", _one_of("kind", KINDS))
