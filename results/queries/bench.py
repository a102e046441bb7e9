"""Reads of results, always totally ordered. What a bench role may call returns the blind set and nothing else."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from chain_of_custody.rules import normalise_scan
from instruments.types import Asked
from lims.catalog.models import FoodCategory, Method, TestItem
from lims.catalog.queries import ancestors
from lims.db import among
from lims.errors import NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.people.models import Person
from lims.people.queries import person_names
from results.models import (
    CorrectionProposal,
    ItemResult,
    ResultImport,
    ResultLock,
    SetReturn,
    TestReport,
    TestSet,
    TestSetItem,
)
from results.queries.deadlines import ReportDue, reports_due
from results.types import TestSetState
from sampling.models import DutyAct
from sampling.types import DutyRole, Packaging, PhysicalForm, ProductType, StorageCondition
from sampling.words import bare_celsius

PAGE = 50


@dataclass(frozen=True, slots=True)
class BenchSet:
    """A line of the bench's list: the code and what a tester needs, never whose sample it is.

    Attributes:
        testers: who works on it.
        is_returned: a reviewer or signatory gave it back, and nothing was entered since.
        due: when the report is due.
    """

    id: UUID
    blind_code: str
    category_zh: str
    category_en: str | None
    product_date: date
    state: TestSetState
    opened_at: datetime
    items: int
    entered: int
    last_entry_at: datetime | None
    is_returned: bool
    testers: tuple[str, ...]
    due: ReportDue

    @property
    def is_complete(self) -> bool:
        """Whether every item has its result."""
        return self.entered == self.items


@dataclass(frozen=True, slots=True)
class BenchLine:
    """One item of a set with its method, its limit and the result that stands."""

    line: TestSetItem
    item: TestItem
    method: Method | None
    result: ItemResult | None


@dataclass(frozen=True, slots=True)
class BlindFacts:
    """What a tester needs to know of a sample, and no more (product.md §5).

    Attributes:
        standard: the product's standard where it is a national one; an enterprise standard would name its owner.
        is_enterprise_standard: the product follows a standard of its producer.
    """

    path: Sequence[FoodCategory]
    product_type: ProductType
    packaging: Packaging
    physical_form: PhysicalForm
    storage_condition: StorageCondition
    storage_celsius: str | None
    standard: str | None
    is_enterprise_standard: bool


def as_code(text: str) -> str:
    """A blind code or check code as it is stored, from what was typed or scanned."""
    return normalise_scan(text.replace("\0", ""))


def blind_facts(session: Session, test_set: TestSet) -> BlindFacts:
    """What may be known of a sample at the bench."""
    return BlindFacts(
        path=ancestors(session, test_set.food_category_id),
        product_type=test_set.product_type,
        packaging=test_set.packaging,
        physical_form=test_set.physical_form,
        storage_condition=test_set.storage_condition,
        storage_celsius=bare_celsius(test_set.storage_celsius),
        standard=test_set.standard,
        is_enterprise_standard=test_set.is_enterprise_standard,
    )


def asked_at_bench(session: Session, codes: Collection[str]) -> Mapping[str, Sequence[Asked]]:
    """By blind code the items of its worklist with the unit of each, in the order of the bench.

    The unit of a line whose method row has none is that of its limit.
    """
    rows = session.execute(
        sa.select(TestSet.blind_code, TestSetItem.item_id, TestItem.name_zh, TestSetItem.unit, TestSetItem.limit_unit)
        .join(TestSetItem, TestSetItem.test_set_id == TestSet.id)
        .join(TestItem, TestItem.id == TestSetItem.item_id)
        .where(TestSet.blind_code.in_(codes))
        .order_by(TestSet.blind_code, TestSetItem.position)
    )
    asked: dict[str, list[Asked]] = {}
    for code, item_id, name, unit, limit_unit in rows:
        asked.setdefault(code, []).append(Asked(item_id, name, unit or limit_unit))
    return asked


def testers_of(session: Session, sample_id: UUID) -> list[str]:
    """Who tests a sample, the first one first."""
    return _testers(session, [sample_id]).get(sample_id, [])


def people_of(session: Session, lines: Sequence["BenchLine"]) -> dict[UUID, str]:
    """The names of who entered and approved the results of these lines."""
    rows = [one.result for one in lines if one.result is not None]
    return person_names(
        session, {row.entered_by_id for row in rows} | {one for row in rows if (one := row.approved_by_id)}
    )


def find_set(session: Session, blind_code: str, lab_id: UUID) -> TestSet:
    """The worklist of a blind code of this laboratory; as `find_sets`."""
    return find_sets(session, [blind_code], lab_id)[blind_code]


def find_sets(session: Session, blind_codes: Sequence[str], lab_id: UUID) -> dict[str, TestSet]:
    """The worklists of blind codes of this laboratory, in the order of the codes.

    Raises:
        NotFoundError: an unknown code, or one of another laboratory: the two are not told apart.
    """
    found = sets_by_code(session, lab_id, blind_codes)
    for code in blind_codes:
        if code not in found:
            raise NotFoundError(_l("Unknown code %(code)s.", code=code[:40]))
    return {code: found[code] for code in blind_codes}


def set_of_sample(session: Session, sample_id: UUID) -> TestSet:
    """The worklist of a sample, for those who know whose it is.

    Raises:
        NotFoundError: it was not recoded.
    """
    found = session.scalar(sa.select(TestSet).where(TestSet.sample_id == sample_id))
    if found is None:
        raise NotFoundError
    return found


def list_sets(
    session: Session,
    lab_id: UUID,
    states: Sequence[TestSetState],
    *,
    now: datetime,
    tester_id: UUID | None = None,
    search: str | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int = PAGE,
) -> list[BenchSet]:
    """Sets of a laboratory, the oldest first, with how far they are.

    Args:
        session: to read with.
        lab_id: the laboratory.
        states: only these.
        now: from when the days left until the report are counted.
        tester_id: only sets this person works on.
        search: only sets with an item or a method of this name, or with this code.
        after: instant of opening and id of the last set of the page before.
        limit: how many.
    """
    query = (
        sa.select(TestSet, FoodCategory)
        .join(FoodCategory, FoodCategory.id == TestSet.food_category_id)
        .where(TestSet.lab_id == lab_id, TestSet.state.in_(states))
        .order_by(TestSet.opened_at, TestSet.id)
        .limit(limit)
    )
    if tester_id is not None:
        mine = sa.select(DutyAct.sample_id).where(DutyAct.person_id == tester_id, DutyAct.role == DutyRole.TESTER)
        query = query.where(TestSet.sample_id.in_(mine))
    if search:
        query = query.where(_mentions(search))
    if after is not None:
        query = query.where(sa.tuple_(TestSet.opened_at, TestSet.id) > sa.tuple_(*map(sa.literal, after)))
    rows = [(one, category) for one, category in session.execute(query)]
    ids = [one.id for one, _category in rows]
    progress, returns = _progress(session, ids), _last_returns(session, ids)
    testers = _testers(session, [one.sample_id for one, _category in rows])
    due = reports_due(session, [one for one, _category in rows], now)
    return [_as_row(one, category, progress, returns, testers, due=due[one.sample_id]) for one, category in rows]


Progress = dict[UUID, tuple[int, int, datetime | None]]


def _progress(session: Session, set_ids: Collection[UUID]) -> Progress:
    """How many lines each set has, how many have a result, and when the last one was entered."""
    rows = session.execute(
        sa.select(
            TestSetItem.test_set_id,
            sa.func.count(sa.distinct(TestSetItem.id)),
            sa.func.count(sa.distinct(ItemResult.set_item_id)),
            sa.func.max(ItemResult.entered_at),
        )
        .outerjoin(ItemResult, ItemResult.set_item_id == TestSetItem.id)
        .where(TestSetItem.test_set_id.in_(set_ids))
        .group_by(TestSetItem.test_set_id)
    )
    return {set_id: (items, entered, last) for set_id, items, entered, last in rows}


def _last_returns(session: Session, set_ids: Collection[UUID]) -> dict[UUID, datetime]:
    rows = session.execute(
        sa.select(SetReturn.test_set_id, sa.func.max(SetReturn.returned_at))
        .where(SetReturn.test_set_id.in_(set_ids))
        .group_by(SetReturn.test_set_id)
    )
    return {set_id: at for set_id, at in rows}  # noqa: C416 - dict() of rows is no dict to mypy


def _testers(session: Session, sample_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    rows = session.execute(
        sa.select(DutyAct.sample_id, Person.name)
        .join(Person, Person.id == DutyAct.person_id)
        .where(DutyAct.sample_id.in_(sample_ids), DutyAct.role == DutyRole.TESTER)
        .order_by(DutyAct.acted_at, DutyAct.id)
    )
    found: dict[UUID, list[str]] = {}
    for sample_id, name in rows:
        found.setdefault(sample_id, []).append(name)
    return found


def _as_row(
    one: TestSet,
    category: FoodCategory,
    progress: Progress,
    returns: dict[UUID, datetime],
    testers: dict[UUID, list[str]],
    *,
    due: ReportDue,
) -> BenchSet:
    items, entered, last = progress.get(one.id, (0, 0, None))
    returned_at = returns.get(one.id)
    return BenchSet(
        id=one.id,
        blind_code=one.blind_code,
        category_zh=category.name_zh,
        category_en=category.name_en,
        product_date=one.product_date,
        state=one.state,
        opened_at=one.opened_at,
        items=items,
        entered=entered,
        last_entry_at=last,
        is_returned=returned_at is not None and (last is None or returned_at >= last),
        testers=tuple(testers.get(one.sample_id, ())),
        due=due,
    )


def _mentions(text: str) -> sa.ColumnElement[bool]:
    """Sets with this code, or with an item or a method that is called so."""
    named = (
        sa.select(TestSetItem.test_set_id)
        .join(TestItem, TestItem.id == TestSetItem.item_id)
        .outerjoin(Method, Method.id == TestSetItem.method_id)
        .where(
            sa.or_(
                TestItem.name_zh.contains(text, autoescape=True),
                TestItem.name_en.icontains(text, autoescape=True),
                Method.standard.icontains(text, autoescape=True),
            )
        )
    )
    return sa.or_(TestSet.blind_code == text.strip().upper(), TestSet.id.in_(named))


def count_sets(session: Session, lab_id: UUID) -> dict[TestSetState, int]:
    """How many sets of a laboratory are in each state."""
    rows = session.execute(
        sa.select(TestSet.state, sa.func.count()).where(TestSet.lab_id == lab_id).group_by(TestSet.state)
    )
    return {state: count for state, count in rows}  # noqa: C416 - dict() of rows is no dict to mypy


def list_returns(session: Session, test_set_id: UUID) -> Sequence[tuple[SetReturn, str]]:
    """How often a set came back, the newest first, with the name of who returned it."""
    rows = session.execute(
        sa.select(SetReturn, Person.name)
        .join(Person, Person.id == SetReturn.returned_by_id)
        .where(SetReturn.test_set_id == test_set_id)
        .order_by(SetReturn.returned_at.desc(), SetReturn.id)
    )
    return [(one, name) for one, name in rows]


def sets_by_code(session: Session, lab_id: UUID, codes: Collection[str]) -> dict[str, TestSet]:
    """The worklists of a laboratory by blind code; unknown codes and those of others are left out."""
    rows = session.scalars(sa.select(TestSet).where(TestSet.lab_id == lab_id, among(TestSet.blind_code, codes)))
    return {one.blind_code: one for one in rows}


def lines_of_sets(session: Session, set_ids: Collection[UUID]) -> dict[UUID, TestSetItem]:
    """The lines of many worklists, by their own ids."""
    rows = session.scalars(sa.select(TestSetItem).where(among(TestSetItem.test_set_id, set_ids)))
    return {line.id: line for line in rows}


def results_by_line(session: Session, set_ids: Collection[UUID]) -> dict[UUID, ItemResult]:
    """The last version of each result of many worklists, by line."""
    rows = session.scalars(
        sa.select(ItemResult)
        .join(TestSetItem, TestSetItem.id == ItemResult.set_item_id)
        .where(among(TestSetItem.test_set_id, set_ids))
        .order_by(ItemResult.set_item_id, ItemResult.version)
    )
    return {row.set_item_id: row for row in rows}


def locked_before(session: Session, set_ids: Collection[UUID]) -> set[UUID]:
    """Which of these worklists were locked, now or at any time."""
    return set(session.scalars(sa.select(ResultLock.test_set_id).where(among(ResultLock.test_set_id, set_ids))))


def reporting_rules(session: Session, method_ids: Collection[UUID]) -> dict[UUID, str]:
    """How results are written by methods whose row says so, as the row prints it."""
    rows = session.execute(
        sa.select(Method.id, Method.reported_digits).where(
            among(Method.id, method_ids), Method.reported_digits.is_not(None)
        )
    )
    return {method_id: rule for method_id, rule in rows if rule is not None}


def find_import(session: Session, lab_id: UUID, sha256: bytes) -> ResultImport | None:
    """The import of this very file by this laboratory."""
    return session.scalar(
        sa.select(ResultImport).where(ResultImport.lab_id == lab_id, ResultImport.file_sha256 == sha256)
    )


def standing_results(session: Session, test_set_id: UUID) -> dict[UUID, ItemResult]:
    """The last version of each result of a set, by worklist line."""
    return results_by_line(session, [test_set_id])


def list_lines(session: Session, test_set_id: UUID) -> list[BenchLine]:
    """The worklist of a set in its order."""
    return worklists_of(session, [test_set_id])[test_set_id]


def worklists_of(session: Session, set_ids: Collection[UUID]) -> dict[UUID, list[BenchLine]]:
    """The worklists of several sets, each in its order."""
    results = results_by_line(session, set_ids)
    rows = session.execute(
        sa.select(TestSetItem, TestItem, Method)
        .join(TestItem, TestItem.id == TestSetItem.item_id)
        .outerjoin(Method, Method.id == TestSetItem.method_id)
        .where(among(TestSetItem.test_set_id, set_ids))
        .order_by(TestSetItem.position, TestSetItem.id)
    )
    found: dict[UUID, list[BenchLine]] = {set_id: [] for set_id in set_ids}
    for line, item, method in rows:
        found[line.test_set_id].append(BenchLine(line, item, method, results.get(line.id)))
    return found


def get_line(session: Session, test_set_id: UUID, line_id: UUID) -> BenchLine:
    """One line of a worklist.

    Raises:
        NotFoundError: the set has no such line.
    """
    for one in list_lines(session, test_set_id):
        if one.line.id == line_id:
            return one
    raise NotFoundError


def versions_of(session: Session, set_item_id: UUID) -> Sequence[ItemResult]:
    """Every version of one result, the first one first."""
    return session.scalars(
        sa.select(ItemResult).where(ItemResult.set_item_id == set_item_id).order_by(ItemResult.version)
    ).all()


def superseded_results(session: Session, test_set_id: UUID) -> dict[UUID, list[ItemResult]]:
    """Results of a set that were replaced, by line, the first one first."""
    rows = session.scalars(
        sa.select(ItemResult)
        .join(TestSetItem, TestSetItem.id == ItemResult.set_item_id)
        .where(TestSetItem.test_set_id == test_set_id)
        .order_by(ItemResult.set_item_id, ItemResult.version)
    )
    found: dict[UUID, list[ItemResult]] = {}
    for row in rows:
        found.setdefault(row.set_item_id, []).append(row)
    return {line: versions[:-1] for line, versions in found.items() if len(versions) > 1}


def last_lock(session: Session, test_set_id: UUID) -> ResultLock | None:
    """The newest lock of a set, or None while it was never locked."""
    return session.scalar(
        sa.select(ResultLock).where(ResultLock.test_set_id == test_set_id).order_by(ResultLock.seq.desc()).limit(1)
    )


def open_proposals(session: Session, test_set_id: UUID) -> Sequence[CorrectionProposal]:
    """Corrections that wait for a second person, the oldest first."""
    return session.scalars(
        sa.select(CorrectionProposal)
        .join(TestSetItem, TestSetItem.id == CorrectionProposal.set_item_id)
        .outerjoin(ItemResult, ItemResult.proposal_id == CorrectionProposal.id)
        .where(TestSetItem.test_set_id == test_set_id, ItemResult.id.is_(None))
        .order_by(CorrectionProposal.proposed_at, CorrectionProposal.id)
    ).all()


def newest_report(session: Session, sample_id: UUID) -> TestReport | None:
    """The last composed report of a sample."""
    return session.scalar(
        sa.select(TestReport).where(TestReport.sample_id == sample_id).order_by(TestReport.version.desc()).limit(1)
    )
