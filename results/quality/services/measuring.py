"""Entering what was found in the positions of quality control; judged at once."""

from collections.abc import Mapping, Sequence

from instruments.queries import get_reading
from lims.clock import local_date, local_time
from lims.errors import InvalidInputError, LimsError
from lims.i18n import gettext
from lims.i18n import lazy_gettext as _l
from lims.people.authorisations import Needed, require_authorised
from lims.people.queries import person_names
from lims.people.types import AuthorisationKind
from lims.quantities import QuantityError, UnitMismatchError, convert, parse_unit
from lims.uow import UnitOfWork
from results.quality.models import Batch, QcResult
from results.quality.queries.batches import QcCell, get_batch, qc_cells
from results.quality.services.evaluation import NOT_MEASURED, evaluate_batch
from results.quality.types import QcEntry
from results.rules.findings import parse_finding
from results.services.entry import EntriesRefusedError, ResultStandsError, enter_sets
from results.services.judging import MAX_RESULT_TEXT
from results.types import Entry, Finding, FindingKind


def enter_qc(uow: UnitOfWork, batch_no: str, entries: Sequence[QcEntry]) -> list[QcResult]:
    """Write down what was found in positions of quality control, and judge the batch; all entries or none.

    Replacing a result writes the next version and asks for a reason. What was rejected stays held, whatever replaces
    it.

    Raises:
        NotFoundError: no such batch, or no such reading, of this laboratory.
        InvalidInputError: a position that is not there, a text that is no single result, a unit that does not fit, or a
            figure that is not that of the reading it names.
        ResultStandsError: a result stands and no reason is given, or it is not the one that was on the screen.
        EntriesRefusedError: several of these, each beside its cell.
        NotAuthorisedError: the person may not test by this method.
    Emits: ResultsHeld.
    """
    batch = get_batch(uow.session, uow.actor.require_organisation(), batch_no)
    uow.session.refresh(batch, with_for_update=True)  # two who enter at once are judged one after the other
    require_authorised(
        uow.session,
        [Needed.of(uow.actor, AuthorisationKind.TEST)],
        local_date(uow.now),
        methods=lambda: frozenset({batch.method}),
    )
    cells = {(cell.slot.position, cell.item.id): cell for cell in qc_cells(uow.session, [batch.id])}
    written: list[QcResult] = []
    problems: dict[str, LimsError] = {}
    for entry in entries:
        name = f"{entry.position}-{entry.item_id}"
        cell = cells.get((entry.position, entry.item_id))
        if cell is None:
            raise InvalidInputError(
                _l("The batch has no quality control of this item in position %(place)s.", place=entry.position)
            )
        try:
            _check_seen(uow, name, entry, cell)
            written.append(_result(uow, batch, name, entry, cell))
        except (InvalidInputError, ResultStandsError) as problem:
            problems[name] = problem
    if problems:
        raise next(iter(problems.values())) if len(problems) == 1 else EntriesRefusedError(problems)
    uow.session.add_all(written)
    uow.session.flush()
    evaluate_batch(uow, batch)
    return written


def save_batch(
    uow: UnitOfWork, batch_no: str, samples: Mapping[str, Sequence[Entry]], controls: Sequence[QcEntry]
) -> int:
    """Write down what was found in a batch, samples by blind code and quality control; returns how many.

    Raises: as `enter_sets` and `enter_qc`; what is wrong with several cells is told together, and
        nothing is entered then.
    Emits: ResultsHeld.
    """
    problems: dict[str, LimsError] = {}
    written = 0
    try:
        written += len(enter_sets(uow, samples))
    except (InvalidInputError, ResultStandsError) as problem:
        problems |= _told_by(problem)
    try:
        written += len(enter_qc(uow, batch_no, controls))
    except (InvalidInputError, ResultStandsError) as problem:
        problems |= _told_by(problem)
    if problems:
        raise EntriesRefusedError(problems)
    return written


def _told_by(problem: LimsError) -> dict[str, LimsError]:
    """What is wrong, by cell.

    Raises:
        LimsError: it belongs to no cell.
    """
    if isinstance(problem, EntriesRefusedError):
        return dict(problem.problems)
    if problem.field is None:
        raise problem
    return {problem.field: problem}


def evaluate_again(uow: UnitOfWork, batch_no: str) -> int:
    """Judge a batch whose samples got other results since; returns how many verdicts are new.

    Raises:
        NotFoundError: no such batch of this laboratory.
    Emits: ResultsHeld.
    """
    batch = get_batch(uow.session, uow.actor.require_organisation(), batch_no)
    uow.session.refresh(batch, with_for_update=True)
    return len(evaluate_batch(uow, batch))


def _check_seen(uow: UnitOfWork, name: str, entry: QcEntry, cell: QcCell) -> None:
    """Nothing is replaced unseen, and nothing without a reason.

    Raises:
        ResultStandsError: names who entered what stands.
    """
    before = cell.result
    if before is None or (entry.seen_version in {None, before.version} and (entry.reason or "").strip()):
        return
    who = person_names(uow.session, [before.entered_by_id]).get(before.entered_by_id, "")
    if entry.seen_version not in {None, before.version}:
        raise ResultStandsError(
            _l(
                "%(name)s entered %(text)s at %(at)s. Look at it, then say why it is replaced.",
                name=who,
                text=before.entered_text,
                at=local_time(before.entered_at).strftime("%H:%M"),
            ),
            field=name,
        )
    raise ResultStandsError(
        _l(
            "A result stands for this item (%(text)s, by %(name)s). Say why it is replaced.",
            text=before.entered_text,
            name=who,
        ),
        field=name,
    )


def _result(uow: UnitOfWork, batch: Batch, name: str, entry: QcEntry, cell: QcCell) -> QcResult:
    text, reason = entry.text.strip(), (entry.reason or "").strip()
    if not text or len(text) > MAX_RESULT_TEXT:
        raise InvalidInputError(_l("Enter a result of 1 to %(most)s characters.", most=MAX_RESULT_TEXT), field=name)
    if text == NOT_MEASURED:
        if not reason:
            raise InvalidInputError(_l("Say why this position was not measured."), field=name)
    else:
        _check_reading(uow, name, entry, _read(name, text, cell))
    return QcResult(
        batch_id=batch.id,
        position=entry.position,
        item_id=entry.item_id,
        version=cell.result.version + 1 if cell.result else 1,
        entered_text=text,
        reading_id=entry.reading_id,
        change_reason=reason or None,
        entered_by_id=uow.actor.require_person(),
        entered_at=uow.now,
    )


def _read(name: str, text: str, cell: QcCell) -> Finding:
    try:
        finding = parse_finding(text, cell.expected.unit)
        unit = parse_unit(cell.expected.unit)
        if finding.kind is FindingKind.MEASURED and finding.unit_stated and finding.value is not None:
            convert(finding.value, finding.unit, unit)
    except UnitMismatchError as error:
        raise InvalidInputError(
            _l("“%(text)s” is not in %(unit)s, and cannot be converted.", text=text[:60], unit=cell.expected.unit),
            field=name,
        ) from error
    except QuantityError as error:
        raise InvalidInputError(gettext(error.message) % error.params, field=name) from error
    return finding


def _check_reading(uow: UnitOfWork, name: str, entry: QcEntry, finding: Finding) -> None:
    """A result that names a reading is that reading's figure."""
    if entry.reading_id is None:
        return
    reading = get_reading(uow.session, uow.actor.require_organisation(), entry.reading_id)
    if reading.value is None or reading.value != finding.value:
        raise InvalidInputError(
            _l("The result is %(text)s, the reading says %(value)s.", text=entry.text[:60], value=reading.value_text),
            field=name,
        )
