"""What a recheck changes on the public pages."""

from lims import events
from lims.uow import UnitOfWork
from results.publication.services import replace_result
from results.recheck.events import RecheckConcluded
from sampling.types import SampleVerdict


def on_recheck_concluded(uow: UnitOfWork, event: RecheckConcluded) -> None:
    """A pass replaces a failure that was published already."""
    if event.verdict is SampleVerdict.PASS:
        replace_result(uow, event.sample_id)


def register() -> None:
    """Subscribe, once for the process."""
    events.in_transaction(RecheckConcluded, on_recheck_concluded)
