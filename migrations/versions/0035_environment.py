"""The environment log: rooms, what they may be, what they were

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "room",
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_room_name_given")),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_room_lab_id_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room")),
        sa.UniqueConstraint("lab_id", "name", name=op.f("uq_room_lab_id_name")),
    )
    op.create_table(
        "room_limits",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("lowest_celsius", sa.Numeric(), nullable=True),
        sa.Column("highest_celsius", sa.Numeric(), nullable=True),
        sa.Column("lowest_humidity", sa.Numeric(), nullable=True),
        sa.Column("highest_humidity", sa.Numeric(), nullable=True),
        sa.Column("set_by_id", sa.Uuid(), nullable=False),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "lowest_celsius <= highest_celsius AND lowest_humidity <= highest_humidity",
            name=op.f("ck_room_limits_ends_in_order"),
        ),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_room_limits_room_id_room")),
        sa.ForeignKeyConstraint(["set_by_id"], ["person.id"], name=op.f("fk_room_limits_set_by_id_person")),
        sa.PrimaryKeyConstraint("room_id", "valid_from", name=op.f("pk_room_limits")),
    )
    op.create_table(
        "environment_reading",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("limits_from", sa.Date(), nullable=False),
        sa.Column("read_at", INSTANT, nullable=False),
        sa.Column("celsius", sa.Numeric(), nullable=False),
        sa.Column("humidity", sa.Numeric(), nullable=True),
        sa.Column("is_outside", sa.Boolean(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("noted_by_id", sa.Uuid(), nullable=False),
        sa.Column("noted_at", INSTANT, nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by_id IS NULL) AND (decided_at IS NULL) = (decision IS NULL) AND decision <> ''",
            name=op.f("ck_environment_reading_decision_is_whole"),
        ),
        sa.CheckConstraint(
            "celsius BETWEEN -90 AND 70 AND humidity BETWEEN 0 AND 100", name=op.f("ck_environment_reading_possible")
        ),
        sa.CheckConstraint(
            "decided_at IS NULL OR is_outside", name=op.f("ck_environment_reading_decided_where_outside")
        ),
        sa.CheckConstraint("decided_by_id <> noted_by_id", name=op.f("ck_environment_reading_two_people")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name=op.f("fk_environment_reading_decided_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["file_sha256"], ["stored_file.sha256"], name=op.f("fk_environment_reading_file_sha256_stored_file")
        ),
        sa.ForeignKeyConstraint(["noted_by_id"], ["person.id"], name=op.f("fk_environment_reading_noted_by_id_person")),
        sa.ForeignKeyConstraint(
            ["room_id", "limits_from"],
            ["room_limits.room_id", "room_limits.valid_from"],
            name=op.f("fk_environment_reading_room_id_limits_from_room_limits"),
        ),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_environment_reading_room_id_room")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_environment_reading")),
        sa.UniqueConstraint("room_id", "read_at", name=op.f("uq_environment_reading_room_id_read_at")),
    )
    op.create_index(
        "ix_environment_reading_undecided",
        "environment_reading",
        ["room_id"],
        unique=False,
        postgresql_where="is_outside AND decided_at IS NULL",
    )


def downgrade() -> None:
    op.drop_index(
        "ix_environment_reading_undecided",
        table_name="environment_reading",
        postgresql_where="is_outside AND decided_at IS NULL",
    )
    op.drop_table("environment_reading")
    op.drop_table("room_limits")
    op.drop_table("room")
