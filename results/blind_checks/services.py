"""What the quality office does: put a check among the samples of the bench, and hold the result against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from chain_of_custody.models import BlindCode
from chain_of_custody.queries import resolve_blind_code
from chain_of_custody.services import code_check_sample
from chain_of_custody.types import Blindness
from lims.catalog.queries import list_check_items
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError
from lims.i18n import lazy_gettext as _l
from lims.quantities import UnitMismatchError, parse_unit
from lims.uow import UnitOfWork
from results.blind_checks.models import BlindCheck, BlindCheckScore, BlindCheckValue
from results.blind_checks.queries import get_check, locked_lines, values_of
from results.blind_checks.rules import overall, score_known, score_split
from results.blind_checks.types import Expected, Known, Score
from results.models import ItemResult
from results.queries import BenchLine, list_lines, set_of_sample
from results.rules.stored import from_json
from results.services.worklists import Described, open_worklist
from results.types import Finding, ItemVerdict
from sampling.models import Sample, SamplingForm
from sampling.services.check_samples import prepare_check_sample
from sampling.services.samples import move_sample
from sampling.services.separation import get_sample_for_act
from sampling.types import DutyRole, SampleEvent, SamplePurpose, SampleState

SPLIT_FROM = frozenset({SampleState.RECODED, SampleState.TESTING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What the quality office put where: the material, how much of it, under which seal, how blind."""

    material: str
    quantity: Decimal
    quantity_unit: str
    seal_no: str
    blindness: Blindness


@dataclass(frozen=True, slots=True)
class KnownValue:
    """What is known of one item, as it was written down; figures and unit only with `value`."""

    item_id: UUID
    expected: Expected
    value: Decimal | None = None
    deviation: Decimal | None = None
    unit: str = ""


def prepare_known(
    uow: UnitOfWork, food_category_id: UUID, described: Described, values: Sequence[KnownValue], container: Container
) -> BlindCheck:
    """Put a material whose content is known among the samples of the bench.

    Raises:
        NotFoundError: no such food category.
        InvalidInputError: nothing is known of it, an item that is not tested in this food, a value that cannot be, or
            a container that cannot be.
        ForbiddenError: the actor is no quality manager.
        ConflictError: the seal is on another portion.
    """
    if not values:
        raise InvalidInputError(_l("Say of at least one item what is known."), field="values")
    if described.product_date > local_date(uow.now):
        raise InvalidInputError(
            _l(
                "The date is %(day)s, expected %(today)s or earlier.",
                day=described.product_date.isoformat(),
                today=local_date(uow.now).isoformat(),
            ),
            field="product_date",
        )
    tested = {item.id for _check, item in list_check_items(uow.session, food_category_id)}
    for one in values:
        _check_value(one, tested)
    sample = prepare_check_sample(uow, SamplePurpose.KNOWN, food_category_id)
    check = _put_in(uow, sample, described, container)
    _check_units(uow, sample.id, values)
    uow.session.add_all(
        BlindCheckValue(
            sample_id=sample.id,
            item_id=one.item_id,
            expected=one.expected,
            value=one.value,
            deviation=one.deviation,
            unit=one.unit,
        )
        for one in values
    )
    uow.session.flush()
    return check


def prepare_split(uow: UnitOfWork, blind_code: str, most_percent: Decimal, container: Container) -> BlindCheck:
    """Put a part of a sample's test portion on the bench a second time, under a code of its own.

    Raises:
        InvalidInputError: an unknown code or one that is not on the bench, a difference that cannot be, or a container
            that cannot be.
        ForbiddenError: the actor is no quality manager.
        ConflictError: the seal is on another portion.
    """
    if not Decimal(0) < most_percent <= Decimal(200):  # two values differ by 200 % of their mean at most
        raise InvalidInputError(
            _l("The difference is %(given)s %%, expected more than 0 and at most 200.", given=most_percent),
            field="most_percent",
        )
    blind = resolve_blind_code(uow.session, blind_code)
    if blind is None or blind.lab_id != uow.actor.require_organisation():
        raise InvalidInputError(_l("Unknown code %(code)s.", code=blind_code.strip()[:40]), field="blind_code")
    original = get_sample_for_act(uow, blind.sample_id)
    form = uow.session.get(SamplingForm, original.id)
    if original.state not in SPLIT_FROM or form is None:
        raise InvalidInputError(
            _l("%(code)s is not on the bench, so nothing can be split off it.", code=blind.code), field="blind_code"
        )
    sample = prepare_check_sample(uow, SamplePurpose.SPLIT, original.food_category_id)
    return _put_in(uow, sample, Described.of_form(form), container, split_of_id=original.id, most_percent=most_percent)


def evaluate_check(uow: UnitOfWork, sample_id: UUID, conclusion: str) -> BlindCheck:
    """Hold the locked results of a check against what is known of it; the bench learns nothing by it.

    Raises:
        NotFoundError: no such check of this laboratory.
        ConflictError: evaluated already, or the results of the check (of a split: of either) are not locked.
        InvalidInputError: no conclusion in words, or a result in a unit that cannot be compared.
        ForbiddenError: the actor is no quality manager.
    """
    sample = get_sample_for_act(uow, sample_id)
    check = get_check(uow.session, uow.actor.require_organisation(), sample_id).check
    uow.session.refresh(check)
    words = conclusion.strip()
    if not words:
        raise InvalidInputError(_l("Say in words what follows from it."), field="conclusion")
    if check.outcome is not None:
        raise ConflictError(_l("This check is evaluated already."))
    scores = _scores_of_split(uow, check) if check.split_of_id else _scores_of_known(uow, check)
    outcome = overall(one.outcome for one in scores)
    if outcome is None:
        raise ConflictError(_l("Nothing of what is known was tested, so nothing can be evaluated."))
    uow.session.add_all(scores)
    check.outcome, check.conclusion = outcome, words
    check.evaluated_at, check.evaluated_by_id = uow.now, uow.actor.require_person()
    move_sample(uow, sample, SampleEvent.CHECK_EVALUATED)
    return check


def _put_in(
    uow: UnitOfWork,
    sample: Sample,
    described: Described,
    container: Container,
    *,
    split_of_id: UUID | None = None,
    most_percent: Decimal | None = None,
) -> BlindCheck:
    material = container.material.strip()
    if not material:
        raise InvalidInputError(_l("Say what the material is."), field="material")
    quantity = (container.quantity, container.quantity_unit)
    blind: BlindCode = code_check_sample(uow, sample, quantity, container.seal_no, container.blindness)
    uow.session.flush()
    open_worklist(uow, sample, blind.code, described)
    check = BlindCheck(
        sample_id=sample.id,
        purpose=sample.purpose,
        lab_id=sample.lab_id,
        material=material,
        split_of_id=split_of_id,
        most_percent=most_percent,
        prepared_by_id=uow.actor.require_person(),
        prepared_as=DutyRole.RECODER,
        prepared_at=uow.now,
    )
    uow.session.add(check)
    uow.session.flush()
    return check


def _check_value(one: KnownValue, tested: set[UUID]) -> None:
    if one.item_id not in tested:
        raise InvalidInputError(_l("An item is not tested in this food."), field="values")
    if (one.expected is Expected.VALUE) != (one.value is not None and one.deviation is not None):
        raise InvalidInputError(_l("A known value stands with its standard deviation."), field="values")
    if one.value is not None and (not one.value.is_finite() or one.value < 0):
        raise InvalidInputError(_l("The value is %(given)s, expected 0 or more.", given=one.value), field="values")
    if one.deviation is not None and (not one.deviation.is_finite() or one.deviation <= 0):
        raise InvalidInputError(
            _l("The standard deviation is %(given)s, expected more than 0.", given=one.deviation), field="values"
        )


def _check_units(uow: UnitOfWork, sample_id: UUID, values: Sequence[KnownValue]) -> None:
    """A value that the bench reports in another dimension could never be compared, so it is refused at once."""
    lines = {one.item.id: one for one in list_lines(uow.session, set_of_sample(uow.session, sample_id).id)}
    for one in values:
        line = lines[one.item_id]
        if one.value is None or not line.line.unit:
            continue
        if parse_unit(one.unit).dimension != parse_unit(line.line.unit).dimension:
            raise InvalidInputError(
                _l(
                    "%(item)s: the unit is “%(given)s”, expected one that compares with %(unit)s.",
                    item=line.item.name_zh,
                    given=one.unit[:40],
                    unit=line.line.unit,
                ),
                field="values",
            )


def _scores_of_known(uow: UnitOfWork, check: BlindCheck) -> list[BlindCheckScore]:
    lines = _locked(uow, check.sample_id)
    scores = []
    for known in values_of(uow.session, check.sample_id):
        line = lines.get(known.item_id)
        finding = _finding_of(line)
        if line is None or line.result is None or finding is None:
            continue
        meant = Known(known.expected, known.value, known.deviation, parse_unit(known.unit) if known.unit else None)
        try:
            score = score_known(finding, meant)
        except UnitMismatchError as error:
            raise _incomparable(line, error) from error
        scores.append(_score(check, line.result, score, known.item_id))
    return scores


def _scores_of_split(uow: UnitOfWork, check: BlindCheck) -> list[BlindCheckScore]:
    assert check.split_of_id is not None  # noqa: S101 - the caller looked
    assert check.most_percent is not None  # noqa: S101
    lines, originals = _locked(uow, check.sample_id), _locked(uow, check.split_of_id)
    scores = []
    for item_id, line in lines.items():
        original = originals.get(item_id)
        found, before = _finding_of(line), _finding_of(original)
        if line.result is None or original is None or original.result is None or found is None or before is None:
            continue
        try:
            score = score_split(found, before, check.most_percent)
        except UnitMismatchError as error:
            raise _incomparable(line, error) from error
        scores.append(_score(check, line.result, score, item_id, compared=original.result))
    return scores


def _locked(uow: UnitOfWork, sample_id: UUID) -> Mapping[UUID, BenchLine]:
    lines = locked_lines(uow.session, sample_id)
    if not lines:
        raise ConflictError(_l("The results are not locked yet."))
    return lines


def _finding_of(line: BenchLine | None) -> Finding | None:
    """What was found in one test unit; the first of several, None for what was not tested."""
    if line is None or line.result is None or line.result.verdict is ItemVerdict.UNTESTED:
        return None
    findings = from_json(line.result.used).findings
    return findings[0] if findings else None


def _incomparable(line: BenchLine, error: UnitMismatchError) -> InvalidInputError:
    return InvalidInputError(
        _l("%(item)s: %(why)s", item=line.item.name_zh, why=_l(error.message, **error.params)), field="values"
    )


def _score(
    check: BlindCheck, result: ItemResult, score: Score, item_id: UUID, *, compared: ItemResult | None = None
) -> BlindCheckScore:
    return BlindCheckScore(
        sample_id=check.sample_id,
        item_id=item_id,
        result_id=result.id,
        compared_id=compared.id if compared else None,
        figure=score.figure,
        outcome=score.outcome,
    )
