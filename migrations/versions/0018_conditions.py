"""How warm portions were on their way: boxes with their ice, files of data loggers, loads that came late

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KINDS = ("missing", "extra", "broken", "temperature")


def _exceptions(*kinds: str) -> None:
    known = ", ".join(f"'{kind}'" for kind in kinds)
    op.execute("ALTER TABLE hand_over_exception DROP CONSTRAINT ck_hand_over_exception_kind_known")
    op.create_check_constraint(op.f("ck_hand_over_exception_kind_known"), "hand_over_exception", f"kind IN ({known})")


def upgrade() -> None:
    _exceptions(*KINDS, "late")
    op.add_column("hand_over", sa.Column("box_no", sa.Text(), nullable=True))
    op.add_column("hand_over", sa.Column("ice_packs", sa.Integer(), nullable=True))
    op.add_column("hand_over", sa.Column("ice_placed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("hand_over", sa.Column("box_photo_sha256", sa.LargeBinary(), nullable=True))
    op.create_foreign_key(
        op.f("fk_hand_over_box_photo_sha256_stored_file"), "hand_over", "stored_file", ["box_photo_sha256"], ["sha256"]
    )
    op.create_check_constraint(op.f("ck_hand_over_box_no_given"), "hand_over", "box_no <> ''")
    op.create_check_constraint(op.f("ck_hand_over_ice_packs_possible"), "hand_over", "ice_packs BETWEEN 0 AND 200")
    op.create_check_constraint(
        op.f("ck_hand_over_ice_placed_before"),
        "hand_over",
        "ice_placed_at IS NULL OR (ice_packs > 0 AND ice_placed_at <= offered_at)",
    )
    op.create_table(
        "temperature_log",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("hand_over_id", sa.Uuid(), nullable=True),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("bound", sa.Numeric(), nullable=True),
        sa.Column("readings", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lowest", sa.Numeric(), nullable=False),
        sa.Column("highest", sa.Numeric(), nullable=False),
        sa.Column("attached_by_id", sa.Uuid(), nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(hand_over_id IS NULL) <> (place_id IS NULL)", name=op.f("ck_temperature_log_of_one_thing")
        ),
        sa.CheckConstraint("readings >= 1", name=op.f("ck_temperature_log_something_read")),
        sa.CheckConstraint("first_at <= last_at", name=op.f("ck_temperature_log_in_order")),
        sa.CheckConstraint(
            "lowest <= highest AND lowest > -273.15 AND highest < 1000",
            name=op.f("ck_temperature_log_celsius_possible"),
        ),
        sa.ForeignKeyConstraint(
            ["attached_by_id"], ["person.id"], name=op.f("fk_temperature_log_attached_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["file_sha256"], ["stored_file.sha256"], name=op.f("fk_temperature_log_file_sha256_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["hand_over_id"], ["hand_over.id"], name=op.f("fk_temperature_log_hand_over_id_hand_over")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_temperature_log_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["storage_place.id"], name=op.f("fk_temperature_log_place_id_storage_place")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_temperature_log")),
        sa.UniqueConstraint(
            "organisation_id", "file_sha256", name=op.f("uq_temperature_log_organisation_id_file_sha256")
        ),
    )
    op.create_index(op.f("ix_temperature_log_hand_over_id"), "temperature_log", ["hand_over_id"], unique=False)
    op.create_index(op.f("ix_temperature_log_place_id"), "temperature_log", ["place_id"], unique=False)
    op.create_table(
        "temperature_excursion",
        sa.Column("temperature_log_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("highest", sa.Numeric(), nullable=False),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_temperature_excursion_seq_from_one")),
        sa.CheckConstraint("begins_at <= ends_at", name=op.f("ck_temperature_excursion_in_order")),
        sa.ForeignKeyConstraint(
            ["temperature_log_id"],
            ["temperature_log.id"],
            name=op.f("fk_temperature_excursion_temperature_log_id_temperature_log"),
        ),
        sa.PrimaryKeyConstraint("temperature_log_id", "seq", name=op.f("pk_temperature_excursion")),
    )


def downgrade() -> None:
    op.drop_table("temperature_excursion")
    op.drop_table("temperature_log")
    for name in ("box_no_given", "ice_packs_possible", "ice_placed_before"):
        op.drop_constraint(op.f(f"ck_hand_over_{name}"), "hand_over", type_="check")
    for column in ("box_no", "ice_packs", "ice_placed_at", "box_photo_sha256"):
        op.drop_column("hand_over", column)
    op.execute("DELETE FROM hand_over_exception WHERE kind = 'late'")
    _exceptions(*KINDS)
