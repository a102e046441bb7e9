"""What the services of the recheck share: its refusals, and who may lock which row."""

from uuid import UUID

from sqlalchemy import select

from lims.errors import ConflictError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork
from results.recheck.models import Recheck
from results.recheck.types import RecheckState
from results.referral.models import Referral, ReferralBranch


class RecheckRefusedError(ConflictError):
    """The law does not allow this recheck; the reasons are named."""

    code = "recheck_not_allowed"


class NoLaboratoryError(ConflictError):
    """No laboratory of the list may do this recheck."""

    code = "no_recheck_laboratory"


def referral_here(uow: UnitOfWork, referral_id: UUID) -> Referral:
    """The case, locked, where this organisation handles a branch of it.

    Raises:
        NotFoundError: it handles none.
    """
    referral = uow.session.get(Referral, referral_id, with_for_update=True)
    organisation = uow.actor.require_organisation()
    ours = select(ReferralBranch.id).where(
        ReferralBranch.referral_id == referral_id, ReferralBranch.regulator_id == organisation
    )
    if referral is None or uow.session.scalar(ours.limit(1)) is None:
        raise NotFoundError
    return referral


def lock_recheck(uow: UnitOfWork, recheck_id: UUID, *expected: RecheckState) -> Recheck:
    """A recheck of a case of this regulator, locked.

    Raises:
        NotFoundError: there is none.
        ConflictError: it is in none of the states expected.
    """
    recheck = uow.session.get(Recheck, recheck_id, with_for_update=True)
    if recheck is None:
        raise NotFoundError
    referral_here(uow, recheck.referral_id)
    if recheck.state not in expected:
        raise ConflictError(
            _l("This recheck is past this step."),
            facts={"state": recheck.state.value, "expected": [state.value for state in expected]},
        )
    return recheck


def lock_in_lab(uow: UnitOfWork, recheck_id: UUID) -> Recheck:
    """A recheck that this laboratory was drawn for, locked, while it may still be worked at.

    Raises:
        NotFoundError: it was not drawn for this one.
        ConflictError: it is concluded, or has ended.
    """
    recheck = uow.session.get(Recheck, recheck_id, with_for_update=True)
    if recheck is None or recheck.lab_id is None or recheck.lab_id != uow.actor.require_organisation():
        raise NotFoundError
    if recheck.state is not RecheckState.ASSIGNED:
        raise ConflictError(_l("This recheck is past this step."), facts={"state": recheck.state.value})
    return recheck


def lock_for_party(uow: UnitOfWork, recheck_id: UUID) -> Recheck:
    """A recheck, locked, for its laboratory or for a regulator of its case.

    Raises:
        NotFoundError: this organisation is neither.
    """
    recheck = uow.session.get(Recheck, recheck_id, with_for_update=True)
    if recheck is None:
        raise NotFoundError
    if recheck.lab_id != uow.actor.require_organisation():
        referral_here(uow, recheck.referral_id)
    return recheck
