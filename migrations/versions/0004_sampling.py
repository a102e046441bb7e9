"""Plans, draws, tasks, samples, and the duties that keep two sides apart

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "business",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("stall_no", sa.Text(), nullable=True),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.Column("area_type", sa.Text(), nullable=False),
        sa.Column(
            "place_kind",
            sa.Enum(
                "raw_material_store",
                "production_line",
                "semi_finished_store",
                "finished_unchecked",
                "finished_checked",
                "farmers_market",
                "food_market",
                "wholesale_market",
                "department_store",
                "supermarket",
                "grocery",
                "online",
                "other_circulation",
                "restaurant",
                "school_canteen",
                "office_canteen",
                "enterprise_canteen",
                "site_canteen",
                "snack_bar",
                "fast_food",
                "drinks_shop",
                "collective_delivery",
                "central_kitchen",
                "other_catering",
                name="placekind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("uscc", sa.Text(), nullable=True),
        sa.Column("uscc_note", sa.Text(), nullable=True),
        sa.Column("licence_kind", sa.Text(), nullable=True),
        sa.Column("licence_no", sa.Text(), nullable=True),
        sa.Column("legal_person", sa.Text(), nullable=True),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("market_organiser", sa.Text(), nullable=True),
        sa.Column("platform", sa.Text(), nullable=True),
        sa.Column("shop_url", sa.Text(), nullable=True),
        sa.Column("regulator_id", sa.Uuid(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "place_kind IN ('raw_material_store', 'production_line', 'semi_finished_store', 'finished_unchecked', 'finished_checked', 'farmers_market', 'food_market', 'wholesale_market', 'department_store', 'supermarket', 'grocery', 'online', 'other_circulation', 'restaurant', 'school_canteen', 'office_canteen', 'enterprise_canteen', 'site_canteen', 'snack_bar', 'fast_food', 'drinks_shop', 'collective_delivery', 'central_kitchen', 'other_catering')",
            name=op.f("ck_business_place_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["regulator_id"], ["organisation.id"], name=op.f("fk_business_regulator_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business")),
    )
    op.create_index(
        "ix_business_open_place",
        "business",
        ["place_kind", "region_code"],
        unique=False,
        postgresql_where="closed_on IS NULL",
    )
    op.create_index(op.f("ix_business_regulator_id"), "business", ["regulator_id"], unique=False)
    op.create_table(
        "sampling_institution",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.CheckConstraint("code ~ '^[0-9]{4}$'", name=op.f("ck_sampling_institution_four_digits")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_sampling_institution_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_sampling_institution")),
        sa.UniqueConstraint("code", name=op.f("uq_sampling_institution_code")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "business_food",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("food_category_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["business_id"], ["business.id"], name=op.f("fk_business_food_business_id_business")),
        sa.ForeignKeyConstraint(
            ["food_category_id"], ["food_category.id"], name=op.f("fk_business_food_food_category_id_food_category")
        ),
        sa.PrimaryKeyConstraint("business_id", "food_category_id", name=op.f("pk_business_food")),
        info={"privileges": "select, insert, delete"},
    )
    op.create_index(op.f("ix_business_food_food_category_id"), "business_food", ["food_category_id"], unique=False)
    op.create_table(
        "sampling_plan",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
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
                name="plankind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "task_category",
            sa.Enum(
                "supervision",
                "spot_monitoring",
                "risk_monitoring",
                "evaluative",
                name="taskcategory",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("report_class_a", sa.Text(), nullable=False),
        sa.Column("report_class_b", sa.Text(), nullable=False),
        sa.Column("priority_reasons", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "state",
            sa.Enum("draft", "computed", "approved", "closed", name="planstate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("is_standing", sa.Boolean(), nullable=False),
        sa.Column("tree_version", sa.Text(), nullable=False),
        sa.Column("budget", sa.Integer(), nullable=True),
        sa.Column("shares", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seed", sa.Text(), nullable=True),
        sa.Column("pick_round_id", sa.Uuid(), nullable=True),
        sa.Column("inputs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("inputs_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by_id", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(approved_at IS NULL) = (state IN ('draft', 'computed'))",
            name=op.f("ck_sampling_plan_approved_when_approved"),
        ),
        sa.CheckConstraint(
            "kind IN ('routine', 'special', 'follow_up', 'surprise', 'public_pick', 'public_event', 'major_event', 'complaint', 'signal', 'adhoc')",
            name=op.f("ck_sampling_plan_kind_known"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'computed', 'approved', 'closed')", name=op.f("ck_sampling_plan_state_known")
        ),
        sa.CheckConstraint(
            "task_category IN ('supervision', 'spot_monitoring', 'risk_monitoring', 'evaluative')",
            name=op.f("ck_sampling_plan_task_category_known"),
        ),
        sa.CheckConstraint("budget IS NULL OR budget > 0", name=op.f("ck_sampling_plan_budget_positive")),
        sa.ForeignKeyConstraint(["approved_by_id"], ["person.id"], name=op.f("fk_sampling_plan_approved_by_id_person")),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_sampling_plan_created_by_id_person")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_sampling_plan_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["pick_round_id"], ["pick_round.id"], name=op.f("fk_sampling_plan_pick_round_id_pick_round")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_plan")),
    )
    op.create_index(op.f("ix_sampling_plan_organisation_id"), "sampling_plan", ["organisation_id"], unique=False)
    op.create_index(
        "uq_sampling_plan_standing",
        "sampling_plan",
        ["organisation_id", "year"],
        unique=True,
        postgresql_where="is_standing",
    )
    op.create_table(
        "signal",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "complaint",
                "kitchen_camera",
                "quick_test",
                "repeated_failure",
                "platform_report",
                name="signalkind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("food_category_id", sa.Uuid(), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=True),
        sa.Column(
            "place_kind",
            sa.Enum(
                "raw_material_store",
                "production_line",
                "semi_finished_store",
                "finished_unchecked",
                "finished_checked",
                "farmers_market",
                "food_market",
                "wholesale_market",
                "department_store",
                "supermarket",
                "grocery",
                "online",
                "other_circulation",
                "restaurant",
                "school_canteen",
                "office_canteen",
                "enterprise_canteen",
                "site_canteen",
                "snack_bar",
                "fast_food",
                "drinks_shop",
                "collective_delivery",
                "central_kitchen",
                "other_catering",
                name="placekind",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source_reference", sa.Text(), nullable=True),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("confirmed_by_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dismissed_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('complaint', 'kitchen_camera', 'quick_test', 'repeated_failure', 'platform_report')",
            name=op.f("ck_signal_kind_known"),
        ),
        sa.CheckConstraint(
            "place_kind IN ('raw_material_store', 'production_line', 'semi_finished_store', 'finished_unchecked', 'finished_checked', 'farmers_market', 'food_market', 'wholesale_market', 'department_store', 'supermarket', 'grocery', 'online', 'other_circulation', 'restaurant', 'school_canteen', 'office_canteen', 'enterprise_canteen', 'site_canteen', 'snack_bar', 'fast_food', 'drinks_shop', 'collective_delivery', 'central_kitchen', 'other_catering')",
            name=op.f("ck_signal_place_kind_known"),
        ),
        sa.CheckConstraint(
            "(confirmed_by_id IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_signal_confirmed_by_somebody")
        ),
        sa.CheckConstraint("weight BETWEEN 1 AND 100", name=op.f("ck_signal_weight_in_range")),
        sa.ForeignKeyConstraint(["business_id"], ["business.id"], name=op.f("fk_signal_business_id_business")),
        sa.ForeignKeyConstraint(["confirmed_by_id"], ["person.id"], name=op.f("fk_signal_confirmed_by_id_person")),
        sa.ForeignKeyConstraint(
            ["food_category_id"], ["food_category.id"], name=op.f("fk_signal_food_category_id_food_category")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_signal_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal")),
    )
    op.create_index(op.f("ix_signal_organisation_id"), "signal", ["organisation_id"], unique=False)
    op.create_table(
        "person_plan_duty",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Enum("sampling", "testing", name="side", native_enum=False, length=40), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("side IN ('sampling', 'testing')", name=op.f("ck_person_plan_duty_side_known")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_plan_duty_person_id_person")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["sampling_plan.id"], name=op.f("fk_person_plan_duty_plan_id_sampling_plan")
        ),
        sa.PrimaryKeyConstraint("plan_id", "person_id", name=op.f("pk_person_plan_duty")),
        sa.UniqueConstraint("plan_id", "person_id", "side", name=op.f("uq_person_plan_duty_plan_id_person_id_side")),
        info={"privileges": "select, insert, delete"},
    )
    op.create_index(op.f("ix_person_plan_duty_person_id"), "person_plan_duty", ["person_id"], unique=False)
    op.create_table(
        "plan_category",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("internal", "external", "regulator", name="separationmode", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("sampling_organisation_id", sa.Uuid(), nullable=True),
        sa.Column("lab_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("mode IN ('internal', 'external', 'regulator')", name=op.f("ck_plan_category_mode_known")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["food_category.id"], name=op.f("fk_plan_category_category_id_food_category")
        ),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_plan_category_lab_id_organisation")),
        sa.ForeignKeyConstraint(["plan_id"], ["sampling_plan.id"], name=op.f("fk_plan_category_plan_id_sampling_plan")),
        sa.ForeignKeyConstraint(
            ["sampling_organisation_id"],
            ["organisation.id"],
            name=op.f("fk_plan_category_sampling_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "category_id", name=op.f("pk_plan_category")),
        sa.UniqueConstraint("plan_id", "category_id", "mode", name=op.f("uq_plan_category_plan_id_category_id_mode")),
    )
    op.create_table(
        "random_draw",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_by_id", sa.Uuid(), nullable=True),
        sa.Column("record", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("record_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["drawn_by_id"], ["person.id"], name=op.f("fk_random_draw_drawn_by_id_person")),
        sa.ForeignKeyConstraint(["plan_id"], ["sampling_plan.id"], name=op.f("fk_random_draw_plan_id_sampling_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_random_draw")),
    )
    op.create_index(op.f("ix_random_draw_plan_id"), "random_draw", ["plan_id"], unique=False)
    op.create_table(
        "draw_ceremony",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("draw_name", sa.Text(), nullable=False),
        sa.Column("beacon_source", sa.Text(), nullable=False),
        sa.Column("frame_key", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by_id", sa.Uuid(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("frame_root", sa.Text(), nullable=True),
        sa.Column("frame", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (frame_root IS NULL) AND (closed_at IS NULL) = (frame IS NULL)",
            name=op.f("ck_draw_ceremony_frozen_when_closed"),
        ),
        sa.CheckConstraint("closed_at >= opened_at", name=op.f("ck_draw_ceremony_closed_after_opened")),
        sa.ForeignKeyConstraint(["opened_by_id"], ["person.id"], name=op.f("fk_draw_ceremony_opened_by_id_person")),
        sa.ForeignKeyConstraint(["plan_id"], ["sampling_plan.id"], name=op.f("fk_draw_ceremony_plan_id_sampling_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw_ceremony")),
        sa.UniqueConstraint("draw_name", name=op.f("uq_draw_ceremony_draw_name")),
        sa.UniqueConstraint("plan_id", name=op.f("uq_draw_ceremony_plan_id")),
    )
    op.create_table(
        "draw_commitment",
        sa.Column("ceremony_id", sa.Uuid(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("commitment ~ '^[0-9a-f]{64}$'", name=op.f("ck_draw_commitment_commitment_is_sha256")),
        sa.CheckConstraint(
            "(secret IS NULL) = (opened_at IS NULL)", name=op.f("ck_draw_commitment_opened_when_secret_known")
        ),
        sa.ForeignKeyConstraint(
            ["ceremony_id"], ["draw_ceremony.id"], name=op.f("fk_draw_commitment_ceremony_id_draw_ceremony")
        ),
        sa.PrimaryKeyConstraint("ceremony_id", "party", name=op.f("pk_draw_commitment")),
    )
    op.create_table(
        "organisation_duty",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Enum("sampling", "testing", name="side", native_enum=False, length=40), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("side IN ('sampling', 'testing')", name=op.f("ck_organisation_duty_side_known")),
        sa.ForeignKeyConstraint(
            ["party_id"], ["organisation.id"], name=op.f("fk_organisation_duty_party_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "category_id"],
            ["plan_category.plan_id", "plan_category.category_id"],
            name=op.f("fk_organisation_duty_plan_id_category_id_plan_category"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "category_id", "party_id", name=op.f("pk_organisation_duty")),
        sa.UniqueConstraint(
            "plan_id",
            "category_id",
            "party_id",
            "side",
            name=op.f("uq_organisation_duty_plan_id_category_id_party_id_side"),
        ),
        info={"privileges": "select, insert, delete"},
    )
    op.create_index(op.f("ix_organisation_duty_party_id"), "organisation_duty", ["party_id"], unique=False)
    op.create_table(
        "plan_line",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("stratum", sa.Text(), nullable=False),
        sa.Column("food_category_id", sa.Uuid(), nullable=False),
        sa.Column(
            "place_kind",
            sa.Enum(
                "raw_material_store",
                "production_line",
                "semi_finished_store",
                "finished_unchecked",
                "finished_checked",
                "farmers_market",
                "food_market",
                "wholesale_market",
                "department_store",
                "supermarket",
                "grocery",
                "online",
                "other_circulation",
                "restaurant",
                "school_canteen",
                "office_canteen",
                "enterprise_canteen",
                "site_canteen",
                "snack_bar",
                "fast_food",
                "drinks_shop",
                "collective_delivery",
                "central_kitchen",
                "other_catering",
                name="placekind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "place_kind IN ('raw_material_store', 'production_line', 'semi_finished_store', 'finished_unchecked', 'finished_checked', 'farmers_market', 'food_market', 'wholesale_market', 'department_store', 'supermarket', 'grocery', 'online', 'other_circulation', 'restaurant', 'school_canteen', 'office_canteen', 'enterprise_canteen', 'site_canteen', 'snack_bar', 'fast_food', 'drinks_shop', 'collective_delivery', 'central_kitchen', 'other_catering')",
            name=op.f("ck_plan_line_place_kind_known"),
        ),
        sa.CheckConstraint("samples >= 0", name=op.f("ck_plan_line_samples_not_negative")),
        sa.ForeignKeyConstraint(
            ["food_category_id"], ["food_category.id"], name=op.f("fk_plan_line_food_category_id_food_category")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id", "category_id"],
            ["plan_category.plan_id", "plan_category.category_id"],
            name=op.f("fk_plan_line_plan_id_category_id_plan_category"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_line")),
        sa.UniqueConstraint("id", "plan_id", "category_id", name=op.f("uq_plan_line_id_plan_id_category_id")),
        sa.UniqueConstraint("plan_id", "stratum", name=op.f("uq_plan_line_plan_id_stratum")),
    )
    op.create_table(
        "sampling_task",
        sa.Column("task_no", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("internal", "external", "regulator", name="separationmode", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("plan_line_id", sa.Uuid(), nullable=False),
        sa.Column("draw_id", sa.Uuid(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("food_category_id", sa.Uuid(), nullable=False),
        sa.Column(
            "stage",
            sa.Enum("production", "circulation", "catering", name="stage", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("sampling_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column("first_sampler_id", sa.Uuid(), nullable=False),
        sa.Column("second_sampler_id", sa.Uuid(), nullable=False),
        sa.Column("accompanying_officer_id", sa.Uuid(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("issued", "sampled", "not_sampled", "withdrawn", name="taskstate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "no_sample_reason",
            sa.Enum(
                "closed",
                "moved",
                "no_such_food",
                "stock_too_small",
                "refused",
                name="nosamplereason",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'not_sampled') = (no_sample_reason IS NOT NULL)",
            name=op.f("ck_sampling_task_reason_if_not_sampled"),
        ),
        sa.CheckConstraint("mode IN ('internal', 'external', 'regulator')", name=op.f("ck_sampling_task_mode_known")),
        sa.CheckConstraint(
            "no_sample_reason IN ('closed', 'moved', 'no_such_food', 'stock_too_small', 'refused')",
            name=op.f("ck_sampling_task_no_sample_reason_known"),
        ),
        sa.CheckConstraint(
            "stage IN ('production', 'circulation', 'catering')", name=op.f("ck_sampling_task_stage_known")
        ),
        sa.CheckConstraint(
            "state IN ('issued', 'sampled', 'not_sampled', 'withdrawn')", name=op.f("ck_sampling_task_state_known")
        ),
        sa.CheckConstraint(
            "first_sampler_id <> second_sampler_id AND first_sampler_id <> accompanying_officer_id AND second_sampler_id <> accompanying_officer_id",
            name=op.f("ck_sampling_task_team_of_three"),
        ),
        sa.ForeignKeyConstraint(
            ["accompanying_officer_id"], ["person.id"], name=op.f("fk_sampling_task_accompanying_officer_id_person")
        ),
        sa.ForeignKeyConstraint(["business_id"], ["business.id"], name=op.f("fk_sampling_task_business_id_business")),
        sa.ForeignKeyConstraint(["draw_id"], ["random_draw.id"], name=op.f("fk_sampling_task_draw_id_random_draw")),
        sa.ForeignKeyConstraint(
            ["first_sampler_id"], ["person.id"], name=op.f("fk_sampling_task_first_sampler_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["food_category_id"], ["food_category.id"], name=op.f("fk_sampling_task_food_category_id_food_category")
        ),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_sampling_task_lab_id_organisation")),
        sa.ForeignKeyConstraint(
            ["plan_id", "category_id", "mode"],
            ["plan_category.plan_id", "plan_category.category_id", "plan_category.mode"],
            name=op.f("fk_sampling_task_plan_id_category_id_mode_plan_category"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_line_id", "plan_id", "category_id"],
            ["plan_line.id", "plan_line.plan_id", "plan_line.category_id"],
            name=op.f("fk_sampling_task_plan_line_id_plan_id_category_id_plan_line"),
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["sampling_task.id"], name=op.f("fk_sampling_task_replaces_id_sampling_task")
        ),
        sa.ForeignKeyConstraint(
            ["sampling_organisation_id"],
            ["organisation.id"],
            name=op.f("fk_sampling_task_sampling_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["second_sampler_id"], ["person.id"], name=op.f("fk_sampling_task_second_sampler_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_task")),
        sa.UniqueConstraint(
            "id", "plan_id", "category_id", "mode", name=op.f("uq_sampling_task_id_plan_id_category_id_mode")
        ),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_sampling_task_replaces_id")),
        sa.UniqueConstraint("task_no", name=op.f("uq_sampling_task_task_no")),
    )
    op.create_index(op.f("ix_sampling_task_business_id"), "sampling_task", ["business_id"], unique=False)
    op.create_index(op.f("ix_sampling_task_first_sampler_id"), "sampling_task", ["first_sampler_id"], unique=False)
    op.create_index(
        "ix_sampling_task_open_day", "sampling_task", ["planned_on"], unique=False, postgresql_where="state = 'issued'"
    )
    op.create_index(op.f("ix_sampling_task_second_sampler_id"), "sampling_task", ["second_sampler_id"], unique=False)
    op.create_table(
        "sample",
        sa.Column("sampling_no", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("internal", "external", "regulator", name="separationmode", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("plan_line_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("food_category_id", sa.Uuid(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("regulator_id", sa.Uuid(), nullable=False),
        sa.Column("sampling_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("lab_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
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
                name="samplestate",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("state_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sampled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "verdict",
            sa.Enum("pass", "fail", "problem", name="sampleverdict", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('refused', 'void', 'not_tested')) = (ended_reason IS NOT NULL)",
            name=op.f("ck_sample_reason_if_ended_early"),
        ),
        sa.CheckConstraint("mode IN ('internal', 'external', 'regulator')", name=op.f("ck_sample_mode_known")),
        sa.CheckConstraint(
            "state IN ('issued', 'sampled', 'in_transit', 'received', 'recoded', 'testing', 'locked', 'signed', 'served', 'closed', 'refused', 'void', 'not_tested', 'recheck')",
            name=op.f("ck_sample_state_known"),
        ),
        sa.CheckConstraint(
            "state IN ('issued', 'void') OR sampled_at IS NOT NULL", name=op.f("ck_sample_sampled_at_if_sampled")
        ),
        sa.CheckConstraint("verdict IN ('pass', 'fail', 'problem')", name=op.f("ck_sample_verdict_known")),
        sa.CheckConstraint(
            "(verdict IS NOT NULL) = (state IN ('signed', 'served', 'closed', 'recheck'))",
            name=op.f("ck_sample_verdict_if_signed"),
        ),
        sa.ForeignKeyConstraint(["business_id"], ["business.id"], name=op.f("fk_sample_business_id_business")),
        sa.ForeignKeyConstraint(
            ["food_category_id"], ["food_category.id"], name=op.f("fk_sample_food_category_id_food_category")
        ),
        sa.ForeignKeyConstraint(["lab_id"], ["organisation.id"], name=op.f("fk_sample_lab_id_organisation")),
        sa.ForeignKeyConstraint(
            ["plan_line_id", "plan_id", "category_id"],
            ["plan_line.id", "plan_line.plan_id", "plan_line.category_id"],
            name=op.f("fk_sample_plan_line_id_plan_id_category_id_plan_line"),
        ),
        sa.ForeignKeyConstraint(
            ["regulator_id"], ["organisation.id"], name=op.f("fk_sample_regulator_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["sampling_organisation_id"],
            ["organisation.id"],
            name=op.f("fk_sample_sampling_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["task_id", "plan_id", "category_id", "mode"],
            ["sampling_task.id", "sampling_task.plan_id", "sampling_task.category_id", "sampling_task.mode"],
            name=op.f("fk_sample_task_id_plan_id_category_id_mode_sampling_task"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample")),
        sa.UniqueConstraint("id", "plan_id", "category_id", "mode", name=op.f("uq_sample_id_plan_id_category_id_mode")),
        sa.UniqueConstraint("sampling_no", name=op.f("uq_sample_sampling_no")),
        sa.UniqueConstraint("task_id", name=op.f("uq_sample_task_id")),
    )
    op.create_index(op.f("ix_sample_business_id"), "sample", ["business_id"], unique=False)
    op.create_index(op.f("ix_sample_lab_id"), "sample", ["lab_id"], unique=False)
    op.create_index("ix_sample_newest", "sample", ["issued_at", "id"], unique=False)
    op.create_index(op.f("ix_sample_regulator_id"), "sample", ["regulator_id"], unique=False)
    op.create_index(op.f("ix_sample_sampling_organisation_id"), "sample", ["sampling_organisation_id"], unique=False)
    op.create_index("ix_sample_state", "sample", ["state", "state_changed_at"], unique=False)
    op.create_table(
        "person_sample_duty",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Enum("sampling", "testing", name="side", native_enum=False, length=40), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("side IN ('sampling', 'testing')", name=op.f("ck_person_sample_duty_side_known")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_sample_duty_person_id_person")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_person_sample_duty_sample_id_sample")),
        sa.PrimaryKeyConstraint("sample_id", "person_id", name=op.f("pk_person_sample_duty")),
        sa.UniqueConstraint(
            "sample_id", "person_id", "side", name=op.f("uq_person_sample_duty_sample_id_person_id_side")
        ),
        info={"privileges": "select, insert, delete"},
    )
    op.create_index(op.f("ix_person_sample_duty_person_id"), "person_sample_duty", ["person_id"], unique=False)
    op.create_table(
        "sample_photo",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "place",
                "licence",
                "shelf",
                "label",
                "sample",
                "sealing",
                "purchase_ticket",
                "supply_note",
                "commitment_certificate",
                "online_shop",
                "online_order",
                "unpacking",
                "team",
                name="photokind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('place', 'licence', 'shelf', 'label', 'sample', 'sealing', 'purchase_ticket', 'supply_note', 'commitment_certificate', 'online_shop', 'online_order', 'unpacking', 'team')",
            name=op.f("ck_sample_photo_kind_known"),
        ),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_sample_photo_sample_id_sample")),
        sa.ForeignKeyConstraint(["sha256"], ["stored_file.sha256"], name=op.f("fk_sample_photo_sha256_stored_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample_photo")),
        sa.UniqueConstraint("sample_id", "sha256", name=op.f("uq_sample_photo_sample_id_sha256")),
        info={"privileges": "select, insert"},
    )
    op.create_index(op.f("ix_sample_photo_sample_id"), "sample_photo", ["sample_id"], unique=False)
    op.create_table(
        "sample_signature",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column(
            "signer",
            sa.Enum(
                "first_sampler",
                "second_sampler",
                "accompanying_officer",
                "sampled_party",
                "producer",
                name="signerkind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("signer_name", sa.Text(), nullable=False),
        sa.Column("image_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "signer IN ('first_sampler', 'second_sampler', 'accompanying_officer', 'sampled_party', 'producer')",
            name=op.f("ck_sample_signature_signer_known"),
        ),
        sa.ForeignKeyConstraint(
            ["image_sha256"], ["stored_file.sha256"], name=op.f("fk_sample_signature_image_sha256_stored_file")
        ),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_sample_signature_sample_id_sample")),
        sa.PrimaryKeyConstraint("sample_id", "signer", name=op.f("pk_sample_signature")),
        info={"privileges": "select, insert"},
    )
    op.create_table(
        "sampling_form",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "stage",
            sa.Enum("production", "circulation", "catering", name="stage", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "place_kind",
            sa.Enum(
                "raw_material_store",
                "production_line",
                "semi_finished_store",
                "finished_unchecked",
                "finished_checked",
                "farmers_market",
                "food_market",
                "wholesale_market",
                "department_store",
                "supermarket",
                "grocery",
                "online",
                "other_circulation",
                "restaurant",
                "school_canteen",
                "office_canteen",
                "enterprise_canteen",
                "site_canteen",
                "snack_bar",
                "fast_food",
                "drinks_shop",
                "collective_delivery",
                "central_kitchen",
                "other_catering",
                name="placekind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "area_type",
            sa.Enum("urban", "rural", "scenic", name="areatype", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.Column("party_name", sa.Text(), nullable=False),
        sa.Column("party_address", sa.Text(), nullable=False),
        sa.Column("party_uscc", sa.Text(), nullable=True),
        sa.Column("party_uscc_note", sa.Text(), nullable=True),
        sa.Column("party_licence_kind", sa.Text(), nullable=True),
        sa.Column("party_licence_no", sa.Text(), nullable=True),
        sa.Column("party_legal_person", sa.Text(), nullable=True),
        sa.Column("party_contact", sa.Text(), nullable=True),
        sa.Column("party_phone", sa.Text(), nullable=True),
        sa.Column("party_annual_sales", sa.Text(), nullable=True),
        sa.Column("market_organiser", sa.Text(), nullable=True),
        sa.Column("platform", sa.Text(), nullable=True),
        sa.Column("online_shop", sa.Text(), nullable=True),
        sa.Column("online_url", sa.Text(), nullable=True),
        sa.Column("online_buyer", sa.Text(), nullable=True),
        sa.Column("online_account", sa.Text(), nullable=True),
        sa.Column("online_order_no", sa.Text(), nullable=True),
        sa.Column("producer_name", sa.Text(), nullable=True),
        sa.Column("producer_address", sa.Text(), nullable=True),
        sa.Column("producer_region_code", sa.Text(), nullable=True),
        sa.Column("producer_licence_no", sa.Text(), nullable=True),
        sa.Column("producer_contact", sa.Text(), nullable=True),
        sa.Column("producer_phone", sa.Text(), nullable=True),
        sa.Column("entrusted_producer_name", sa.Text(), nullable=True),
        sa.Column("entrusted_producer_address", sa.Text(), nullable=True),
        sa.Column("entrusted_producer_kind", sa.Text(), nullable=True),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.Column("barcode", sa.Text(), nullable=True),
        sa.Column("brand", sa.Text(), nullable=True),
        sa.Column(
            "product_type",
            sa.Enum(
                "produce",
                "industrial",
                "catering",
                "additive",
                "contact_material",
                "other",
                name="producttype",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "source",
            sa.Enum(
                "self_made", "commissioned", "purchased", "other", name="samplesource", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "attribute",
            sa.Enum(
                "ordinary",
                "special_diet",
                "seasonal",
                "major_event",
                name="sampleattribute",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "packaging", sa.Enum("prepackaged", "bulk", name="packaging", native_enum=False, length=40), nullable=False
        ),
        sa.Column("product_date", sa.Date(), nullable=False),
        sa.Column(
            "date_kind",
            sa.Enum("produced", "processed", "purchased", name="datekind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("shelf_life", sa.Text(), nullable=True),
        sa.Column("batch_no", sa.Text(), nullable=True),
        sa.Column("specification", sa.Text(), nullable=True),
        sa.Column("quality_grade", sa.Text(), nullable=True),
        sa.Column("unit_price", sa.Numeric(), nullable=True),
        sa.Column("price_unit", sa.Text(), nullable=True),
        sa.Column("paid_amount", sa.Numeric(), nullable=True),
        sa.Column("payment_waived_reason", sa.Text(), nullable=True),
        sa.Column("is_imported", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("is_export", sa.Boolean(), nullable=False),
        sa.Column(
            "sampling_method",
            sa.Enum("aseptic", "non_aseptic", name="samplingmethod", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "physical_form",
            sa.Enum("solid", "semi_solid", "liquid", "gas", name="physicalform", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "container",
            sa.Enum(
                "glass_bottle",
                "plastic_bottle",
                "plastic_bag",
                "sterile_bag",
                "other",
                name="container",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "storage_condition",
            sa.Enum(
                "ambient",
                "chilled",
                "frozen",
                "dark",
                "airtight",
                "other",
                name="storagecondition",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("storage_celsius", sa.Text(), nullable=True),
        sa.Column("lot_size", sa.Numeric(), nullable=True),
        sa.Column("sampled_qty", sa.Numeric(), nullable=False),
        sa.Column("backup_qty", sa.Numeric(), nullable=True),
        sa.Column("quantity_unit", sa.Text(), nullable=False),
        sa.Column("no_backup_reason", sa.Text(), nullable=True),
        sa.Column("executed_standard", sa.Text(), nullable=True),
        sa.Column("label_claims", sa.Text(), nullable=True),
        sa.Column("supplier_name", sa.Text(), nullable=True),
        sa.Column("supplier_licence_no", sa.Text(), nullable=True),
        sa.Column("supplied_on", sa.Date(), nullable=True),
        sa.Column("supply_note_no", sa.Text(), nullable=True),
        sa.Column("has_commitment_certificate", sa.Boolean(), nullable=True),
        sa.Column("commitment_certificate_issuer", sa.Text(), nullable=True),
        sa.Column("place_of_origin", sa.Text(), nullable=True),
        sa.Column("site_check", sa.Text(), nullable=False),
        sa.Column("party_opinion", sa.Text(), nullable=True),
        sa.Column("party_refused_to_sign", sa.Boolean(), nullable=False),
        sa.Column("witness", sa.Text(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.CheckConstraint("area_type IN ('urban', 'rural', 'scenic')", name=op.f("ck_sampling_form_area_type_known")),
        sa.CheckConstraint(
            "attribute IN ('ordinary', 'special_diet', 'seasonal', 'major_event')",
            name=op.f("ck_sampling_form_attribute_known"),
        ),
        sa.CheckConstraint(
            "backup_qty > 0 AND backup_qty < 'Infinity'", name=op.f("ck_sampling_form_backup_qty_positive")
        ),
        sa.CheckConstraint(
            "container IN ('glass_bottle', 'plastic_bottle', 'plastic_bag', 'sterile_bag', 'other')",
            name=op.f("ck_sampling_form_container_known"),
        ),
        sa.CheckConstraint(
            "date_kind IN ('produced', 'processed', 'purchased')", name=op.f("ck_sampling_form_date_kind_known")
        ),
        sa.CheckConstraint("packaging IN ('prepackaged', 'bulk')", name=op.f("ck_sampling_form_packaging_known")),
        sa.CheckConstraint(
            "paid_amount >= 0 AND paid_amount < 'Infinity'", name=op.f("ck_sampling_form_paid_amount_not_negative")
        ),
        sa.CheckConstraint(
            "physical_form IN ('solid', 'semi_solid', 'liquid', 'gas')",
            name=op.f("ck_sampling_form_physical_form_known"),
        ),
        sa.CheckConstraint(
            "place_kind IN ('raw_material_store', 'production_line', 'semi_finished_store', 'finished_unchecked', 'finished_checked', 'farmers_market', 'food_market', 'wholesale_market', 'department_store', 'supermarket', 'grocery', 'online', 'other_circulation', 'restaurant', 'school_canteen', 'office_canteen', 'enterprise_canteen', 'site_canteen', 'snack_bar', 'fast_food', 'drinks_shop', 'collective_delivery', 'central_kitchen', 'other_catering')",
            name=op.f("ck_sampling_form_place_kind_known"),
        ),
        sa.CheckConstraint(
            "product_type IN ('produce', 'industrial', 'catering', 'additive', 'contact_material', 'other')",
            name=op.f("ck_sampling_form_product_type_known"),
        ),
        sa.CheckConstraint(
            "sampled_qty > 0 AND sampled_qty < 'Infinity'", name=op.f("ck_sampling_form_sampled_qty_positive")
        ),
        sa.CheckConstraint(
            "sampling_method IN ('aseptic', 'non_aseptic')", name=op.f("ck_sampling_form_sampling_method_known")
        ),
        sa.CheckConstraint(
            "source IN ('self_made', 'commissioned', 'purchased', 'other')", name=op.f("ck_sampling_form_source_known")
        ),
        sa.CheckConstraint(
            "stage IN ('production', 'circulation', 'catering')", name=op.f("ck_sampling_form_stage_known")
        ),
        sa.CheckConstraint(
            "storage_condition IN ('ambient', 'chilled', 'frozen', 'dark', 'airtight', 'other')",
            name=op.f("ck_sampling_form_storage_condition_known"),
        ),
        sa.CheckConstraint(
            "unit_price >= 0 AND unit_price < 'Infinity'", name=op.f("ck_sampling_form_unit_price_not_negative")
        ),
        sa.CheckConstraint(
            "(backup_qty IS NULL) = (no_backup_reason IS NOT NULL)", name=op.f("ck_sampling_form_backup_or_reason")
        ),
        sa.CheckConstraint(
            "(paid_amount IS NULL) = (payment_waived_reason IS NOT NULL)", name=op.f("ck_sampling_form_paid_or_waived")
        ),
        sa.CheckConstraint(
            "NOT party_refused_to_sign OR witness IS NOT NULL", name=op.f("ck_sampling_form_witness_if_refused_to_sign")
        ),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_sampling_form_sample_id_sample")),
        sa.PrimaryKeyConstraint("sample_id", name=op.f("pk_sampling_form")),
    )
    op.create_table(
        "separation_refusal",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("sample_id", sa.Uuid(), nullable=True),
        sa.Column(
            "role",
            sa.Enum(
                "sampler",
                "accompanying_officer",
                "recoder",
                "unblinder",
                "tester",
                "reviewer",
                "signatory",
                "recheck_tester",
                name="dutyrole",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column(
            "earlier_role",
            sa.Enum(
                "sampler",
                "accompanying_officer",
                "recoder",
                "unblinder",
                "tester",
                "reviewer",
                "signatory",
                "recheck_tester",
                name="dutyrole",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("earlier_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "earlier_role IN ('sampler', 'accompanying_officer', 'recoder', 'unblinder', 'tester', 'reviewer', 'signatory', 'recheck_tester')",
            name=op.f("ck_separation_refusal_earlier_role_known"),
        ),
        sa.CheckConstraint(
            "role IN ('sampler', 'accompanying_officer', 'recoder', 'unblinder', 'tester', 'reviewer', 'signatory', 'recheck_tester')",
            name=op.f("ck_separation_refusal_role_known"),
        ),
        sa.CheckConstraint(
            "sample_id IS NOT NULL OR scope IN ('plan', 'organisation', 'mode')",
            name=op.f("ck_separation_refusal_sample_unless_whole_plan"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_separation_refusal_person_id_person")),
        sa.ForeignKeyConstraint(
            ["plan_id", "category_id"],
            ["plan_category.plan_id", "plan_category.category_id"],
            name=op.f("fk_separation_refusal_plan_id_category_id_plan_category"),
        ),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_separation_refusal_sample_id_sample")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_separation_refusal")),
        info={"privileges": "select, insert"},
    )
    op.create_index("ix_separation_refusal_at", "separation_refusal", ["at", "id"], unique=False)
    op.create_index(op.f("ix_separation_refusal_person_id"), "separation_refusal", ["person_id"], unique=False)
    op.create_index(op.f("ix_separation_refusal_sample_id"), "separation_refusal", ["sample_id"], unique=False)
    op.create_table(
        "duty_act",
        sa.Column("sample_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("internal", "external", "regulator", name="separationmode", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column(
            "role",
            sa.Enum(
                "sampler",
                "accompanying_officer",
                "recoder",
                "unblinder",
                "tester",
                "reviewer",
                "signatory",
                "recheck_tester",
                name="dutyrole",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("side", sa.Enum("sampling", "testing", name="side", native_enum=False, length=40), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("employment_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "organisation_kind",
            sa.Enum(
                "regulator",
                "station",
                "sampling_org",
                "lab",
                "market",
                "platform",
                name="organisationkind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("acted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "plan_scope",
            sa.Uuid(),
            sa.Computed(
                "CASE WHEN role IN ('accompanying_officer', 'recoder', 'unblinder') THEN NULL ELSE plan_id END",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.Column(
            "organisation_scope",
            sa.Uuid(),
            sa.Computed(
                "CASE WHEN role IN ('accompanying_officer', 'recoder', 'unblinder') OR mode = 'internal' THEN NULL ELSE plan_id END",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(side = 'sampling') = (role IN ('accompanying_officer', 'recoder', 'sampler', 'unblinder'))",
            name=op.f("ck_duty_act_side_is_of_role"),
        ),
        sa.CheckConstraint(
            "NOT (mode = 'regulator' AND role = 'sampler') OR organisation_kind = 'regulator'",
            name=op.f("ck_duty_act_regulator_samples_itself"),
        ),
        sa.CheckConstraint("mode IN ('internal', 'external', 'regulator')", name=op.f("ck_duty_act_mode_known")),
        sa.CheckConstraint(
            "organisation_kind IN ('regulator', 'station', 'sampling_org', 'lab', 'market', 'platform')",
            name=op.f("ck_duty_act_organisation_kind_known"),
        ),
        sa.CheckConstraint(
            "role IN ('sampler', 'accompanying_officer', 'recoder', 'unblinder', 'tester', 'reviewer', 'signatory', 'recheck_tester')",
            name=op.f("ck_duty_act_role_known"),
        ),
        sa.CheckConstraint("side IN ('sampling', 'testing')", name=op.f("ck_duty_act_side_known")),
        sa.ForeignKeyConstraint(
            ["employment_id", "person_id", "organisation_id"],
            ["employment.id", "employment.person_id", "employment.organisation_id"],
            name="fk_duty_act_employment",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "organisation_kind", "party_id"],
            ["organisation.id", "organisation.kind", "organisation.party_id"],
            name="fk_duty_act_organisation",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_scope", "category_id", "party_id", "side"],
            [
                "organisation_duty.plan_id",
                "organisation_duty.category_id",
                "organisation_duty.party_id",
                "organisation_duty.side",
            ],
            name="fk_duty_act_organisation_duty",
        ),
        sa.ForeignKeyConstraint(
            ["plan_scope", "person_id", "side"],
            ["person_plan_duty.plan_id", "person_plan_duty.person_id", "person_plan_duty.side"],
            name="fk_duty_act_person_plan_duty",
        ),
        sa.ForeignKeyConstraint(
            ["sample_id", "person_id", "side"],
            ["person_sample_duty.sample_id", "person_sample_duty.person_id", "person_sample_duty.side"],
            name="fk_duty_act_person_sample_duty",
        ),
        sa.ForeignKeyConstraint(
            ["sample_id", "plan_id", "category_id", "mode"],
            ["sample.id", "sample.plan_id", "sample.category_id", "sample.mode"],
            name="fk_duty_act_sample_tuple",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_act")),
        sa.UniqueConstraint("sample_id", "person_id", "role", name=op.f("uq_duty_act_sample_id_person_id_role")),
        info={"privileges": "select, insert"},
    )
    op.create_index(op.f("ix_duty_act_person_id"), "duty_act", ["person_id"], unique=False)
    op.create_index(
        "uq_duty_act_one_bench_role",
        "duty_act",
        ["sample_id", "person_id"],
        unique=True,
        postgresql_where="role IN ('recheck_tester', 'reviewer', 'signatory', 'tester')",
    )


def downgrade() -> None:
    op.drop_index(
        "uq_duty_act_one_bench_role",
        table_name="duty_act",
        postgresql_where="role IN ('recheck_tester', 'reviewer', 'signatory', 'tester')",
    )
    op.drop_index(op.f("ix_duty_act_person_id"), table_name="duty_act")
    op.drop_table("duty_act")
    op.drop_index(op.f("ix_separation_refusal_sample_id"), table_name="separation_refusal")
    op.drop_index(op.f("ix_separation_refusal_person_id"), table_name="separation_refusal")
    op.drop_index("ix_separation_refusal_at", table_name="separation_refusal")
    op.drop_table("separation_refusal")
    op.drop_table("sampling_form")
    op.drop_table("sample_signature")
    op.drop_index(op.f("ix_sample_photo_sample_id"), table_name="sample_photo")
    op.drop_table("sample_photo")
    op.drop_index(op.f("ix_person_sample_duty_person_id"), table_name="person_sample_duty")
    op.drop_table("person_sample_duty")
    op.drop_index("ix_sample_state", table_name="sample")
    op.drop_index(op.f("ix_sample_sampling_organisation_id"), table_name="sample")
    op.drop_index(op.f("ix_sample_regulator_id"), table_name="sample")
    op.drop_index("ix_sample_newest", table_name="sample")
    op.drop_index(op.f("ix_sample_lab_id"), table_name="sample")
    op.drop_index(op.f("ix_sample_business_id"), table_name="sample")
    op.drop_table("sample")
    op.drop_index(op.f("ix_sampling_task_second_sampler_id"), table_name="sampling_task")
    op.drop_index("ix_sampling_task_open_day", table_name="sampling_task", postgresql_where="state = 'issued'")
    op.drop_index(op.f("ix_sampling_task_first_sampler_id"), table_name="sampling_task")
    op.drop_index(op.f("ix_sampling_task_business_id"), table_name="sampling_task")
    op.drop_table("sampling_task")
    op.drop_table("plan_line")
    op.drop_index(op.f("ix_organisation_duty_party_id"), table_name="organisation_duty")
    op.drop_table("organisation_duty")
    op.drop_table("draw_commitment")
    op.drop_table("draw_ceremony")
    op.drop_index(op.f("ix_random_draw_plan_id"), table_name="random_draw")
    op.drop_table("random_draw")
    op.drop_table("plan_category")
    op.drop_index(op.f("ix_person_plan_duty_person_id"), table_name="person_plan_duty")
    op.drop_table("person_plan_duty")
    op.drop_index(op.f("ix_signal_organisation_id"), table_name="signal")
    op.drop_table("signal")
    op.drop_index("uq_sampling_plan_standing", table_name="sampling_plan", postgresql_where="is_standing")
    op.drop_index(op.f("ix_sampling_plan_organisation_id"), table_name="sampling_plan")
    op.drop_table("sampling_plan")
    op.drop_index(op.f("ix_business_food_food_category_id"), table_name="business_food")
    op.drop_table("business_food")
    op.drop_table("sampling_institution")
    op.drop_index(op.f("ix_business_regulator_id"), table_name="business")
    op.drop_index("ix_business_open_place", table_name="business", postgresql_where="closed_on IS NULL")
    op.drop_table("business")
