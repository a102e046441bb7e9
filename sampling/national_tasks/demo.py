"""National tasks in the demonstration: the sheet of a quarter comes in, and one of its tasks is divided in two."""

from datetime import timedelta

from lims.demo import World
from lims.demo_people import REGION
from lims.tables import to_csv
from sampling.national_tasks.services.division import divide_task
from sampling.national_tasks.services.intake import receive_file, take_rows
from sampling.national_tasks.types import PartInput
from sampling.types import PlaceKind, SeparationMode

PLANNER = "planner_1"
HEAD = (
    "任务编号",
    "任务来源",
    "报送分类A",
    "报送分类B",
    "任务类别",
    "食品大类",
    "食品亚类",
    "抽样环节",
    "抽样区域",
    "任务批次",
    "完成时限",
)
SOURCE = "国家市场监督管理总局"
CLASS_A = "抽检监测（转移地方）"
# Number, major category, food, stage, batches.
TASKS = (
    ("0001", "蔬菜", "韭菜", "流通", 30),
    ("0002", "水产品", "35-1", "流通", 12),
    ("0003", "餐饮食品", "", "餐饮", 20),
)
PARTS = (
    (18, "sampling_org", "lab_city", PlaceKind.FARMERS_MARKET),
    (8, "sampling_org", "lab_city", PlaceKind.SUPERMARKET),
)
DAYS = 75  # until the last day of the tasks


def live(world: World) -> None:
    """The sheet comes before the first visit; what is left of the first task waits for somebody."""

    def take() -> None:
        with world.acting(PLANNER) as uow:
            file = receive_file(uow, f"{world.today.year}年转移地方抽检任务表.csv", _sheet(world))
            task = take_rows(uow, file.id)[0]
            parts = [
                PartInput(
                    batches=batches,
                    place_kind=place,
                    mode=SeparationMode.EXTERNAL,
                    sampling_organisation_id=world.organisations[sampling],
                    lab_id=world.organisations[lab],
                )
                for batches, sampling, lab, place in PARTS
            ]
            divide_task(uow, task.id, parts)

    world.at(world.clock.now(), take)


def _sheet(world: World) -> bytes:
    year, due = world.today.year, (world.today + timedelta(days=DAYS)).isoformat()
    rows = [
        (
            f"GC{year}-{number}",
            SOURCE,
            CLASS_A,
            f"{year}年转移地方食品抽检计划",
            "监督抽检",
            major,
            food,
            stage,
            REGION,
            str(batches),
            due,
        )
        for number, major, food, stage, batches in TASKS
    ]
    return to_csv(HEAD, rows)
