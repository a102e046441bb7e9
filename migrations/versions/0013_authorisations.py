"""Authorisations that block, with their certificate, extension and revocation; rule parameters that are a switch

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KINDS = ("sign", "sample", "test", "custody")
UNITS = "'working_day', 'natural_day', 'hour', 'month', 'count', 'percent', 'gram', 'celsius'"


def upgrade() -> None:
    op.drop_constraint(op.f("ck_rule_parameter_unit_known"), "rule_parameter")
    op.drop_constraint(op.f("ck_rule_parameter_value_positive"), "rule_parameter")
    op.create_check_constraint(op.f("ck_rule_parameter_unit_known"), "rule_parameter", f"unit IN ({UNITS}, 'switch')")
    op.create_check_constraint(
        op.f("ck_rule_parameter_value_positive"),
        "rule_parameter",
        "(value > 0 OR unit IN ('celsius', 'switch')) AND value > '-Infinity' AND value < 'Infinity'",
    )
    op.create_check_constraint(
        op.f("ck_rule_parameter_switch_is_on_or_off"), "rule_parameter", "unit <> 'switch' OR value IN (0, 1)"
    )
    op.alter_column(
        "authorisation",
        "kind",
        type_=sa.Enum(*KINDS, name="authorisationkind", native_enum=False, length=40),
        existing_type=sa.Text(),
    )
    op.create_check_constraint(
        op.f("ck_authorisation_kind_known"), "authorisation", "kind IN ('sign', 'sample', 'test', 'custody')"
    )
    op.add_column("authorisation", sa.Column("method_codes", sa.ARRAY(sa.Text()), nullable=True))
    op.add_column("authorisation", sa.Column("extends_id", sa.Uuid(), nullable=True))
    op.add_column("authorisation", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("authorisation", sa.Column("granted_by_id", sa.Uuid(), nullable=True))
    op.add_column("authorisation", sa.Column("granted_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE authorisation SET method_codes = '{}', granted_at = valid_from")
    op.alter_column("authorisation", "method_codes", nullable=False)
    op.alter_column("authorisation", "granted_at", nullable=False)
    op.create_unique_constraint(op.f("uq_authorisation_extends_id"), "authorisation", ["extends_id"])
    op.create_foreign_key(
        op.f("fk_authorisation_extends_id_authorisation"), "authorisation", "authorisation", ["extends_id"], ["id"]
    )
    op.create_foreign_key(
        op.f("fk_authorisation_granted_by_id_person"), "authorisation", "person", ["granted_by_id"], ["id"]
    )
    op.create_foreign_key(
        op.f("fk_authorisation_certificate_sha256_stored_file"),
        "authorisation",
        "stored_file",
        ["certificate_sha256"],
        ["sha256"],
    )
    op.create_check_constraint(
        op.f("ck_authorisation_extended_with_a_reason"), "authorisation", "extends_id IS NULL OR reason <> ''"
    )
    op.create_table(
        "authorisation_revocation",
        sa.Column("authorisation_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("revoked_by_id", sa.Uuid(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_authorisation_revocation_reason_given")),
        sa.ForeignKeyConstraint(
            ["authorisation_id"],
            ["authorisation.id"],
            name=op.f("fk_authorisation_revocation_authorisation_id_authorisation"),
        ),
        sa.ForeignKeyConstraint(
            ["revoked_by_id"], ["person.id"], name=op.f("fk_authorisation_revocation_revoked_by_id_person")
        ),
        sa.PrimaryKeyConstraint("authorisation_id", name=op.f("pk_authorisation_revocation")),
        info={"privileges": "select, insert"},
    )


def downgrade() -> None:
    op.drop_table("authorisation_revocation")
    op.drop_constraint(op.f("ck_authorisation_extended_with_a_reason"), "authorisation")
    for name in (
        "fk_authorisation_certificate_sha256_stored_file",
        "fk_authorisation_granted_by_id_person",
        "fk_authorisation_extends_id_authorisation",
        "uq_authorisation_extends_id",
        "ck_authorisation_kind_known",
    ):
        op.drop_constraint(op.f(name), "authorisation")
    for column in ("granted_at", "granted_by_id", "reason", "extends_id", "method_codes"):
        op.drop_column("authorisation", column)
    op.alter_column("authorisation", "kind", type_=sa.Text())
    op.execute("DELETE FROM rule_parameter WHERE unit = 'switch'")
    op.drop_constraint(op.f("ck_rule_parameter_switch_is_on_or_off"), "rule_parameter")
    op.drop_constraint(op.f("ck_rule_parameter_value_positive"), "rule_parameter")
    op.drop_constraint(op.f("ck_rule_parameter_unit_known"), "rule_parameter")
    op.create_check_constraint(
        op.f("ck_rule_parameter_value_positive"),
        "rule_parameter",
        "(value > 0 OR unit = 'celsius') AND value > '-Infinity' AND value < 'Infinity'",
    )
    op.create_check_constraint(op.f("ck_rule_parameter_unit_known"), "rule_parameter", f"unit IN ({UNITS})")
