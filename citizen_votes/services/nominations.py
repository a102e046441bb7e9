"""Businesses that voters name: hidden, and without effect before a person looked at them."""

import hmac
from uuid import UUID

from citizen_votes import keys
from citizen_votes.models import Nomination, PickRound
from citizen_votes.services.ballots import find_open_round
from citizen_votes.types import NominationState
from lims.clock import local_date
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.uow import UnitOfWork

MAX_NAME = 100  # characters; the longest licence names have fewer


def nominate(uow: UnitOfWork, round_id: UUID, *, business_name: str, place: str, network: bytes) -> Nomination:
    """Keep the name of a business that a voter would like to see sampled.

    Call it in a unit of work of its own, never in that of the ballot: what shares a transaction can be joined.

    Args:
        network: digest of the network the voter is in; kept under the key of the round and the day only.

    Raises:
        NotFoundError: no such round.
        RoundNotOpenError: no votes are taken now.
        InvalidInputError: no name, or one too long.
    """
    find_open_round(uow, round_id)
    name, where = business_name.strip(), place.strip()
    if not 0 < len(name) <= MAX_NAME or len(where) > MAX_NAME:
        raise InvalidInputError(
            _l("Give the name of a shop in 1 to %(most)s characters.", most=MAX_NAME), field="business_name"
        )
    today = local_date(uow.now)
    nomination = Nomination(
        round_id=round_id,
        business_name=name,
        place=where,
        network_tag=hmac.digest(keys.read_key(round_id), today.isoformat().encode() + network, "sha256"),
        named_on=today,
        state=NominationState.WAITING,
    )
    uow.session.add(nomination)
    uow.session.flush()
    return nomination


def moderate(uow: UnitOfWork, nomination_id: UUID, *, accept: bool) -> Nomination:
    """Accept or reject a nomination, once.

    Raises:
        NotFoundError: no such nomination in a round of this organisation.
        ConflictError: somebody decided before.
    """
    nomination = uow.session.get(Nomination, nomination_id, with_for_update=True)
    if nomination is None:
        raise NotFoundError
    if uow.session.get_one(PickRound, nomination.round_id).organisation_id != uow.actor.organisation_id:
        raise NotFoundError
    if nomination.state is not NominationState.WAITING:
        raise ConflictError(_l("This nomination was decided before."), facts={"state": nomination.state.value})
    nomination.state = NominationState.ACCEPTED if accept else NominationState.REJECTED
    nomination.decided_by_id = uow.actor.require_person()
    nomination.decided_at = uow.now
    return nomination
