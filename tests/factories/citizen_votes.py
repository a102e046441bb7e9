"""Rounds and ballots."""

import secrets
from datetime import timedelta
from uuid import UUID

from citizen_votes import services
from citizen_votes.queries import offered_strata
from citizen_votes.rules.proof_of_work import solve
from citizen_votes.types import Proof, Stratum
from lims import clock
from lims.actors import PUBLIC, Actor, OrganisationKind
from lims.auth.permissions import Role
from lims.catalog.queries import list_majors
from lims.db import db
from lims.uow import unit_of_work
from tests.factories.people import Somebody, make_organisation, make_person

KEY = services.challenge_key("test-secret-" * 4)
PLACE_KINDS = ("farmers_market", "supermarket")


def make_planner() -> Somebody:
    return make_person(make_organisation(OrganisationKind.REGULATOR), Role.PLANNER)


def some_strata(count: int = 6) -> list[Stratum]:
    with db.new_session() as session:
        majors = [major.code for major in list_majors(session)]
    return [Stratum(majors[number // 2], PLACE_KINDS[number % 2]) for number in range(count)]


def make_round(actor: Actor, *, opened: bool = True, strata: int = 6) -> UUID:
    """A round of the actor's organisation that takes votes for a week."""
    with unit_of_work(actor) as uow:
        made = services.create_round(
            uow,
            title_zh="百姓点检日",
            title_en="Public picks",
            opens_at=clock.now(),
            closes_at=clock.now() + timedelta(days=7),
            strata=some_strata(strata),
            difficulty=1,
        )
        if opened:
            services.open_round(uow, made.id)
        return made.id


def make_counted_round(actor: Actor) -> UUID:
    """A round that is over and counted, with a few votes for its first strata."""
    round_id = make_round(actor)
    with db.new_session() as session:
        offered = offered_strata(session, round_id)
    for stratum in offered[:3]:
        vote(round_id, [stratum])
    for act in (services.close_round, services.count_round):
        with unit_of_work(actor) as uow:
            act(uow, round_id)
    return round_id


def make_proof(round_id: UUID) -> Proof:
    with unit_of_work(PUBLIC) as uow:
        challenge = services.issue_challenge(uow, round_id, KEY)
    return Proof(challenge, solve(challenge))


def vote(round_id: UUID, choices: list[str], *, token: str | None = None, **more) -> str:
    """Cast a ballot as a device; returns its receipt."""
    proof = more.pop("proof", None) or make_proof(round_id)
    nonce = more.pop("nonce", None) or secrets.token_bytes(32)
    with unit_of_work(PUBLIC) as uow:
        return services.cast_ballot(
            uow,
            round_id,
            choices,
            nonce=nonce,
            device_token=token or secrets.token_hex(32),
            proof=proof,
            key=KEY,
            **more,
        )
