"""Making the worklist of a blind portion, and beginning to test it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from lims.catalog.models import CheckItem, FoodLimit, Method, TestItem
from lims.catalog.queries import (
    AmbiguousLimit,
    LimitAnswer,
    LimitFound,
    MissingEdition,
    find_limits,
    list_check_items,
    list_methods_of,
)
from lims.db import among
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from results.models import TestSet, TestSetItem
from results.queries import find_sets, last_lock, list_lines, newest_report, set_of_sample
from results.types import BoundKind, Comparison, ItemKind, LimitState, TestSetState
from sampling.models import Sample, SamplingForm
from sampling.services.samples import move_samples
from sampling.services.separation import claim_acts_on, get_sample_for_act, get_samples_for_act, sample_tuple
from sampling.types import DutyRole, Packaging, PhysicalForm, ProductType, SampleEvent, StorageCondition

NATIONAL = "GB"
ENTERPRISE = "Q/"
OPEN_LIMITS = frozenset({LimitState.MISSING_EDITION, LimitState.AMBIGUOUS})


@dataclass(frozen=True, slots=True)
class _Frozen:
    """What the catalogue answered for one item, as the worklist keeps it."""

    state: LimitState
    basis: str
    limit: FoodLimit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A sample as the bench may know it, and its name, by which limits apply and which the bench does not see.

    Attributes:
        executed_standard: as on the label; the bench is shown a national one, of an enterprise's only that it is one.
    """

    product_name: str
    product_date: date
    label_claims: str | None
    product_type: ProductType
    packaging: Packaging
    physical_form: PhysicalForm
    storage_condition: StorageCondition
    storage_celsius: str | None
    executed_standard: str | None

    @classmethod
    def of_form(cls, form: SamplingForm) -> "Described":
        """As the sampling form says."""
        return cls(**{one.name: getattr(form, one.name) for one in fields(cls)})


def open_test_set(uow: UnitOfWork, sample_id: UUID, blind_code: str) -> TestSet:
    """Make the worklist of a recoded sample from its form.

    Raises:
        NotFoundError: no such sample, or it has no form.
        InvalidInputError: the catalogue tests nothing in this category.
    """
    sample = get_sample_for_act(uow, sample_id)
    form = uow.session.get(SamplingForm, sample_id)
    if form is None:
        raise NotFoundError
    return open_worklist(uow, sample, blind_code, Described.of_form(form))


def open_worklist(uow: UnitOfWork, sample: Sample, blind_code: str, described: Described) -> TestSet:
    """Make the worklist of a coded sample: items of its category, each with method row and limit version.

    The limit is that of the edition in force on the production date; where it is not loaded, the line says which one is
    missing.

    Raises:
        InvalidInputError: the catalogue tests nothing in this category.
    """
    checks = _one_per_item(list_check_items(uow.session, sample.food_category_id))
    if not checks:
        raise InvalidInputError(_l("The catalogue names no test items for this food category."))
    test_set = TestSet(
        id=uuid4(),
        sample_id=sample.id,
        blind_code=blind_code,
        lab_id=sample.lab_id,
        food_category_id=sample.food_category_id,
        state=TestSetState.OPEN,
        opened_at=uow.now,
        **_told(described),
    )
    uow.session.add(test_set)
    uow.session.flush()
    items = [item.id for _check, item in checks]
    answers = find_limits(uow.session, sample.food_category_id, items, described.product_date, described.product_name)
    methods = list_methods_of(uow.session, items)
    frozen = [(check, _freeze(answers[item.id]), _method_for(methods[item.id], check)) for check, item in checks]
    # What can be judged stands first: what waits for an edition is looked at afterwards, together.
    frozen.sort(key=lambda line: line[1].state in OPEN_LIMITS)
    uow.session.add_all(
        _line(test_set, position, check, answer, method)
        for position, (check, answer, method) in enumerate(frozen, start=1)
    )
    uow.session.flush()
    return test_set


def follow_correction(uow: UnitOfWork, sample_id: UUID) -> None:
    """Let the worklist of a sample say what its corrected form says.

    The limits of the lines stay as they were frozen, so a correction by which one of them would be another is refused.

    Raises:
        ConflictError: a limit would be another, a claim that results were judged by would change, or the report over
            the results is composed already.
    """
    test_set = uow.session.scalar(select(TestSet).where(TestSet.sample_id == sample_id))
    if test_set is None:
        return
    report, lock = newest_report(uow.session, sample_id), last_lock(uow.session, test_set.id)
    is_composed = report is not None and lock is not None and report.lock_seq == lock.seq
    if is_composed and test_set.state is TestSetState.LOCKED:
        raise ConflictError(_l("Its report is composed already; it goes back to the bench before the form changes."))
    described = Described.of_form(uow.session.get_one(SamplingForm, sample_id))
    lines = list_lines(uow.session, test_set.id)
    items = [one.item.id for one in lines]
    answers = find_limits(uow.session, test_set.food_category_id, items, described.product_date, described.product_name)
    others = [one.item.name_zh for one in lines if _is_other(one.line, _freeze(answers[one.item.id]))]
    if others:
        raise ConflictError(
            _l(
                "The worklist stands on other limits than these would be: %(items)s. Give it up and sample again.",
                items="、".join(others),
            )
        )
    told = _told(described)
    if told["label_claims"] != test_set.label_claims and any(one.result for one in lines):
        raise ConflictError(_l("Results were judged by the claims of the label already."))
    for name, value in told.items():
        setattr(test_set, name, value)


def rename_test_set(uow: UnitOfWork, sample_id: UUID, blind_code: str) -> None:
    """Let the worklist of a sample stand under the code its portion has now."""
    set_of_sample(uow.session, sample_id).blind_code = blind_code


def begin_testing(uow: UnitOfWork, blind_code: str) -> TestSet:
    """Take a set as its tester; as `begin_testing_all`."""
    return begin_testing_all(uow, [blind_code])[blind_code]


def begin_testing_all(uow: UnitOfWork, blind_codes: Sequence[str]) -> dict[str, TestSet]:
    """Take sets as their tester; a second tester of the same set joins, and repeating it changes nothing.

    Locks the samples, in one order whatever the codes are.

    Raises:
        NotFoundError: no such code in this laboratory.
        SeparationRefusedError: the person stands on the sampling side, or has another bench role on one of the samples.
        ConflictError: the results of one are locked, or it was given up.
        WrongStateError: a sample is not at the bench.
    """
    sets = find_sets(uow.session, blind_codes, uow.actor.require_organisation())
    samples = get_samples_for_act(uow, [one.sample_id for one in sets.values()])
    tester = uow.actor.require_person()
    claim_acts_on(uow, [(sample_tuple(one), DutyRole.TESTER, tester) for one in samples.values()])
    reread = select(TestSet).where(among(TestSet.id, [one.id for one in sets.values()]))
    opened = []
    for one in uow.session.scalars(reread.execution_options(populate_existing=True)):
        _require_testable(one)
        if one.state is TestSetState.OPEN:
            opened.append(one)
    if opened:
        uow.set_all(opened, state=TestSetState.TESTING)
    move_samples(uow, [samples[one.sample_id] for one in opened], SampleEvent.TESTING_BEGUN)
    return sets


def _require_testable(test_set: TestSet) -> None:
    if test_set.state is TestSetState.LOCKED:
        raise ConflictError(
            _l(
                "The results of %(code)s are locked. A correction is proposed after a reviewer returned them.",
                code=test_set.blind_code,
            )
        )
    if test_set.state is TestSetState.GIVEN_UP:
        raise ConflictError(_l("The set %(code)s is not being tested.", code=test_set.blind_code))


def _told(described: Described) -> dict[str, Any]:
    """What the worklist tells the bench of a sample, by column."""
    standard = (described.executed_standard or "").strip().upper()
    return {
        "product_date": described.product_date,
        "label_claims": described.label_claims or "",
        "product_type": described.product_type,
        "packaging": described.packaging,
        "physical_form": described.physical_form,
        "storage_condition": described.storage_condition,
        "storage_celsius": described.storage_celsius,
        "standard": standard if standard.startswith(NATIONAL) else None,
        "is_enterprise_standard": standard.startswith(ENTERPRISE),
    }


def _is_other(line: TestSetItem, frozen: _Frozen) -> bool:
    limit_id = frozen.limit.id if frozen.limit else None
    return (line.limit_state, line.limit_id, line.basis) != (frozen.state, limit_id, frozen.basis)


def _one_per_item(checks: Sequence[tuple[CheckItem, TestItem]]) -> list[tuple[CheckItem, TestItem]]:
    """Each item once; the row without a condition before those that have one."""
    chosen: dict[UUID, tuple[CheckItem, TestItem]] = {}
    for check, item in sorted(checks, key=lambda pair: bool(pair[0].applicability)):
        chosen.setdefault(item.id, (check, item))
    return sorted(chosen.values(), key=lambda pair: (pair[1].item_class, pair[1].code))


def _method_for(methods: Sequence[Method], check: CheckItem) -> Method | None:
    """The first method the rule book names that says how little it sees, else the first it names."""
    named = [one for one in methods if not check.method_standards or one.name in check.method_standards]
    return next((one for one in named if one.lod is not None or one.loq is not None), next(iter(named), None))


def _freeze(answer: LimitAnswer) -> _Frozen:
    match answer:
        case LimitFound():
            return _Frozen(LimitState.FOUND, answer.basis, answer.limit)
        case MissingEdition():
            return _Frozen(LimitState.MISSING_EDITION, answer.basis)
        case AmbiguousLimit():
            return _Frozen(LimitState.AMBIGUOUS, answer.candidates[0].basis)
        case _:
            return _Frozen(LimitState.NONE, "")


def _line(test_set: TestSet, position: int, check: CheckItem, frozen: _Frozen, method: Method | None) -> TestSetItem:
    limit = frozen.limit
    return TestSetItem(
        test_set_id=test_set.id,
        sample_id=test_set.sample_id,
        position=position,
        item_id=check.item_id,
        kind=ItemKind(check.kind),
        method_id=method.id if method else None,
        lod=method.lod if method else None,
        loq=method.loq if method else None,
        unit=(method.unit if method else "") or (limit.unit if limit else ""),
        absence=BoundKind(method.absence_judged_at) if method else BoundKind.LOD,
        absence_value=method.stated_bound if method else None,
        limit_state=frozen.state,
        limit_id=limit.id if limit else None,
        limit_text=limit.limit_text if limit else "",
        limit_unit=limit.unit if limit else "",
        comparison=Comparison(limit.comparison) if limit else Comparison.FULL_VALUE,
        basis=frozen.basis,
    )
