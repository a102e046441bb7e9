"""Taking blocks of sampling numbers from a sheet, leasing numbers from them, and closing one."""

import hashlib
from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from lims import layouts
from lims.catalog.queries import list_prefixes, list_regions
from lims.clock import local_date
from lims.decisions import read_reason
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from lims.layouts import Record
from lims.numbering import NumberSeries, open_series, take_number, take_numbers, void_number
from lims.people.models import Organisation
from lims.people.queries import list_organisations
from lims.tables import UnreadableFileError
from lims.uow import UnitOfWork
from sampling.given_sheets.queries import find_sheet
from sampling.given_sheets.services import begin_taking, keep_sheet, note_taken, read_sheet
from sampling.number_blocks import queries
from sampling.number_blocks.events import NumberBlockClosed, NumberBlocksTaken
from sampling.number_blocks.models import NumberBlock, NumberBlockFile
from sampling.number_blocks.queries import SERIES
from sampling.number_blocks.rules import read_range
from sampling.number_blocks.types import BlockInput, BlockVerdict, NumberRange, StagedFile, StagedRow

LAYOUT = "number_blocks"
NUMBERS = "sampling_no"  # the layout that says how a number is built
OWN_SERIES = "sampling_no"
OWN_DIGITS = 5  # that count, after the four of the institution
COLUMNS_SHOWN = ("organisation", "first", "last", "count", "task_source", "valid_from", "valid_to")
IN_A_BLOCK = "号段已导入，自编号跳过"


def receive_file(uow: UnitOfWork, name: str, content: bytes) -> NumberBlockFile:
    """Keep a sheet of number blocks as it came; nothing is taken from it yet. The same bytes again are the same sheet.

    Raises:
        InvalidInputError: empty, too large, or no table.
    """
    same = find_sheet(uow.session, NumberBlockFile, uow.actor.require_organisation(), hashlib.sha256(content).digest())
    if same is not None:
        return same
    return keep_sheet(uow, NumberBlockFile, name, content)


def stage_file(session: Session, file: NumberBlockFile) -> StagedFile:
    """What would become of every row of a sheet, now."""
    try:
        records = read_sheet(session, file, LAYOUT)
    except UnreadableFileError as error:
        return StagedFile((), error.message)
    return StagedFile(_Staging(session, file.organisation_id, local_date(file.received_at)).stage(records))


def take_blocks(uow: UnitOfWork, file_id: UUID) -> Sequence[NumberBlock]:
    """Take every row of a sheet that is new, all of them at once; the others stay out and keep their reason.

    Raises:
        NotFoundError: no such sheet of the actor's organisation.
        ConflictError: it was taken before, or nothing in it is new.

    Emits: NumberBlocksTaken.
    """
    file = begin_taking(uow, NumberBlockFile, file_id)
    if file.taken_at is not None:
        raise ConflictError(_l("The blocks of this sheet were taken already."))
    new = [row for row in stage_file(uow.session, file).rows if row.verdict is BlockVerdict.NEW]
    if not new:
        raise ConflictError(_l("Nothing in this sheet is new."))
    blocks = [_block(uow, file, row.number, row.block) for row in new if row.block is not None]
    uow.session.add_all(blocks)
    uow.session.flush()
    for block in blocks:
        open_series(uow, SERIES, str(block.id))
    note_taken(uow, file)
    numbers = sum(block.numbers.count for block in blocks)
    uow.emit(NumberBlocksTaken(file_id=file.id, blocks=len(blocks), numbers=numbers))
    return blocks


def close_block(uow: UnitOfWork, block_id: UUID, reason: str) -> NumberBlock:
    """Lease no further number from a block: it was called back, or given by mistake.

    Raises:
        NotFoundError: no such block of the actor's organisation.
        ConflictError: it is closed.
        InvalidInputError: no reason.

    Emits: NumberBlockClosed.
    """
    why = read_reason(reason)
    block = uow.session.get(NumberBlock, block_id, with_for_update=True)
    if block is None or block.regulator_id != uow.actor.organisation_id:
        raise NotFoundError
    if block.closed_at is not None:
        raise ConflictError(_l("This block is closed already."))
    # A number that is being leased at this instant is waited for, so that what is left is told as it stands.
    held = uow.session.get_one(NumberSeries, (SERIES, str(block_id)), with_for_update=True)
    block.closed_at, block.closed_by_id, block.closed_reason = uow.now, uow.actor.require_person(), why
    uow.emit(NumberBlockClosed(block_id=block_id, left=block.numbers.count - held.last))
    return block


def next_sampling_no(
    uow: UnitOfWork, *, plan_line_id: UUID, organisation_id: UUID, region_code: str, institution: str
) -> str:
    """The next number of the sampling organisation's blocks; one of its own where no block has any left.

    A block that names the plan's task source comes before one for any, then the one that ends first. Locks the counts
    of the blocks, or of the own numbers, until the commit: take it late in the use case.

    Args:
        uow: the transaction in which the sample is made.
        plan_line_id: its line, which may name the source of its task.
        organisation_id: who samples.
        region_code: where it was taken; stands in own numbers.
        institution: the four digits of the organisation in its own numbers.
    """
    today = local_date(uow.now)
    fixed = f"{_number_layout(today)['own_prefix']}{today:%y}{region_code}"
    own_first = int(institution) * 10**OWN_DIGITS
    found = queries.find_next_number(
        uow.session,
        plan_line_id=plan_line_id,
        organisation_id=organisation_id,
        today=today,
        own_fixed=fixed,
        own_first=own_first,
        own_count=10**OWN_DIGITS - 1,
    )
    if found.block_id is not None and found.numbers is not None:
        return found.numbers.number(take_number(uow, SERIES, str(found.block_id)))
    scope = f"{fixed}{institution}"
    return f"{scope}{_own_number(uow, scope, own_first, found.reached):0{OWN_DIGITS}d}"


def _own_number(uow: UnitOfWork, scope: str, own_first: int, reached: tuple[int, int] | None) -> int:
    """The next own number; those that imported blocks reach are spoiled first, so that no number stands twice."""
    number = take_number(uow, OWN_SERIES, scope)
    if reached is None or not reached[0] <= own_first + number <= reached[1]:
        return number
    *spoiled, free = [number, *take_numbers(uow, OWN_SERIES, scope, reached[1] - own_first - number + 1)]
    for one in spoiled:
        void_number(uow, OWN_SERIES, scope, one, IN_A_BLOCK)
    return free


def _number_layout(day: date) -> dict[str, str]:
    return {one.field: one.heading for one in layouts.columns_of(NUMBERS, day)}


def _block(uow: UnitOfWork, file: NumberBlockFile, row: int, block: BlockInput) -> NumberBlock:
    return NumberBlock(
        id=uuid4(),
        regulator_id=file.organisation_id,
        organisation_id=block.organisation_id,
        file_id=file.id,
        row=row,
        fixed=block.numbers.fixed,
        first=block.numbers.first,
        last=block.numbers.last,
        suffix=block.numbers.suffix,
        task_source=block.task_source,
        valid_from=block.valid_from,
        valid_to=block.valid_to,
        taken_at=uow.now,
    )


class _Staging:
    """Rows of one sheet against what is held; rows further up count as held for those below."""

    def __init__(self, session: Session, regulator_id: UUID, day: date) -> None:
        self.session = session
        self.regulator_id = regulator_id
        self.pattern = _number_layout(day)["pattern"]
        self.prefixes = {one.prefix for one in list_prefixes(session)}
        self.regions = {one.code for one in list_regions(session)}
        self.organisations = {layouts.plain(one.name_zh): one for one in list_organisations(session)}
        self.organisations |= {
            name: one
            for one in list(self.organisations.values())
            for name in map(layouts.plain, filter(None, (one.name_en, one.uscc)))
        }
        self.above: list[tuple[int, NumberRange]] = []

    def stage(self, records: Sequence[Record]) -> list[StagedRow]:
        """Every row with its verdict."""
        return [self._row(record) for record in records]

    def _row(self, record: Record) -> StagedRow:
        written = [record.get(name) for name in COLUMNS_SHOWN]
        try:
            block = self._read(record)
        except InvalidInputError as error:
            return StagedRow(record.number, written, BlockVerdict.UNREADABLE, why=error.message)
        verdict, why = self._compare(block)
        if verdict is BlockVerdict.NEW:
            self.above.append((record.number, block.numbers))
        return StagedRow(record.number, written, verdict, block, why)

    def _read(self, record: Record) -> BlockInput:
        organisation = self._organisation(record.get("organisation"))
        numbers = read_range(
            record.get("first"),
            record.get("last"),
            record.get("count"),
            record.get("prefix"),
            pattern=self.pattern,
            prefixes=self.prefixes,
            regions=self.regions,
        )
        since, until = (layouts.read_day(record.get(name)) for name in ("valid_from", "valid_to"))
        if since is not None and until is not None and since > until:
            raise InvalidInputError(
                _l("Valid from %(since)s until %(until)s; expected the other order.", since=since, until=until)
            )
        return BlockInput(organisation.id, numbers, record.get("task_source"), since, until)

    def _organisation(self, name: str) -> Organisation:
        found = self.organisations.get(layouts.plain(name))
        if found is None:
            raise InvalidInputError(
                _l("There is no organisation “%(name)s”; expected its full name or credit code.", name=name)
            )
        return found

    def _compare(self, block: BlockInput) -> tuple[BlockVerdict, LazyString | None]:
        for number, above in self.above:
            if above.overlaps(block.numbers):
                return BlockVerdict.OVERLAPS, _l("Row %(row)s of this sheet has some of these numbers.", row=number)
        held = queries.find_overlaps(self.session, block.numbers)
        if held and held[0].numbers == block.numbers and held[0].organisation_id == block.organisation_id:
            return BlockVerdict.SAME, None
        if held:
            return BlockVerdict.OVERLAPS, _l(
                "%(first)s to %(last)s are held already.", first=held[0].numbers.first_no, last=held[0].numbers.last_no
            )
        taken = queries.find_taken_number(self.session, block.numbers)
        if taken is not None:
            return BlockVerdict.OVERLAPS, _l("%(number)s stands on a sample already.", number=taken)
        return BlockVerdict.NEW, None
