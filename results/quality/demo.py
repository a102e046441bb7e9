"""The chapter of quality control: a year of control values, weekly batches, one hold lifted and one still open."""

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

from lims import clock
from lims.catalog.queries import items_by_code
from lims.demo import World
from lims.uow import UnitOfWork
from results.quality.models import Batch
from results.quality.queries.batches import qc_cells, waiting_sets
from results.quality.queries.holds import list_holds
from results.quality.services.batches import open_batch
from results.quality.services.history import take_over_history
from results.quality.services.holds import lift_hold
from results.quality.services.lots import note_lot, set_value
from results.quality.services.measuring import enter_qc
from results.quality.types import LotKind, PastRun, PlannedSlot, QcEntry, SlotKind
from results.rules.rounding import round_to_places

LAB = "city"
METHOD, ITEM = "GB 5009.12", "pb"
LEVELS = (
    ("米粉铅质控样（低水平）", "QC-PB-L-2601", "0.100", "0.008"),
    ("米粉铅质控样（高水平）", "QC-PB-H-2601", "0.500", "0.030"),
)
CERTIFIED = ("米粉中铅标准物质", "GBW-2026-03", "0.20", "0.17", "0.23")
WEEKS = 50
SEED = 20260907  # of its own, so that the chance of other chapters stays what it was
DRIFT = range(22, 27)  # weeks in which an ageing lamp gives too much
OUT = 37  # the week of a wrong dilution
MOST_SAMPLES = 12
LIFTED_WEEK = 2
HISTORY = "由旧质控台账转入"
WHY_LIFTED = "高水平质控样移液后未混匀即上机，重新混匀后复测为0.497mg/kg；本批样品与低水平质控样均正常，结果可用。"


class Chapter:
    """What the bench and the quality manager of the county's laboratory do."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.chance = random.Random(SEED)
        self.lots: list[UUID] = []
        self.certified: list[UUID] = []

    def begin(self) -> None:
        """Materials with their targets, and the book of the year before."""
        today = clock.local_date(self.world.clock.now())
        with self.world.acting(f"quality_{LAB}") as uow:
            item = items_by_code(uow.session, [ITEM])[ITEM]
            for name, lot_no, target, deviation in LEVELS:
                lot = note_lot(
                    uow, kind=LotKind.CONTROL, name=name, lot_no=lot_no, expires_on=today + timedelta(days=300)
                )
                set_value(
                    uow, lot.id, item.id, METHOD, target=Decimal(target), deviation=Decimal(deviation), unit="mg/kg"
                )
                self.lots.append(lot.id)
            name, lot_no, target, low, high = CERTIFIED
            certified = note_lot(
                uow,
                kind=LotKind.REFERENCE,
                name=name,
                lot_no=lot_no,
                certificate_no=lot_no,
                expires_on=today + timedelta(days=40),
            )
            set_value(
                uow,
                certified.id,
                item.id,
                METHOD,
                target=Decimal(target),
                low=Decimal(low),
                high=Decimal(high),
                unit="mg/kg",
            )
            self.certified.append(certified.id)
            take_over_history(uow, METHOD, item.id, self._year(today), HISTORY)

    def measure(self, *, high: float = 0.3, is_lifted: bool = False) -> None:
        """A batch of what waits for lead, with its controls; `high` is the score of the high level."""
        with self.world.acting(f"tester_1_{LAB}") as uow:
            batch = self._open(uow)
            if batch is None:
                return
            self._enter(uow, batch, high)
            batch_id = batch.id
        if is_lifted:
            with self.world.acting(f"quality_{LAB}", reason=WHY_LIFTED) as uow:
                for row in list_holds(uow.session, batch_id):
                    lift_hold(uow, row.hold.id, WHY_LIFTED)

    def _open(self, uow: UnitOfWork) -> Batch | None:
        waiting = waiting_sets(uow.session, self.world.organisations[f"lab_{LAB}"], METHOD)[:MOST_SAMPLES]
        if not waiting:
            return None
        slots = [
            PlannedSlot(SlotKind.BLANK),
            *(PlannedSlot(SlotKind.CONTROL, lot_id=lot_id) for lot_id in self.lots),
            *(PlannedSlot(SlotKind.REFERENCE, lot_id=lot_id) for lot_id in self.certified),
            *(PlannedSlot(SlotKind.SAMPLE, blind_code=one.test_set.blind_code) for one in waiting),
        ]
        return open_batch(uow, METHOD, slots)

    def _enter(self, uow: UnitOfWork, batch: Batch, high: float) -> None:
        texts = ["未检出", self._value(0, self.chance.gauss(0, 0.8)), self._value(1, high), "0.21"]
        cells = qc_cells(uow.session, [batch.id])
        enter_qc(
            uow,
            batch.batch_no,
            [QcEntry(cell.slot.position, cell.item.id, text) for cell, text in zip(cells, texts, strict=True)],
        )

    def _value(self, level: int, score: float) -> str:
        _name, _lot, target, deviation = LEVELS[level]
        score = max(-1.9, min(score, 1.9)) if level == 0 else score
        return str(round_to_places(Decimal(target) + Decimal(f"{score:.3f}") * Decimal(deviation), 3))

    def _year(self, today: date) -> Sequence[PastRun]:
        runs = []
        for week in range(WEEKS):
            day = today - timedelta(weeks=WEEKS - week)
            at = datetime.combine(day, time(10, 20), clock.LOCAL_ZONE)
            drift = 1.25 if week in DRIFT else 0.0
            scores = [self.chance.gauss(drift, 0.8 if not drift else 0.2) for _lot in self.lots]
            if week == OUT:
                scores[1] = 3.4
            runs.append(
                PastRun(at, {lot_id: self._value(level, scores[level]) for level, lot_id in enumerate(self.lots)})
            )
        return runs


def live(world: World) -> None:
    """Batches week by week; the one of the last evening is held when the month ends."""
    chapter = Chapter(world)
    world.on_day(world.begins_on, 8, 5, chapter.begin)
    for week in range(1, 4):
        day = world.begins_on + timedelta(days=7 * week)
        if day < world.today:
            is_lifted = week == LIFTED_WEEK
            act = partial(chapter.measure, high=3.4 if is_lifted else 0.4, is_lifted=is_lifted)
            world.on_day(day, 9, 5, act)
    world.on_day(world.today, 17, 40, partial(chapter.measure, high=-3.2))
