"""Pre-printed labels: the blocks of an organisation, and what became of each label."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, and_, cast, func, select, tuple_
from sqlalchemy.orm import Session

from chain_of_custody.models import LabelBlock, LabelBlockPrint
from chain_of_custody.rules import label_no, number_on_label
from lims.actors import Actor
from lims.errors import NotFoundError
from lims.numbering import IssuedNumber, NumberFate
from lims.web.paging import PAGE

SERIES, SCOPE = "portion_label", "all"  # one count for everybody: a number is never on two labels
OF_LABELS = and_(IssuedNumber.series == SERIES, IssuedNumber.scope == SCOPE)


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A block with how many of its labels are used, spoiled and left."""

    id: UUID
    first_no: str
    last_no: str
    count: int
    taken_by_id: UUID
    taken_at: datetime
    used: int
    spoiled: int

    @property
    def left(self) -> int:
        """Labels in somebody's hands."""
        return self.count - self.used - self.spoiled


@dataclass(frozen=True, slots=True)
class BlockLabel:
    """One label of a block: on a portion, spoiled with a reason, or left."""

    label_no: str
    fate: NumberFate
    reason: str | None


@dataclass(frozen=True, slots=True)
class FoundLabel:
    """A label that was scanned before it was on a portion: of which block, printed when, spoiled why."""

    label_no: str
    block_id: UUID
    organisation_id: UUID
    first_no: str
    last_no: str
    printed_at: datetime | None
    is_spoiled: bool
    reason: str | None


def list_label_blocks(
    session: Session, organisation_id: UUID, *, after: tuple[datetime, UUID] | None = None, limit: int = PAGE
) -> list[BlockRow]:
    """The blocks of an organisation, the newest first, from the one after instant and id `after` on."""
    query = select(LabelBlock).where(LabelBlock.organisation_id == organisation_id)
    if after is not None:
        query = query.where(tuple_(LabelBlock.taken_at, LabelBlock.id) < tuple_(*after))
    blocks = session.scalars(query.order_by(LabelBlock.taken_at.desc(), LabelBlock.id.desc()).limit(limit)).all()
    return _rows(session, blocks)


def get_label_block(session: Session, organisation_id: UUID, block_id: UUID) -> BlockRow:
    """One block of an organisation.

    Raises:
        NotFoundError: it has no such block.
    """
    block = session.get(LabelBlock, block_id)
    if block is None or block.organisation_id != organisation_id:
        raise NotFoundError
    return _rows(session, [block])[0]


def list_block_labels(session: Session, block_id: UUID) -> list[BlockLabel]:
    """Every label of a block with its fate, by number."""
    rows = session.execute(
        select(IssuedNumber.n, IssuedNumber.fate, IssuedNumber.reason)
        .where(OF_LABELS, IssuedNumber.holder == str(block_id))
        .order_by(IssuedNumber.n)
    )
    return [BlockLabel(label_no(number), fate, reason) for number, fate, reason in rows]


def list_block_prints(session: Session, block_id: UUID) -> Sequence[LabelBlockPrint]:
    """Every print of a block, the newest first."""
    return session.scalars(
        select(LabelBlockPrint).where(LabelBlockPrint.block_id == block_id).order_by(LabelBlockPrint.print_no.desc())
    ).all()


def find_label(session: Session, actor: Actor, scanned: str) -> FoundLabel | None:
    """What a pre-printed label is that is on no portion, to whoever handles portions or took its block.

    A label that is on a portion leads to the portion, or to somebody who may not see that one to nothing.

    Args:
        session: to read with.
        actor: who scans.
        scanned: as `rules.normalise_scan` leaves it.
    """
    number = number_on_label(scanned)
    if number is None or not actor.may("custody.hand_over"):
        return None
    row = session.execute(
        select(LabelBlock, IssuedNumber.fate, IssuedNumber.reason)
        .join(IssuedNumber, and_(OF_LABELS, IssuedNumber.holder == cast(LabelBlock.id, Text)))
        .where(IssuedNumber.n == number, IssuedNumber.fate != NumberFate.USED)
    ).one_or_none()
    if row is None:
        return None
    block, fate, reason = row
    prints = list_block_prints(session, block.id)
    return FoundLabel(
        label_no=scanned,
        block_id=block.id,
        organisation_id=block.organisation_id,
        first_no=label_no(block.first),
        last_no=label_no(block.last),
        printed_at=prints[0].printed_at if prints else None,
        is_spoiled=fate is NumberFate.VOID,
        reason=reason,
    )


def _rows(session: Session, blocks: Sequence[LabelBlock]) -> list[BlockRow]:
    fates = {
        fate: func.count().filter(IssuedNumber.fate == fate).label(fate.value)
        for fate in (NumberFate.USED, NumberFate.VOID)
    }
    counted = {
        row[0]: (row[1], row[2])
        for row in session.execute(
            select(IssuedNumber.holder, *fates.values())
            .where(OF_LABELS, IssuedNumber.holder.in_([str(block.id) for block in blocks]))
            .group_by(IssuedNumber.holder)
        )
    }
    return [
        BlockRow(
            block.id,
            label_no(block.first),
            label_no(block.last),
            block.last - block.first + 1,
            block.taken_by_id,
            block.taken_at,
            *counted.get(str(block.id), (0, 0)),
        )
        for block in blocks
    ]
