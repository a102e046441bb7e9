"""Tables of chain of custody.

Custody is a chain of entries for each portion. An entry's number is its place in the chain, so a fork meets the primary
key; and it points at the entry before it together with the person who handed over, so who hands over is who holds (I2).
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from chain_of_custody.types import (
    Blindness,
    CustodyKind,
    ExceptionKind,
    HandOverState,
    HandOverWay,
    LabelFormat,
    LabelKind,
    LineOutcome,
    PlaceLevel,
    PortionKind,
    UnblindingOffice,
    UnblindingOutcome,
)
from lims.db import Base, Entity
from lims.decisions import DECISION_COLUMNS, TwoPersonRequest, two_person_checks
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from sampling.models.of_sample import OfSample
from sampling.types import DutyRole

EVIDENCE = {"info": {"privileges": "select, insert"}}


class Portion(OfSample, Entity):
    """One sealed part of a sample: what is tested, or what is kept for a recheck."""

    __tablename__ = "portion"
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"))
    portion_no: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[PortionKind]
    quantity: Mapped[Decimal]
    quantity_unit: Mapped[str]
    created_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("sample_id", "kind"),
        UniqueConstraint("id", "sample_id", "kind"),
        CheckConstraint("quantity > 0 AND quantity < 'Infinity'", name="quantity_positive"),
        EVIDENCE,
    )


class Seal(OfSample, Base):
    """The seal of one portion: one each, its number used nowhere else."""

    __tablename__ = "seal"
    portion_id: Mapped[UUID] = mapped_column(ForeignKey("portion.id"), primary_key=True)
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"), index=True)
    seal_no: Mapped[str] = mapped_column(unique=True)
    sealed_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    sealed_at: Mapped[datetime]
    __table_args__ = (CheckConstraint("seal_no <> ''", name="seal_no_given"), EVIDENCE)


class HandOver(Ledgered, Entity):
    """One list of portions that is to change hands: offered by who holds them, confirmed by who takes them."""

    __tablename__ = "hand_over"
    record_no: Mapped[str] = mapped_column(unique=True)
    way: Mapped[HandOverWay]
    consignment_no: Mapped[str | None] = mapped_column(unique=True)
    state: Mapped[HandOverState]
    offered_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    offered_at: Mapped[datetime]
    from_organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    to_organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    taken_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]
    celsius: Mapped[Decimal | None]  # of the load, measured by the receiver
    box_no: Mapped[str | None]
    ice_packs: Mapped[int | None]
    ice_placed_at: Mapped[datetime | None]
    box_photo_sha256: Mapped[bytes | None] = mapped_column(ForeignKey("stored_file.sha256"))
    __table_args__ = (
        CheckConstraint("box_no <> ''", name="box_no_given"),
        CheckConstraint("ice_packs BETWEEN 0 AND 200", name="ice_packs_possible"),
        CheckConstraint(
            "ice_placed_at IS NULL OR (ice_packs > 0 AND ice_placed_at <= offered_at)", name="ice_placed_before"
        ),
        CheckConstraint("(way = 'courier') = (consignment_no IS NOT NULL)", name="courier_has_consignment"),
        CheckConstraint("(state = 'offered') = (ended_at IS NULL)", name="ended_at_if_ended"),
        CheckConstraint("(state = 'confirmed') = (taken_by_id IS NOT NULL)", name="taken_by_if_confirmed"),
        CheckConstraint("taken_by_id <> offered_by_id", name="two_people"),
        CheckConstraint("celsius > -273.15 AND celsius < 1000", name="celsius_possible"),
        Index("ix_hand_over_open", "to_organisation_id", "offered_at", "id"),
        {"info": {"privileges": "select, insert, update (state, taken_by_id, ended_at, celsius)"}},
    )

    def ledger_chain(self) -> str:
        return f"hand_over:{self.id}"


class HandOverLine(OfSample, Base):
    """One portion of the list; its outcome is what the receiver found."""

    __tablename__ = "hand_over_line"
    hand_over_id: Mapped[UUID] = mapped_column(ForeignKey("hand_over.id"))
    portion_id: Mapped[UUID] = mapped_column(ForeignKey("portion.id"), index=True)
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"))
    is_open: Mapped[bool]  # false once the hand-over has ended
    outcome: Mapped[LineOutcome | None]
    __table_args__ = (
        PrimaryKeyConstraint("hand_over_id", "portion_id"),
        CheckConstraint("NOT is_open OR outcome IS NULL", name="no_outcome_while_open"),
        Index("uq_hand_over_line_one_open_offer", "portion_id", unique=True, postgresql_where="is_open"),
        {"info": {"privileges": "select, insert, update (is_open, outcome)"}},
    )


class HandOverException(Ledgered, Entity):
    """What did not go as the list said. `scanned` is what stood on the label, also when we know no such portion."""

    __tablename__ = "hand_over_exception"
    hand_over_id: Mapped[UUID] = mapped_column(ForeignKey("hand_over.id"), index=True)
    kind: Mapped[ExceptionKind]
    portion_id: Mapped[UUID | None] = mapped_column(ForeignKey("portion.id"), index=True)
    scanned: Mapped[str]
    opened_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    resolution: Mapped[str | None]
    __table_args__ = (
        CheckConstraint(
            "(resolved_at IS NULL) = (resolution IS NULL) AND (resolved_at IS NULL) = (resolved_by_id IS NULL)",
            name="resolution_is_whole",
        ),
        {"info": {"privileges": "select, insert, update (resolved_at, resolved_by_id, resolution)"}},
    )

    def ledger_chain(self) -> str:
        return f"hand_over:{self.hand_over_id}"


class CustodyEntry(OfSample, Base):
    """Who holds a portion from `at` on, and from whom they have it.

    While a carrier has it, the sender goes on answering for it.
    """

    __tablename__ = "custody_entry"
    portion_id: Mapped[UUID] = mapped_column(ForeignKey("portion.id"))
    seq: Mapped[int]
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"), index=True)
    kind: Mapped[CustodyKind]
    holder_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    prev_seq: Mapped[int | None]
    handed_by_id: Mapped[UUID | None]
    # Of the entry before, so that nothing follows a disposal; the key below ties it there.
    prev_kind: Mapped[CustodyKind | None] = mapped_column(info={"ledger": False})
    hand_over_id: Mapped[UUID | None] = mapped_column(ForeignKey("hand_over.id"), index=True)
    disposal_id: Mapped[UUID | None] = mapped_column(ForeignKey("disposal.id"), index=True)
    at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("portion_id", "seq"),
        UniqueConstraint("portion_id", "seq", "holder_id", "kind"),
        ForeignKeyConstraint(
            ["portion_id", "prev_seq", "handed_by_id", "prev_kind"],
            [f"custody_entry.{column}" for column in ("portion_id", "seq", "holder_id", "kind")],
            name="fk_custody_entry_who_hands_over_holds",
        ),
        CheckConstraint("seq >= 1", name="seq_from_one"),
        CheckConstraint(
            "CASE WHEN seq = 1 THEN prev_seq IS NULL AND handed_by_id IS NULL AND prev_kind IS NULL"
            " AND hand_over_id IS NULL AND disposal_id IS NULL"
            " ELSE prev_seq IS NOT NULL AND prev_seq = seq - 1 AND handed_by_id IS NOT NULL AND prev_kind IS NOT NULL"
            " AND (hand_over_id IS NULL) <> (disposal_id IS NULL) END",
            name="no_gap",
        ),
        CheckConstraint("(kind = 'disposed') = (disposal_id IS NOT NULL)", name="disposed_by_a_disposal"),
        CheckConstraint("prev_kind <> 'disposed'", name="ends_with_disposal"),
        CheckConstraint("(kind = 'sealed') = (seq = 1)", name="sealed_first"),
        CheckConstraint(
            "kind NOT IN ('consigned', 'disposed') OR holder_id = handed_by_id", name="sender_answers_for_carrier"
        ),
        CheckConstraint("kind <> 'handed_over' OR holder_id <> handed_by_id", name="two_people"),
        EVIDENCE,
    )


class Reception(OfSample, Base):
    """样品移交确认单 of one sample: six checks, and accepted or refused."""

    __tablename__ = "reception"
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"), primary_key=True)
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    checked_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    checked_at: Mapped[datetime]
    seal_intact: Mapped[bool]
    packaging_intact: Mapped[bool]
    quantity_sufficient: Mapped[bool]
    condition_normal: Mapped[bool]
    papers_complete: Mapped[bool]
    papers_match: Mapped[bool]
    accepted: Mapped[bool]
    refusal_reason: Mapped[str | None]
    __table_args__ = (
        CheckConstraint(
            "NOT accepted OR (seal_intact AND packaging_intact AND quantity_sufficient"
            " AND condition_normal AND papers_complete AND papers_match)",
            name="accepted_if_all_good",
        ),
        CheckConstraint("accepted = (refusal_reason IS NULL)", name="refused_with_reason"),
        CheckConstraint("refusal_reason <> ''", name="refusal_reason_given"),
        Index("ix_reception_newest", "lab_id", "checked_at", "sample_id"),
        EVIDENCE,
    )


class BlindCode(OfSample, Base):
    """The only name of a test portion on the bench; relabelled with a reason, it has another one from then on."""

    __tablename__ = "blind_code"
    portion_id: Mapped[UUID]
    seq: Mapped[int]
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("reception.sample_id"))
    portion_kind: Mapped[PortionKind]
    code: Mapped[str] = mapped_column(unique=True)
    blindness: Mapped[Blindness]
    reason: Mapped[str | None]  # of the relabelling
    coded_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    coded_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]  # the portion was relabelled: the bench knows this code no longer
    __table_args__ = (
        PrimaryKeyConstraint("portion_id", "seq"),
        ForeignKeyConstraint(
            ["portion_id", "sample_id", "portion_kind"], ["portion.id", "portion.sample_id", "portion.kind"]
        ),
        CheckConstraint("portion_kind = 'test'", name="test_portion_only"),
        CheckConstraint("code ~ '^[2-9A-HJ-NP-Z]{8}$'", name="code_alphabet"),
        CheckConstraint("seq >= 1", name="seq_from_one"),
        CheckConstraint("(seq = 1) = (reason IS NULL)", name="relabelled_with_a_reason"),
        CheckConstraint("reason <> ''", name="reason_given"),
        Index("uq_blind_code_current", "sample_id", unique=True, postgresql_where="retired_at IS NULL"),
        {"info": {"privileges": "select, insert, update (retired_at)"}},
    )


class Unblinding(TwoPersonRequest, OfSample, Entity):
    """Whose sample a blind code is, asked for in an emergency by one of two offices and opened by the other.

    Both stand on the sampling side once it is opened: the keys point at their acts.
    """

    __tablename__ = "unblinding"
    needs_another = _l("Unblinding takes two persons.")
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"), index=True)
    code: Mapped[str] = mapped_column(ForeignKey("blind_code.code"))
    lab_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    requested_as: Mapped[UnblindingOffice]
    decided_as: Mapped[UnblindingOffice | None]
    outcome: Mapped[UnblindingOutcome | None]
    opened_role: Mapped[DutyRole | None]
    __table_args__ = (
        ForeignKeyConstraint(
            ["sample_id", "requested_by_id", "opened_role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_unblinding_requested_by_acted",
        ),
        ForeignKeyConstraint(
            ["sample_id", "decided_by_id", "opened_role"],
            ["duty_act.sample_id", "duty_act.person_id", "duty_act.role"],
            name="fk_unblinding_decided_by_acted",
        ),
        *two_person_checks("decided_as"),
        CheckConstraint("decided_as <> requested_as", name="two_offices"),
        CheckConstraint("opened_role = 'unblinder'", name="opened_as_unblinders"),
        CheckConstraint(
            "(opened_role IS NOT NULL) = (outcome IS NOT NULL AND outcome = 'opened')", name="opened_by_two_acts"
        ),
        Index("uq_unblinding_open", "sample_id", unique=True, postgresql_where="outcome IS NULL"),
        Index("ix_unblinding_newest", "lab_id", "requested_at", "id"),
        {"info": {"privileges": f"select, insert, update ({DECISION_COLUMNS}, decided_as, opened_role)"}},
    )


class StoragePlace(Ledgered, Entity):
    """A node of a laboratory's storage tree; its code is what its label says."""

    __tablename__ = "storage_place"
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    parent_id: Mapped[UUID | None] = mapped_column(index=True)
    level: Mapped[PlaceLevel]
    code: Mapped[str]
    name: Mapped[str]
    __table_args__ = (
        UniqueConstraint("organisation_id", "code"),
        UniqueConstraint("id", "organisation_id"),
        ForeignKeyConstraint(["parent_id", "organisation_id"], ["storage_place.id", "storage_place.organisation_id"]),
        CheckConstraint("(level = 'site') = (parent_id IS NULL)", name="only_sites_are_roots"),
        {"info": {"privileges": "select, insert, update (name)"}},
    )

    def ledger_chain(self) -> str:
        return "config"


class StorageMove(OfSample, Entity):
    """A portion was put into a place; the last move says where it is."""

    __tablename__ = "storage_move"
    portion_id: Mapped[UUID] = mapped_column(ForeignKey("portion.id"))
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"), index=True)
    place_id: Mapped[UUID] = mapped_column(ForeignKey("storage_place.id"), index=True)
    moved_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    moved_at: Mapped[datetime]
    __table_args__ = (Index("ix_storage_move_last", "portion_id", "moved_at", "id"), EVIDENCE)


class BackupRelease(OfSample, Base):
    """A backup portion may leave its laboratory for one other, where its sample is rechecked; one release stands.

    A laboratory that declines the recheck has its release withdrawn, and the next one drawn gets one of its own.
    """

    __tablename__ = "backup_release"
    portion_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sample_id: Mapped[UUID]
    portion_kind: Mapped[PortionKind]
    to_organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    reason: Mapped[str]
    released_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    released_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    withdrawal: Mapped[str | None]  # why
    __table_args__ = (
        ForeignKeyConstraint(
            ["portion_id", "sample_id", "portion_kind"], ["portion.id", "portion.sample_id", "portion.kind"]
        ),
        Index("uq_backup_release_standing", "portion_id", unique=True, postgresql_where="withdrawn_at IS NULL"),
        CheckConstraint("number >= 1", name="counted_from_one"),
        CheckConstraint("portion_kind = 'backup'", name="backup_portion_only"),
        CheckConstraint("reason <> ''", name="reason_given"),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL) AND (withdrawn_at IS NULL) = (withdrawal IS NULL)"
            " AND withdrawal <> ''",
            name="withdrawn_with_a_reason",
        ),
        {"info": {"privileges": "select, insert, update (withdrawn_at, withdrawn_by_id, withdrawal)"}},
    )


class LabelPrint(OfSample, Entity):
    """The labels of one kind of a sample left the printer; again only with the reason."""

    __tablename__ = "label_print"
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"))
    kind: Mapped[LabelKind]
    print_no: Mapped[int]
    written_in: Mapped[LabelFormat]
    reason: Mapped[str | None]
    printed_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    printed_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("sample_id", "kind", "print_no"),
        CheckConstraint("print_no >= 1", name="counted_from_one"),
        CheckConstraint("(print_no = 1) = (reason IS NULL)", name="again_with_a_reason"),
        CheckConstraint("reason <> ''", name="reason_given"),
        EVIDENCE,
    )


class LabelBlock(Ledgered, Entity):
    """Portion labels that a sampling organisation prints in advance; what became of each says `issued_number`."""

    __tablename__ = "label_block"
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    first: Mapped[int] = mapped_column(BigInteger, unique=True)
    last: Mapped[int] = mapped_column(BigInteger, unique=True)
    taken_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    taken_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("1 <= first AND first <= last", name="counts_up"),
        Index("ix_label_block_newest", "organisation_id", "taken_at", "id"),
        EVIDENCE,
    )

    def ledger_chain(self) -> str:
        return f"label_block:{self.id}"


class LabelBlockPrint(Ledgered, Base):
    """A block left the printer; again only with the reason."""

    __tablename__ = "label_block_print"
    block_id: Mapped[UUID] = mapped_column(ForeignKey("label_block.id"))
    print_no: Mapped[int]
    written_in: Mapped[LabelFormat]
    reason: Mapped[str | None]
    printed_by_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    printed_at: Mapped[datetime]
    __table_args__ = (
        PrimaryKeyConstraint("block_id", "print_no"),
        CheckConstraint("print_no >= 1", name="counted_from_one"),
        CheckConstraint("(print_no = 1) = (reason IS NULL)", name="again_with_a_reason"),
        CheckConstraint("reason <> ''", name="reason_given"),
        EVIDENCE,
    )

    def ledger_chain(self) -> str:
        return f"label_block:{self.block_id}"


explain_constraint("uq_portion_sample_id_kind", _l("The portions of this sample are sealed already."))
explain_constraint("uq_portion_portion_no", _l("The portions of this sample are sealed already."))
explain_constraint("uq_seal_seal_no", _l("This seal number is on another portion already."), field="seal_no")
explain_constraint("ck_seal_seal_no_given", _l("Fill in the number of the seal."), field="seal_no")
explain_constraint("pk_custody_entry", _l("This portion has just changed hands. Scan it again."))
explain_constraint("fk_custody_entry_who_hands_over_holds", _l("Only who holds a portion can hand it over."))
explain_constraint("ck_custody_entry_two_people", _l("Somebody else has to confirm what you hand over."))
explain_constraint("ck_custody_entry_ends_with_disposal", _l("This portion was disposed of: its custody has ended."))
explain_constraint("ck_hand_over_two_people", _l("Somebody else has to confirm what you hand over."))
explain_constraint("uq_hand_over_consignment_no", _l("This consignment number is in use."), field="consignment_no")
explain_constraint("uq_hand_over_line_one_open_offer", _l("A portion of this list is offered to somebody already."))
explain_constraint("ck_hand_over_ice_packs_possible", _l("A box holds 0 to 200 ice packs."), field="ice_packs")
explain_constraint(
    "ck_hand_over_ice_placed_before",
    _l("The ice packs were placed before the hand-over, and there is at least one."),
    field="ice_placed_at",
)
explain_constraint("ck_hand_over_celsius_possible", _l("No load has this temperature."), field="celsius")
explain_constraint("pk_reception", _l("This sample was checked at reception already."))
explain_constraint("ck_reception_accepted_if_all_good", _l("A sample with a failed check is refused, not accepted."))
explain_constraint("pk_blind_code", _l("This sample has its blind code already."))
explain_constraint("uq_blind_code_current", _l("This sample has its blind code already."))
explain_constraint(
    "uq_unblinding_open", _l("Somebody has asked to unblind this sample already; it waits for the other.")
)
explain_constraint("ck_unblinding_two_people", Unblinding.needs_another)
explain_constraint("uq_blind_code_code", _l("This blind code was just given to another portion. Try again."))
explain_constraint("uq_storage_place_organisation_id_code", _l("A place has this code already."), field="code")
explain_constraint("uq_backup_release_standing", _l("The backup portion of this sample was released already."))
