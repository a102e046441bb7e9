"""What travels back to the voters: planned, sampled, published, handled; in the transaction in which it happens."""

from citizen_votes.services import note_outcome
from lims import events
from lims.uow import UnitOfWork
from results.publication.events import ResultPublished, ResultReplaced
from results.referral.events import ReferralClosed
from sampling.events import PlanApproved, SampleTaken

FAIL = "fail"  # the value of a verdict; what a verdict is, only the packages above know


def on_plan_approved(uow: UnitOfWork, event: PlanApproved) -> None:
    """Samples of the picked foods are planned."""
    if event.pick_round_id is not None:
        for stratum, samples in sorted(event.planned.items()):
            note_outcome(uow, event.pick_round_id, stratum, planned=samples)


def on_sample_taken(uow: UnitOfWork, event: SampleTaken) -> None:
    """A sample of a picked food was taken."""
    if event.pick_round_id is not None:
        note_outcome(uow, event.pick_round_id, event.stratum, sampled=1)


def on_result_published(uow: UnitOfWork, event: ResultPublished) -> None:
    """Its result stands on the public pages."""
    if event.pick_round_id is not None:
        failed = 1 if event.verdict.value == FAIL else 0
        note_outcome(uow, event.pick_round_id, event.stratum, published=1, failed=failed)


def on_result_replaced(uow: UnitOfWork, event: ResultReplaced) -> None:
    """A recheck turned a published failure into a pass."""
    if event.pick_round_id is not None:
        note_outcome(uow, event.pick_round_id, event.stratum, failed=-1)


def on_referral_closed(uow: UnitOfWork, event: ReferralClosed) -> None:
    """Its failure was handled."""
    if event.pick_round_id is not None:
        note_outcome(uow, event.pick_round_id, event.stratum, handled=1)


def register() -> None:
    """Subscribe, once for the process."""
    events.in_transaction(PlanApproved, on_plan_approved)
    events.in_transaction(SampleTaken, on_sample_taken)
    events.in_transaction(ResultPublished, on_result_published)
    events.in_transaction(ResultReplaced, on_result_replaced)
    events.in_transaction(ReferralClosed, on_referral_closed)
