"""The chapter of the 24-hour reports: a serious danger goes out before the evening's signatures."""

from datetime import timedelta
from functools import partial
from uuid import UUID

from lims.demo import World
from results.urgent import services
from results.urgent.queries import dangers
from results.urgent.types import Dispatch

COPIES = ("市市场监督管理局", "县综合行政执法大队")
UNTIL_ACKNOWLEDGED = timedelta(minutes=35)
BUREAU = "enforcer_1"


class Chapter:
    """What the signatories send, and the bureau acknowledges."""

    def __init__(self, world: World) -> None:
        self.world = world

    def send(self, lab: str) -> None:
        """Everything that was locked and is dangerous."""
        sent: list[UUID] = []
        with self.world.acting(f"signatory_{lab}") as uow:
            for found in dangers(uow.session, uow.actor.require_organisation()):
                report = services.compose_urgent_report(uow, found.test_set.blind_code, Dispatch(COPIES))
                services.send_urgent_report(uow, report.id, report.pdf_sha256, confirmed_at=uow.now)
                sent.append(report.id)
        for report_id in sent:
            self.world.later(UNTIL_ACKNOWLEDGED, partial(self.acknowledge, report_id))

    def acknowledge(self, report_id: UUID) -> None:
        """The bureau has it."""
        with self.world.acting(BUREAU) as uow:
            services.acknowledge_urgent_report(uow, report_id)


def live(world: World) -> None:
    """Answer the beginning of every evening's signatures."""
    world.on("signing_begins", Chapter(world).send)
