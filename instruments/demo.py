"""The chapter of instruments: a reader of pesticide residues that delivers what the bench put into it."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from chain_of_custody.models import BlindCode
from instruments.services import readings
from instruments.types import Delivered
from lims.demo import World
from lims.quantities import parse_measured
from sampling.models import Sample

READER = "农残检测仪 1 号"
DRIVER = "lz-4000t"
SHARE = 0.2  # of the samples of the city's laboratory
UNREADABLE_SHARE = 0.06


class Chapter:
    """What the reader of one laboratory sends."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._sent = 0

    def measure(self, sample_id: UUID) -> None:
        """Some of the samples that reach the bench are put into the reader a day later."""
        if self.world.rng.random() < SHARE:
            self.world.later(timedelta(hours=26), lambda: self.deliver(sample_id))

    def deliver(self, sample_id: UUID) -> None:
        """One inhibition rate under the scanned blind code; now and then the barcode was not read."""
        with self.world.acting("tester_1_city") as uow:
            asked = select(BlindCode.code).join(Sample, Sample.id == BlindCode.sample_id)
            mine = asked.where(Sample.id == sample_id, Sample.lab_id == uow.actor.organisation_id)
            code = uow.session.scalar(mine)
            if code is None:
                return
            self._sent += 1
            is_read = self.world.rng.random() >= UNREADABLE_SHARE
            rate = f"{self.world.rng.randrange(20, 320) / 10:.1f}"
            line = f"{self._sent:04d},{code if is_read else ''},{rate}%"
            readings.take_readings(
                uow,
                READER,
                [
                    Delivered(
                        key=f"demo-{self._sent:06d}",
                        captured_at=uow.now - timedelta(seconds=4),
                        driver=DRIVER,
                        parser_version=1,
                        raw=line.encode(),
                        item_text="农药残留抑制率",
                        sample_text=code if is_read else "",
                        slot=str(self._sent % 8 + 1),
                        value_text=rate,
                        value=parse_measured(rate),
                        unit_text="%",
                        record_no=str(self._sent),
                    )
                ],
            )


def live(world: World) -> None:
    """Answer every blind code with what the reader may send of it."""
    world.on("sample_recoded", Chapter(world).measure)
