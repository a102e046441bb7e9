"""The month itself: plans are made and approved, businesses drawn, and samplers go from stop to stop."""

import itertools
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select

from lims import clock
from lims.catalog.load import category_id
from lims.catalog.queries import load_calendar
from lims.db import db
from lims.demo import World
from lims.people.queries import person_names
from lims.uow import UnitOfWork
from sampling.demo.county import businesses
from sampling.demo.forms import choose_food, fill_form, sign, take_photos
from sampling.models import Business, SamplingForm, SamplingTask
from sampling.rules.draw import commit
from sampling.services.businesses import register_business
from sampling.services.ceremonies import (
    close_commitments,
    hold_draw,
    open_ceremony,
    open_commitment,
    take_commitment,
)
from sampling.services.corrections import decide_correction, request_correction
from sampling.services.forms import submit_form
from sampling.services.plans import PlanInput, StratumInput, approve_plan, compute_plan, create_plan, set_category
from sampling.services.separation import SeparationRefusedError, claim_act, get_sample_for_act, sample_tuple
from sampling.services.signals import SignalInput, confirm_signal, dismiss_signal, take_signal
from sampling.services.tasks import end_task_without_sample
from sampling.types import (
    DutyRole,
    NoSampleReason,
    PlaceKind,
    PlanKind,
    SeparationMode,
    SignalKind,
    SignerKind,
    TaskCategory,
)

PLANNER, APPROVER = "planner_1", "planner_2"
DAYS_AHEAD = 5  # working days past today for which visits are planned
NO_SAMPLE_SHARE = 0.07
FIRST_STOP, STOP_MINUTES = 8 * 60 + 40, 35
PARTIES = ("清河县市场监督管理局机关纪委", "清河县消费者协会", "县人大代表联络站")
BEACON = "中国福利彩票 3D 当日开奖号码"
REPORT_A = "抽检监测（县级本级）"
PHONE = "13800000000"
MISWRITTEN = "被抽样单位电话末位抄写有误，经现场电话核实更正"
COMPARED = "与登记信息核对一致"
REFUSED_WORDS = "经营者称不知情并拒绝在抽样单上签字，现场劝说无效，已拍照取证并报告主管科室。"

SIGNALS = (
    (SignalKind.REPEATED_FAILURE, "城东农贸市场韭菜近三个月两次检出腐霉利超标，建议加大抽检频次。", "34-4", 30),
    (SignalKind.COMPLAINT, "消费者反映某早点铺油条口感异常。", "31-3", 10),
    (SignalKind.KITCHEN_CAMERA, "学校食堂后厨监控：蔬菜清洗池与肉类混用，疑似交叉污染。", "34-9", 20),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One stratum of a plan: food, place, what the law asks for at least, and what testing has shown so far."""

    food: str
    place: PlaceKind
    statutory: int
    tests: int
    fails: int


@dataclass(frozen=True, slots=True)
class Programme:
    """A plan of the month: who samples (which decides its mode), who tests each major category, and its lines."""

    title_zh: str
    title_en: str
    kind: PlanKind
    sampled_by: str
    labs: dict[str, str]
    budget: int
    lines: tuple[Line, ...]
    has_picks: bool = False


def _lines(*rows: tuple[str, str, int, int, int]) -> tuple[Line, ...]:
    return tuple(Line(food, PlaceKind(place), *figures) for food, place, *figures in rows)


PROGRAMMES = (
    Programme(
        "2026年第四季度“百姓点检”食品监督抽检计划",
        "Food the public picked, fourth quarter 2026",
        PlanKind.PUBLIC_PICK,
        "sampling_org",
        {
            "1": "lab_city",
            "2": "lab_city",
            "3": "lab_city",
            "4": "lab_private",
            "5": "lab_private",
            "6": "lab_private",
        },
        128,
        _lines(
            ("1", "farmers_market", 4, 60, 1),
            ("1", "supermarket", 6, 120, 1),
            ("1-2", "finished_checked", 1, 12, 0),
            ("2", "supermarket", 4, 80, 1),
            ("2", "restaurant", 4, 40, 1),
            ("2-1", "finished_checked", 1, 10, 0),
            ("3", "supermarket", 4, 70, 2),
            ("3", "farmers_market", 3, 30, 2),
            ("4", "farmers_market", 3, 36, 3),
            ("4", "supermarket", 6, 90, 3),
            ("5", "supermarket", 6, 110, 0),
            ("5-1", "grocery", 4, 60, 0),
            ("6", "supermarket", 5, 90, 2),
            ("6-3", "finished_checked", 1, 14, 1),
        ),
        has_picks=True,
    ),
    Programme(
        "2026年秋冬季食用农产品专项抽检计划",
        "Fresh produce, autumn and winter 2026",
        PlanKind.SPECIAL,
        "regulator",
        {"33": "lab_city", "34": "lab_city", "35": "lab_city", "36": "lab_city"},
        132,
        _lines(
            ("34-4", "farmers_market", 8, 90, 9),
            ("34-4", "restaurant", 4, 30, 2),
            ("34-4", "wholesale_market", 2, 20, 1),
            ("34-23", "farmers_market", 6, 70, 7),
            ("34-9", "farmers_market", 6, 80, 6),
            ("34-9", "school_canteen", 4, 30, 1),
            ("34-12", "farmers_market", 6, 60, 6),
            ("34-20", "farmers_market", 4, 36, 2),
            ("34-8", "farmers_market", 6, 64, 2),
            ("34-6", "farmers_market", 3, 30, 1),
            ("35-1", "farmers_market", 6, 50, 4),
            ("35-1", "restaurant", 4, 24, 1),
            ("35-5", "farmers_market", 2, 20, 1),
            ("36-16", "farmers_market", 4, 40, 3),
            ("36-17", "farmers_market", 4, 36, 3),
            ("36-7", "farmers_market", 3, 30, 1),
            ("33-8", "farmers_market", 2, 16, 1),
        ),
    ),
    Programme(
        "2026年校园及周边食品专项抽检计划",
        "Food at and around schools 2026",
        PlanKind.SPECIAL,
        "lab_county",
        {"14": "lab_county", "16": "lab_county", "17": "lab_county", "24": "lab_county", "31": "lab_county"},
        118,
        _lines(
            ("31-1", "school_canteen", 8, 60, 1),
            ("31-1", "snack_bar", 4, 40, 2),
            ("31-3", "snack_bar", 4, 40, 5),
            ("31-3", "school_canteen", 4, 30, 1),
            ("31-6", "restaurant", 4, 24, 1),
            ("24-4", "supermarket", 6, 90, 3),
            ("24-4", "finished_checked", 2, 20, 1),
            ("24-4", "online", 2, 10, 1),
            ("24-4", "grocery", 6, 50, 2),
            ("16-1", "supermarket", 6, 80, 4),
            ("16-1", "finished_checked", 2, 20, 2),
            ("16-1", "farmers_market", 2, 24, 1),
            ("17-1", "supermarket", 3, 40, 2),
            ("14-1", "supermarket", 4, 40, 0),
            ("14-1", "online", 2, 12, 0),
        ),
    ),
)


class Chapter:
    """What planners and samplers do, day after day."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._reasons = itertools.cycle(NoSampleReason)
        self._sold: dict[UUID, list[str]] = {}
        self._stops: dict[tuple[str, date], int] = {}
        self._has_corrected = self._waits_for_correction = False
        self._taken: dict[SeparationMode, int] = dict.fromkeys(SeparationMode, 0)

    def open_register(self) -> None:
        """Enter the businesses and the year's standing plan, before anything is planned."""
        with self.world.acting(PLANNER) as uow:
            for business, foods in businesses(self.world):
                registered = register_business(uow, business, [category_id(code) for code in foods])
                self._sold[registered.id] = list(foods)
        with self.world.acting(PLANNER) as uow:
            standing = create_plan(
                uow,
                PlanInput(
                    title_zh=f"{self.world.today.year}年投诉举报及突发事件抽检（常设）",
                    title_en=f"Complaints and emergencies {self.world.today.year} (standing)",
                    year=self.world.today.year,
                    kind=PlanKind.COMPLAINT,
                    task_category=TaskCategory.SUPERVISION,
                    report_class_a=REPORT_A,
                    report_class_b=f"{self.world.today.year}年投诉举报抽检",
                    is_standing=True,
                ),
            )
            plan_id = standing.id
            self._set_categories(uow, plan_id, "regulator", dict.fromkeys(("31", "34", "35", "4"), "lab_city"))
        with self.world.acting(APPROVER) as uow:
            approve_plan(uow, plan_id)

    def take_signals(self) -> None:
        """What reached the bureau this month: one signal counts, one was a repetition, one waits for a person."""
        until = self.world.today + timedelta(days=60)
        taken = []
        for kind, text, code, weight in SIGNALS:
            with self.world.acting(PLANNER) as uow:
                signal = SignalInput(
                    kind=kind, text=text, weight=weight, expires_on=until, food_category_id=category_id(code)
                )
                taken.append(take_signal(uow, signal).id)
        with self.world.acting(APPROVER) as uow:
            confirm_signal(uow, taken[0])
        with self.world.acting(APPROVER) as uow:
            dismiss_signal(uow, taken[1], "与上月投诉重复，已并案处理")

    def make_plans(self, round_id: UUID) -> None:
        """The count is there: make the quarter's plans; another planner approves them, then the draw is held."""
        for number, programme in enumerate(PROGRAMMES):
            self.world.later(timedelta(hours=1 + number), partial(self.make_plan, programme, round_id))

    def make_plan(self, programme: Programme, round_id: UUID) -> None:
        """One plan, computed from its lines and, where the public picked, from the count of the votes."""
        year = self.world.today.year
        with self.world.acting(PLANNER) as uow:
            plan = create_plan(
                uow,
                PlanInput(
                    title_zh=programme.title_zh,
                    title_en=programme.title_en,
                    year=year,
                    kind=programme.kind,
                    task_category=TaskCategory.SUPERVISION,
                    report_class_a=REPORT_A,
                    report_class_b=programme.title_zh,
                    budget=programme.budget,
                    pick_round_id=round_id if programme.has_picks else None,
                ),
            )
            plan_id = plan.id
            self._set_categories(uow, plan_id, programme.sampled_by, programme.labs)
            compute_plan(
                uow,
                plan_id,
                [
                    StratumInput(
                        category_id(line.food),
                        line.place,
                        population=20 * max(line.statutory, 1),
                        floor=1,
                        statutory=line.statutory,
                        tests=line.tests,
                        fails=line.fails,
                    )
                    for line in programme.lines
                ],
            )
        self.world.later(timedelta(hours=22), partial(self.approve, plan_id))

    def approve(self, plan_id: UUID) -> None:
        """The second planner approves; the draw is held the next morning."""
        with self.world.acting(APPROVER) as uow:
            approve_plan(uow, plan_id)
        self.world.later(timedelta(hours=23), partial(self.draw, plan_id))

    def draw(self, plan_id: UUID) -> None:
        """Three parties commit in the morning; in the afternoon the lottery completes the seed."""
        secrets = {party: self.world.rng.randbytes(32).hex() for party in PARTIES}
        with self.world.acting(PLANNER) as uow:
            frame_key = self.world.rng.randbytes(32).hex()
            name = open_ceremony(uow, plan_id, BEACON, frame_key=frame_key).draw_name
        for party, secret in secrets.items():
            with self.world.acting(PLANNER) as uow:
                take_commitment(uow, plan_id, party, commit(name, secret))
        self.world.later(timedelta(hours=1), partial(self.close, plan_id, secrets))

    def close(self, plan_id: UUID, secrets: Mapping[str, str]) -> None:
        """No commitment any more; the frame is frozen."""
        with self.world.acting(PLANNER) as uow:
            close_commitments(uow, plan_id)
        self.world.later(timedelta(hours=4), partial(self.hold, plan_id, secrets))

    def hold(self, plan_id: UUID, secrets: Mapping[str, str]) -> None:
        """The secrets are opened, and the draw is held."""
        for party, secret in secrets.items():
            with self.world.acting(PLANNER) as uow:
                open_commitment(uow, plan_id, party, secret)
        with self.world.acting(PLANNER) as uow:
            fixed_at = uow.now - timedelta(minutes=30)
            hold_draw(uow, plan_id, f"{self.world.rng.randrange(1000):03d}", fixed_at, self._working_days())
        with db.new_session() as session:
            tasks = session.execute(
                select(SamplingTask.id, SamplingTask.planned_on, SamplingTask.first_sampler_id, SamplingTask.task_no)
                .where(SamplingTask.plan_id == plan_id)
                .order_by(SamplingTask.task_no)
            ).all()
        for task_id, planned_on, first_sampler_id, _number in tasks:
            self._schedule(task_id, planned_on, self.world.who(first_sampler_id))

    def visit(self, task_id: UUID, sampler: str) -> None:
        """One stop: most end with a sample, some with one of the reasons why there is none."""
        if self.world.rng.random() < NO_SAMPLE_SHARE:
            reason = next(self._reasons)
            with self.world.acting(sampler) as uow:
                words = REFUSED_WORDS if reason is NoSampleReason.REFUSED else None
                reserve = end_task_without_sample(uow, task_id, reason, words)
                reserve_id = None if reserve is None else reserve.id
            if reserve_id is not None:
                self.world.later(timedelta(minutes=50), partial(self.visit, reserve_id, sampler))
            return
        self._take(task_id, sampler)

    def _take(self, task_id: UUID, sampler: str) -> None:
        rng, today = self.world.rng, clock.local_date(self.world.clock.now())
        with self.world.acting(sampler) as uow:
            task = uow.session.get_one(SamplingTask, task_id)
            business = uow.session.get_one(Business, task.business_id)
            line_food = self._codes[task.food_category_id]
            code = choose_food(rng, line_food, self._sold[business.id])
            form = fill_form(rng, business, code, today)
            team = {
                SignerKind.FIRST_SAMPLER: task.first_sampler_id,
                SignerKind.SECOND_SAMPLER: task.second_sampler_id,
                SignerKind.ACCOMPANYING_OFFICER: task.accompanying_officer_id,
            }
            known = person_names(uow.session, team.values())
            names = {signer: known[person_id] for signer, person_id in team.items()}
            sample = submit_form(
                uow,
                task_id,
                form,
                sign(rng, form, names),
                take_photos(rng, form, task.task_no),
                food_category_id=category_id(code),
            )
            sample_id, mode = sample.id, sample.mode
        self._taken[mode] += 1
        if self._taken[mode] == 2:  # noqa: PLR2004 - somebody tries once per mode, early in the month
            self.world.later(timedelta(days=1), partial(self.cross_sides, sample_id, sampler))
        # Of two slips of the pen in the month one is mended before the sample leaves, and one waits on the last day.
        if not self._has_corrected or (today == self._last_day and not self._waits_for_correction):
            self._waits_for_correction = today == self._last_day
            self.world.later(
                timedelta(minutes=15), partial(self.correct, sample_id, sampler, is_decided=not self._has_corrected)
            )
            self._has_corrected = True
        self.world.tell("form_submitted", sample_id)

    def correct(self, sample_id: UUID, sampler: str, *, is_decided: bool) -> None:
        """The sampler finds a figure of the telephone number wrong; a planner compares it with the register."""
        with self.world.acting(sampler) as uow:
            phone = uow.session.get_one(SamplingForm, sample_id).party_phone or PHONE
            right = phone[:-1] + ("3" if phone[-1] != "3" else "8")
            asked = request_correction(uow, sample_id, "party_phone", right, MISWRITTEN).id
        if is_decided:
            self.world.later(timedelta(minutes=40), partial(self.decide_correction, asked))

    def decide_correction(self, correction_id: UUID) -> None:
        """The planner who did not ask approves."""
        with self.world.acting(APPROVER) as uow:
            decide_correction(uow, correction_id, COMPARED, approves=True)

    def cross_sides(self, sample_id: UUID, sampler: str) -> None:
        """The sampler lends a hand at the bench, and is refused; the attempt stands in the auditor's list."""
        with suppress(SeparationRefusedError), self.world.acting(sampler) as uow:
            sample = get_sample_for_act(uow, sample_id)
            claim_act(uow, sample_tuple(sample), DutyRole.TESTER)

    @property
    def _codes(self) -> dict[UUID, str]:
        return {category_id(line.food): line.food for programme in PROGRAMMES for line in programme.lines}

    def _schedule(self, task_id: UUID, planned_on: date, sampler: str) -> None:
        """Stops of one sampler follow each other; of today's, the afternoon is still to come."""
        place = self._stops.get((sampler, planned_on), 0)
        self._stops[sampler, planned_on] = place + 1
        if planned_on > self._last_day or (planned_on == self._last_day and place > 0):
            return
        minutes = FIRST_STOP + place * STOP_MINUTES
        self.world.on_day(planned_on, minutes // 60, minutes % 60, partial(self.visit, task_id, sampler))

    @property
    def _last_day(self) -> date:
        return max(day for day in self._working_days() if day <= self.world.today)

    def _working_days(self) -> list[date]:
        """The days of the month on which samplers go out, and the next ones."""
        if not hasattr(self, "_days"):
            with db.new_session() as session:
                calendar = load_calendar(session)
            days = [calendar.next_workday(self.world.begins_on)]
            ahead = 0
            while ahead < DAYS_AHEAD:
                days.append(calendar.next_workday(days[-1] + timedelta(days=1)))
                ahead += days[-1] > self.world.today
            self._days = days
        return self._days

    def _set_categories(self, uow: UnitOfWork, plan_id: UUID, sampled_by: str, labs: Mapping[str, str]) -> None:
        mode = {"regulator": SeparationMode.REGULATOR, "lab_county": SeparationMode.INTERNAL}
        for major, lab in labs.items():
            set_category(
                uow,
                plan_id,
                category_id(major),
                mode.get(sampled_by, SeparationMode.EXTERNAL),
                sampling_organisation_id=self.world.organisations[sampled_by],
                lab_id=self.world.organisations[lab],
            )


def live(world: World) -> None:
    """Open the register before the month, plan when the votes are counted, and visit day after day."""
    chapter = Chapter(world)
    world.at(world.clock.now(), chapter.open_register)
    world.on("round_counted", chapter.make_plans)
    world.on_day(world.today - timedelta(days=2), 10, 20, chapter.take_signals)
