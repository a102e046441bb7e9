"""The chapter of original records: the quality manager issues a general template, and one for a method of its own."""

from functools import partial

from lims.clock import local_date
from lims.demo import World
from results.raw_records.services import issue_template

MANAGER = "quality_city"
TEMPLATES = (
    ("DPSJ-JL-4.5-01", "检验原始记录", ""),
    ("DPSJ-JL-4.5-07", "农药残留检验原始记录（气相色谱-质谱联用法）", "GB 23200.113"),
)


def live(world: World) -> None:
    """Issue the templates on the first day, before anything is tested."""
    world.at(world.clock.now(), partial(_issue, world))


def _issue(world: World) -> None:
    with world.acting(MANAGER) as uow:
        for number, title, standard in TEMPLATES:
            issue_template(
                uow, number=number, version="A/0", title=title, standard=standard, valid_from=local_date(uow.now)
            )
