"""The custody chapter of the demonstration: sealed at the stall, handed over at night, received in the morning."""

import random
from collections import defaultdict
from datetime import date, time, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

from sqlalchemy import select

from chain_of_custody import services
from chain_of_custody.conditions.services import LogFile, attach_to_hand_over
from chain_of_custody.keeping.demo import Keeping
from chain_of_custody.queries import (
    list_block_labels,
    list_exceptions,
    list_open_lines,
    list_portions,
    temperature_range,
)
from chain_of_custody.types import (
    UNPACKED,
    Blindness,
    ExceptionKind,
    LabelFormat,
    Packing,
    PlaceLevel,
    PortionKind,
    ReceptionChecks,
    Scan,
)
from lims import clock
from lims.db import db
from lims.demo import World
from lims.files import IMAGES, store_file
from lims.uow import UnitOfWork
from sampling.demo.pictures import photo
from sampling.models import Sample, SamplingForm, SamplingTask
from sampling.services.samples import void_sample
from sampling.types import StorageCondition

EVENING, MORNING = time(17, 30), time(8, 40)
COUNTED_AT = 16, 30
COURIER_SHARE, REFUSED_SHARE = 0.15, 0.025
WAITING_SHARE = 0.3  # of what comes on the last day: the custodian is not through with it when the month ends
EXTRA_SHARE = 0.05  # of the loads: something lies in the box that is not on the list
CLEARED = "与抽样单位核对：该标签为上一单的空白标签，无对应样品，已作废。"
# Each laboratory keeps its backup portions by how they are to be stored.
PLACES = (
    ("A", "检验楼", PlaceLevel.SITE, None),
    ("A-1", "留样室", PlaceLevel.ROOM, "A"),
    ("A-1-C", "冷藏柜", PlaceLevel.FRIDGE, "A-1"),
    ("A-1-F", "冷冻柜", PlaceLevel.FRIDGE, "A-1"),
    ("A-1-S", "常温架", PlaceLevel.SHELF, "A-1"),
)
PLACE_OF = {StorageCondition.CHILLED: "A-1-C", StorageCondition.FROZEN: "A-1-F"}
AMBIENT_PLACE = "A-1-S"
ALL_GOOD = ReceptionChecks(
    seal_intact=True,
    packaging_intact=True,
    quantity_sufficient=True,
    condition_normal=True,
    papers_complete=True,
    papers_match=True,
)
PAPERS_DIFFER = ReceptionChecks(
    seal_intact=True,
    packaging_intact=True,
    quantity_sufficient=True,
    condition_normal=True,
    papers_complete=True,
    papers_match=False,
)
LABELS_TAKEN, SAMPLES_LABELLED = 8, 3  # a short block, so that the page of it shows every fate at a glance
SPOILED = "打印时卷边，条码残缺，扫描不出"
BOXES, ICE_PACKS = ("冷藏箱-01", "冷藏箱-02", "冷冻箱-01"), 4
LOGGED = timedelta(minutes=60), timedelta(minutes=5)  # how long before its arrival a load was logged, and how often
DOOR_OPEN = 5, 7  # between these readings the door stood open
LOGGER_FILE = "车载温度记录仪.csv"
DOOR_WORDS = "途中开箱取放冰袋约10分钟，样品表面温度复测4 ℃，不影响检验，予以接收。"
VOID = "装车时封条被挂破，无法保证样品未被调换，按规定作废"
REFUSAL = "文书信息与样品不符：抽样单所填生产日期与样品包装不一致"


class Chapter:
    """What samplers and custodians do with portions, day after day."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._sealed: dict[tuple[date, str, UUID], list[tuple[UUID, list[str]]]] = defaultdict(list)
        self._seals = 0
        self._has_voided = False
        self._furnished: set[UUID] = set()
        self._labels: dict[UUID, list[str]] = {}  # by organisation: what is left of its block to be stuck on
        self._boxes = 0
        self._has_logged = False
        self.keeping = Keeping(world)

    def seal(self, sample_id: UUID) -> None:
        """Seal what was taken; in the evening of the day it is handed over with the rest."""
        with self.world.acting(self._first_sampler(sample_id)) as uow:
            form = uow.session.get_one(SamplingForm, sample_id)
            kinds = [PortionKind.TEST] if form.backup_qty is None else list(PortionKind)
            seals = {kind: f"QH{self._seals + place:07d}" for place, kind in enumerate(kinds, start=1)}
            self._seals += len(kinds)
            labels = self._labels_for(uow, kinds)
            numbers = [portion.portion_no for portion in services.seal_portions(uow, sample_id, seals, labels)]
            lab_id = uow.session.get_one(Sample, sample_id).lab_id
            sampler = self.world.who(uow.actor.require_person())
        day = clock.local_date(self.world.clock.now())
        load = self._sealed[day, sampler, lab_id]
        if not load:
            self.world.on_day(day, EVENING.hour, EVENING.minute, lambda: self.hand_over(day, sampler, lab_id))
        load.append((sample_id, numbers))
        self.world.tell("sample_taken", sample_id)

    def hand_over(self, day: date, sampler: str, lab_id: UUID) -> None:
        """One list for everything the sampler took for one laboratory that day."""
        load = self._sealed.pop((day, sampler, lab_id))
        if len(load) > 1 and not self._has_voided:
            self._has_voided = True
            self.void(sampler, load.pop()[0])
        numbers = [number for _sample_id, portions in load for number in portions]
        by_courier = self.world.rng.random() < COURIER_SHARE
        with self.world.acting(sampler) as uow:
            packing = self._packed(uow, [sample_id for sample_id, _portions in load])
            if by_courier:
                consignment = f"SF{self.world.rng.randrange(10**12):012d}"
                offer_id = services.hand_to_courier(uow, numbers, lab_id, consignment, packing).id
            else:
                offer_id = services.offer_hand_over(uow, numbers, lab_id, packing).id
        arrival = timedelta(hours=24) if by_courier else timedelta(minutes=40)
        samples = [sample_id for sample_id, _portions in load]
        self.world.later(arrival, lambda: self.confirm(offer_id, numbers, lab_id, samples))

    def void(self, sampler: str, sample_id: UUID) -> None:
        """The one sample of the month that cannot be handed over."""
        with self.world.acting(sampler) as uow:
            void_sample(uow, sample_id, VOID)

    def confirm(self, offer_id: UUID, numbers: list[str], lab_id: UUID, samples: list[UUID]) -> None:
        """The custodian scans every portion and measures cold food; the checks wait for the morning."""
        custodian = self._custodian(lab_id)
        with self.world.acting(custodian) as uow:
            lines = list_open_lines(uow.session, offer_id)
            today = clock.local_date(uow.now)
            allowed = temperature_range(uow.session, [line.storage_condition for line in lines], today)
            scans = [Scan(number, seal_intact=True) for number in numbers]
            if self.world.rng.random() < EXTRA_SHARE:
                scans.append(Scan(f"{numbers[0][:-1]}9", seal_intact=True))
            measured = None if allowed.highest is None else allowed.highest - 3
            found = [one.id for one in services.confirm_hand_over(uow, offer_id, scans, measured)]
        if allowed.lowest is not None and allowed.highest is not None and not self._has_logged:
            self._has_logged = True
            self.attach_log(custodian, offer_id, allowed.highest)
        for exception_id in found:
            self.world.later(timedelta(hours=40), partial(self.clear_up, custodian, exception_id, CLEARED))
        morning = clock.local_date(self.world.clock.now()) + timedelta(days=1)
        for place, sample_id in enumerate(samples):
            minutes = MORNING.minute + 3 * place
            receive = partial(self.receive, custodian, sample_id)
            self.world.on_day(morning, MORNING.hour + minutes // 60, minutes % 60, receive)

    def clear_up(self, custodian: str, exception_id: UUID, words: str) -> None:
        """Say how something that did not match was cleared up."""
        with self.world.acting(custodian) as uow:
            services.resolve_exception(uow, exception_id, words)

    def attach_log(self, custodian: str, offer_id: UUID, warmest: Decimal) -> None:
        """The file of the logger in the van of one load: it was cold enough until somebody opened the box."""
        arrived_at = clock.local_time(self.world.clock.now())
        lasted, step = LOGGED
        rows = ["时间,温度（℃）"]
        for place in range(lasted // step + 1):
            is_open = DOOR_OPEN[0] <= place < DOOR_OPEN[1]
            celsius = warmest + Decimal("1.8") if is_open else Decimal(4) + Decimal(place % 4) / 10
            rows.append(f"{arrived_at - lasted + place * step:%Y-%m-%d %H:%M},{celsius}")
        with self.world.acting(custodian) as uow:
            attach_to_hand_over(uow, offer_id, LogFile(LOGGER_FILE, "\n".join(rows).encode()))
            opened = [one.id for one in list_exceptions(uow.session, offer_id) if one.kind is ExceptionKind.TEMPERATURE]
        for exception_id in opened:
            self.world.later(timedelta(hours=2), partial(self.clear_up, custodian, exception_id, DOOR_WORDS))

    def _labels_for(self, uow: UnitOfWork, kinds: list[PortionKind]) -> dict[PortionKind, str]:
        """The first organisation that seals has taken a short block of labels, sticks some on and spoils one."""
        organisation_id = uow.actor.require_organisation()
        if not self._labels:
            block_id = services.take_label_block(uow, LABELS_TAKEN).id
            services.note_block_print(uow, block_id, LabelFormat.PDF)
            printed = [label.label_no for label in list_block_labels(uow.session, block_id)]
            services.spoil_label(uow, block_id, printed[-1], SPOILED)
            self._labels[organisation_id] = printed[: SAMPLES_LABELLED * len(PortionKind)]
        left = self._labels.get(organisation_id, [])
        return {kind: left.pop(0) for kind in kinds if left}

    def _packed(self, uow: UnitOfWork, sample_ids: list[UUID]) -> Packing:
        """Cold food travels in a box with ice; of the first one a photo is kept."""
        cold = select(SamplingForm.sample_id).where(
            SamplingForm.sample_id.in_(sample_ids), SamplingForm.storage_condition.in_(PLACE_OF)
        )
        if uow.session.scalar(cold.limit(1)) is None:
            return UNPACKED
        box_no = BOXES[self._boxes % len(BOXES)]
        picture = None
        if not self._boxes:
            picture = store_file(uow, photo(random.Random(box_no), "BOX 01"), allowed=IMAGES)
        self._boxes += 1
        return Packing(box_no, ICE_PACKS, uow.now - timedelta(minutes=10), picture)

    def receive(self, custodian: str, sample_id: UUID) -> None:
        """Six checks, then the blind code; a few samples are refused, and on the last day some still wait."""
        chance = self.world.rng
        waits = clock.local_date(self.world.clock.now()) == self.world.today
        if waits and chance.random() < WAITING_SHARE:
            return
        refused = chance.random() < REFUSED_SHARE
        is_coded = not (refused or (waits and chance.random() < WAITING_SHARE))
        with self.world.acting(custodian) as uow:
            if refused:
                services.record_reception(uow, sample_id, PAPERS_DIFFER, REFUSAL)
            else:
                services.record_reception(uow, sample_id, ALL_GOOD)
            if is_coded:
                blindness = chance.choice((Blindness.REPACKED, Blindness.REPACKED, Blindness.COVERED))
                services.recode(uow, sample_id, blindness)
                self._put_away(uow, sample_id, custodian)
        if refused:
            self.world.later(timedelta(hours=26), partial(self.keeping.return_refused, custodian, sample_id))
        else:
            self.world.tell("sample_received", sample_id)
        if is_coded:
            self.world.tell("sample_recoded", sample_id)

    def _put_away(self, uow: UnitOfWork, sample_id: UUID, custodian: str) -> None:
        """The backup portion goes where its kind is kept; a laboratory is furnished with its first."""
        lab_id = uow.actor.require_organisation()
        if lab_id not in self._furnished:
            self._furnished.add(lab_id)
            counted_on = self.world.today - timedelta(days=len(self._furnished))
            if clock.local_date(uow.now) < counted_on:
                self.world.on_day(counted_on, *COUNTED_AT, lambda: self.keeping.count(custodian))
            ids: dict[str | None, UUID] = {}
            for code, name, level, parent in PLACES:
                ids[code] = services.add_place(uow, code, name, level, ids.get(parent)).id
        form = uow.session.get_one(SamplingForm, sample_id)
        place = PLACE_OF.get(form.storage_condition, AMBIENT_PLACE)
        for portion in list_portions(uow.session, sample_id):
            if portion.kind is PortionKind.BACKUP:
                services.move_portion(uow, portion.portion_no, place)

    def _first_sampler(self, sample_id: UUID) -> str:
        with db.new_session() as session:
            first = select(SamplingTask.first_sampler_id).join(Sample, Sample.task_id == SamplingTask.id)
            return self.world.who(session.execute(first.where(Sample.id == sample_id)).scalar_one())

    def _custodian(self, lab_id: UUID) -> str:
        key = next(name for name, one in self.world.organisations.items() if one == lab_id)
        return next(
            one.key
            for one in self.world.inhabitants.values()
            if one.organisation_key == key and one.key.startswith("custodian_")
        )


def live(world: World) -> None:
    """Answer every submitted form with its seals, and the days that follow."""
    world.on("form_submitted", Chapter(world).seal)
