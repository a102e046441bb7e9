"""The chapter of limit tables: the figures for lead are in force before anything is tested, those for cadmium wait.

The tables repeat what the catalogue holds, as the yearly base table does, and add how a result is written.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from lims.catalog.limits import Maximum, parse_limit
from lims.catalog.load import category_id, item_id
from lims.catalog.lookup import LimitFound, find_limit, way_to
from lims.catalog.models import TestItem
from lims.clock import local_date
from lims.demo import World
from lims.limit_tables.columns import OFFICIAL
from lims.limit_tables.services import decide_table, keep_table, send_table
from lims.limit_tables.types import Column
from lims.quantities import format_measured
from lims.uow import UnitOfWork

SENDS, DECIDES = "admin_1", "quality_city"
SOURCE = "食品安全抽检基础表（演示）"
WHY = "按基础表补充方法检出限与检验结果的写法"
DIGITS = "未检出,数值(大于等于%s且小于1保留两位有效数字,大于等于1保留三位有效数字)"
DAYS_BEFORE_THE_END = 2
LEVELS = (Column.CATEGORY_L1, Column.CATEGORY_L2, Column.CATEGORY_L3, Column.CATEGORY_L4)


@dataclass(frozen=True, slots=True)
class Table:
    """What the base table says of one item in some foods.

    Attributes:
        item, foods: codes of the catalogue.
        method: the standard that it is tested by.
        lod: of the method, in `unit`; from there on a result is a figure.
    """

    item: str
    method: str
    lod: str
    foods: tuple[str, ...]
    unit: str = "mg/kg"

    def rows(self, session: Session, day: date) -> Iterator[dict[Column, str]]:
        """A row of each food whose limit the catalogue holds on that day."""
        item = session.get_one(TestItem, item_id(self.item))
        for food in self.foods:
            found = find_limit(session, category_id(food), item.id, day)
            if not isinstance(found, LimitFound):
                continue
            form = parse_limit(found.limit.limit_text, found.limit.unit).form
            if not isinstance(form, Maximum):
                continue
            way = [category.name_zh for category in way_to(session, category_id(food))]
            yield dict(zip(LEVELS, way, strict=False)) | {
                Column.KIND: "抽检项目",
                Column.ITEM: item.name_zh,
                Column.RESULT_FORMAT: DIGITS % self.lod,
                Column.RESULT_UNIT: self.unit,
                Column.LOD: self.lod,
                Column.LOD_UNIT: self.unit,
                Column.BASIS: f"{found.standard}-{found.edition}",
                Column.METHODS: self.method,
                Column.METHODS_SHORT: self.method,
                Column.LIMIT_MAX: format_measured(form.value),
                Column.LIMIT_MAX_UNIT: found.limit.unit,
            }


LEAD = Table("pb", "GB 5009.12", "0.02", ("24-4", "34-4", "2-1", "16-1", "35-1", "1-2"))
CADMIUM = Table("cd", "GB 5009.15", "0.001", ("34-4", "35-1", "4-4", "1-2"))


class Chapter:
    """An administrator who hands tables in, and a quality manager who decides."""

    def __init__(self, world: World) -> None:
        self.world = world

    def put_in_force(self) -> None:
        """Before anything is tested."""
        with self.world.acting(SENDS) as uow:
            table_id = _send(uow, LEAD)
        if table_id is not None:
            with self.world.acting(DECIDES) as uow:
                decide_table(uow, table_id, None, approves=True)

    def send(self) -> None:
        """Somebody else has not decided on it yet when the month is over."""
        with self.world.acting(SENDS) as uow:
            _send(uow, CADMIUM)


def _send(uow: UnitOfWork, table: Table) -> UUID | None:
    """Send a table; None where the catalogue holds no limit of it today."""
    day = local_date(uow.now)
    rows = list(table.rows(uow.session, day))
    if not rows:
        return None
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(OFFICIAL.values())
    writer.writerows([row.get(column, "/") for column in Column] for row in rows)
    digest = keep_table(uow, text.getvalue().encode(), day)
    name = f"{day.year}年基础表-{rows[0][Column.ITEM]}.csv"
    return send_table(uow, digest, file_name=name, valid_from=day, source=SOURCE, reason=WHY).id


def live(world: World) -> None:
    """One table at the beginning, one towards the end."""
    chapter = Chapter(world)
    world.at(world.clock.now(), chapter.put_in_force)
    world.on_day(world.today - timedelta(days=DAYS_BEFORE_THE_END), 15, 20, chapter.send)
