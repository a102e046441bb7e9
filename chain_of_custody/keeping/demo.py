"""Keeping in the demonstration: refused samples go back, and each laboratory counts its store once in the month."""

from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select

from chain_of_custody.keeping.queries import kept_here
from chain_of_custody.keeping.services import (
    close_count,
    confirm_disposal,
    propose_disposal,
    resolve_difference,
    scan_stock,
    start_count,
)
from chain_of_custody.keeping.types import DisposalWay
from chain_of_custody.models import StoragePlace
from chain_of_custody.queries import list_portions
from chain_of_custody.types import PlaceLevel
from lims import clock
from lims.demo import World
from lims.quantities import parse_measured

BACK = "样品被拒收，退回送样单位"
DRIVER = "送样单位司机 罗师傅"
STRAY = "XBJ-LABEL-0001"
STRAY_WORDS = "样品架上遗留的空白标签，无对应样品，已作废。"
MISPLACED_WORDS = "复检取样时移至操作台，已放回原处并补扫。"


class Keeping:
    """What custodians do with what is kept."""

    def __init__(self, world: World) -> None:
        self.world = world

    def return_refused(self, custodian: str, sample_id: UUID) -> None:
        """Propose to send a refused sample back; a colleague sees it off in the afternoon."""
        with self.world.acting(custodian) as uow:
            numbers = [portion.portion_no for portion in list_portions(uow.session, sample_id)]
            disposal_id = propose_disposal(uow, numbers, DisposalWay.RETURNED, BACK).id
        second = self.colleague(custodian)
        if second is not None:
            self.world.later(timedelta(hours=5), partial(self.confirm, second, disposal_id, len(numbers)))

    def confirm(self, second: str, disposal_id: UUID, portions: int) -> None:
        """A second person of the same laboratory weighs what goes and confirms."""
        with self.world.acting(second) as uow:
            confirm_disposal(uow, disposal_id, parse_measured(f"{portions}.60"), DRIVER)

    def colleague(self, custodian: str) -> str | None:
        """Somebody else of the laboratory who may confirm a disposal; where there is nobody it waits."""
        lab = self.world.inhabitants[custodian].organisation_key
        others = (one.key for one in self.world.inhabitants.values() if one.organisation_key == lab)
        return next((key for key in others if key != custodian and self.world.actor(key).may("custody.dispose")), None)

    def count(self, custodian: str) -> None:
        """Count the whole site: one portion was not put back, and a label lies about."""
        with self.world.acting(custodian) as uow:
            lab_id = uow.actor.require_organisation()
            site = uow.session.scalars(
                select(StoragePlace).where(
                    StoragePlace.organisation_id == lab_id, StoragePlace.level == PlaceLevel.SITE
                )
            ).one()
            placed = list(kept_here(uow.session, lab_id, ()))
            count_id = start_count(uow, site.id).id
            scan_stock(uow, count_id, [*placed[1:], STRAY])
            missing = placed[0]
            close_count(uow, count_id)
        with self.world.acting(custodian) as uow:
            resolve_difference(uow, count_id, missing, MISPLACED_WORDS)
            if clock.local_date(self.world.clock.now()) != self.world.today:
                resolve_difference(uow, count_id, STRAY, STRAY_WORDS)
