"""Retests that bear out a fail

Revision ID: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

VERDICTS = ("pass", "fail", "problem", "not_judged", "cannot_judge", "untested")
ROLES = ("sampler", "accompanying_officer", "recoder", "unblinder", "tester", "reviewer", "signatory", "recheck_tester")


def _word(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=40)


def _known(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def upgrade() -> None:
    op.create_table(
        "result_retest",
        sa.Column("set_item_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_text", sa.Text(), nullable=False),
        sa.Column("used", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("verdict", _word(VERDICTS, "itemverdict"), nullable=False),
        sa.Column("tested_by_id", sa.Uuid(), nullable=False),
        sa.Column("tested_role", _word(ROLES, "dutyrole"), nullable=False),
        sa.Column("tested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("entered_text <> ''", name=op.f("ck_result_retest_retest_is_given")),
        sa.CheckConstraint("verdict <> 'untested'", name=op.f("ck_result_retest_retest_was_tested")),
        sa.CheckConstraint("tested_role = 'tester'", name=op.f("ck_result_retest_testers_retest")),
        sa.CheckConstraint(_known("verdict", VERDICTS), name=op.f("ck_result_retest_verdict_known")),
        sa.CheckConstraint(_known("tested_role", ROLES), name=op.f("ck_result_retest_tested_role_known")),
        sa.ForeignKeyConstraint(
            ["set_item_id", "sample_id"],
            ["test_set_item.id", "test_set_item.sample_id"],
            name=op.f("fk_result_retest_set_item_id_sample_id_test_set_item"),
        ),
        sa.ForeignKeyConstraint(
            ["set_item_id", "version"],
            ["item_result.set_item_id", "item_result.version"],
            name=op.f("fk_result_retest_set_item_id_version_item_result"),
        ),
        sa.ForeignKeyConstraint(
            ["sample_id", "tested_by_id", "tested_role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_result_retest_tested_by",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_retest")),
        sa.UniqueConstraint("set_item_id", "version", name=op.f("uq_result_retest_set_item_id_version")),
        info={"privileges": "select, insert"},
    )
    op.create_index(op.f("ix_result_retest_sample_id"), "result_retest", ["sample_id"], unique=False)


def downgrade() -> None:
    op.drop_table("result_retest")
