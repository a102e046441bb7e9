"""The chapter of objections: one is reviewed and not upheld, one has just come in by the page of its notice."""

from datetime import date, datetime, time, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select

from lims import clock
from lims.actors import PUBLIC
from lims.catalog.queries import load_calendar
from lims.db import db
from lims.demo import World
from lims.uow import unit_of_work
from results.objections import services
from results.objections.services import Written
from results.objections.types import ObjectionKind, Outcome
from results.referral.models import ResultNotice, Service
from results.referral.types import Addressee

BUREAU = "enforcer_1"
REVIEWED, FRESH = 14, 4  # days before the last one on which the two failures are signed, at the earliest
WAITS = timedelta(days=1)
WHO = "王经理 0534-7654321"
STANDARD = "该产品执行企业标准，不应适用判定所用的国家标准，请求复核标准适用。"
METHOD = "检验方法的适用范围不包括本产品的基质，请求复核检验方法。"
FOUND = "经审核，该产品属于所用标准的适用范围，企业标准不得低于国家标准，标准适用正确，异议不认可。"


class Chapter:
    """Two businesses that do not accept what they were told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._wanted = {REVIEWED: (ObjectionKind.STANDARD, STANDARD), FRESH: (ObjectionKind.METHOD, METHOD)}

    def signed(self, sample_id: UUID) -> None:
        """A failure whose notice can be answered; not the one that is rechecked."""
        left = (self.world.today - clock.local_date(self.world.clock.now())).days
        days = next((days for days in self._wanted if FRESH + 3 <= left <= days + FRESH), None)
        if days is None or sample_id in self.world.notes.get("rechecked", ()):
            return
        with db.new_session() as session:
            failed = session.scalar(
                select(ResultNotice.id).where(
                    ResultNotice.sample_id == sample_id,
                    ~ResultNotice.passed,
                    ResultNotice.addressee == Addressee.SAMPLED_PARTY,
                )
            )
            calendar = load_calendar(session)
        if failed is None:
            return
        kind, grounds = self._wanted.pop(days)
        day = calendar.next_workday(clock.local_date(self.world.clock.now()) + timedelta(days=3))
        self._on(day, partial(self._file, failed, kind, grounds, is_reviewed=days == REVIEWED))

    def _file(self, notice_id: UUID, kind: ObjectionKind, grounds: str, *, is_reviewed: bool) -> None:
        """The business opens the page of its notice, once it has the notice."""
        with db.new_session() as session:
            is_served = session.scalar(select(Service.notice_id).where(Service.notice_id == notice_id))
        if is_served is None:
            self.world.later(WAITS, partial(self._file, notice_id, kind, grounds, is_reviewed=is_reviewed))
            return
        with unit_of_work(PUBLIC) as uow:
            objection_id = services.file_by_notice(uow, notice_id, kind, Written(WHO, grounds)).id
        if is_reviewed:
            self.world.later(WAITS, partial(self._review, objection_id))

    def _review(self, objection_id: UUID) -> None:
        with self.world.acting(BUREAU) as uow:
            services.accept_objection(uow, objection_id)
        with self.world.acting(BUREAU) as uow:
            services.review_objection(uow, objection_id, Outcome.NOT_UPHELD, FOUND)

    def _on(self, day: date, act: partial[None]) -> None:
        self.world.at(datetime.combine(day, time(15, 20), clock.LOCAL_ZONE), act)


def live(world: World) -> None:
    """Let two businesses object."""
    world.on("conclusion_signed", Chapter(world).signed)
