"""Who walks one sample from a pick to a closed case: an installation as its administrator leaves it, and no more."""

from dataclasses import dataclass
from datetime import date

from lims.actors import INSTALL
from lims.auth.permissions import Role
from lims.people import services as people
from lims.uow import unit_of_work
from tests.factories.people import Somebody, make_person
from tests.factories.sampling import Team, make_team

LONG_AGO, LONG_AHEAD = date(2024, 1, 1), date(2030, 12, 31)
FRIDAY = date(
    2026, 9, 18
)  # received here, twenty working days end on 22 October: 20 September and 10 October are worked
REPORT_DUE = date(2026, 10, 22)


@dataclass(frozen=True, slots=True)
class County:
    """The people of the walk; `team` samples and tests in the external mode."""

    team: Team
    approver: Somebody
    enforcer: Somebody


def settle() -> County:
    """Organisations, people, an accredited laboratory and an authorised signatory; no business, plan or number yet."""
    team = make_team()
    with unit_of_work(INSTALL) as uow:
        people.accredit(
            uow,
            team.lab_id,
            scheme="CMA",
            certificate_no="241512345678",
            scope="食品及食用农产品",
            valid_from=LONG_AGO,
            valid_to=LONG_AHEAD,
        )
    return County(
        team=team,
        approver=make_person(team.regulator_id, Role.PLANNER),
        enforcer=make_person(team.regulator_id, Role.ENFORCEMENT_OFFICER),
    )
