"""Reads of number blocks: what is held, what is left of it, and from which block the next number comes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lims import clock
from lims.actors import Actor
from lims.catalog.parameters import parameters_in_force
from lims.clock import local_date
from lims.errors import NotFoundError
from lims.numbering import IssuedNumber, NumberFate, NumberSeries
from lims.people.models import Organisation
from lims.web.paging import PAGE
from sampling.models import PlanCategory, Sample
from sampling.number_blocks.models import NumberBlock
from sampling.number_blocks.types import NumberRange
from sampling.types import SampleState

SERIES = "number_block"
LOW = "number_block_low"

# The blocks that a sample of this plan and organisation may be numbered from, their counts locked. Whoever waited for a
# count finds it as the other one left it, and a block that was used up meanwhile is not among them any more. Beside
# them, in the same statement, how far imported numbers reach into what would be the organisation's own.
USABLE = sa.text(
    """
    WITH usable AS (
        SELECT block.id, block.fixed, block.first, block.last, block.suffix, block.task_source = '' AS is_general,
            coalesce(block.valid_to, '9999-12-31') AS valid_to, block.taken_at, block.row
        FROM number_block block
        JOIN number_series held ON held.series = 'number_block' AND held.scope = block.id::text
        JOIN plan_line line ON line.id = :plan_line_id
        JOIN sampling_plan plan ON plan.id = line.plan_id
        JOIN organisation regulator ON regulator.id = plan.organisation_id
        WHERE block.organisation_id = :organisation_id AND block.regulator_id = plan.organisation_id
          AND block.closed_at IS NULL AND held.last <= block.last - block.first
          AND coalesce(block.valid_from, '-infinity') <= :today AND coalesce(block.valid_to, 'infinity') >= :today
          AND block.task_source IN ('', plan.title_zh, coalesce(line.task_source, regulator.name_zh))
        ORDER BY is_general, valid_to, block.taken_at, block.row, block.fixed, block.first, block.id
        FOR UPDATE OF held
    )
    SELECT usable.*, reached.begins_at, reached.ends_at
    FROM (
        SELECT min(block.first) AS begins_at, max(block.last) AS ends_at FROM number_block block
        WHERE block.fixed = :own_fixed AND block.suffix = ''
          AND block.last > :own_first AND block.first <= :own_first + :own_count
    ) reached LEFT JOIN usable ON true
    ORDER BY is_general, valid_to, taken_at, row, fixed, first, id
    """
)


@dataclass(frozen=True, slots=True)
class NextNumber:
    """Where the next sampling number comes from.

    Attributes:
        block_id, numbers: the block to lease from; None where the organisation has none.
        reached: the first and the last serial of imported blocks among the organisation's own, if there are any.
    """

    block_id: UUID | None
    numbers: NumberRange | None
    reached: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A block with what became of its numbers.

    Attributes:
        used: numbers on a sample that was not voided.
        void: spoiled with a reason, or on a sample that was voided.
        leased: in somebody's hands.
        left: that nobody took yet.
        is_low: little is left of it, by the rule parameter.
    """

    block: NumberBlock
    organisation: Organisation
    used: int
    void: int
    leased: int
    left: int
    is_low: bool

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return self.block.numbers.count


@dataclass(frozen=True, slots=True)
class BlockNumber:
    """One number of a block that was taken, with its one fate."""

    number: str
    fate: NumberFate
    reason: str | None
    issued_at: datetime
    sample_id: UUID | None
    sample_state: SampleState | None

    @property
    def is_void(self) -> bool:
        """Whether it will never be on a sample that counts."""
        return self.fate is NumberFate.VOID or self.sample_state is SampleState.VOID


def find_next_number(
    session: Session,
    *,
    plan_line_id: UUID,
    organisation_id: UUID,
    today: date,
    own_fixed: str,
    own_first: int,
    own_count: int,
) -> NextNumber:
    """From which block the next sampling number comes, its count locked until the commit.

    Args:
        session: of the transaction that takes the number.
        plan_line_id: of the sample.
        organisation_id: who samples.
        today: the day of the number.
        own_fixed: what the organisation's own numbers begin with.
        own_first: the serial before its own first one.
        own_count: how many of its own there are.
    """
    rows = session.execute(
        USABLE,
        {
            "plan_line_id": plan_line_id,
            "organisation_id": organisation_id,
            "today": today,
            "own_fixed": own_fixed,
            "own_first": own_first,
            "own_count": own_count,
        },
    ).all()
    row = rows[0]
    numbers = None if row.id is None else NumberRange(row.fixed, row.first, row.last, row.suffix)
    reached = None if row.begins_at is None else (row.begins_at, row.ends_at)
    return NextNumber(row.id, numbers, reached)


def list_blocks(
    session: Session,
    actor: Actor,
    *,
    organisation_ids: Sequence[UUID] | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> list[BlockRow]:
    """The blocks a regulator gave, the newest first; all of them or those of some sampling organisations."""
    query = sa.select(NumberBlock).where(NumberBlock.regulator_id == actor.organisation_id)
    if organisation_ids is not None:
        query = query.where(NumberBlock.organisation_id.in_(organisation_ids), NumberBlock.closed_at.is_(None))
    if after is not None:
        query = query.where(sa.tuple_(NumberBlock.taken_at, NumberBlock.id) < sa.tuple_(*map(sa.literal, after)))
    ordered = query.order_by(NumberBlock.taken_at.desc(), NumberBlock.id.desc()).limit(limit)
    return _rows(session, session.scalars(ordered).all())


def get_block(session: Session, actor: Actor, block_id: UUID) -> BlockRow:
    """One block that the actor's organisation gave.

    Raises:
        NotFoundError: there is none.
    """
    block = session.get(NumberBlock, block_id)
    if block is None or block.regulator_id != actor.organisation_id:
        raise NotFoundError
    return _rows(session, [block])[0]


def list_numbers(session: Session, block: NumberBlock, *, after: int = 0, limit: int = PAGE) -> list[BlockNumber]:
    """The numbers of a block that were taken, in their order, from the place after `after` on."""
    numbers = block.numbers
    issued = session.scalars(
        sa.select(IssuedNumber)
        .where(IssuedNumber.series == SERIES, IssuedNumber.scope == str(block.id), IssuedNumber.n > after)
        .order_by(IssuedNumber.n)
        .limit(limit)
    ).all()
    texts = [numbers.number(one.n) for one in issued]
    samples = {
        row.sampling_no: row
        for row in session.execute(
            sa.select(Sample.id, Sample.sampling_no, Sample.state).where(Sample.sampling_no.in_(texts))
        )
    }
    return [
        BlockNumber(
            number,
            one.fate,
            one.reason,
            one.issued_at,
            samples[number].id if number in samples else None,
            samples[number].state if number in samples else None,
        )
        for number, one in zip(texts, issued, strict=True)
    ]


def blocks_of_plan(session: Session, actor: Actor, plan_id: UUID) -> list[BlockRow]:
    """The open blocks of whoever samples a plan."""
    samplers = session.scalars(
        sa.select(PlanCategory.sampling_organisation_id).where(
            PlanCategory.plan_id == plan_id, PlanCategory.sampling_organisation_id.is_not(None)
        )
    ).all()
    return list_blocks(session, actor, organisation_ids=[one for one in samplers if one is not None])


def count_low(session: Session, actor: Actor) -> int:
    """How many open blocks of a regulator run low, used up ones left out: those are history."""
    left = NumberBlock.last - NumberBlock.first + 1 - NumberSeries.last
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(NumberBlock)
            .join(NumberSeries, _series_of_block())
            .where(
                NumberBlock.regulator_id == actor.organisation_id,
                NumberBlock.closed_at.is_(None),
                left > 0,
                left <= _low(session),
            )
        )
        or 0
    )


def find_overlaps(session: Session, numbers: NumberRange) -> list[NumberBlock]:
    """The blocks that hold some of these numbers, whoever gave them; of a closed one only what was taken counts."""
    last = sa.case((NumberBlock.closed_at.is_(None), NumberBlock.last), else_=NumberBlock.first + NumberSeries.last - 1)
    return list(
        session.scalars(
            sa.select(NumberBlock)
            .join(NumberSeries, _series_of_block())
            .where(
                NumberBlock.fixed == numbers.fixed,
                NumberBlock.suffix == numbers.suffix,
                NumberBlock.first <= numbers.last,
                last >= numbers.first,
            )
            .order_by(NumberBlock.first, NumberBlock.id)
        )
    )


def find_taken_number(session: Session, numbers: NumberRange) -> str | None:
    """The first of these numbers that stands on a sample already."""
    return session.scalar(
        sa.select(Sample.sampling_no)
        .where(
            Sample.sampling_no.startswith(numbers.fixed, autoescape=True),
            sa.func.length(Sample.sampling_no) == len(numbers.first_no),
            Sample.sampling_no >= numbers.first_no,
            Sample.sampling_no <= numbers.last_no,
        )
        .order_by(Sample.sampling_no)
        .limit(1)
    )


def _series_of_block() -> sa.ColumnElement[bool]:
    return sa.and_(NumberSeries.series == SERIES, NumberSeries.scope == sa.cast(NumberBlock.id, sa.Text))


def _low(session: Session) -> int:
    return int(parameters_in_force(session, frozenset({LOW}), local_date(clock.now())).get(LOW) or 0)


def _rows(session: Session, blocks: Sequence[NumberBlock]) -> list[BlockRow]:
    low = _low(session)
    scopes = {str(block.id): block for block in blocks}
    held = session.scalars(sa.select(NumberSeries).where(NumberSeries.series == SERIES, NumberSeries.scope.in_(scopes)))
    last = {one.scope: one.last for one in held}
    fates: dict[tuple[str, NumberFate], int] = {
        (scope, fate): count
        for scope, fate, count in session.execute(
            sa.select(IssuedNumber.scope, IssuedNumber.fate, sa.func.count())
            .where(IssuedNumber.series == SERIES, IssuedNumber.scope.in_(scopes))
            .group_by(IssuedNumber.scope, IssuedNumber.fate)
        )
    }
    voided = {str(block.id): _voided(session, block.numbers) for block in blocks}
    organisations = {
        one.id: one
        for one in session.scalars(
            sa.select(Organisation).where(Organisation.id.in_({block.organisation_id for block in blocks}))
        )
    }
    rows = []
    for scope, block in scopes.items():
        left = block.numbers.count - last.get(scope, 0)
        rows.append(
            BlockRow(
                block,
                organisations[block.organisation_id],
                used=fates.get((scope, NumberFate.USED), 0) - voided[scope],
                void=fates.get((scope, NumberFate.VOID), 0) + voided[scope],
                leased=fates.get((scope, NumberFate.LEASED), 0),
                left=left,
                is_low=block.closed_at is None and left <= low,
            )
        )
    return rows


def _voided(session: Session, numbers: NumberRange) -> int:
    """How many numbers of a block stand on samples that were voided."""
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Sample)
            .where(
                Sample.state == SampleState.VOID,
                sa.func.length(Sample.sampling_no) == len(numbers.first_no),
                Sample.sampling_no >= numbers.first_no,
                Sample.sampling_no <= numbers.last_no,
            )
        )
        or 0
    )
