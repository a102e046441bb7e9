"""What results does when something happens below."""

from chain_of_custody.events import PortionRelabelled, SampleRecoded
from chain_of_custody.queries import code_of_portion
from lims import events
from lims.uow import UnitOfWork
from results.services.worklists import follow_correction, open_test_set, rename_test_set
from sampling.events import FormCorrected


def open_on_recode(uow: UnitOfWork, event: SampleRecoded) -> None:
    """Make the worklist in the transaction of the blind code, so that the bench sees the set at once."""
    open_test_set(uow, event.sample_id, code_of_portion(uow.session, event.portion_id))


def rename_on_relabel(uow: UnitOfWork, event: PortionRelabelled) -> None:
    """Call the worklist by the new code in the same transaction: to the bench the old one is unknown from now on."""
    rename_test_set(uow, event.sample_id, code_of_portion(uow.session, event.portion_id))


def hold_against_form(uow: UnitOfWork, event: FormCorrected) -> None:
    """Let the worklist say what the corrected form says, or refuse what would pull the limits from under it."""
    follow_correction(uow, event.sample_id)


def register() -> None:
    """Listen."""
    events.in_transaction(SampleRecoded, open_on_recode)
    events.in_transaction(PortionRelabelled, rename_on_relabel)
    events.in_transaction(FormCorrected, hold_against_form)
