"""Labels, receipts and papers of custody as the database says them; what they look like is `labels` and `papers`.

They are printed in Chinese whatever the language of the screen: they go to stalls, laboratories and files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from chain_of_custody.labels.contents import FieldLabel, LabelContent, LabelSize, PortionLabel, Receipt, SealLabel
from chain_of_custody.labels.drawing import draw_label, draw_receipt
from chain_of_custody.labels.printers import to_escpos, to_tspl, to_zpl
from chain_of_custody.labels.sheets import Stock, render_labels
from chain_of_custody.models import HandOver, Seal
from chain_of_custody.papers import (
    CustodyReportPaper,
    CustodyStep,
    HandoverCheck,
    HandoverLine,
    HandoverRecordPaper,
    RefusalNoticePaper,
    render_custody_report,
    render_handover_record,
    render_refusal_notice,
)
from chain_of_custody.queries import (
    ListedPortion,
    PortionCard,
    blind_code_of,
    carries_released_backup,
    custody_trail,
    get_portion,
    get_reception,
    list_cards,
    list_listed_portions,
    list_moves,
    list_portions,
    may_see_custody,
    place_of,
    sees_all_custody,
)
from chain_of_custody.types import CustodyKind, HandOverWay, LabelFormat, LabelKind, LineOutcome, PortionKind
from lims.actors import Actor
from lims.clock import local_date, local_time
from lims.errors import InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import row_key_text
from lims.ledger.objects import ObjectProof, prove_object
from lims.people.queries import get_organisation, person_names
from sampling.models import Sample, SamplingForm
from sampling.papers import PaperOrganisation, Signature
from sampling.types import StorageCondition
from sampling.words import celsius_words

PORTION_WORDS = {PortionKind.TEST: "检验样品", PortionKind.BACKUP: "复检备份样品"}
STORAGE_WORDS = {
    StorageCondition.AMBIENT: "常温",
    StorageCondition.CHILLED: "冷藏",
    StorageCondition.FROZEN: "冷冻",
    StorageCondition.DARK: "避光",
    StorageCondition.AIRTIGHT: "密闭",
    StorageCondition.OTHER: "其他",
}
WAY_WORDS = {HandOverWay.IN_PERSON: "送样", HandOverWay.COURIER: "快递"}
STEP_WORDS = {
    CustodyKind.SEALED: "封样",
    CustodyKind.CONSIGNED: "交承运",
    CustodyKind.HANDED_OVER: "接收",
    CustodyKind.DISPOSED: "处置",
}
RECHECK_COPIES = ("受理复检的市场监管部门", "初检机构", "复检机构")  # domain.md §2.5: three copies
STORED = "存放"
WAITING = "待检"
RECEIPT_MM = (58, 80)


MEDIA_TYPES = {
    LabelFormat.PDF: "application/pdf",
    LabelFormat.ZPL: "text/plain; charset=us-ascii",
    LabelFormat.TSPL: "application/octet-stream",
}
SIZES = {"40x30": LabelSize.SMALL, "60x40": LabelSize.MEDIUM, "100x70": LabelSize.LARGE}


@dataclass(frozen=True, slots=True)
class LabelOrder:
    """How labels are wanted.

    Attributes:
        skip: places at the start of an A4 sheet that are used up already.
    """

    written_in: LabelFormat
    size: LabelSize
    stock: Stock = Stock.ROLL
    skip: int = 0


def storage_words(condition: StorageCondition, celsius: str | None) -> str:
    """How something is to be kept, as the papers say it."""
    return " ".join(filter(None, (STORAGE_WORDS[condition], celsius_words(celsius))))


def quantity_words(portion: PortionCard | ListedPortion) -> str:
    """An amount with its unit."""
    return f"{portion.quantity:f} {portion.quantity_unit}"


def field_label(card: PortionCard) -> LabelContent:
    """The label of a portion on its way to the laboratory."""
    return FieldLabel(
        portion_no=card.portion_no,
        sample_name=card.product_name,
        portion=PORTION_WORDS[card.kind],
        quantity=quantity_words(card),
        storage=storage_words(card.storage_condition, card.storage_celsius),
        sampled_on=local_date(card.sealed_at),
    ).content()


def seal_label(card: PortionCard) -> LabelContent:
    """The 封条 of a portion; samplers and party sign on it by hand."""
    return SealLabel(card.seal_no, card.sampling_no, PORTION_WORDS[card.kind], local_date(card.sealed_at)).content()


def blind_label(session: Session, actor: Actor, sample_id: UUID) -> LabelContent:
    """The label of the test portion on the bench: its blind code, and nothing that leads to whose it is.

    Raises:
        NotFoundError: it has no blind code that this actor may know.
    """
    coded = blind_code_of(session, actor, sample_id)
    if coded is None:
        raise NotFoundError
    code, _blindness, coded_at = coded
    form = session.get_one(SamplingForm, sample_id)
    return bench_label(code, form.storage_condition, form.storage_celsius, coded_at)


def bench_label(code: str, condition: StorageCondition, celsius: str | None, coded_at: datetime) -> LabelContent:
    """What stands on a blind label, whatever is in the container."""
    storage = storage_words(condition, celsius)
    return PortionLabel(code, PORTION_WORDS[PortionKind.TEST], WAITING, storage, local_date(coded_at)).content()


def labels_of(
    session: Session, actor: Actor, sample_id: UUID, kind: LabelKind, portion_ids: Sequence[UUID]
) -> list[LabelContent]:
    """The labels of a sample, by portion number; the caller has asked whether the actor may see the portions.

    Raises:
        NotFoundError: nothing to print.
    """
    if kind is LabelKind.BLIND:
        return [blind_label(session, actor, sample_id)]
    make = field_label if kind is LabelKind.FIELD else seal_label
    contents = [make(card) for card in list_cards(session, portion_ids)]
    if not contents:
        raise NotFoundError
    return contents


def write_labels(contents: Sequence[LabelContent], order: LabelOrder) -> bytes:
    """Labels as a printer takes them.

    Raises:
        InvalidInputError: a sheet does not have so many places to skip.
    """
    if order.written_in is LabelFormat.PDF:
        try:
            return render_labels(contents, order.size, order.stock, skip=order.skip)
        except ValueError as error:
            raise InvalidInputError(
                _l("A sheet of this size does not have %(skip)s places.", skip=order.skip), field="skip"
            ) from error
    pictures = [draw_label(content, order.size) for content in contents]
    if order.written_in is LabelFormat.ZPL:
        return b"".join(to_zpl(picture) for picture in pictures)
    return b"".join(to_tspl(picture, order.size) for picture in pictures)


def sealing_receipt(session: Session, sample_id: UUID, portion_ids: Sequence[UUID], paper_mm: int) -> bytes:
    """What a belt printer prints at the stall once the portions are sealed (ESC/POS).

    Raises:
        NotFoundError: nothing is sealed.
        InvalidInputError: paper of another width.
    """
    if paper_mm not in RECEIPT_MM:
        raise InvalidInputError(
            _l("Receipts are printed on paper of 58 or 80 mm, got %(width)s.", width=paper_mm), field="paper"
        )
    cards = list_cards(session, portion_ids)
    if not cards:
        raise NotFoundError
    form = session.get_one(SamplingForm, sample_id)
    sealed_by = session.scalars(select(Seal.sealed_by_id).where(Seal.sample_id == sample_id).limit(1)).one()
    portions = tuple((PORTION_WORDS[card.kind], f"{quantity_words(card)}　封条 {card.seal_no}") for card in cards)
    receipt = Receipt(
        "抽样封样凭条",
        (
            ("抽样单编号", cards[0].sampling_no),
            ("被抽样单位", form.party_name),
            ("样品名称", form.product_name),
            *portions,
            ("储存条件", storage_words(form.storage_condition, form.storage_celsius)),
            ("封样人", person_names(session, [sealed_by])[sealed_by]),
            ("封样时间", f"{local_time(cards[0].sealed_at):%Y-%m-%d %H:%M}"),
        ),
        url=cards[0].sampling_no,
        footer="本凭条随样品留存，样品以封条编号为准。",
    )
    return to_escpos(draw_receipt(receipt, paper_mm))


def hand_over_record(session: Session, hand_over: HandOver) -> bytes:
    """The 样品移交确认单 of one hand-over, as far as it has come."""
    lines = tuple(_record_line(line) for line in list_listed_portions(session, hand_over.id))
    names = person_names(session, [one for one in (hand_over.offered_by_id, hand_over.taken_by_id) if one])
    taker = names.get(hand_over.taken_by_id) if hand_over.taken_by_id else None
    ended_on = local_date(hand_over.ended_at) if hand_over.ended_at and taker else None
    giver = names[hand_over.offered_by_id]
    copies = RECHECK_COPIES if carries_released_backup(session, hand_over) else ()
    return render_handover_record(
        HandoverRecordPaper(
            record_no=hand_over.record_no,
            handed_over_by=_organisation(session, hand_over.from_organisation_id, giver),
            received_by=_organisation(session, hand_over.to_organisation_id, taker),
            way=WAY_WORDS[hand_over.way],
            lines=lines,
            remark=_box_words(hand_over),
            consignment_no=hand_over.consignment_no,
            transport_temperature=None if hand_over.celsius is None else f"{hand_over.celsius:f} ℃",
            handed_over_at=hand_over.offered_at,
            received_at=hand_over.ended_at if taker else None,
            giver=Signature(giver, None, local_date(hand_over.offered_at)),
            taker=Signature(taker, None, ended_on),
            copies=copies,
        )
    )


def _box_words(hand_over: HandOver) -> str | None:
    """What the giver wrote of the box."""
    words = []
    if hand_over.box_no:
        words.append(f"箱号 {hand_over.box_no}")
    if hand_over.ice_packs is not None:
        words.append(f"冰袋 {hand_over.ice_packs} 只")
    if hand_over.ice_placed_at is not None:
        words.append(f"冰袋放置 {local_time(hand_over.ice_placed_at):%Y-%m-%d %H:%M}")
    if hand_over.box_photo_sha256 is not None:
        words.append(f"封箱照片 SHA-256 {hand_over.box_photo_sha256.hex()[:16]}…")
    return "；".join(words) or None


def refusal_notice(session: Session, actor: Actor, sample_id: UUID) -> bytes:
    """The 样品拒收通知书 of a refused sample.

    Raises:
        NotFoundError: no such sample, it was not refused, or its way is not open to this actor.

    **Source:** Measures Art. 22: an irregular sample is refused in writing, and reported to the organising regulator.
    """
    sample = session.get(Sample, sample_id)
    reception = get_reception(session, sample_id)
    if sample is None or reception is None or reception.accepted or not may_see_custody(session, actor, sample):
        raise NotFoundError
    cards = list_cards(session, [portion.id for portion in list_portions(session, sample_id)])
    checked_by = person_names(session, [reception.checked_by_id])[reception.checked_by_id]
    names = HandoverCheck.__slots__
    return render_refusal_notice(
        RefusalNoticePaper(
            sampling_no=sample.sampling_no,
            sample_name=cards[0].product_name,
            portions=tuple(f"{card.portion_no}（封条 {card.seal_no}）" for card in cards),
            sampled_by=get_organisation(session, sample.sampling_organisation_id).name_zh,
            refused_by=get_organisation(session, reception.lab_id).name_zh,
            reported_to=get_organisation(session, sample.regulator_id).name_zh,
            check=HandoverCheck(**{name: getattr(reception, name) for name in names}),
            reason=reception.refusal_reason or "",
            refused_at=reception.checked_at,
            signed=Signature(checked_by, None, local_date(reception.checked_at)),
        )
    )


def custody_report(session: Session, actor: Actor, portion_id: UUID, now: datetime) -> bytes:
    """The way of one portion from its seal to now, with what the ledger says of it.

    Raises:
        NotFoundError: no such portion, or not all of its way is open to this actor.
    """
    found = get_portion(session, actor, portion_id)
    sample = session.get_one(Sample, found.sample_id)
    if not sees_all_custody(session, actor, sample):
        raise NotFoundError
    [card] = list_cards(session, [portion_id])
    proof = prove_object(session, sample.ledger_chain())
    steps = _steps(session, card, proof)
    held = [step for step in steps if step.what != STORED]
    return render_custody_report(
        CustodyReportPaper(
            portion_no=card.portion_no,
            sampling_no=card.sampling_no,
            sample_name=card.product_name,
            portion=PORTION_WORDS[card.kind],
            quantity=quantity_words(card),
            seal_no=card.seal_no,
            storage=storage_words(card.storage_condition, card.storage_celsius),
            place=" › ".join(f"{one.code} {one.name}" for one in place_of(session, portion_id)) or None,
            held_by=f"{held[-1].person}（{held[-1].organisation}）",
            held_since=held[-1].at,
            steps=steps,
            events=proof.events,
            signed_events=len(proof.leaves),
            broken=tuple(f"{one.table} {one.key} {one.column}" for one in proof.broken),
            head=tuple(proof.head.note.strip().split("\n")) if proof.head else (),
            printed_at=now,
            printed_by=actor.name,
        )
    )


def _steps(session: Session, card: PortionCard, proof: ObjectProof) -> tuple[CustodyStep, ...]:
    entries = [one for one in custody_trail(session, card.sample_id) if one.portion_no == card.portion_no]
    moves = list_moves(session, card.portion_id)
    people = person_names(session, {*(one.holder_id for one in entries), *(one.moved_by_id for one in moves)})
    steps = []
    for entry in entries:
        key = ("custody_entry", row_key_text({"portion_id": card.portion_id, "seq": entry.seq}))
        steps.append(
            CustodyStep(
                at=entry.at,
                what=STEP_WORDS[entry.kind],
                person=people[entry.holder_id],
                organisation=get_organisation(session, entry.organisation_id).name_zh,
                paper_no="／".join(filter(None, (entry.record_no, entry.consignment_no))) or None,
                leaf=proof.row_leaves.get(key),
            )
        )
    for move in moves:
        by_then = [step.organisation for step in steps if step.what != STORED and step.at <= move.moved_at]
        steps.append(
            CustodyStep(
                at=move.moved_at,
                what=STORED,
                person=people[move.moved_by_id],
                organisation=by_then[-1],
                paper_no=f"{move.code} {move.name}",
                leaf=proof.row_leaves.get(("storage_move", row_key_text({"id": move.id}))),
            )
        )
    return tuple(sorted(steps, key=lambda step: step.at))


def _organisation(session: Session, organisation_id: UUID, contact: str | None) -> PaperOrganisation:
    organisation = get_organisation(session, organisation_id)
    return PaperOrganisation(
        organisation.name_zh, address=organisation.address, contact=contact, phone=organisation.phone
    )


def _record_line(line: ListedPortion) -> HandoverLine:
    reception = line.reception
    if reception is not None:
        names = HandoverCheck.__slots__
        check = HandoverCheck(**{name: getattr(reception, name) for name in names})
        accepted, reason = reception.accepted, reception.refusal_reason
    else:
        looked_at = line.outcome in {LineOutcome.RECEIVED, LineOutcome.BROKEN}
        check = HandoverCheck(seal_intact=line.outcome is LineOutcome.RECEIVED if looked_at else None)
        accepted, reason = None, "未到" if line.outcome is LineOutcome.MISSING else None
    return HandoverLine(
        sampling_no=line.sampling_no,
        sample_name=line.product_name,
        portion=PORTION_WORDS[line.kind],
        quantity=quantity_words(line),
        seal_no=line.seal_no,
        storage=storage_words(line.storage_condition, line.storage_celsius),
        check=check,
        accepted=accepted,
        refusal_reason=reason,
    )
