"""Catalogue: categories, items, methods, limits, regions, parameters, calendar

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "food_category",
        sa.Column("tree_version", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("major_code", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("national_major_no", sa.Text(), nullable=True),
        sa.Column("national_major_zh", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("trust", sa.Enum("R", "G", "I", name="trust", native_enum=False, length=40), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("trust IN ('R', 'G', 'I')", name=op.f("ck_food_category_trust_known")),
        sa.CheckConstraint(
            "(level = 1) = (national_major_no IS NOT NULL)", name=op.f("ck_food_category_majors_are_mapped")
        ),
        sa.CheckConstraint("(level = 1) = (parent_id IS NULL)", name=op.f("ck_food_category_only_majors_are_roots")),
        sa.CheckConstraint("level BETWEEN 1 AND 4", name=op.f("ck_food_category_level_known")),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["food_category.id"], name=op.f("fk_food_category_parent_id_food_category")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_food_category")),
        sa.UniqueConstraint("tree_version", "code", name=op.f("uq_food_category_tree_version_code")),
    )
    op.create_index(op.f("ix_food_category_parent_id"), "food_category", ["parent_id"], unique=False)
    op.create_table(
        "region",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column(
            "level",
            sa.Enum("province", "city", "county", name="regionlevel", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("is_statistical", sa.Boolean(), nullable=False),
        sa.CheckConstraint("code ~ '^[0-9]{6}$'", name=op.f("ck_region_code_six_digits")),
        sa.CheckConstraint("level IN ('province', 'city', 'county')", name=op.f("ck_region_level_known")),
        sa.ForeignKeyConstraint(["parent_code"], ["region.code"], name=op.f("fk_region_parent_code_region")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_region")),
    )
    op.create_index(op.f("ix_region_parent_code"), "region", ["parent_code"], unique=False)
    op.create_table(
        "sampling_prefix",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("trust", sa.Enum("R", "G", "I", name="trust", native_enum=False, length=40), nullable=False),
        sa.CheckConstraint("prefix ~ '^[A-Z]{2,4}$'", name=op.f("ck_sampling_prefix_prefix_letters")),
        sa.CheckConstraint("trust IN ('R', 'G', 'I')", name=op.f("ck_sampling_prefix_trust_known")),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_sampling_prefix")),
    )
    op.create_table(
        "standard",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=True),
        sa.Column("title_en", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("trust", sa.Enum("R", "G", "I", name="trust", native_enum=False, length=40), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("trust IN ('R', 'G', 'I')", name=op.f("ck_standard_trust_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard")),
        sa.UniqueConstraint("number", name=op.f("uq_standard_number")),
    )
    op.create_table(
        "test_item",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column(
            "item_class",
            sa.Enum(
                "contaminant",
                "mycotoxin",
                "pesticide",
                "veterinary_drug",
                "additive",
                "microorganism",
                "non_food_substance",
                "quality",
                "nutrient",
                name="itemclass",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "hazard",
            sa.Enum(
                "none", "illegal_additive", "prohibited_drug", "pathogen", name="hazard", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("trust", sa.Enum("R", "G", "I", name="trust", native_enum=False, length=40), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "hazard IN ('none', 'illegal_additive', 'prohibited_drug', 'pathogen')",
            name=op.f("ck_test_item_hazard_known"),
        ),
        sa.CheckConstraint(
            "item_class IN ('contaminant', 'mycotoxin', 'pesticide', 'veterinary_drug', 'additive', 'microorganism', 'non_food_substance', 'quality', 'nutrient')",
            name=op.f("ck_test_item_item_class_known"),
        ),
        sa.CheckConstraint("trust IN ('R', 'G', 'I')", name=op.f("ck_test_item_trust_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_item")),
        sa.UniqueConstraint("code", name=op.f("uq_test_item_code")),
    )
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_workday", sa.Boolean(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "workday", "weekend", "public_holiday", "makeup_workday", name="daykind", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("name_zh", sa.Text(), nullable=True),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_reason", sa.Text(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("superseded_by_id", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("trust", sa.Enum("R", "G", "I", name="trust", native_enum=False, length=40), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "is_workday = (kind IN ('workday', 'makeup_workday'))", name=op.f("ck_calendar_day_kind_agrees")
        ),
        sa.CheckConstraint(
            "kind IN ('workday', 'weekend', 'public_holiday', 'makeup_workday')",
            name=op.f("ck_calendar_day_kind_known"),
        ),
        sa.CheckConstraint("trust IN ('R', 'G', 'I')", name=op.f("ck_calendar_day_trust_known")),
        sa.CheckConstraint(
            "(superseded_at IS NULL) = (superseded_reason IS NULL)", name=op.f("ck_calendar_day_closing_has_reason")
        ),
        sa.CheckConstraint(
            "recorded_by_id IS NULL OR reason IS NOT NULL", name=op.f("ck_calendar_day_change_has_reason")
        ),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["person.id"], name=op.f("fk_calendar_day_recorded_by_id_person")),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["calendar_day.id"], name=op.f("fk_calendar_day_replaces_id_calendar_day")
        ),
        sa.ForeignKeyConstraint(
            ["superseded_by_id"], ["person.id"], name=op.f("fk_calendar_day_superseded_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_day")),
        info={"privileges": "select, insert, update (superseded_at, superseded_by_id, superseded_reason)"},
    )
    op.create_index(
        "uq_calendar_day_current",
        "calendar_day",
        ["day"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "catalog_revision",
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["person.id"], name=op.f("fk_catalog_revision_changed_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_revision")),
        info={"privileges": "select, insert"},
    )
    op.create_index("ix_catalog_revision_row", "catalog_revision", ["table_name", "row_key"], unique=False)
    op.create_table(
        "check_item",
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind", sa.Enum("inspection", "monitoring", name="itemkind", native_enum=False, length=40), nullable=False
        ),
        sa.Column("basis_standards", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("method_standards", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("applicability", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_reason", sa.Text(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("superseded_by_id", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("trust", sa.Enum("R", "G", "I", name="trust", native_enum=False, length=40), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('inspection', 'monitoring')", name=op.f("ck_check_item_kind_known")),
        sa.CheckConstraint("trust IN ('R', 'G', 'I')", name=op.f("ck_check_item_trust_known")),
        sa.CheckConstraint(
            "(superseded_at IS NULL) = (superseded_reason IS NULL)", name=op.f("ck_check_item_closing_has_reason")
        ),
        sa.CheckConstraint(
            "recorded_by_id IS NULL OR reason IS NOT NULL", name=op.f("ck_check_item_change_has_reason")
        ),
        sa.ForeignKeyConstraint(
            ["category_id"], ["food_category.id"], name=op.f("fk_check_item_category_id_food_category")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["test_item.id"], name=op.f("fk_check_item_item_id_test_item")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["person.id"], name=op.f("fk_check_item_recorded_by_id_person")),
        sa.ForeignKeyConstraint(["replaces_id"], ["check_item.id"], name=op.f("fk_check_item_replaces_id_check_item")),
        sa.ForeignKeyConstraint(
            ["superseded_by_id"], ["person.id"], name=op.f("fk_check_item_superseded_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_item")),
        info={"privileges": "select, insert, update (superseded_at, superseded_by_id, superseded_reason)"},
    )
    op.create_index(op.f("ix_check_item_item_id"), "check_item", ["item_id"], unique=False)
    op.create_index(
        "uq_check_item_current",
        "check_item",
        ["category_id", "item_id", "applicability"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "method",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("lod", sa.Numeric(), nullable=True),
        sa.Column("loq", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column(
            "absence_judged_at",
            sa.Enum("lod", "loq", "stated", name="absencebound", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("stated_bound", sa.Numeric(), nullable=True),
        sa.Column("reported_digits", sa.Text(), nullable=True),
        sa.Column("bound_trust", sa.Enum("R", "G", "I", name="trust", native_enum=False, length=40), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_reason", sa.Text(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("superseded_by_id", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("trust", sa.Enum("R", "G", "I", name="trust", native_enum=False, length=40), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(absence_judged_at = 'stated') = (stated_bound IS NOT NULL)", name=op.f("ck_method_bound_is_stated")
        ),
        sa.CheckConstraint("(lod IS NULL AND loq IS NULL) OR unit <> ''", name=op.f("ck_method_bound_has_unit")),
        sa.CheckConstraint(
            "absence_judged_at IN ('lod', 'loq', 'stated')", name=op.f("ck_method_absence_judged_at_known")
        ),
        sa.CheckConstraint("bound_trust IN ('R', 'G', 'I')", name=op.f("ck_method_bound_trust_known")),
        sa.CheckConstraint("lod > 0 AND lod < 'Infinity'", name=op.f("ck_method_lod_positive")),
        sa.CheckConstraint("loq > 0 AND loq < 'Infinity'", name=op.f("ck_method_loq_positive")),
        sa.CheckConstraint("trust IN ('R', 'G', 'I')", name=op.f("ck_method_trust_known")),
        sa.CheckConstraint(
            "(superseded_at IS NULL) = (superseded_reason IS NULL)", name=op.f("ck_method_closing_has_reason")
        ),
        sa.CheckConstraint("lod <= loq", name=op.f("ck_method_lod_below_loq")),
        sa.CheckConstraint("recorded_by_id IS NULL OR reason IS NOT NULL", name=op.f("ck_method_change_has_reason")),
        sa.ForeignKeyConstraint(["item_id"], ["test_item.id"], name=op.f("fk_method_item_id_test_item")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["person.id"], name=op.f("fk_method_recorded_by_id_person")),
        sa.ForeignKeyConstraint(["replaces_id"], ["method.id"], name=op.f("fk_method_replaces_id_method")),
        sa.ForeignKeyConstraint(["superseded_by_id"], ["person.id"], name=op.f("fk_method_superseded_by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_method")),
        info={"privileges": "select, insert, update (superseded_at, superseded_by_id, superseded_reason)"},
    )
    op.create_index(op.f("ix_method_item_id"), "method", ["item_id"], unique=False)
    op.create_index(
        "uq_method_current",
        "method",
        ["item_id", "standard", "part"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "rule_parameter",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column(
            "unit",
            sa.Enum(
                "working_day",
                "natural_day",
                "hour",
                "month",
                "count",
                "percent",
                "gram",
                "celsius",
                name="parameterunit",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("starts_at_zh", sa.Text(), nullable=False),
        sa.Column("starts_at_en", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_reason", sa.Text(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("superseded_by_id", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("trust", sa.Enum("R", "G", "I", name="trust", native_enum=False, length=40), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(hashtextextended(code, 0), hashtextextended(code, 0), '[]')"), "&&"),
            (sa.text("daterange(valid_from, valid_to, '[]')"), "&&"),
            where=sa.text("superseded_at IS NULL"),
            using="gist",
            name="ex_rule_parameter_one_value_a_day",
        ),
        sa.CheckConstraint("trust IN ('R', 'G', 'I')", name=op.f("ck_rule_parameter_trust_known")),
        sa.CheckConstraint(
            "unit IN ('working_day', 'natural_day', 'hour', 'month', 'count', 'percent', 'gram', 'celsius')",
            name=op.f("ck_rule_parameter_unit_known"),
        ),
        sa.CheckConstraint(
            "(value > 0 OR unit = 'celsius') AND value > '-Infinity' AND value < 'Infinity'",
            name=op.f("ck_rule_parameter_value_positive"),
        ),
        sa.CheckConstraint(
            "(superseded_at IS NULL) = (superseded_reason IS NULL)", name=op.f("ck_rule_parameter_closing_has_reason")
        ),
        sa.CheckConstraint(
            "recorded_by_id IS NULL OR reason IS NOT NULL", name=op.f("ck_rule_parameter_change_has_reason")
        ),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_rule_parameter_dates_in_order")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["person.id"], name=op.f("fk_rule_parameter_recorded_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["rule_parameter.id"], name=op.f("fk_rule_parameter_replaces_id_rule_parameter")
        ),
        sa.ForeignKeyConstraint(
            ["superseded_by_id"], ["person.id"], name=op.f("fk_rule_parameter_superseded_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_parameter")),
        info={"privileges": "select, insert, update (superseded_at, superseded_by_id, superseded_reason)"},
    )
    op.create_table(
        "standard_edition",
        sa.Column("standard_id", sa.Uuid(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("in_force_from", sa.Date(), nullable=False),
        sa.Column("in_force_to", sa.Date(), nullable=True),
        sa.Column(
            "coverage",
            sa.Enum("complete", "partial", "none", name="coverage", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("trust", sa.Enum("R", "G", "I", name="trust", native_enum=False, length=40), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "coverage IN ('complete', 'partial', 'none')", name=op.f("ck_standard_edition_coverage_known")
        ),
        sa.CheckConstraint("trust IN ('R', 'G', 'I')", name=op.f("ck_standard_edition_trust_known")),
        sa.CheckConstraint("in_force_from <= in_force_to", name=op.f("ck_standard_edition_dates_in_order")),
        sa.ForeignKeyConstraint(
            ["standard_id"], ["standard.id"], name=op.f("fk_standard_edition_standard_id_standard")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_edition")),
        sa.UniqueConstraint("standard_id", "edition", name=op.f("uq_standard_edition_standard_id_edition")),
    )
    op.create_table(
        "test_item_alias",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("match_key", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["test_item.id"], name=op.f("fk_test_item_alias_item_id_test_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_item_alias")),
        sa.UniqueConstraint("match_key", name=op.f("uq_test_item_alias_match_key")),
    )
    op.create_index(op.f("ix_test_item_alias_item_id"), "test_item_alias", ["item_id"], unique=False)
    op.create_table(
        "food_limit",
        sa.Column("edition_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("table_no", sa.Text(), nullable=False),
        sa.Column("food_path", sa.Text(), nullable=False),
        sa.Column("food_name", sa.Text(), nullable=False),
        sa.Column("food_words", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("except_words", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("limit_text", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("expressed_as", sa.Text(), nullable=False),
        sa.Column("applicability", sa.Text(), nullable=False),
        sa.Column(
            "comparison",
            sa.Enum("full_value", "rounded_value", name="comparison", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("from_label", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_reason", sa.Text(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("superseded_by_id", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("trust", sa.Enum("R", "G", "I", name="trust", native_enum=False, length=40), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "comparison IN ('full_value', 'rounded_value')", name=op.f("ck_food_limit_comparison_known")
        ),
        sa.CheckConstraint("trust IN ('R', 'G', 'I')", name=op.f("ck_food_limit_trust_known")),
        sa.CheckConstraint(
            "(superseded_at IS NULL) = (superseded_reason IS NULL)", name=op.f("ck_food_limit_closing_has_reason")
        ),
        sa.CheckConstraint(
            "recorded_by_id IS NULL OR reason IS NOT NULL", name=op.f("ck_food_limit_change_has_reason")
        ),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_food_limit_dates_in_order")),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["standard_edition.id"], name=op.f("fk_food_limit_edition_id_standard_edition")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["test_item.id"], name=op.f("fk_food_limit_item_id_test_item")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["person.id"], name=op.f("fk_food_limit_recorded_by_id_person")),
        sa.ForeignKeyConstraint(["replaces_id"], ["food_limit.id"], name=op.f("fk_food_limit_replaces_id_food_limit")),
        sa.ForeignKeyConstraint(
            ["superseded_by_id"], ["person.id"], name=op.f("fk_food_limit_superseded_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_food_limit")),
        info={"privileges": "select, insert, update (superseded_at, superseded_by_id, superseded_reason)"},
    )
    op.create_index(op.f("ix_food_limit_edition_id"), "food_limit", ["edition_id"], unique=False)
    op.create_index(op.f("ix_food_limit_item_id"), "food_limit", ["item_id"], unique=False)
    op.create_index(
        "uq_food_limit_current",
        "food_limit",
        ["edition_id", "item_id", "food_path", "applicability", "valid_from"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "food_limit_scope",
        sa.Column("limit_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("named_only", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["food_category.id"], name=op.f("fk_food_limit_scope_category_id_food_category")
        ),
        sa.ForeignKeyConstraint(["limit_id"], ["food_limit.id"], name=op.f("fk_food_limit_scope_limit_id_food_limit")),
        sa.PrimaryKeyConstraint("limit_id", "category_id", name=op.f("pk_food_limit_scope")),
        info={"privileges": "select, insert"},
    )
    op.create_index(op.f("ix_food_limit_scope_category_id"), "food_limit_scope", ["category_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_food_limit_scope_category_id"), table_name="food_limit_scope")
    op.drop_table("food_limit_scope")
    op.drop_index("uq_food_limit_current", table_name="food_limit", postgresql_where=sa.text("superseded_at IS NULL"))
    op.drop_index(op.f("ix_food_limit_item_id"), table_name="food_limit")
    op.drop_index(op.f("ix_food_limit_edition_id"), table_name="food_limit")
    op.drop_table("food_limit")
    op.drop_index(op.f("ix_test_item_alias_item_id"), table_name="test_item_alias")
    op.drop_table("test_item_alias")
    op.drop_table("standard_edition")
    op.drop_table("rule_parameter")
    op.drop_index("uq_method_current", table_name="method", postgresql_where=sa.text("superseded_at IS NULL"))
    op.drop_index(op.f("ix_method_item_id"), table_name="method")
    op.drop_table("method")
    op.drop_index("uq_check_item_current", table_name="check_item", postgresql_where=sa.text("superseded_at IS NULL"))
    op.drop_index(op.f("ix_check_item_item_id"), table_name="check_item")
    op.drop_table("check_item")
    op.drop_index("ix_catalog_revision_row", table_name="catalog_revision")
    op.drop_table("catalog_revision")
    op.drop_index(
        "uq_calendar_day_current", table_name="calendar_day", postgresql_where=sa.text("superseded_at IS NULL")
    )
    op.drop_table("calendar_day")
    op.drop_table("test_item")
    op.drop_table("standard")
    op.drop_table("sampling_prefix")
    op.drop_index(op.f("ix_region_parent_code"), table_name="region")
    op.drop_table("region")
    op.drop_index(op.f("ix_food_category_parent_id"), table_name="food_category")
    op.drop_table("food_category")
