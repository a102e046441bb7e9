"""The chapter of preparations: a chain of lead standards down to the working solution of the last batch."""

from datetime import timedelta

from lims import clock
from lims.demo import World
from results.preparations.services import prepare, use_in_batch
from results.preparations.types import PreparationKind, Recipe, Taken
from results.quality.queries.batches import list_batches
from results.quality.services.lots import note_lot
from results.quality.types import LotKind

LAB = "city"
CERTIFIED, CERTIFIED_LOT = "铅单元素标准溶液", "GSB-PB-2603"
# name, amount taken of the one before, amount made, days it keeps
CHAIN = (("铅标准中间液", "1 mL", "100 mL", 25), ("铅标准使用液", "1 mL", "100 mL", 7))


class Chapter:
    """What the bench of the county's laboratory prepares."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.working = ""

    def buy(self) -> None:
        """The certified solution that everything comes from."""
        with self.world.acting(f"quality_{LAB}") as uow:
            note_lot(
                uow,
                kind=LotKind.REFERENCE,
                name=CERTIFIED,
                lot_no=CERTIFIED_LOT,
                certificate_no=CERTIFIED_LOT,
                expires_on=clock.local_date(uow.now) + timedelta(days=400),
            )

    def prepare(self) -> None:
        """Stock, intermediate and working solution; the last one goes into the batch of the evening."""
        with self.world.acting(f"tester_1_{LAB}") as uow:
            today = clock.local_date(uow.now)
            stock = prepare(
                uow,
                Recipe(
                    kind=PreparationKind.STANDARD,
                    name="铅标准储备液",
                    parents=(Taken(CERTIFIED_LOT, "50 mL"),),
                    final_amount="50 mL",
                    concentration="1000 mg/L",
                    storage="0～4℃ 冷藏",
                    expires_on=today + timedelta(days=180),
                ),
            )
            before = stock.preparation_no
            for name, taken, made, days in CHAIN:
                before = prepare(
                    uow,
                    Recipe(
                        kind=PreparationKind.STANDARD,
                        name=name,
                        parents=(Taken(before, taken),),
                        final_amount=made,
                        storage="0～4℃ 冷藏",
                        expires_on=today + timedelta(days=days),
                    ),
                ).preparation_no
            self.working = before

    def use(self) -> None:
        """The working solution stands on the record of the last batch."""
        with self.world.acting(f"tester_1_{LAB}") as uow:
            batches = list_batches(uow.session, uow.actor.require_organisation(), limit=1)
            if batches:
                use_in_batch(uow, batches[0].batch.batch_no, self.working)


def live(world: World) -> None:
    """In the last days of the month."""
    chapter = Chapter(world)
    world.on_day(world.begins_on, 9, 45, chapter.buy)
    world.on_day(world.today - timedelta(days=1), 9, 15, chapter.prepare)
    world.on_day(world.today, 17, 45, chapter.use)
