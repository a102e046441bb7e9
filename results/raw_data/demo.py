"""The chapter of raw data: now and then a tester attaches what an instrument printed to the set being tested."""

import csv
import io
import math
import random
from uuid import UUID

from lims.demo import World
from results.queries import list_lines, set_of_sample
from results.raw_data.services import attach_raw_data

LAB = "city"
EVERY = 9  # which of the sets of the laboratory
MINUTES, STEPS = 20, 400
NOTE = "标准溶液与样品溶液色谱图（导出）"
FLAT, WIDTH = 120.0, 0.06  # baseline in counts, width of a peak in minutes


class Chapter:
    """A tester and an instrument that exports what it has drawn."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._seen = 0

    def attach(self, tested: tuple[UUID, str]) -> None:
        """Attach a chromatogram to some of the sets that are begun."""
        sample_id, tester = tested
        if not tester.endswith(LAB):
            return
        self._seen += 1
        if self._seen % EVERY:
            return
        with self.world.acting(tester) as uow:
            test_set = set_of_sample(uow.session, sample_id)
            peaks = len(list_lines(uow.session, test_set.id))
            name = f"{test_set.blind_code}-1.csv"
            attach_raw_data(uow, test_set.blind_code, _chromatogram(sample_id, peaks), file_name=name, note=NOTE)


def _chromatogram(sample_id: UUID, peaks: int) -> bytes:
    """Twenty minutes with so many peaks. Its chance is its own, so that the county does not depend on it."""
    rng = random.Random(sample_id.int)
    drawn = [(rng.uniform(2, 18), rng.uniform(200, 9_000)) for _ in range(peaks)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("Time (min)", "Signal (counts)"))
    for step in range(STEPS):
        at = MINUTES * step / STEPS
        height = sum(top * math.exp(-(((at - middle) / WIDTH) ** 2) / 2) for middle, top in drawn)
        writer.writerow((f"{at:.2f}", f"{FLAT + rng.uniform(-4, 4) + height:.1f}"))
    return text.getvalue().encode()


def live(world: World) -> None:
    """Answer some of the sets that are begun."""
    world.on("test_begun", Chapter(world).attach)
