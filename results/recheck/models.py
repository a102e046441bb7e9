"""Tables of the recheck. Its results are written by people who did not touch the first test: keys hold it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from results.recheck.types import FeeBearer, RecheckClock, RecheckState, RefusalReason
from results.referral.types import Addressee
from results.types import ItemVerdict, Rule
from sampling.models.of_sample import OfSample
from sampling.types import DutyRole, SampleVerdict

EVIDENCE = {"info": {"privileges": "select, insert"}}


def _acted(person: str, role: str, name: str) -> ForeignKeyConstraint:
    """The person acted on this sample in this role; nobody holds it beside a role of the first test."""
    return ForeignKeyConstraint(
        ["sample_id", person, role], ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"], name=name
    )


class Recheck(OfSample, Entity):
    """复检: an application, its decision, the laboratory drawn for it."""

    __tablename__ = "recheck"
    recheck_no: Mapped[str] = mapped_column(unique=True)
    sample_id: Mapped[UUID]
    referral_id: Mapped[UUID]
    applicant: Mapped[Addressee]
    applicant_name: Mapped[str]
    set_item_ids: Mapped[list[UUID]]  # the failed items whose recheck is asked for
    grounds: Mapped[str]
    contact: Mapped[str | None] = mapped_column(info={"personal": True})  # on the page of its notice; paper has its own
    applied_on: Mapped[date]
    entered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))  # None: on the page of its notice
    entered_at: Mapped[datetime]
    decide_due_at: Mapped[datetime]
    state: Mapped[RecheckState]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    refusal: Mapped[RefusalReason | None]
    refusal_note: Mapped[str | None]
    granted_item_ids: Mapped[list[UUID] | None]  # of those asked for, what the acceptance covers
    acceptance_note: Mapped[str | None]  # why it was accepted although the program proposed to refuse it
    assign_due_at: Mapped[datetime | None]
    lab_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    # candidates, seed and tickets: the lot can be drawn again
    draw: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    assigned_at: Mapped[datetime | None]
    handover_due_at: Mapped[datetime | None]
    report_due_at: Mapped[datetime | None]
    concluded_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None]
    __table_args__ = (
        UniqueConstraint("id", "sample_id"),
        ForeignKeyConstraint(["referral_id", "sample_id"], ["referral.id", "referral.sample_id"]),
        Index("uq_recheck_one_that_stands", "sample_id", unique=True, postgresql_where="state <> 'refused'"),
        Index("ix_recheck_state", "state", "entered_at", "id"),
        CheckConstraint("applicant IN ('sampled_party', 'nominal_producer')", name="producers_and_traders_apply"),
        CheckConstraint("cardinality(set_item_ids) > 0", name="something_is_asked"),
        CheckConstraint("num_nonnulls(entered_by_id, contact) = 1", name="entered_or_sent_with_a_contact"),
        CheckConstraint(
            "(state = 'applied') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name="decided_by_somebody",
        ),
        CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name="refused_with_reason"),
        CheckConstraint(
            "(state IN ('assigned', 'concluded', 'ended')) = (lab_id IS NOT NULL) AND (lab_id IS NULL) = (draw IS NULL)"
            " AND (lab_id IS NULL) = (assigned_at IS NULL)",
            name="lab_is_drawn",
        ),
        CheckConstraint("(state = 'concluded') = (concluded_at IS NOT NULL)", name="concluded_at_if_concluded"),
        CheckConstraint(
            "(state = 'ended') = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (ended_reason IS NULL)"
            " AND ended_reason <> ''",
            name="ended_with_a_reason",
        ),
        CheckConstraint(
            "(state IN ('applied', 'refused')) = (granted_item_ids IS NULL) AND granted_item_ids <@ set_item_ids"
            " AND cardinality(granted_item_ids) > 0",
            name="granted_among_what_was_asked",
        ),
        {
            "info": {
                "privileges": "select, insert, update (state, decide_due_at, decided_by_id, decided_at, refusal,"
                " refusal_note, granted_item_ids, acceptance_note, assign_due_at, lab_id, draw, assigned_at,"
                " handover_due_at, report_due_at, concluded_at, ended_at, ended_reason)"
            }
        },
    )


class InterestLink(Ledgered, Entity):
    """利害关系: a laboratory and a business that are not free of each other, as a regulator found it."""

    __tablename__ = "interest_link"
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    party_name: Mapped[str]
    party_uscc: Mapped[str | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]  # the last day; None while it lasts
    reason: Mapped[str]
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]
    ended_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    __table_args__ = (
        CheckConstraint("party_name <> '' AND reason <> ''", name="said_with_whom_and_why"),
        CheckConstraint("valid_from <= valid_to", name="dates_in_order"),
        {"info": {"privileges": "select, insert, update (valid_to, ended_by_id)"}},
    )

    def ledger_chain(self) -> str:
        return f"organisation:{self.lab_id}"


class RecheckDecline(OfSample, Base):
    """A laboratory that was drawn declined; its lot stays on record, and the regulator judges its reason."""

    __tablename__ = "recheck_decline"
    recheck_id: Mapped[UUID]
    number: Mapped[int]
    sample_id: Mapped[UUID]
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    draw: Mapped[dict[str, Any]]
    assigned_at: Mapped[datetime]
    due_at: Mapped[datetime]  # by when a laboratory says that it cannot
    reason: Mapped[str]
    declined_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    declined_at: Mapped[datetime]
    had_cause: Mapped[bool | None]
    judgement: Mapped[str | None]
    judged_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    judged_at: Mapped[datetime | None]
    __table_args__ = (
        PrimaryKeyConstraint("recheck_id", "number"),
        ForeignKeyConstraint(["recheck_id", "sample_id"], ["recheck.id", "recheck.sample_id"]),
        Index("ix_recheck_decline_lab", "lab_id", "declined_at"),
        CheckConstraint("number >= 1", name="counted_from_one"),
        CheckConstraint("reason <> ''", name="reason_given"),
        CheckConstraint(
            "(had_cause IS NULL) = (judgement IS NULL) AND (had_cause IS NULL) = (judged_by_id IS NULL)"
            " AND (had_cause IS NULL) = (judged_at IS NULL) AND judgement <> ''",
            name="judged_whole",
        ),
        {"info": {"privileges": "select, insert, update (had_cause, judgement, judged_by_id, judged_at)"}},
    )


class RecheckExtension(OfSample, Base):
    """A term of a recheck was extended by a person of the regulator; the old end stays on record."""

    __tablename__ = "recheck_extension"
    recheck_id: Mapped[UUID]
    number: Mapped[int]
    sample_id: Mapped[UUID]
    clock: Mapped[RecheckClock]
    old_due_at: Mapped[datetime]
    new_due_at: Mapped[datetime]
    reason: Mapped[str]
    extended_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    extended_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("recheck_id", "number"),
        ForeignKeyConstraint(["recheck_id", "sample_id"], ["recheck.id", "recheck.sample_id"]),
        CheckConstraint("number >= 1", name="counted_from_one"),
        CheckConstraint("old_due_at < new_due_at", name="later_than_before"),
        CheckConstraint("reason <> ''", name="reason_given"),
        EVIDENCE,
    )


class RecheckReceipt(OfSample, Base):
    """What the recheck laboratory saw when the backup portion came: two photos, the seal, the package."""

    __tablename__ = "recheck_receipt"
    recheck_id: Mapped[UUID] = mapped_column(primary_key=True)
    sample_id: Mapped[UUID]
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    portion_id: Mapped[UUID] = mapped_column(ForeignKey("portion.id"))
    seal_no: Mapped[str]  # as read off the seal; custody's own number is compared with it
    seal_matches: Mapped[bool]
    seal_intact: Mapped[bool]
    package_intact: Mapped[bool]
    package_photo_sha256: Mapped[bytes] = mapped_column(ForeignKey("stored_file.sha256"))
    seal_photo_sha256: Mapped[bytes] = mapped_column(ForeignKey("stored_file.sha256"))
    damage: Mapped[str | None]  # what is wrong, in words
    received_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    received_at: Mapped[datetime]
    __table_args__ = (
        ForeignKeyConstraint(["recheck_id", "sample_id"], ["recheck.id", "recheck.sample_id"]),
        CheckConstraint("seal_no <> ''", name="seal_no_given"),
        CheckConstraint(
            "(seal_matches AND seal_intact AND package_intact) = (damage IS NULL) AND damage <> ''",
            name="damage_in_words",
        ),
        EVIDENCE,
    )


class RecheckResult(OfSample, Base):
    """What the recheck laboratory found for one item; a correction before the signature is the next version."""

    __tablename__ = "recheck_result"
    recheck_id: Mapped[UUID]
    set_item_id: Mapped[UUID]
    version: Mapped[int]
    sample_id: Mapped[UUID]
    entered_text: Mapped[str]
    used: Mapped[dict[str, Any]]
    verdict: Mapped[ItemVerdict]
    rule: Mapped[Rule]
    compared_value: Mapped[Decimal | None]
    method: Mapped[str]  # standard and part, as people write it; "/" where the catalogue knows none
    method_reason: Mapped[str | None]  # why it is another than that of the first test
    entered_by_id: Mapped[UUID]
    entered_role: Mapped[DutyRole]
    entered_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("recheck_id", "set_item_id", "version"),
        ForeignKeyConstraint(["recheck_id", "sample_id"], ["recheck.id", "recheck.sample_id"]),
        ForeignKeyConstraint(["set_item_id", "sample_id"], ["test_set_item.id", "test_set_item.sample_id"]),
        CheckConstraint("version >= 1", name="version_from_one"),
        CheckConstraint("method <> '' AND method_reason <> ''", name="method_named"),
        CheckConstraint("entered_role = 'recheck_tester'", name="recheck_testers_enter"),
        CheckConstraint("abs(compared_value) < 'Infinity'", name="compared_value_finite"),
        _acted("entered_by_id", "entered_role", "fk_recheck_result_entered_by"),
        EVIDENCE,
    )


class RecheckFee(OfSample, Base):
    """What a recheck costs: advanced by the applicant, paid back by the regulator where the recheck passed."""

    __tablename__ = "recheck_fee"
    recheck_id: Mapped[UUID] = mapped_column(primary_key=True)
    sample_id: Mapped[UUID]
    amount: Mapped[Decimal]  # yuan
    stated_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    stated_at: Mapped[datetime]
    pay_due_at: Mapped[datetime]
    advanced_on: Mapped[date | None]
    receipt_no: Mapped[str | None]
    advance_noted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    borne_by: Mapped[FeeBearer | None]  # None while the recheck runs
    repaid_on: Mapped[date | None]
    voucher_no: Mapped[str | None]
    repayment_noted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    __table_args__ = (
        ForeignKeyConstraint(["recheck_id", "sample_id"], ["recheck.id", "recheck.sample_id"]),
        CheckConstraint("amount >= 0 AND amount < 10000000", name="amount_possible"),
        CheckConstraint(
            "(advanced_on IS NULL) = (receipt_no IS NULL) AND (advanced_on IS NULL) = (advance_noted_by_id IS NULL)"
            " AND receipt_no <> ''",
            name="advance_whole",
        ),
        CheckConstraint(
            "(repaid_on IS NULL) = (voucher_no IS NULL) AND (repaid_on IS NULL) = (repayment_noted_by_id IS NULL)"
            " AND voucher_no <> ''",
            name="repayment_whole",
        ),
        CheckConstraint(
            "repaid_on IS NULL OR (borne_by IS NOT NULL AND borne_by = 'regulator' AND advanced_on <= repaid_on)",
            name="repaid_what_was_advanced",
        ),
        {
            "info": {
                "privileges": "select, insert, update (advanced_on, receipt_no, advance_noted_by_id, borne_by,"
                " repaid_on, voucher_no, repayment_noted_by_id)"
            }
        },
    )


class RecheckWatch(OfSample, Base):
    """The first laboratory was told when the recheck is tested: it may watch."""

    __tablename__ = "recheck_watch"
    recheck_id: Mapped[UUID]
    number: Mapped[int]
    sample_id: Mapped[UUID]
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)  # the first laboratory
    begins_at: Mapped[datetime]
    place: Mapped[str]
    told_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    told_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("recheck_id", "number"),
        ForeignKeyConstraint(["recheck_id", "sample_id"], ["recheck.id", "recheck.sample_id"]),
        CheckConstraint("number >= 1", name="counted_from_one"),
        CheckConstraint("place <> ''", name="place_named"),
        CheckConstraint("told_at <= begins_at", name="told_before"),
        EVIDENCE,
    )


class RecheckConclusion(OfSample, Base):
    """复检结论: final, it replaces the first one everywhere; signed by a second person of the recheck laboratory."""

    __tablename__ = "recheck_conclusion"
    recheck_id: Mapped[UUID] = mapped_column(primary_key=True)
    sample_id: Mapped[UUID] = mapped_column(unique=True)
    verdict: Mapped[SampleVerdict]
    report_no: Mapped[str] = mapped_column(unique=True)
    report_sha256: Mapped[bytes | None] = mapped_column(ForeignKey("stored_file.sha256"))
    tested_by_id: Mapped[UUID]
    signed_by_id: Mapped[UUID]
    role: Mapped[DutyRole]
    signed_at: Mapped[datetime]
    __table_args__ = (
        ForeignKeyConstraint(["recheck_id", "sample_id"], ["recheck.id", "recheck.sample_id"]),
        CheckConstraint("verdict IN ('pass', 'fail')", name="passed_or_failed"),
        CheckConstraint("role = 'recheck_tester'", name="recheck_role"),
        CheckConstraint("tested_by_id <> signed_by_id", name="two_people"),
        _acted("tested_by_id", "role", "fk_recheck_conclusion_tested_by"),
        _acted("signed_by_id", "role", "fk_recheck_conclusion_signed_by"),
        EVIDENCE,
    )


explain_constraint("uq_recheck_one_that_stands", _l("A recheck of this sample was applied for already."))
explain_constraint("pk_recheck_fee", _l("The fee of this recheck was stated already."))
explain_constraint("ck_recheck_fee_amount_possible", _l("A fee is 0 to 9,999,999.99 yuan."), field="amount")
explain_constraint("pk_recheck_receipt", _l("The portion of this recheck was received already."))
explain_constraint("pk_recheck_decline", _l("Somebody has just declined this recheck."))
explain_constraint("pk_recheck_extension", _l("Somebody has just extended a term of this recheck. Look at it first."))
explain_constraint("pk_recheck_result", _l("Somebody has just entered a result for this item. Look at it first."))
explain_constraint("pk_recheck_conclusion", _l("This recheck is concluded already."))
explain_constraint("uq_recheck_conclusion_sample_id", _l("This recheck is concluded already."))
explain_constraint("uq_recheck_conclusion_report_no", _l("This report number is taken."), field="report_no")
explain_constraint("ck_recheck_conclusion_two_people", _l("Somebody else than the tester signs the recheck."))
