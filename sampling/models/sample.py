"""Samples and their sampling forms."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base, Entity
from lims.decisions import DECISION_COLUMNS, Outcome, TwoPersonRequest, two_person_checks
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from sampling.models.of_sample import OfSample
from sampling.rules.form import CORRECTABLE
from sampling.types import (
    AreaType,
    Container,
    DateKind,
    Packaging,
    PhotoKind,
    PhysicalForm,
    PlaceKind,
    ProductType,
    SampleAttribute,
    SamplePurpose,
    SampleSource,
    SampleState,
    SampleVerdict,
    SamplingMethod,
    SeparationMode,
    SignerKind,
    Stage,
    StorageCondition,
    sample_chain,
)

PERSONAL = {"personal": True}


class Sample(Ledgered, Entity):
    """One sample: its number, where it belongs and the state it is in. What it is stands on its form.

    A check of the laboratory is a sample, too, so that the keys of separation hold for who prepares and tests it. It
    has no task, business or form, and can be evaluated and never concluded.
    """

    __tablename__ = "sample"
    sampling_no: Mapped[str] = mapped_column(unique=True)
    plan_id: Mapped[UUID]
    category_id: Mapped[UUID]  # the plan line's major category: correcting the food's name does not move it
    mode: Mapped[SeparationMode]
    purpose: Mapped[SamplePurpose] = mapped_column(server_default=SamplePurpose.INSPECTION)
    plan_line_id: Mapped[UUID | None]
    task_id: Mapped[UUID | None] = mapped_column(unique=True)
    food_category_id: Mapped[UUID] = mapped_column(ForeignKey("food_category.id"))
    business_id: Mapped[UUID | None] = mapped_column(ForeignKey("business.id"), index=True)
    regulator_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)  # who commissioned it
    sampling_organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    state: Mapped[SampleState]
    state_changed_at: Mapped[datetime]
    issued_at: Mapped[datetime]
    sampled_at: Mapped[datetime | None]
    # Set by the signed conclusion, replaced by a recheck's; NULL while nobody has concluded anything.
    verdict: Mapped[SampleVerdict | None]
    ended_reason: Mapped[str | None]  # of refused, void, not_tested
    __table_args__ = (
        UniqueConstraint("id", "plan_id", "category_id", "mode"),
        ForeignKeyConstraint(
            ["task_id", "plan_id", "category_id", "mode"],
            ["sampling_task.id", "sampling_task.plan_id", "sampling_task.category_id", "sampling_task.mode"],
        ),
        ForeignKeyConstraint(
            ["plan_line_id", "plan_id", "category_id"], ["plan_line.id", "plan_line.plan_id", "plan_line.category_id"]
        ),
        CheckConstraint(
            "(state IN ('refused', 'void', 'not_tested')) = (ended_reason IS NOT NULL)", name="reason_if_ended_early"
        ),
        CheckConstraint("state IN ('issued', 'void') OR sampled_at IS NOT NULL", name="sampled_at_if_sampled"),
        # A verdict stands exactly on what was concluded: what ended early has a reason and never a verdict (I5).
        CheckConstraint(
            "(verdict IS NOT NULL) = (state IN ('signed', 'served', 'closed', 'recheck'))", name="verdict_if_signed"
        ),
        CheckConstraint(
            "(purpose = 'inspection') = (task_id IS NOT NULL) AND (purpose = 'inspection') = (business_id IS NOT NULL)"
            " AND (purpose = 'inspection') = (plan_line_id IS NOT NULL)",
            name="inspected_by_task_at_a_business",
        ),
        CheckConstraint("state <> 'evaluated' OR purpose <> 'inspection'", name="checks_are_evaluated"),
        CheckConstraint(
            "purpose = 'inspection' OR state IN ('issued', 'recoded', 'testing', 'locked', 'evaluated', 'not_tested')",
            name="checks_are_never_concluded",
        ),
        Index("ix_sample_newest", "issued_at", "id"),
        Index("ix_sample_state", "state", "state_changed_at"),
        # Its number, what it was taken as and who does what with it stand from its first row on.
        {"info": {"privileges": "select, insert, update (state, state_changed_at, verdict, ended_reason)"}},
    )

    def ledger_chain(self) -> str:
        return sample_chain(self.id)


class SamplingForm(OfSample, Base):
    """食品安全抽样检验抽样单: everything the paper form carries (domain.md §4.1). NULL prints as `/`."""

    __tablename__ = "sampling_form"
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"), primary_key=True)
    submitted_at: Mapped[datetime]
    # the place it was taken
    stage: Mapped[Stage]
    place_kind: Mapped[PlaceKind]
    area_type: Mapped[AreaType]
    region_code: Mapped[str]
    party_name: Mapped[str]
    party_address: Mapped[str]
    party_uscc: Mapped[str | None]
    party_uscc_note: Mapped[str | None]  # why a check digit that does not fit was accepted
    party_licence_kind: Mapped[str | None]
    party_licence_no: Mapped[str | None]
    party_legal_person: Mapped[str | None] = mapped_column(info=PERSONAL)
    party_contact: Mapped[str | None] = mapped_column(info=PERSONAL)
    party_phone: Mapped[str | None] = mapped_column(info=PERSONAL)
    party_annual_sales: Mapped[str | None]
    market_organiser: Mapped[str | None]
    platform: Mapped[str | None]
    online_shop: Mapped[str | None]
    online_url: Mapped[str | None]
    online_buyer: Mapped[str | None] = mapped_column(info=PERSONAL)
    online_account: Mapped[str | None] = mapped_column(info=PERSONAL)
    online_order_no: Mapped[str | None]
    # the producer on the label
    producer_name: Mapped[str | None]
    producer_address: Mapped[str | None]
    producer_region_code: Mapped[str | None]
    producer_licence_no: Mapped[str | None]
    producer_contact: Mapped[str | None] = mapped_column(info=PERSONAL)
    producer_phone: Mapped[str | None] = mapped_column(info=PERSONAL)
    entrusted_producer_name: Mapped[str | None]
    entrusted_producer_address: Mapped[str | None]
    entrusted_producer_kind: Mapped[str | None]
    # the product itself
    product_name: Mapped[str]
    barcode: Mapped[str | None]
    brand: Mapped[str | None]
    product_type: Mapped[ProductType]
    source: Mapped[SampleSource]
    attribute: Mapped[SampleAttribute]
    packaging: Mapped[Packaging]
    product_date: Mapped[date]
    date_kind: Mapped[DateKind]
    shelf_life: Mapped[str | None]
    batch_no: Mapped[str | None]
    specification: Mapped[str | None]
    quality_grade: Mapped[str | None]
    unit_price: Mapped[Decimal | None]  # yuan
    price_unit: Mapped[str | None]
    paid_amount: Mapped[Decimal | None]  # yuan
    payment_waived_reason: Mapped[str | None]
    is_imported: Mapped[bool]
    origin: Mapped[str | None]
    is_export: Mapped[bool]
    sampling_method: Mapped[SamplingMethod]
    physical_form: Mapped[PhysicalForm]
    container: Mapped[Container]
    storage_condition: Mapped[StorageCondition]
    storage_celsius: Mapped[str | None]
    lot_size: Mapped[Decimal | None]
    sampled_qty: Mapped[Decimal]
    backup_qty: Mapped[Decimal | None]
    quantity_unit: Mapped[str]
    no_backup_reason: Mapped[str | None]
    executed_standard: Mapped[str | None]
    label_claims: Mapped[str | None]
    # the traceability block, for produce and bulk food
    supplier_name: Mapped[str | None]
    supplier_licence_no: Mapped[str | None]
    supplied_on: Mapped[date | None]
    supply_note_no: Mapped[str | None]
    has_commitment_certificate: Mapped[bool | None]
    commitment_certificate_issuer: Mapped[str | None]
    place_of_origin: Mapped[str | None]
    # site check of the accompanying officer, opinions
    site_check: Mapped[str]
    party_opinion: Mapped[str | None]  # NULL: 无异议
    party_refused_to_sign: Mapped[bool]
    witness: Mapped[str | None]
    remark: Mapped[str | None]
    __table_args__ = (
        CheckConstraint("sampled_qty > 0 AND sampled_qty < 'Infinity'", name="sampled_qty_positive"),
        CheckConstraint("backup_qty > 0 AND backup_qty < 'Infinity'", name="backup_qty_positive"),
        CheckConstraint("(backup_qty IS NULL) = (no_backup_reason IS NOT NULL)", name="backup_or_reason"),
        CheckConstraint("(paid_amount IS NULL) = (payment_waived_reason IS NOT NULL)", name="paid_or_waived"),
        CheckConstraint("unit_price >= 0 AND unit_price < 'Infinity'", name="unit_price_not_negative"),
        CheckConstraint("paid_amount >= 0 AND paid_amount < 'Infinity'", name="paid_amount_not_negative"),
        CheckConstraint("NOT party_refused_to_sign OR witness IS NOT NULL", name="witness_if_refused_to_sign"),
        # Nothing of a submitted form changes but by a correction that a second person approved (`FormCorrection`).
        {"info": {"privileges": f"select, insert, update (stage, {', '.join(CORRECTABLE)})"}},
    )


class FormCorrection(TwoPersonRequest, OfSample, Entity):
    """One field of a submitted form that stands wrong: asked for by one person, approved or declined by another."""

    __tablename__ = "form_correction"
    needs_another = _l("A correction is approved by somebody else than who asked.")
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sampling_form.sample_id"), index=True)
    field: Mapped[str]
    old_value: Mapped[str | None] = mapped_column(info=PERSONAL)  # NULL: the field was empty
    new_value: Mapped[str | None] = mapped_column(info=PERSONAL)
    outcome: Mapped[Outcome | None]
    __table_args__ = (
        *two_person_checks(),
        CheckConstraint("old_value IS DISTINCT FROM new_value", name="changes_something"),
        Index("uq_form_correction_open", "sample_id", "field", unique=True, postgresql_where="outcome IS NULL"),
        Index("ix_form_correction_waiting", "requested_at", "id", postgresql_where="outcome IS NULL"),
        {"info": {"privileges": f"select, insert, update ({DECISION_COLUMNS})"}},
    )


class SamplePhoto(OfSample, Entity):
    """A photo of the visit, by what it shows; the bytes are known by their hash."""

    __tablename__ = "sample_photo"
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"), index=True)
    kind: Mapped[PhotoKind]
    sha256: Mapped[bytes] = mapped_column(ForeignKey("stored_file.sha256"))
    taken_at: Mapped[datetime | None]
    added_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("sample_id", "sha256"),
        {"info": {"privileges": "select, insert"}},
    )


class SampleSignature(OfSample, Base):
    """A signature drawn on the screen: whose, as an image, over which form."""

    __tablename__ = "sample_signature"
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"))
    signer: Mapped[SignerKind]
    signer_name: Mapped[str] = mapped_column(info=PERSONAL)
    image_sha256: Mapped[bytes] = mapped_column(ForeignKey("stored_file.sha256"))
    signed_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("sample_id", "signer"),
        {"info": {"privileges": "select, insert"}},
    )


explain_constraint("uq_form_correction_open", _l("A correction of this field waits already."), field="field")
explain_constraint("ck_form_correction_two_people", FormCorrection.needs_another)
explain_constraint("uq_sample_task_id", _l("A sample was taken for this task already."))
explain_constraint("uq_sample_sampling_no", _l("This sampling number is taken."))
explain_constraint("uq_sample_photo_sample_id_sha256", _l("This photo is on the form already."), field="photos")
