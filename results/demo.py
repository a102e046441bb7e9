"""The chapter of the laboratories: sets are tested, reviewed, reported and signed, day after day."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

from lims import clock
from lims.catalog.limits import Absence, Maximum, MicroPlan, Minimum, Range, Tolerance, parse_limit
from lims.catalog.load import category_id
from lims.catalog.models import Method
from lims.catalog.queries import list_check_items, load_calendar
from lims.catalog.reporting import parse_reporting_rule
from lims.catalog.services import supersede_check_item
from lims.catalog.types import ItemKind
from lims.catalog.workdays import Calendar
from lims.db import db
from lims.demo import World
from lims.quantities import NO_UNIT, convert, format_measured, parse_unit
from lims.uow import UnitOfWork
from results.models import TestSet, TestSetItem
from results.queries import BenchLine, find_set, list_lines, retests_of, set_of_sample
from results.rules.frozen import judge_line
from results.rules.reported import as_reported
from results.rules.rounding import round_to_figures
from results.services.composition import compose_reports
from results.services.confirming import enter_retest
from results.services.entry import approve_correction, enter_results, propose_correction
from results.services.judging import case_of
from results.services.review import give_up, lock_results, return_results
from results.services.signing import sign_conclusions
from results.types import Entry, ItemVerdict, LimitState

TESTING_DAYS = (2, 2, 3, 3, 4, 5)  # working days from the blind code to the last result
FAILS, RETURNS, IN_TWO_SITTINGS = 0.045, 0.02, 0.08
BENCH_OPENS, REVIEW_OPENS, SIGNING = time(9, 10), time(8, 40), time(16, 30)
FULL_DAY = 150  # sets of a laboratory after which the minute hand starts again
NOT_LOADED = "该项目判定标准的现行版本未载入限量库"
TOO_COARSE = "方法检出限高于限量"
WATCHED = ("31-6", "ndma")  # watched, not judged, in this county this year
WHY_WATCHED = "本年度列为风险监测项目，超过参考值按问题样品报送"
WHY_RETURNED = "谱图积分参数与原始记录不一致，请复核"
WHY_GIVEN_UP = "开封时发现包装漏气、样品已变质，不具备检验条件"
GIVEN_UP = 20  # which set of the month it is
GROSS = 12  # times the limit
WHY_CORRECTED = "已按原始记录重新积分"


class Chapter:
    """What the people of the laboratories do."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._to_sign: dict[tuple[date, str], list[UUID]] = defaultdict(list)
        self._places: dict[tuple[str, date], int] = defaultdict(int)
        self._calendar: Calendar | None = None
        self._codes: dict[UUID, str] = {}
        self._begun = 0
        self._unsigned: set[str] = set()

    def watch(self) -> None:
        """An item that the regulator only watches this year, before anything is tested."""
        with self.world.acting("admin_1") as uow:
            for check, item in list_check_items(uow.session, category_id(WATCHED[0])):
                if item.code == WATCHED[1] and check.category_id == category_id(WATCHED[0]):
                    supersede_check_item(uow, check.id, {"kind": ItemKind.MONITORING}, reason=WHY_WATCHED)

    def arrive(self, sample_id: UUID) -> None:
        """A set is on the worklist; its turn comes in a few days."""
        lab = self._lab_of(sample_id)
        day = self._workday(self.world.rng.choice(TESTING_DAYS))
        self._on(day, lab, BENCH_OPENS, partial(self.test, sample_id, lab))

    def test(self, sample_id: UUID, lab: str) -> None:
        """Enter a set, most of them in one sitting."""
        self._begun += 1
        if self._begun == GIVEN_UP:
            self.give_up(sample_id, lab)
            return
        rng = self.world.rng
        tester = f"tester_{rng.choice((1, 2))}_{lab}"
        with self.world.acting(tester) as uow:
            test_set, lines = self._read(uow, sample_id)
            entries = self._results(test_set, lines)
            rest: list[Entry] = []
            if len(entries) > 1 and rng.random() < IN_TWO_SITTINGS:
                entries, rest = entries[: len(entries) // 2], entries[len(entries) // 2 :]
            enter_results(uow, test_set.blind_code, entries)
            code = test_set.blind_code
        self.world.tell("test_begun", (sample_id, tester))
        if rest:
            day = self._workday(1)
            self._on(day, lab, BENCH_OPENS, partial(self.finish, sample_id, lab, tester, code, rest))
        else:
            self._on(self._workday(1), lab, REVIEW_OPENS, partial(self.review, sample_id, lab, tester))

    def give_up(self, sample_id: UUID, lab: str) -> None:
        """What cannot be tested any more ends without a conclusion, and says why."""
        with self.world.acting(f"reviewer_{lab}") as uow:
            give_up(uow, self._codes[sample_id], WHY_GIVEN_UP)

    def finish(self, sample_id: UUID, lab: str, tester: str, code: str, rest: list[Entry]) -> None:
        """The second sitting."""
        with self.world.acting(tester) as uow:
            enter_results(uow, code, rest)
        self._on(self._workday(1), lab, REVIEW_OPENS, partial(self.review, sample_id, lab, tester))

    def review(self, sample_id: UUID, lab: str, tester: str) -> None:
        """Lock the set; a few come back from the lock, are corrected by two persons, and are locked again."""
        self._test_again(tester, self._codes[sample_id])
        with self.world.acting(f"reviewer_{lab}") as uow:
            code = self._codes[sample_id]
            lock_results(uow, code)
        if self.world.rng.random() < RETURNS:
            self.world.later(timedelta(hours=1), partial(self.correct, sample_id, lab, tester, code))
        else:
            self._queue(sample_id, lab)

    def correct(self, sample_id: UUID, lab: str, tester: str, code: str) -> None:
        """Back to the bench: the tester proposes, the reviewer approves, and locks again."""
        reviewer = f"reviewer_{lab}"
        with self.world.acting(reviewer, reason=WHY_RETURNED) as uow:
            return_results(uow, code, WHY_RETURNED)
        with self.world.acting(tester) as uow:
            _set, lines = self._read(uow, sample_id)
            line = next(one for one in lines if one.line.limit_state is LimitState.FOUND and one.result is not None)
            assert line.result is not None  # noqa: S101 - chosen so
            text = line.result.entered_text
            proposal_id = propose_correction(uow, code, Entry(line.line.id, text, WHY_CORRECTED)).id
        with self.world.acting(reviewer) as uow:
            approve_correction(uow, proposal_id)
        self._test_again(tester, code)
        with self.world.acting(reviewer) as uow:
            lock_results(uow, code)
        self._queue(sample_id, lab)

    def _test_again(self, tester: str, code: str) -> None:
        """What failed is measured a second time, and the figure comes out as it was."""
        with self.world.acting(tester) as uow:
            test_set = find_set(uow.session, code, uow.actor.require_organisation())
            lines = list_lines(uow.session, test_set.id)
            known = retests_of(uow.session, lines)
            for one in lines:
                if one.result and one.result.verdict is ItemVerdict.FAIL and one.line.id not in known:
                    enter_retest(uow, code, one.line.id, one.result.entered_text)

    def sign(self, day: date, lab: str) -> None:
        """The evening's batch: look at each report, sign it."""
        waiting = self._to_sign.pop((day, lab))
        signatory = f"signatory_{lab}"
        self.world.tell("signing_begins", lab)
        with self.world.acting(signatory) as uow:
            # As they were queued: in the order of blind codes, which are random, numbers would be too.
            reports = compose_reports(uow, [self._codes[sample_id] for sample_id in waiting])
            shown = {report.id: report.pdf_sha256 for report in reports}
        with self.world.acting(signatory) as uow:
            sign_conclusions(uow, shown, confirmed_at=uow.now)
        for sample_id in waiting:
            self.world.tell("conclusion_signed", sample_id)

    def _queue(self, sample_id: UUID, lab: str) -> None:
        day = clock.local_date(self.world.clock.now())
        if lab not in self._unsigned and self._workday(1) > self.world.today:
            self._unsigned.add(lab)  # locked on the last working day: it waits for its signatory when the month ends
            return
        if not self._to_sign[day, lab]:
            self.world.on_day(day, SIGNING.hour, SIGNING.minute, partial(self.sign, day, lab))
        self._to_sign[day, lab].append(sample_id)

    def _results(self, test_set: TestSet, lines: list[BenchLine]) -> list[Entry]:
        """What the bench finds: mostly nothing, sometimes a little, now and then too much."""
        rng = self.world.rng
        watched = [one for one in lines if one.line.kind.value == ItemKind.MONITORING.value]
        judged = [one for one in lines if one.line.limit_state is LimitState.FOUND]
        over: TestSetItem | None = None
        if watched and not self.world.notes.get("problem_sample"):
            over = watched[0].line
            self.world.notes["problem_sample"] = test_set.sample_id
        elif judged and rng.random() < FAILS:
            chosen = rng.choice(judged).line
            over = None if chosen in [one.line for one in watched] else chosen
        entries = []
        for one in lines:
            line = one.line
            if line.limit_state in {LimitState.MISSING_EDITION, LimitState.AMBIGUOUS}:
                entries.append(Entry(line.id, "/", untested_reason=NOT_LOADED))
                continue
            texts = (self._figure(line, is_over=line is over), self._figure(line, is_over=False, is_found=False))
            text = next((text for text in texts if _is_judged(line, test_set, text)), None)
            if text and text.replace(".", "").isdigit():
                text = format_measured(with_digits(Decimal(text), one.method))
            entries.append(Entry(line.id, text) if text else Entry(line.id, "/", untested_reason=TOO_COARSE))
        return entries

    def _figure(self, line: TestSetItem, *, is_over: bool, is_found: bool = True) -> str:  # noqa: PLR0911 - one a form
        """A believable result against the limit of a line, as a tester writes it."""
        rng = self.world.rng
        limit = parse_limit(line.limit_text, line.limit_unit) if line.limit_id else None
        form = limit.form if limit else None
        share = Decimal(rng.randrange(130, 380) if is_over else rng.randrange(6, 62)) / 100
        match form:
            case MicroPlan():
                return _micro(form, is_over=is_over)
            case Minimum():
                share = Decimal(rng.randrange(55, 90) if is_over else rng.randrange(108, 150)) / 100
                return self._written(line, form.value * share)
            case Range() | Tolerance():
                return self._written(line, form.low + (form.high - form.low) * (Decimal("1.4") if is_over else share))
            case Absence() if is_over and line.lod is not None:
                return self._written(line, line.lod * (1 + share))
            case Maximum() if is_over and self._is_first_gross(line):
                return self._written(line, form.value * GROSS)
            case Maximum() if is_over or (is_found and rng.random() < 0.4):  # noqa: PLR2004 - share of finds
                return self._written(line, form.value * share)
            case Maximum() if line.lod is None:
                bound = round_to_figures(form.value / 10, 1)
                return f"未检出（检出限：{format_measured(bound)}{line.limit_unit}）"
        return "未检出"

    def _is_first_gross(self, line: TestSetItem) -> bool:
        """One result of the month is so far over its limit that it is reported within 24 hours."""
        if line.kind.value != ItemKind.INSPECTION.value or "gross_excess" in self.world.notes:
            return False
        self.world.notes["gross_excess"] = line.sample_id
        return True

    def _written(self, line: TestSetItem, value: Decimal) -> str:
        """A value in the unit of the limit, as the bench writes it; below what the method sees it is nothing."""
        unit = parse_unit(line.limit_unit)
        if line.lod is not None and unit != NO_UNIT and convert(line.lod, parse_unit(line.unit), unit) > value:
            return "未检出"
        text = format_measured(round_to_figures(value, 2 if value < 1 else 3))
        return text if line.unit == line.limit_unit else f"{text}{line.limit_unit}"

    def _read(self, uow: UnitOfWork, sample_id: UUID) -> tuple[TestSet, list[BenchLine]]:
        test_set = set_of_sample(uow.session, sample_id)
        return test_set, list_lines(uow.session, test_set.id)

    def _lab_of(self, sample_id: UUID) -> str:
        """The laboratory's word in the keys of its people: city, county, private; and note the code it knows."""
        with db.new_session() as session:
            arrived = set_of_sample(session, sample_id)
        self._codes[sample_id] = arrived.blind_code
        key = next(name for name, one in self.world.organisations.items() if one == arrived.lab_id)
        return key.removeprefix("lab_").removesuffix("_lab")

    def _on(self, day: date, lab: str, opens: time, act: partial[None]) -> None:
        """Acts of a laboratory on a day follow each other by a few minutes."""
        place = self._places[f"{lab}{opens}", day] % FULL_DAY
        self._places[f"{lab}{opens}", day] += 1
        at = datetime.combine(day, opens, clock.LOCAL_ZONE) + timedelta(minutes=2 * place)
        self.world.at(at, act)

    def _workday(self, after: int) -> date:
        """So many working days from today."""
        if self._calendar is None:
            with db.new_session() as session:
                self._calendar = load_calendar(session)
        day = clock.local_date(self.world.clock.now())
        for _ in range(after):
            day = self._calendar.next_workday(day + timedelta(days=1))
        return day


def _is_judged(line: TestSetItem, test_set: TestSet, text: str) -> bool:
    judged = judge_line(case_of(line, test_set, text), line.limit_state, line.basis)
    return judged.verdict is not ItemVerdict.CANNOT_JUDGE


def with_digits(value: Decimal, method: Method | None) -> Decimal:
    """A figure in the unit of its method, with the digits that the row of the method asks for."""
    if method is None or method.reported_digits is None:
        return value
    written = as_reported(value, parse_reporting_rule(method.reported_digits))
    return value if written is None else written


def _micro(plan: MicroPlan, *, is_over: bool) -> str:
    """The n results of a microbiological plan."""
    if plan.m == 0:
        return "；".join(["检出" if is_over and unit < plan.n // 2 else "未检出" for unit in range(plan.n)])
    top = plan.big_m or plan.m * 10
    values = [top * 2 if is_over and unit == 0 else plan.m / 10 * (unit + 1) for unit in range(plan.n)]
    return "；".join(format_measured(round_to_figures(value, 2)) for value in values)


def live(world: World) -> None:
    """Answer every blind code with its test, and the days that follow."""
    chapter = Chapter(world)
    world.at(world.clock.now(), chapter.watch)
    world.on("sample_recoded", chapter.arrive)
