"""The chapter of the officers: notices served, failures acknowledged, handed to a station, handled and closed."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select

from lims import clock
from lims.catalog.queries import load_calendar
from lims.catalog.workdays import Calendar
from lims.db import db
from lims.demo import World
from results.referral import services
from results.referral.models import Referral, ReferralBranch, ResultNotice, Service
from results.referral.services.notices import MAX_BATCH
from results.referral.types import Addressee, BranchKind, HandlingPart, ServiceProof, ServiceWay
from sampling.models import Business, Sample, SamplingForm

BUREAU, STATION = "enforcer_1", "enforcer_2"
PASSES_GO_OUT = time(15, 40)
FORGOTTEN = 2  # the second failure of the month lies in the inbox until it is overdue
CLOSES_AFTER = 2  # working days after the recheck period


class Chapter:
    """What the officers of the bureau and of one station do, day after day."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._fails = 0
        self._days: Calendar | None = None

    def signed(self, sample_id: UUID) -> None:
        """A conclusion arrived: a pass waits for the afternoon's post, a failure is taken up."""
        with db.new_session() as session:
            referral = session.scalar(select(Referral).where(Referral.sample_id == sample_id))
            branches = [] if referral is None else self._branches(referral.id)
        if referral is None:
            self._later_today(self._workday(1), PASSES_GO_OUT, self._send_passes, once="passes")
            return
        self._fails += 1
        if self._fails == FORGOTTEN:
            return
        for branch_id, kind, is_outside in branches:
            at = self._morning(1, 8, 50)
            self.world.at(at, partial(self._acknowledge, branch_id))
            if is_outside:
                self.world.at(at + timedelta(hours=5), partial(self._transfer, branch_id, kind))
            else:
                self._plan(branch_id)
        self.world.at(self._morning(2, 10, 20), partial(self._serve, sample_id))

    def _plan(self, branch_id: UUID) -> None:
        """When the steps of a branch are done, and by whom."""
        hand = BUREAU
        with db.new_session() as session:
            sample_id = session.get_one(ReferralBranch, branch_id).sample_id
            business = session.get_one(Business, session.get_one(Sample, sample_id).business_id)
            is_east = business.regulator_id == self.world.organisations["station_east"]
        if is_east:
            hand = STATION
            self.world.at(self._morning(1, 11, 10), partial(self._dispatch, branch_id))
            self.world.at(self._morning(2, 8, 40), partial(self._accept, branch_id))
        self.world.at(self._morning(2, 15, 5), partial(self._part, hand, branch_id, HandlingPart.START))
        self.world.at(self._morning(3, 9, 30), partial(self._part, hand, branch_id, HandlingPart.PRODUCT_CONTROL))
        self.world.at(self._morning(6, 14, 0), partial(self._part, hand, branch_id, HandlingPart.CAUSE))
        self.world.at(self._morning(2 + 8, 9, 15), partial(self._finish, hand, branch_id))

    def _acknowledge(self, branch_id: UUID) -> None:
        with self.world.acting(BUREAU) as uow:
            services.acknowledge(uow, branch_id)

    def _transfer(self, branch_id: UUID, kind: BranchKind) -> None:
        with self.world.acting(BUREAU) as uow:
            there = "网络平台所在地市场监督管理局" if kind is BranchKind.PLATFORM else "生产者所在地市场监督管理局"
            services.transfer(uow, branch_id, there, f"清市监食函〔{uow.now.year}〕{self._fails}号")

    def _dispatch(self, branch_id: UUID) -> None:
        with self.world.acting(BUREAU) as uow:
            services.dispatch(uow, branch_id, self.world.organisations["station_east"], "请依法核查处置，按期反馈")

    def _accept(self, branch_id: UUID) -> None:
        with self.world.acting(STATION) as uow:
            services.accept_branch(uow, branch_id)

    def _serve(self, sample_id: UUID) -> None:
        """Hand the notices to who is near, and post them to who is not."""
        with db.new_session() as session:
            form = session.get_one(SamplingForm, sample_id)
            notices = session.execute(
                select(ResultNotice.id, ResultNotice.addressee, ResultNotice.name)
                .where(ResultNotice.sample_id == sample_id)
                .order_by(ResultNotice.notice_no)
            ).all()
        today = clock.local_date(self.world.clock.now())
        for notice_id, addressee, name in notices:
            near = addressee in {Addressee.SAMPLED_PARTY, Addressee.MARKET_ORGANISER}
            way = ServiceWay.DIRECT if near else ServiceWay.POST
            receiver = (form.party_contact or name) if addressee is Addressee.SAMPLED_PARTY else name
            number = "送达回执" if near else f"EMS{self.world.rng.randrange(10**9):09d}"
            with self.world.acting(BUREAU) as uow:
                proof = ServiceProof(way, today, receiver, number, objects=False if near else None)
                services.serve_notice(uow, notice_id, proof)

    def _send_passes(self) -> None:
        """The afternoon's post: every notice of a pass that waits."""
        with db.new_session() as session:
            waiting = session.scalars(
                select(ResultNotice.id)
                .outerjoin(Service, Service.notice_id == ResultNotice.id)
                .where(ResultNotice.passed, Service.notice_id.is_(None))
                .order_by(ResultNotice.notice_no)
                .limit(MAX_BATCH)
            ).all()
        if waiting:
            day = clock.local_date(self.world.clock.now())
            with self.world.acting("planner_1") as uow:
                services.serve_passes(uow, waiting, ServiceWay.ELECTRONIC, f"政务短信批次{day:%Y%m%d}")

    def _part(self, hand: str, branch_id: UUID, part: HandlingPart) -> None:
        if self._is_withdrawn(branch_id):
            return
        with self.world.acting(hand) as uow:
            services.save_part(uow, branch_id, part, self._facts(part), submit=True)

    def _finish(self, hand: str, branch_id: UUID) -> None:
        """Once nobody can object any more: penalty, rectification, publication, closing. Else look again tomorrow."""
        with db.new_session() as session:
            branch = session.get_one(ReferralBranch, branch_id)
            rechecks = self.world.notes.setdefault("rechecked", set())
            if branch.state.value == "withdrawn" or branch.sample_id in rechecks:
                return
            ends = session.scalars(select(Service.recheck_until).where(Service.sample_id == branch.sample_id)).all()
        last = max((end for end in ends if end is not None), default=None)
        today = clock.local_date(self.world.clock.now())
        if last is None or today <= last:
            self.world.at(self._morning(1, 9, 15), partial(self._finish, hand, branch_id))
            return
        for part in (HandlingPart.PENALTY, HandlingPart.RECTIFICATION, HandlingPart.DISCLOSURE):
            self._part(hand, branch_id, part)
        self.world.at(self._morning(CLOSES_AFTER, 16, 0), partial(self._close, hand, branch_id))

    def _close(self, hand: str, branch_id: UUID) -> None:
        with self.world.acting(hand) as uow:
            services.close_branch(uow, branch_id)

    def _is_withdrawn(self, branch_id: UUID) -> bool:
        with db.new_session() as session:
            return session.get_one(ReferralBranch, branch_id).state.value == "withdrawn"

    def _facts(self, part: HandlingPart) -> dict[str, str]:
        today = clock.local_date(self.world.clock.now())
        rng = self.world.rng
        bought = rng.randrange(20, 90)
        sold = rng.randrange(5, bought)
        texts: dict[HandlingPart, dict[str, str]] = {
            HandlingPart.START: {
                "report_received_on": today.isoformat(),
                "started_on": today.isoformat(),
                "start_document": f"清市监核启〔{today.year}〕{rng.randrange(100, 999)}号",
            },
            HandlingPart.PRODUCT_CONTROL: {
                "sale_stopped": "yes",
                "stock_sealed": "yes",
                "recall": rng.choice(["none", "level_3", "level_2"]),
                "unit": "kg",
                "bought_qty": str(bought),
                "sold_qty": str(sold),
                "stock_qty": str(bought - sold),
                "sealed_qty": str(bought - sold),
                "measures": "责令立即停止销售，封存剩余库存，张贴不合格食品公示，通知供货商。",
            },
            HandlingPart.CAUSE: {
                "causes": rng.choice(["raw_material", "storage", "control", "raw_material,control"]),
                "explanation": "经营者未严格落实进货查验制度，未索取供货商同批次检验合格证明。",
            },
            HandlingPart.PENALTY: {
                "case_filed": "yes",
                "filed_on": today.isoformat(),
                "law": "经营不符合食品安全标准的食品，违反《中华人民共和国食品安全法》第三十四条。",
                "warning": "yes",
                "confiscated": str(rng.randrange(60, 900)),
                "fine": str(rng.randrange(2, 10) * 500),
            },
            HandlingPart.RECTIFICATION: {
                "order_no": f"清市监责改〔{today.year}〕{rng.randrange(100, 999)}号",
                "measures": "更换供货商，建立进货查验台账，对从业人员开展培训。",
                "checked_on": today.isoformat(),
                "outcome": "met",
            },
            HandlingPart.DISCLOSURE: {
                "summary": "已责令停止销售并封存剩余产品，对经营者立案查处；经营者已完成整改，复查合格。",
                "published_on": today.isoformat(),
            },
        }
        return texts[part]

    def _branches(self, referral_id: UUID) -> list[tuple[UUID, BranchKind, bool]]:
        with db.new_session() as session:
            rows = session.execute(
                select(ReferralBranch.id, ReferralBranch.kind, ReferralBranch.is_outside)
                .where(ReferralBranch.referral_id == referral_id)
                .order_by(ReferralBranch.kind)
            )
            return [(branch_id, kind, is_outside) for branch_id, kind, is_outside in rows]

    def _later_today(self, day: date, at: time, act: Callable[[], None], *, once: str) -> None:
        """Plan an act for a day, once however often it is asked for."""
        planned: set[tuple[str, date]] = self.world.notes.setdefault("planned", set())
        if (once, day) not in planned:
            planned.add((once, day))
            self.world.on_day(day, at.hour, at.minute, act)

    def _morning(self, after: int, hour: int, minute: int) -> datetime:
        return datetime.combine(self._workday(after), time(hour, minute), clock.LOCAL_ZONE)

    def _workday(self, after: int) -> date:
        """So many working days from today."""
        if self._days is None:
            with db.new_session() as session:
                self._days = load_calendar(session)
        day = clock.local_date(self.world.clock.now())
        for _ in range(after):
            day = self._days.next_workday(day + timedelta(days=1))
        return day


def live(world: World) -> None:
    """Answer every signature with what the law asks for."""
    world.on("conclusion_signed", Chapter(world).signed)
