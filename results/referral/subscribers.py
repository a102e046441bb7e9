"""What a signature sets in motion, in its own transaction."""

from lims import events
from lims.uow import UnitOfWork
from results.events import ConclusionSigned
from results.referral.events import ReferralOpened
from results.referral.services import SignedConclusion, act_on_conclusion

SEND = "results.referral.send"


def refer_on_fail(uow: UnitOfWork, event: ConclusionSigned) -> None:
    """A fail opens its referral, and every conclusion writes its notices. What fails here undoes the signature."""
    act_on_conclusion(uow, SignedConclusion(event.sample_id, event.conclusion_id, event.verdict, event.referral_id))


def register() -> None:
    """Subscribe, once for the process."""
    events.in_transaction(ConclusionSigned, refer_on_fail)
    events.after_commit(ReferralOpened, SEND)
