"""The chapter of the rooms: read off every working morning, once too warm, and what that meant."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

from lims.clock import local_date
from lims.demo import World
from results.environment import services
from results.environment.types import Allowed, RoomReading, Span

TESTER, MANAGER = "tester_1_city", "quality_city"
ROOMS = {
    "天平室": Allowed(Span(Decimal(18), Decimal(26)), Span(None, Decimal(65))),
    "仪器室": Allowed(Span(Decimal(15), Decimal(30))),
}
SATURDAY = 5
WARM_DAY = 8  # working mornings before the end
DECISION = "空调故障约2小时，期间天平未使用；已报修，复测正常，结果不受影响。"


class Chapter:
    """The tester who reads off, and the quality manager who decides."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._rooms: list[UUID] = []

    def describe(self) -> None:
        """Name the rooms and what they may be."""
        with self.world.acting(MANAGER) as uow:
            first = date(local_date(uow.now).year, 1, 1)
            for name, allowed in ROOMS.items():
                room = services.add_room(uow, name)
                services.set_limits(uow, room.id, allowed, valid_from=first)
                self._rooms.append(room.id)

    def read_off(self, day: int) -> None:
        """One morning; `day` counts back from the last."""
        outside = None
        with self.world.acting(TESTER) as uow:
            for number, room_id in enumerate(self._rooms):
                is_warm = day == WARM_DAY and number == 0
                celsius = Decimal("27.4") if is_warm else Decimal(210 + (day * 7 + number * 13) % 30) / 10
                noted = services.note_reading(uow, room_id, RoomReading(uow.now, celsius, Decimal(48 + day % 9)))
                outside = noted.id if is_warm else outside
        if outside is not None:
            self.world.later(timedelta(hours=3), partial(self.decide, outside))

    def decide(self, reading_id: UUID) -> None:
        """What the warm morning meant."""
        with self.world.acting(MANAGER) as uow:
            services.decide_reading(uow, reading_id, DECISION)


def live(world: World) -> None:
    """Describe the rooms, then read them off on weekdays."""
    chapter = Chapter(world)
    world.at(world.clock.now(), chapter.describe)
    days = (world.today - world.begins_on).days
    for back in range(days):
        day = world.today - timedelta(days=back)
        if day.weekday() < SATURDAY:
            world.on_day(day, 8, 20, partial(chapter.read_off, back))
