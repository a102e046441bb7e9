"""Taking results out for the national system, noting what it gave back, and comparing its export with ours."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lims import files, layouts
from lims.actors import Actor
from lims.clock import local_date
from lims.decisions import read_reason
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.layouts import Record
from lims.tables import UnreadableFileError, is_workbook, to_csv, to_xlsx
from lims.uow import UnitOfWork
from results.national import queries
from results.national.events import ReportReturned, ResultsTakenOut
from results.national.models import NationalExport, NationalExportLine, NationalReturn
from results.national.rules import compare_items, compare_sample
from results.national.types import DUE, Difference, DifferenceKind, ReportingState, SampleRow
from sampling.models import Sample

SAMPLES, ITEMS = "national_samples", "national_items"
SHEETS = {SAMPLES: "样品", ITEMS: "检验项目"}
MOST_SAMPLES = 300  # in one file: some seconds, and what a person enters in a day
MOST_COMPARED = 2_000  # samples of one export that are compared
WORKBOOKS = frozenset({"application/zip", "application/octet-stream"})


def take_out(uow: UnitOfWork) -> NationalExport:
    """Take the next file out: what is due, the earliest signature first; its samples count as reported from now on.

    Raises:
        ConflictError: nothing is due.

    Emits: ResultsTakenOut.
    """
    # Two files at one instant would hold the same samples: the second waits and takes what the first left.
    uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtext("national_export"))))
    due = queries.list_board(uow.session, uow.actor, uow.now, states=DUE, limit=MOST_SAMPLES)
    if not due:
        raise ConflictError(_l("Nothing is due: every signed sample is reported."))
    ids = [row.sample_id for row in due]
    reports = queries.reports_of(uow.session, ids)
    content = write_workbook(queries.national_rows(uow.session, ids, uow.now), uow.now)
    digest = files.store_file(uow, content, allowed=WORKBOOKS)
    export = NationalExport(
        id=uuid4(),
        organisation_id=uow.actor.require_organisation(),
        file_sha256=digest,
        samples=len(due),
        taken_by_id=uow.actor.require_person(),
        taken_at=uow.now,
    )
    uow.session.add(export)
    uow.session.flush()
    uow.session.add_all(
        NationalExportLine(
            export_id=export.id,
            sample_id=row.sample_id,
            report_id=reports[row.sample_id].id,
            verdict=row.verdict,
        )
        for row in due
    )
    uow.session.flush()
    uow.emit(ResultsTakenOut(export_id=export.id, samples=len(due), sha256=digest.hex()))
    return export


def note_return(uow: UnitOfWork, sample_id: UUID, reason: str) -> NationalReturn:
    """Note that the national system gave a sample back; it is due again.

    Raises:
        NotFoundError: no signed sample of the actor's organisation.
        ConflictError: it is not reported, or its return is noted.
        InvalidInputError: no reason.

    Emits: ReportReturned.
    """
    why = read_reason(reason)
    uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtext("national_export"))))
    last = uow.session.execute(
        select(NationalExportLine)
        .join(NationalExport, NationalExport.id == NationalExportLine.export_id)
        .join(Sample, Sample.id == NationalExportLine.sample_id)
        .where(
            Sample.id == sample_id,
            or_(Sample.lab_id == uow.actor.organisation_id, Sample.regulator_id == uow.actor.organisation_id),
        )
        .order_by(NationalExport.taken_at.desc(), NationalExport.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    if last is None:
        raise NotFoundError(_l("This sample was not reported to the national system."))
    if uow.session.get(NationalReturn, (last.export_id, sample_id)) is not None:
        raise ConflictError(_l("This return is noted already."))
    noted = NationalReturn(
        export_id=last.export_id,
        sample_id=sample_id,
        reason=why,
        noted_by_id=uow.actor.require_person(),
        noted_at=uow.now,
    )
    uow.session.add(noted)
    uow.emit(ReportReturned(sample_id=sample_id, export_id=last.export_id, reason=why))
    return noted


def write_workbook(rows: Sequence[SampleRow], now: datetime) -> bytes:
    """Samples and items, a sheet of each, in the columns of the day."""
    return to_xlsx({SHEETS[layout]: _table(layout, rows, local_date(now)) for layout in SHEETS}, now)


def write_csv(layout: str, rows: Sequence[SampleRow], day: date) -> bytes:
    """The samples or the items as CSV."""
    head, *body = _table(layout, rows, day)
    return to_csv(head, body)


def compare(session: Session, actor: Actor, content: bytes, now: datetime) -> list[Difference]:
    """What disagrees between an export of the national system and ours, in the order of its rows; nothing is changed.

    A workbook may have the sheets 样品 and 检验项目, as ours has; any other file is one table of samples or of items,
    known by its columns. A sample that we reported and the export lacks is named last.

    Raises:
        InvalidInputError: no such table, or too many samples.
    """
    day = local_date(now)
    samples, items = _read_export(content, day)
    numbers = list(dict.fromkeys(one.get("sampling_no") for one in (*samples, *items)))
    if len(numbers) > MOST_COMPARED:
        raise InvalidInputError(
            _l(
                "The file has %(count)s samples; at most %(most)s are compared.", count=len(numbers), most=MOST_COMPARED
            ),
            field="file",
        )
    known = queries.list_board(session, actor, now, numbers=numbers, limit=MOST_COMPARED)
    rows = queries.national_rows(session, [one.sample_id for one in known], now)
    ours = {row.fields["sampling_no"]: row for row in rows}
    titles = {layout: {one.field: one.heading for one in layouts.columns_of(layout, day)} for layout in SHEETS}
    found = [
        difference
        for record in samples
        for difference in compare_sample(
            record, ours.get(record.get("sampling_no")), titles[SAMPLES], record.get("sampling_no")
        )
    ]
    by_sample: dict[str, list[Record]] = defaultdict(list)
    for record in items:
        by_sample[record.get("sampling_no")].append(record)
    for number, records in by_sample.items():
        found += compare_items(records, ours.get(number), titles[ITEMS], number)
    if samples:
        reported = queries.list_board(
            session, actor, now, states=[ReportingState.REPORTED], limit=MOST_COMPARED + len(numbers)
        )
        there = {one.get("sampling_no") for one in samples}
        found += [
            Difference(DifferenceKind.MISSING_THERE, 0, row.sampling_no)
            for row in reported
            if row.sampling_no not in there
        ]
    return found


def _read_export(content: bytes, day: date) -> tuple[list[Record], list[Record]]:
    columns = {layout: layouts.columns_of(layout, day) for layout in SHEETS}
    if is_workbook(content):
        try:
            samples, items = (
                layouts.read_records(content, columns[layout], sheet=sheet) for layout, sheet in SHEETS.items()
            )
        except UnreadableFileError:
            pass  # another workbook: its first sheet is looked at below
        else:
            return samples, items
    try:
        return [], layouts.read_records(content, columns[ITEMS])
    except UnreadableFileError:
        pass  # no item column: a table of samples
    try:
        return layouts.read_records(content, columns[SAMPLES]), []
    except UnreadableFileError as error:
        raise InvalidInputError(
            _l("The file cannot be read: %(problem)s.", problem=error.message), field="file"
        ) from error


def _table(layout: str, rows: Sequence[SampleRow], day: date) -> list[list[str]]:
    columns = layouts.columns_of(layout, day)
    lines = [row.fields for row in rows] if layout == SAMPLES else [item for row in rows for item in row.items]
    return [[one.title for one in columns], *([line.get(one.field, "") for one in columns] for line in lines)]
