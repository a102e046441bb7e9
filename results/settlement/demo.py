"""The chapter of money: prices agreed on before the month, and the first half of it settled with one laboratory."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from lims.clock import local_date
from lims.demo import World
from results.settlement import services

PLANNER, HEAD = "planner_1", "head_city"
LAB = "lab_city"  # the one whose head has an account in this county
PRICES = {"lab_city": Decimal(1280), "lab_county": Decimal(960), "lab_private": Decimal(1150)}
CONTRACT = "2026年度食品安全抽检承检合同"
DAYS_BEFORE_THE_END = 9


class Chapter:
    """Planner and head of laboratory."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._made: list[UUID] = []

    def agree(self) -> None:
        """The prices of the year."""
        with self.world.acting(PLANNER) as uow:
            year = local_date(uow.now).year
            for key, amount in PRICES.items():
                lab_id = self.world.organisations[key]
                services.set_price(uow, lab_id, None, amount, valid_from=date(year, 1, 1), contract=CONTRACT)

    def settle(self) -> None:
        """What ended so far."""
        with self.world.acting(PLANNER) as uow:
            yesterday = local_date(uow.now) - timedelta(days=1)
            first = yesterday.replace(day=1)
            if services.lines_for(uow, self.world.organisations[LAB], first, yesterday):
                self._made.append(services.draw_up(uow, self.world.organisations[LAB], first, yesterday).id)
                self.world.later(timedelta(hours=3), self.confirm)

    def confirm(self) -> None:
        """The laboratory agrees."""
        with self.world.acting(HEAD) as uow:
            services.confirm_settlement(uow, self._made[0])


def live(world: World) -> None:
    """Agree first, settle towards the end."""
    chapter = Chapter(world)
    world.at(world.clock.now(), chapter.agree)
    world.on_day(world.today - timedelta(days=DAYS_BEFORE_THE_END), 10, 0, chapter.settle)
