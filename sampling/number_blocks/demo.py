"""Number blocks in the demonstration: one sampling organisation has two, the first of them used up within the month."""

from sqlalchemy import select

from lims.demo import World
from lims.demo_people import REGION
from lims.people.models import Organisation
from lims.tables import to_csv
from sampling.number_blocks.services import receive_file, take_blocks
from sampling.number_blocks.types import NumberRange

PLANNER = "planner_1"
FIRST, NUMBERS = 435_800_001, (25, 100)  # institution 4358 of the province, as on real forms
HEAD = ("抽样单位", "起始编号", "终止编号", "数量", "任务来源", "有效期至")


def live(world: World) -> None:
    """The sheet of the year comes before the first visit."""

    def take() -> None:
        with world.acting(PLANNER) as uow:
            body = world.organisations["sampling_org"]
            name = uow.session.scalar(select(Organisation.name_zh).where(Organisation.id == body)) or ""
            fixed, first, rows = f"XBJ{world.today:%y}{REGION}", FIRST, []
            for count in NUMBERS:
                numbers = NumberRange(fixed, first, first + count - 1)
                rows.append((name, numbers.first_no, numbers.last_no, str(count), "", f"{world.today.year}-12-31"))
                first = numbers.last + 1
            file = receive_file(uow, f"{world.today.year}年抽样编号号段表.csv", to_csv(HEAD, rows))
            take_blocks(uow, file.id)

    world.at(world.clock.now(), take)
