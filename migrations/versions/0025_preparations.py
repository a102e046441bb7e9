"""What the bench prepares, from what, and what batches were measured with

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "preparation",
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("preparation_no", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("homogenate", "standard", "solution", name="preparationkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("test_set_id", sa.Uuid(), nullable=True),
        sa.Column("final_amount", sa.Numeric(), nullable=True),
        sa.Column("final_unit", sa.Text(), nullable=False),
        sa.Column("dilution_factor", sa.Numeric(), nullable=True),
        sa.Column("concentration", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("storage", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("prepared_by_id", sa.Uuid(), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("discarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("discarded_by_id", sa.Uuid(), nullable=True),
        sa.Column("discarded_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(concentration IS NULL) = (unit = '')", name=op.f("ck_preparation_concentration_has_unit")),
        sa.CheckConstraint("(final_amount IS NULL) = (final_unit = '')", name=op.f("ck_preparation_amount_has_unit")),
        sa.CheckConstraint(
            "(kind = 'homogenate') = (test_set_id IS NOT NULL)", name=op.f("ck_preparation_homogenate_of_a_sample")
        ),
        sa.CheckConstraint(
            "(kind = 'standard') = (concentration IS NOT NULL)", name=op.f("ck_preparation_standard_has_concentration")
        ),
        sa.CheckConstraint(
            "concentration > 0 AND concentration < 'Infinity'", name=op.f("ck_preparation_concentration_positive")
        ),
        sa.CheckConstraint(
            "dilution_factor > 0 AND dilution_factor < 'Infinity'", name=op.f("ck_preparation_factor_positive")
        ),
        sa.CheckConstraint("discarded_reason <> ''", name=op.f("ck_preparation_discarded_with_reason")),
        sa.CheckConstraint(
            "final_amount > 0 AND final_amount < 'Infinity'", name=op.f("ck_preparation_amount_positive")
        ),
        sa.CheckConstraint("kind IN ('homogenate', 'standard', 'solution')", name=op.f("ck_preparation_kind_known")),
        sa.CheckConstraint("name <> '' AND preparation_no <> ''", name=op.f("ck_preparation_named")),
        sa.CheckConstraint(
            "(discarded_at IS NULL) = (discarded_by_id IS NULL) AND (discarded_at IS NULL) = (discarded_reason IS NULL)",
            name=op.f("ck_preparation_discarding_is_whole"),
        ),
        sa.ForeignKeyConstraint(["discarded_by_id"], ["person.id"], name=op.f("fk_preparation_discarded_by_id_person")),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_preparation_lab_id_organisation")),
        sa.ForeignKeyConstraint(["prepared_by_id"], ["person.id"], name=op.f("fk_preparation_prepared_by_id_person")),
        sa.ForeignKeyConstraint(["test_set_id"], ["test_set.id"], name=op.f("fk_preparation_test_set_id_test_set")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preparation")),
        sa.UniqueConstraint("lab_id", "preparation_no", name=op.f("uq_preparation_lab_id_preparation_no")),
    )
    op.create_index("ix_preparation_newest", "preparation", ["lab_id", "prepared_at", "id"], unique=False)
    op.create_index(op.f("ix_preparation_test_set_id"), "preparation", ["test_set_id"], unique=False)
    op.create_table(
        "batch_material",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("preparation_id", sa.Uuid(), nullable=True),
        sa.Column("reagent_lot_id", sa.Uuid(), nullable=True),
        sa.Column("control_lot_id", sa.Uuid(), nullable=True),
        sa.Column("noted_by_id", sa.Uuid(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(preparation_id, reagent_lot_id, control_lot_id) = 1",
            name=op.f("ck_batch_material_one_material"),
        ),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_batch_material_seq_from_one")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_material_batch_id_batch")),
        sa.ForeignKeyConstraint(
            ["control_lot_id"], ["control_lot.id"], name=op.f("fk_batch_material_control_lot_id_control_lot")
        ),
        sa.ForeignKeyConstraint(["noted_by_id"], ["person.id"], name=op.f("fk_batch_material_noted_by_id_person")),
        sa.ForeignKeyConstraint(
            ["preparation_id"], ["preparation.id"], name=op.f("fk_batch_material_preparation_id_preparation")
        ),
        sa.ForeignKeyConstraint(
            ["reagent_lot_id"], ["reagent_lot.id"], name=op.f("fk_batch_material_reagent_lot_id_reagent_lot")
        ),
        sa.PrimaryKeyConstraint("batch_id", "seq", name=op.f("pk_batch_material")),
        sa.UniqueConstraint(
            "batch_id",
            "preparation_id",
            "reagent_lot_id",
            "control_lot_id",
            name="uq_batch_material_once",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_batch_material_control_lot_id"), "batch_material", ["control_lot_id"], unique=False)
    op.create_index(op.f("ix_batch_material_preparation_id"), "batch_material", ["preparation_id"], unique=False)
    op.create_index(op.f("ix_batch_material_reagent_lot_id"), "batch_material", ["reagent_lot_id"], unique=False)
    op.create_table(
        "preparation_parent",
        sa.Column("made_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("preparation_id", sa.Uuid(), nullable=True),
        sa.Column("reagent_lot_id", sa.Uuid(), nullable=True),
        sa.Column("control_lot_id", sa.Uuid(), nullable=True),
        sa.Column("taken", sa.Numeric(), nullable=True),
        sa.Column("taken_unit", sa.Text(), nullable=False),
        sa.Column("concentration", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.CheckConstraint("(taken IS NULL) = (taken_unit = '')", name=op.f("ck_preparation_parent_taken_has_unit")),
        sa.CheckConstraint("taken > 0 AND taken < 'Infinity'", name=op.f("ck_preparation_parent_taken_positive")),
        sa.CheckConstraint(
            "num_nonnulls(preparation_id, reagent_lot_id, control_lot_id) = 1",
            name=op.f("ck_preparation_parent_one_parent"),
        ),
        sa.CheckConstraint("preparation_id <> made_id", name=op.f("ck_preparation_parent_not_of_itself")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_preparation_parent_seq_from_one")),
        sa.ForeignKeyConstraint(
            ["control_lot_id"], ["control_lot.id"], name=op.f("fk_preparation_parent_control_lot_id_control_lot")
        ),
        sa.ForeignKeyConstraint(
            ["lab_id"], ["organisation.id"], name=op.f("fk_preparation_parent_lab_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["made_id"], ["preparation.id"], name=op.f("fk_preparation_parent_made_id_preparation")
        ),
        sa.ForeignKeyConstraint(
            ["preparation_id"], ["preparation.id"], name=op.f("fk_preparation_parent_preparation_id_preparation")
        ),
        sa.ForeignKeyConstraint(
            ["reagent_lot_id"], ["reagent_lot.id"], name=op.f("fk_preparation_parent_reagent_lot_id_reagent_lot")
        ),
        sa.PrimaryKeyConstraint("made_id", "seq", name=op.f("pk_preparation_parent")),
    )
    op.create_index(
        op.f("ix_preparation_parent_control_lot_id"), "preparation_parent", ["control_lot_id"], unique=False
    )
    op.create_index(
        op.f("ix_preparation_parent_preparation_id"), "preparation_parent", ["preparation_id"], unique=False
    )
    op.create_index(
        op.f("ix_preparation_parent_reagent_lot_id"), "preparation_parent", ["reagent_lot_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("preparation_parent")
    op.drop_table("batch_material")
    op.drop_table("preparation")
