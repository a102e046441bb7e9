"""The chapter of the quality office: a spiked material tested and evaluated, another one still on the bench."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from chain_of_custody.types import Blindness
from lims import clock
from lims.catalog.limits import Maximum, parse_limit
from lims.catalog.load import category_id
from lims.catalog.queries import LimitFound, find_limits, list_check_items
from lims.demo import World
from lims.quantities import format_measured
from results.blind_checks.models import BlindCheckValue
from results.blind_checks.queries import values_of
from results.blind_checks.services import Container, KnownValue, evaluate_check, prepare_known
from results.blind_checks.types import Expected
from results.demo import with_digits
from results.queries import BenchLine, list_lines, set_of_sample
from results.rules.rounding import round_to_figures
from results.services.entry import enter_results
from results.services.review import lock_results
from results.services.worklists import Described
from results.types import Entry, LimitState
from sampling.types import Packaging, PhysicalForm, ProductType, StorageCondition

LAB = "city"
FOOD = "34-4"
NAME = "韭菜"
MATERIAL = "空白基质加标，批号 QC2026-07，由质量部制备"
SIGMA = Decimal("0.1")  # of the assigned value, as the scheme of the laboratory sets it
FOUND = (Decimal("1.04"), Decimal("0.77"), Decimal("0.92"))  # of the assigned values: z of 0.4, -2.3 and -0.8
NOT_LOADED = "该项目判定标准的现行版本未载入限量库"
NO_BOUND = "方法未给出检出限"
CONCLUSION = "一项为可疑结果：复核该项目标准曲线与回收率，两周内重新考核。"


class Chapter:
    """What the quality manager of the county's laboratory does."""

    def __init__(self, world: World) -> None:
        self.world = world

    def put_in(self) -> None:
        """Spike a blank, and give it out as an ordinary leek."""
        sample_id = self._prepare()
        self.world.later(timedelta(days=1, hours=1), lambda: self.test(sample_id))

    def put_in_last(self) -> None:
        """One more, which the bench has not begun when the month ends."""
        self._prepare()

    def test(self, sample_id: UUID) -> None:
        """The bench does what it does with every sample."""
        with self.world.acting(f"tester_1_{LAB}") as uow:
            test_set = set_of_sample(uow.session, sample_id)
            spiked = {one.item_id: one for one in values_of(uow.session, sample_id)}
            shares = iter(FOUND)
            entries = [self._entry(line, spiked, shares) for line in list_lines(uow.session, test_set.id)]
            enter_results(uow, test_set.blind_code, entries)
            code = test_set.blind_code
        with self.world.acting(f"reviewer_{LAB}") as uow:
            lock_results(uow, code)
        with self.world.acting(f"quality_{LAB}") as uow:
            evaluate_check(uow, sample_id, CONCLUSION)

    def _prepare(self) -> UUID:
        today = clock.local_date(self.world.clock.now())
        with self.world.acting(f"quality_{LAB}") as uow:
            values = _spike(uow.session, category_id(FOOD), today - timedelta(days=1))
            described = Described(
                product_name=NAME,
                product_date=today - timedelta(days=1),
                label_claims=None,
                product_type=ProductType.PRODUCE,
                packaging=Packaging.BULK,
                physical_form=PhysicalForm.SOLID,
                storage_condition=StorageCondition.CHILLED,
                storage_celsius="0～4",
                executed_standard=None,
            )
            container = Container(
                material=MATERIAL,
                quantity=Decimal(500),
                quantity_unit="g",
                seal_no=f"QC{today:%y%m%d}",
                blindness=Blindness.REPACKED,
            )
            return prepare_known(uow, category_id(FOOD), described, values, container).sample_id

    def _entry(self, line: BenchLine, spiked: Mapping[UUID, BlindCheckValue], shares: Iterator[Decimal]) -> Entry:
        known = spiked.get(line.item.id)
        if known is not None and known.value is not None:
            found = with_digits(round_to_figures(known.value * next(shares), 3), line.method)
            return Entry(line.line.id, format_measured(found))
        if line.line.limit_state is not LimitState.FOUND:
            return Entry(line.line.id, "/", untested_reason=NOT_LOADED)
        return Entry(line.line.id, "未检出" if line.line.lod is not None else "/", untested_reason=_why(line))


def _why(line: BenchLine) -> str | None:
    return None if line.line.lod is not None else NO_BOUND


def _spike(session: Session, category: UUID, day: date) -> list[KnownValue]:
    """Half of the limit for the first items that have a figure as their limit."""
    items = list({item.id: item for _check, item in list_check_items(session, category)}.values())
    answers = find_limits(session, category, [item.id for item in items], day, NAME)
    spiked: list[KnownValue] = []
    for item in items:
        answer = answers[item.id]
        form = parse_limit(answer.limit.limit_text, answer.limit.unit).form if isinstance(answer, LimitFound) else None
        if isinstance(form, Maximum) and isinstance(answer, LimitFound) and len(spiked) < len(FOUND):
            value = form.value / 2
            spiked.append(KnownValue(item.id, Expected.VALUE, value, value * SIGMA, answer.limit.unit))
    return spiked


def live(world: World) -> None:
    """One check early in the month, one on its last days."""
    chapter = Chapter(world)
    world.on_day(world.begins_on + timedelta(days=2), 9, 40, chapter.put_in)
    world.on_day(world.today - timedelta(days=1), 9, 40, chapter.put_in_last)
