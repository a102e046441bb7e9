"""Rechecks and the laboratories that do them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from chain_of_custody import services as custody
from chain_of_custody.queries import list_portions
from chain_of_custody.types import PortionKind, Scan
from lims import clock
from lims.actors import INSTALL, OrganisationKind
from lims.auth.permissions import Role
from lims.db import db
from lims.people.services import accredit
from lims.uow import unit_of_work
from results.recheck import services
from results.recheck.queries import backup_card
from results.referral.models import Referral
from results.referral.types import Addressee
from tests.factories import referral as cases
from tests.factories.people import Somebody, make_organisation, make_person
from tests.factories.sampling import PNG, Team


@dataclass
class RecheckLab:
    """A laboratory of the list with its people."""

    lab_id: UUID
    custodian: Somebody
    tester: Somebody
    signatory: Somebody


def make_lab() -> RecheckLab:
    """A laboratory on the list of recheck laboratories."""
    lab = make_organisation(OrganisationKind.LAB)
    with unit_of_work(INSTALL) as uow:
        accredit(
            uow,
            lab,
            scheme="RECHECK",
            certificate_no="F1",
            scope="食品",
            valid_from=date(2026, 1, 1),
            valid_to=date(2026, 12, 31),
        )
    return RecheckLab(
        lab, make_person(lab, Role.CUSTODIAN), make_person(lab, Role.TESTER), make_person(lab, Role.SIGNATORY)
    )


def failed_lines(case: cases.FailedCase) -> list[UUID]:
    """The worklist lines that failed."""
    with db.new_session() as session:
        return [UUID(item["set_item_id"]) for item in session.get_one(Referral, case.referral_id).failed_items]


def make_served_case(team: Team | None = None, **form: object) -> cases.FailedCase:
    """A failure whose notices are served today."""
    case = cases.make_acknowledged_case(team, **form)
    cases.serve_all(case.officer, case.sample_id)
    return case


def apply(case: cases.FailedCase, **more) -> UUID:
    """An application of the sampled party for everything that failed, in time."""
    with unit_of_work(case.officer.actor) as uow:
        asked = {
            "applied_on": clock.local_date(uow.now),
            "grounds": "对检验结论有异议",
            "applicant": Addressee.SAMPLED_PARTY,
            "set_item_ids": failed_lines(case),
        } | more
        return services.apply_for_recheck(
            uow,
            case.referral_id,
            asked["applicant"],
            asked["set_item_ids"],
            applied_on=asked["applied_on"],
            grounds=asked["grounds"],
        ).id


def backup_of(case: cases.FailedCase) -> str:
    """The number of the backup portion, which the first laboratory's custodian holds."""
    with db.new_session() as session:
        portions = list_portions(session, case.sample_id)
        return next(portion.portion_no for portion in portions if portion.kind is PortionKind.BACKUP)


def hand_on(case: cases.FailedCase, lab: RecheckLab) -> None:
    """The first laboratory's custodian hands the backup portion to the one that was drawn."""
    number = backup_of(case)
    with unit_of_work(case.team.custodian.actor) as uow:
        offer_id = custody.offer_hand_over(uow, [number], lab.lab_id).id
    with unit_of_work(lab.custodian.actor) as uow:
        assert custody.confirm_hand_over(uow, offer_id, [Scan(number, seal_intact=True)]) == []


def receive(case: cases.FailedCase, lab: RecheckLab, recheck_id: UUID, **found: object) -> None:
    """What the recheck laboratory saw: everything as it was sealed, unless `found` says otherwise."""
    seen: dict[str, object] = {
        "seal_no": seal_of(case),
        "seal_intact": True,
        "package_intact": True,
        "package_photo": PNG,
        "seal_photo": PNG + b"seal",
    } | found
    with unit_of_work(lab.custodian.actor) as uow:
        services.receive_backup(uow, recheck_id, **seen)  # type: ignore[arg-type]


def pay(case: cases.FailedCase, lab: RecheckLab, recheck_id: UUID, amount: str = "1200.00") -> None:
    """The laboratory states its fee, and the applicant advances it."""
    with unit_of_work(lab.custodian.actor) as uow:
        services.state_fee(uow, recheck_id, Decimal(amount))
        services.note_advance(uow, recheck_id, "收据 0001", clock.local_date(uow.now))


def make_received(case: cases.FailedCase, lab: RecheckLab) -> UUID:
    """A recheck whose portion has come to its laboratory, sealed as it was."""
    recheck_id = make_assigned(case)
    hand_on(case, lab)
    receive(case, lab, recheck_id)
    pay(case, lab, recheck_id)
    return recheck_id


def seal_of(case: cases.FailedCase) -> str:
    """The number on the seal of the backup portion."""
    with db.new_session() as session:
        return next(card.seal_no for card in [backup_card(session, case.sample_id)] if card)


def make_assigned(case: cases.FailedCase) -> UUID:
    """A recheck whose laboratory is drawn."""
    recheck_id = apply(case)
    with unit_of_work(case.officer.actor) as uow:
        services.accept_recheck(uow, recheck_id)
        services.draw_laboratory(uow, recheck_id)
    return recheck_id
