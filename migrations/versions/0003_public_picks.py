"""Public picks

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "challenge_use",
        sa.Column("challenge_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("challenge_id", name=op.f("pk_challenge_use")),
        info={"privileges": "select, insert, delete"},
    )
    op.create_index(op.f("ix_challenge_use_expires_at"), "challenge_use", ["expires_at"], unique=False)
    op.create_table(
        "pick_round",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum("draft", "open", "closed", "counted", "sealed", name="roundstate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rules_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('counted', 'sealed')) = (counted_at IS NOT NULL)",
            name=op.f("ck_pick_round_counted_has_instant"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'open', 'closed', 'counted', 'sealed')", name=op.f("ck_pick_round_state_known")
        ),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_pick_round_opens_before_it_closes")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_pick_round_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pick_round")),
        info={
            "privileges": "select, insert, update (title_zh, title_en, opens_at, closes_at, state, rules, rules_sha256, counted_at)"
        },
    )
    op.create_index(op.f("ix_pick_round_organisation_id"), "pick_round", ["organisation_id"], unique=False)
    op.create_index("ix_pick_round_state_opens_at", "pick_round", ["state", "opens_at"], unique=False)
    op.create_table(
        "ballot",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("choices", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "tier",
            sa.Enum("device", "one_time_code", "assisted", name="tier", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("cast_on", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("tier IN ('device', 'one_time_code', 'assisted')", name=op.f("ck_ballot_tier_known")),
        sa.CheckConstraint("cardinality(choices) BETWEEN 0 AND 5", name=op.f("ck_ballot_at_most_five_choices")),
        sa.CheckConstraint("octet_length(nonce) = 32", name=op.f("ck_ballot_nonce_of_32_bytes")),
        sa.ForeignKeyConstraint(["round_id"], ["pick_round.id"], name=op.f("fk_ballot_round_id_pick_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot")),
        sa.UniqueConstraint("commitment", name=op.f("uq_ballot_commitment")),
        info={"privileges": "select, insert"},
    )
    op.create_index(op.f("ix_ballot_receipt"), "ballot", ["receipt"], unique=False)
    op.create_index("ix_ballot_round_id_receipt", "ballot", ["round_id", "receipt", "id"], unique=False)
    op.create_table(
        "ballot_inbox",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("choices", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "tier",
            sa.Enum("device", "one_time_code", "assisted", name="tier", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("cast_on", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("tier IN ('device', 'one_time_code', 'assisted')", name=op.f("ck_ballot_inbox_tier_known")),
        sa.CheckConstraint("cardinality(choices) BETWEEN 0 AND 5", name=op.f("ck_ballot_inbox_at_most_five_choices")),
        sa.CheckConstraint("octet_length(nonce) = 32", name=op.f("ck_ballot_inbox_nonce_of_32_bytes")),
        sa.ForeignKeyConstraint(["round_id"], ["pick_round.id"], name=op.f("fk_ballot_inbox_round_id_pick_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot_inbox")),
        sa.UniqueConstraint("commitment", name=op.f("uq_ballot_inbox_commitment")),
        info={"privileges": "select, insert, delete"},
    )
    op.create_index(op.f("ix_ballot_inbox_receipt"), "ballot_inbox", ["receipt"], unique=False)
    op.create_index(op.f("ix_ballot_inbox_round_id"), "ballot_inbox", ["round_id"], unique=False)
    op.create_table(
        "nomination",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("business_name", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("network_tag", sa.LargeBinary(), nullable=False),
        sa.Column("named_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "accepted", "rejected", name="nominationstate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'waiting') = (decided_by_id IS NULL) AND (decided_by_id IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_nomination_decided_by_a_person"),
        ),
        sa.CheckConstraint("state IN ('waiting', 'accepted', 'rejected')", name=op.f("ck_nomination_state_known")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_nomination_decided_by_id_person")),
        sa.ForeignKeyConstraint(["round_id"], ["pick_round.id"], name=op.f("fk_nomination_round_id_pick_round")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nomination")),
        info={"privileges": "select, insert, update (state, decided_by_id, decided_at)"},
    )
    op.create_index("ix_nomination_round_id_state", "nomination", ["round_id", "state", "id"], unique=False)
    op.create_table(
        "pick_option",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("food_category_code", sa.Text(), nullable=False),
        sa.Column("place_kind", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("place_zh", sa.Text(), nullable=False),
        sa.Column("place_en", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "stratum = food_category_code || '@' || place_kind", name=op.f("ck_pick_option_stratum_of_its_parts")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["pick_round.id"], name=op.f("fk_pick_option_round_id_pick_round")),
        sa.PrimaryKeyConstraint("round_id", "stratum", name=op.f("pk_pick_option")),
        sa.UniqueConstraint("round_id", "position", name=op.f("uq_pick_option_round_id_position")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "voter_tag",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(tag) = 32", name=op.f("ck_voter_tag_tag_is_a_digest")),
        sa.ForeignKeyConstraint(["round_id"], ["pick_round.id"], name=op.f("fk_voter_tag_round_id_pick_round")),
        sa.PrimaryKeyConstraint("round_id", "tag", name=op.f("pk_voter_tag")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "pick_outcome",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("sampled", sa.Integer(), nullable=False),
        sa.Column("published", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("handled", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "planned >= 0 AND sampled >= 0 AND published >= 0 AND failed >= 0 AND handled >= 0",
            name=op.f("ck_pick_outcome_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["round_id", "stratum"],
            ["pick_option.round_id", "pick_option.stratum"],
            name=op.f("fk_pick_outcome_round_id_stratum_pick_option"),
        ),
        sa.PrimaryKeyConstraint("round_id", "stratum", name=op.f("pk_pick_outcome")),
    )
    op.create_table(
        "tally_row",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.Column(
            "tier",
            sa.Enum("device", "one_time_code", "assisted", name="tier", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("approvals", sa.Integer(), nullable=False),
        sa.CheckConstraint("tier IN ('device', 'one_time_code', 'assisted')", name=op.f("ck_tally_row_tier_known")),
        sa.CheckConstraint("approvals > 0", name=op.f("ck_tally_row_somebody_approved")),
        sa.ForeignKeyConstraint(
            ["round_id", "stratum"],
            ["pick_option.round_id", "pick_option.stratum"],
            name=op.f("fk_tally_row_round_id_stratum_pick_option"),
        ),
        sa.PrimaryKeyConstraint("round_id", "stratum", "tier", name=op.f("pk_tally_row")),
        info={"privileges": "select, insert"},
    )


def downgrade() -> None:
    op.drop_table("tally_row")
    op.drop_table("pick_outcome")
    op.drop_table("voter_tag")
    op.drop_table("pick_option")
    op.drop_index("ix_nomination_round_id_state", table_name="nomination")
    op.drop_table("nomination")
    op.drop_index(op.f("ix_ballot_inbox_round_id"), table_name="ballot_inbox")
    op.drop_index(op.f("ix_ballot_inbox_receipt"), table_name="ballot_inbox")
    op.drop_table("ballot_inbox")
    op.drop_index("ix_ballot_round_id_receipt", table_name="ballot")
    op.drop_index(op.f("ix_ballot_receipt"), table_name="ballot")
    op.drop_table("ballot")
    op.drop_index("ix_pick_round_state_opens_at", table_name="pick_round")
    op.drop_index(op.f("ix_pick_round_organisation_id"), table_name="pick_round")
    op.drop_table("pick_round")
    op.drop_index(op.f("ix_challenge_use_expires_at"), table_name="challenge_use")
    op.drop_table("challenge_use")
