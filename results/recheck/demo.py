"""The chapter of the recheck: one business does not accept its result, and another laboratory tests again."""

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

from sqlalchemy import select

from chain_of_custody import services as custody
from chain_of_custody.models import Portion
from chain_of_custody.queries import current_entries, list_portions
from chain_of_custody.types import PortionKind, Scan
from lims import clock
from lims.actors import INSTALL
from lims.catalog.queries import load_calendar
from lims.db import db
from lims.demo import World
from lims.people.services import accredit
from lims.uow import unit_of_work
from results.recheck import services
from results.recheck.models import Recheck
from results.recheck.queries import SCHEME, backup_card
from results.referral.models import Referral, ResultNotice, Service
from results.referral.types import Addressee
from sampling.demo.pictures import photo

BUREAU = "enforcer_1"
LISTED = ("recheck_lab", "lab_city", "lab_private")  # the published list of recheck laboratories
LAST_DAYS = 14  # the recheck of the month is one that is still under way at its end
VALID_FROM, VALID_TO = date(2024, 1, 1), date(2029, 12, 31)


class Chapter:
    """One application, decided and drawn, its backup portion handed on."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._has_applied = False

    def list_laboratories(self) -> None:
        """Who may recheck, as the regulator's list says."""
        with unit_of_work(INSTALL) as uow:
            for number, key in enumerate(LISTED, start=1):
                accredit(
                    uow,
                    self.world.organisations[key],
                    scheme=SCHEME,
                    certificate_no=f"FJ-{number:03d}",
                    scope="食品复检机构名录",
                    valid_from=VALID_FROM,
                    valid_to=VALID_TO,
                )

    def signed(self, sample_id: UUID) -> None:
        """The first failure of the last days that may be rechecked at all."""
        today = clock.local_date(self.world.clock.now())
        if self._has_applied or self.world.today - today > timedelta(days=LAST_DAYS):
            return
        with db.new_session() as session:
            referral = session.scalar(select(Referral).where(Referral.sample_id == sample_id))
            has_backup = any(one.kind is PortionKind.BACKUP for one in list_portions(session, sample_id))
            if referral is None or not has_backup:
                return
            if any(item["is_microbiological"] for item in referral.failed_items):
                return
            referral_id = referral.id
            calendar = load_calendar(session)
        self._has_applied = True
        self.world.notes.setdefault("rechecked", set()).add(sample_id)
        days = [today]
        while len(days) < 6:  # noqa: PLR2004 - working days until the portion is handed on
            days.append(calendar.next_workday(days[-1] + timedelta(days=1)))
        self._on(days[3], time(10, 30), partial(self._apply, referral_id, sample_id))

    def _apply(self, referral_id: UUID, sample_id: UUID) -> None:
        """Apply, once the business has its notice: only then does its period run."""
        with db.new_session() as session:
            is_served = session.scalar(
                select(Service.recheck_until)
                .join(ResultNotice, ResultNotice.id == Service.notice_id)
                .where(ResultNotice.sample_id == sample_id, ResultNotice.addressee == Addressee.SAMPLED_PARTY)
            )
        if is_served is None:
            self.world.later(timedelta(days=1), partial(self._apply, referral_id, sample_id))
            return
        with self.world.acting(BUREAU) as uow:
            referral = uow.session.get_one(Referral, referral_id)
            lines = [UUID(item["set_item_id"]) for item in referral.failed_items]
            recheck_id = services.apply_for_recheck(
                uow,
                referral_id,
                Addressee.SAMPLED_PARTY,
                lines,
                applied_on=clock.local_date(uow.now),
                grounds="对检验结论有异议，请求对备份样品复检。",
            ).id
        self.world.later(timedelta(hours=5), partial(self._decide, recheck_id, sample_id))

    def _decide(self, recheck_id: UUID, sample_id: UUID) -> None:
        with self.world.acting(BUREAU) as uow:
            services.accept_recheck(uow, recheck_id)
            lab_id = services.draw_laboratory(uow, recheck_id).lab_id
        assert lab_id is not None  # noqa: S101 - it was drawn a line above
        self.world.later(timedelta(hours=18), partial(self._hand_on, sample_id, lab_id))

    def _hand_on(self, sample_id: UUID, lab_id: UUID) -> None:
        """The first laboratory's custodian hands the backup portion to the one that was drawn."""
        with db.new_session() as session:
            portion = next(one for one in list_portions(session, sample_id) if one.kind is PortionKind.BACKUP)
            holder = self.world.who(current_entries(session, [portion.id])[portion.id].holder_id)
            number = portion.portion_no
        key = next(name for name, organisation in self.world.organisations.items() if organisation == lab_id)
        with self.world.acting(holder) as uow:
            offer_id = custody.offer_hand_over(uow, [number], lab_id).id
        suffix = key.removeprefix("lab_").removesuffix("_lab")
        self.world.later(timedelta(hours=2), partial(self._take, f"custodian_{suffix}", offer_id, number))

    def _take(self, custodian: str, offer_id: UUID, number: str) -> None:
        with self.world.acting(custodian) as uow:
            custody.confirm_hand_over(uow, offer_id, [Scan(number, seal_intact=True)], celsius=Decimal("-19.5"))

        self.world.later(timedelta(hours=1), partial(self._receive, custodian, number))

    def _receive(self, custodian: str, number: str) -> None:
        """Package and seal are photographed before anybody opens them."""
        rng = random.Random(number)
        with self.world.acting(custodian) as uow:
            recheck = uow.session.scalars(
                select(Recheck)
                .join(Portion, Portion.sample_id == Recheck.sample_id)
                .where(Portion.portion_no == number)
            ).one()
            card = backup_card(uow.session, recheck.sample_id)
            assert card is not None  # noqa: S101 - it was handed over an hour ago
            services.receive_backup(
                uow,
                recheck.id,
                seal_no=card.seal_no,
                seal_intact=True,
                package_intact=True,
                package_photo=photo(rng, f"{number} package"),
                seal_photo=photo(rng, f"{number} seal"),
            )
            services.state_fee(uow, recheck.id, Decimal(1200))
            services.note_advance(uow, recheck.id, f"收据 {number}", clock.local_date(uow.now))

    def _on(self, day: date, at: time, act: partial[None]) -> None:
        self.world.at(datetime.combine(day, at, clock.LOCAL_ZONE), act)


def live(world: World) -> None:
    """Publish the list of laboratories, and let one business apply."""
    chapter = Chapter(world)
    world.at(world.clock.now(), chapter.list_laboratories)
    world.on("conclusion_signed", chapter.signed)
