"""Taking in a file of results: looked at row by row first, then entered as if typed."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from chain_of_custody.rules import normalise_scan
from lims.catalog.queries import find_items
from lims.errors import ConflictError, InvalidInputError, LimsError
from lims.files import read_file, store_file
from lims.i18n import LazyString, gettext
from lims.i18n import lazy_gettext as _l
from lims.tables import Table, UnreadableFileError, read_text_table, read_workbook
from lims.uow import UnitOfWork
from results.models import ItemResult, ResultImport, TestSet, TestSetItem
from results.queries import find_import, lines_of_sets, results_by_line, retests_of_versions, sets_by_code
from results.rules.result_table import TableRow, TableShapeError, read_rows
from results.services.confirming import ONLY_A_FAIL, TESTED_AGAIN, Retest, enter_retests, judge_retest
from results.services.entry import enter_sets
from results.services.judging import Judge, JudgedEntry
from results.types import Entry, ItemVerdict, TestSetState

WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
DELIMITERS = ",\t;"
TAKES_RESULTS = frozenset({TestSetState.OPEN, TestSetState.TESTING})


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row of a file and what would become of it.

    Attributes:
        problem: why it is refused; None where it would be entered.
        judged: the result with its verdict, where there is one to be entered.
        retest: the second measurement with its verdict, where there is one to be entered.
    """

    given: TableRow
    problem: str | None = None
    judged: JudgedEntry | None = None
    retest: JudgedEntry | None = None

    @property
    def verdict(self) -> ItemVerdict | None:
        """Of the result, where one is entered."""
        return self.judged.judgement.verdict if self.judged else None

    @property
    def retest_verdict(self) -> ItemVerdict | None:
        """Of the second measurement, where one is entered."""
        return self.retest.judgement.verdict if self.retest else None


@dataclass(frozen=True, slots=True)
class Preview:
    """A file before it is taken in."""

    sha256: bytes
    rows: Sequence[PreviewRow]
    warnings: Sequence[str] = ()

    @property
    def accepted(self) -> list[PreviewRow]:
        """The rows that would be entered."""
        return [row for row in self.rows if row.problem is None]

    @property
    def refused(self) -> list[PreviewRow]:
        """The rows that would not."""
        return [row for row in self.rows if row.problem is not None]


def preview_file(uow: UnitOfWork, content: bytes) -> Preview:
    """Keep a file and say what would become of each of its rows; nothing is entered.

    Raises:
        InvalidInputError: no CSV or XLSX, or without the columns for blind code, item, and result or retest.
        ConflictError: the very same file was taken in before.
    """
    table = _read(content)
    sha256 = store_file(uow, content)
    lab_id = uow.actor.require_organisation()
    if find_import(uow.session, lab_id, sha256) is not None:
        raise ConflictError(_l("This very file was taken in before."), field="file")
    return Preview(sha256, _look(uow.session, lab_id, _rows_of(table)), table.warnings)


def import_file(uow: UnitOfWork, sha256: bytes) -> int:
    """Enter the rows of a file that were shown as acceptable; returns how many.

    Raises:
        NotFoundError: no such file was looked at.
        InvalidInputError: it holds nothing that can be entered.
        ConflictError: taken in before, or somebody entered a result meanwhile.
        SeparationRefusedError: the person may not test one of the samples.
    """
    content, _media_type = read_file(uow.session, sha256)
    preview = preview_file(uow, content)
    if not preview.accepted:
        raise InvalidInputError(_l("Nothing of this file can be entered."), field="file")
    by_code: dict[str, list[Entry]] = defaultdict(list)
    looked_at: dict[UUID, JudgedEntry] = {}
    retests: list[Retest] = []
    for row in preview.accepted:
        code = normalise_scan(row.given.code)
        if row.judged is not None:
            by_code[code].append(row.judged.entry)
            looked_at[row.judged.line.id] = row.judged
        if row.retest is not None:
            retests.append(Retest(code, row.retest.line.id, row.given.retest))
    if by_code:
        enter_sets(uow, by_code, looked_at)
    if retests:
        enter_retests(uow, retests)
    uow.session.add(
        ResultImport(
            lab_id=uow.actor.require_organisation(),
            file_sha256=sha256,
            imported_by_id=uow.actor.require_person(),
            imported_at=uow.now,
            results=len(preview.accepted),
        )
    )
    uow.session.flush()
    return len(preview.accepted)


def _read(content: bytes) -> Table:
    if not content:
        raise InvalidInputError(_l("The file is empty."), field="file")
    try:
        if content.startswith(WORKBOOKS):
            return read_workbook(content)
        head = content[:4096]
        delimiter = max(DELIMITERS, key=lambda sign: head.count(sign.encode()))
        return read_text_table(content, delimiter=delimiter)
    except UnreadableFileError as error:
        raise InvalidInputError(_l("This file cannot be read as CSV or XLSX."), field="file") from error


def _rows_of(table: Table) -> list[TableRow]:
    try:
        return read_rows(table.rows)
    except TableShapeError as error:
        raise InvalidInputError(error.reason.translated(gettext), field="file") from error


def _look(session: Session, lab_id: UUID, rows: Sequence[TableRow]) -> list[PreviewRow]:
    codes = {row.row: normalise_scan(row.code) for row in rows}
    sets = sets_by_code(session, lab_id, set(codes.values()))
    items = find_items(session, {row.item for row in rows})
    ids = [one.id for one in sets.values()]
    lines = {(line.test_set_id, line.item_id): line for line in lines_of_sets(session, ids).values()}
    judge = Judge.of(session, lines.values())
    standing = results_by_line(session, ids)
    has_retests = any(row.retest for row in rows)
    retested = retests_of_versions(session, {one: row.version for one, row in standing.items()}) if has_retests else {}
    places = Counter((codes[row.row], items.get(row.item, row.item)) for row in rows)
    seen: list[PreviewRow] = []
    for row in rows:
        test_set = sets.get(codes[row.row])
        item_id = items.get(row.item)
        line = lines.get((test_set.id, item_id)) if test_set and item_id else None
        if test_set is None:
            seen.append(_refused(row, _l("Unknown code %(code)s.", code=row.code[:40])))
        elif line is None:
            seen.append(_refused(row, _l("%(item)s is not in the worklist of this code.", item=row.item[:60])))
        elif places[codes[row.row], item_id or row.item] > 1:
            seen.append(_refused(row, _l("The file gives this item of this code more than once.")))
        else:
            before = Before(standing.get(line.id), is_retested=line.id in retested)
            seen.append(_judged(row, test_set, line, before, judge))
    return seen


@dataclass(frozen=True, slots=True)
class Before:
    """What stands for an item already."""

    result: ItemResult | None
    is_retested: bool


def _judged(row: TableRow, test_set: TestSet, line: TestSetItem, before: Before, judge: Judge) -> PreviewRow:
    if test_set.state not in TAKES_RESULTS:
        return _refused(row, _l("The results of this code are locked."))
    try:
        return _accepted(row, test_set, line, before, judge)
    except LimsError as refusal:
        return _refused(row, refusal.message)


def _accepted(row: TableRow, test_set: TestSet, line: TestSetItem, before: Before, judge: Judge) -> PreviewRow:
    """A row that can be entered, judged.

    Raises:
        ConflictError: a result stands, or a retest has no fail to bear out, or that has one already.
        InvalidInputError: a text that is no result.
    """
    stands = before.result
    # A file that was taken in comes again with a column of retests: what it repeats is not entered twice.
    if stands is not None and not (row.retest and row.result in {"", stands.entered_text}):
        raise ConflictError(_l("A result stands for this item: %(text)s.", text=stands.entered_text))
    if stands is None and row.retest and not row.result:
        raise ConflictError(_l("There is no result of this item yet that could be tested again."))
    judged = None
    if stands is None:
        entry = Entry(line.id, row.result, untested_reason=row.untested_reason or None, seen_version=0)
        judged = judge.judge(line, test_set, entry)
    if not row.retest:
        return PreviewRow(row, judged=judged)
    found = judged.judgement if judged is not None else stands
    if found is None or found.verdict is not ItemVerdict.FAIL:
        raise ConflictError(ONLY_A_FAIL)
    if before.is_retested:
        raise ConflictError(TESTED_AGAIN)
    return PreviewRow(row, judged=judged, retest=judge_retest(judge, line, test_set, row.retest))


def _refused(row: TableRow, why: str | LazyString) -> PreviewRow:
    return PreviewRow(row, problem=str(why))
