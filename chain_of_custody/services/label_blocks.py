"""Labels that are printed before anybody knows what they will be put on; each ends on one portion, or spoiled."""

from collections.abc import Collection, Mapping
from uuid import UUID, uuid4

from sqlalchemy import func, select

from chain_of_custody.models import LabelBlock, LabelBlockPrint
from chain_of_custody.queries.label_blocks import OF_LABELS, SCOPE, SERIES, get_label_block
from chain_of_custody.rules import normalise_scan, number_on_label
from chain_of_custody.types import LabelFormat, PortionKind
from lims.errors import ConflictError, InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.numbering import IssuedNumber, NumberFate, lease_numbers, settle_number, void_number
from lims.uow import UnitOfWork

MAX_BLOCK = 500  # two rolls of labels; more is a slip of the finger


def take_label_block(uow: UnitOfWork, count: int) -> LabelBlock:
    """Take the next numbers for labels that one's organisation prints in advance.

    Locks the count of labels until the commit.

    Raises:
        InvalidInputError: none, or more than a block holds.
    """
    if not 1 <= count <= MAX_BLOCK:
        raise InvalidInputError(
            _l("A block has 1 to %(most)s labels, got %(count)s.", most=MAX_BLOCK, count=count), field="count"
        )
    block_id = uuid4()
    numbers = lease_numbers(uow, SERIES, SCOPE, count, str(block_id))
    block = LabelBlock(
        id=block_id,
        organisation_id=uow.actor.require_organisation(),
        first=numbers[0],
        last=numbers[-1],
        taken_by_id=uow.actor.require_person(),
        taken_at=uow.now,
    )
    uow.session.add(block)
    uow.session.flush()
    return block


def note_block_print(
    uow: UnitOfWork, block_id: UUID, written_in: LabelFormat, reason: str | None = None
) -> LabelBlockPrint:
    """Note that a block is printed; two prints at once wait for each other.

    Raises:
        NotFoundError: no such block of one's organisation.
        InvalidInputError: it was printed before, and no reason is given.
    """
    get_label_block(uow.session, uow.actor.require_organisation(), block_id)
    uow.session.get_one(IssuedNumber, (SERIES, SCOPE, _first_of(uow, block_id)), with_for_update=True)
    before = select(func.count()).where(LabelBlockPrint.block_id == block_id)
    printed = uow.session.scalar(before) or 0
    why = (reason or "").strip() or None
    if printed and why is None:
        raise InvalidInputError(
            _l("These labels were printed %(count)s times already. Say why again.", count=printed), field="reason"
        )
    noted = LabelBlockPrint(
        block_id=block_id,
        print_no=printed + 1,
        written_in=written_in,
        reason=why if printed else None,
        printed_by_id=uow.actor.require_person(),
        printed_at=uow.now,
    )
    uow.session.add(noted)
    return noted


def spoil_label(uow: UnitOfWork, block_id: UUID, scanned: str, reason: str) -> None:
    """Note that a label of a block is torn, lost or badly printed: it will never be on a portion.

    Raises:
        NotFoundError: no such block of one's organisation.
        InvalidInputError: no label of this block, or no reason.
        ConflictError: it is on a portion, or was spoiled before.
    """
    get_label_block(uow.session, uow.actor.require_organisation(), block_id)
    why = reason.strip()
    if not why:
        raise InvalidInputError(_l("Say what happened to the label."), field="reason")
    issued = _unused(uow, scanned, {str(block_id)}, "label_no")
    void_number(uow, SERIES, SCOPE, issued.n, why)


def use_labels(uow: UnitOfWork, labels: Mapping[PortionKind, str]) -> dict[PortionKind, str]:
    """Take the pre-printed labels that were put on portions; what they say is the number of the portion.

    Args:
        uow: the transaction of the sealing, whose organisation printed the labels.
        labels: what was scanned for each portion; nothing where the label is still to be printed.

    Returns:
        Kind of portion → its number.

    Raises:
        InvalidInputError: no label of this organisation, or one label for both portions.
        ConflictError: a label that is on another portion, or spoiled.
    """
    given = {kind: normalise_scan(text) for kind, text in labels.items() if normalise_scan(text)}
    if not given:
        return {}
    if len(set(given.values())) != len(given):
        number = given[PortionKind.BACKUP]
        raise InvalidInputError(
            _l("Both portions have the label %(label_no)s.", label_no=number), field="backup_label_no"
        )
    blocks = select(LabelBlock.id).where(LabelBlock.organisation_id == uow.actor.require_organisation())
    ours = {str(block_id) for block_id in uow.session.scalars(blocks)}
    for kind, number in sorted(given.items(), key=lambda one: one[1]):  # one order of locks for everybody
        settle_number(uow, _unused(uow, number, ours, f"{kind.value}_label_no"))
    return given


def _first_of(uow: UnitOfWork, block_id: UUID) -> int:
    return uow.session.get_one(LabelBlock, block_id).first


def _unused(uow: UnitOfWork, scanned: str, holders: Collection[str], field: str) -> IssuedNumber:
    asked = normalise_scan(scanned)
    number = number_on_label(asked)
    if number is None:
        raise InvalidInputError(
            _l(
                "%(label_no)s is no pre-printed label; expected one such as %(example)s, its last digit checks it.",
                label_no=asked,
                example="L000000018",
            ),
            field=field,
        )
    issued = uow.session.scalar(select(IssuedNumber).where(OF_LABELS, IssuedNumber.n == number).with_for_update())
    if issued is None or issued.holder not in holders:
        raise InvalidInputError(
            _l("The label %(label_no)s is of no block that was taken here.", label_no=asked), field=field
        )
    if issued.fate is NumberFate.USED:
        raise ConflictError(_l("The label %(label_no)s is on another portion already.", label_no=asked), field=field)
    if issued.fate is NumberFate.VOID:
        raise ConflictError(
            _l("The label %(label_no)s was spoiled: %(reason)s.", label_no=asked, reason=issued.reason), field=field
        )
    return issued
