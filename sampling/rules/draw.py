"""The draw (双随机): which businesses, and who goes there, from a seed that nobody could choose.

Several parties commit to a secret number before the frame closes; a public value that is fixed only afterwards (the
beacon, named in advance) is hashed together with them. Every candidate then gets a ticket, the SHA-256 of the seed and
its name, and the smallest tickets win. `docs/draw-verification.md` says the same for outsiders, with test vectors.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest
from itertools import groupby, islice
from operator import itemgetter

from lims.errors import InvalidInputError, LimsError
from lims.i18n import lazy_gettext as _l
from sampling.rules.frame import FrameEntry, check_token

MIN_PARTIES = 3  # the regulator and two others: no two of them decide alone
MIN_REVEALS = 2  # one party may stay away, logged; with a single secret left its owner would know the outcome first
SECRET_BYTES = 32  # above the 128 bits below which a commitment can be opened by trying
TEAM_SAMPLERS = 2  # Measures Art. 14: at least two samplers on site


class DrawRefusedError(LimsError):
    """This draw cannot be made; the message names the party, stratum or task in its way."""

    code = "draw_refused"


@dataclass(frozen=True, slots=True)
class Party:
    """One of those who make the seed.

    Args:
        name: as published.
        commitment: 64 hexadecimal digits, given before the frame closed.
        committed_at: when the commitment was logged.
        reveal: the secret as 64 hexadecimal digits; None when the party never opened its commitment.
    """

    name: str
    commitment: str
    committed_at: datetime
    reveal: str | None


@dataclass(frozen=True, slots=True)
class Beacon:
    """A public value that did not exist when the commitments closed, such as the next result of a state lottery."""

    source: str
    value: str
    fixed_at: datetime


class StaffRole(StrEnum):
    SAMPLER = "sampler"
    ACCOMPANYING_OFFICER = "accompanying_officer"


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A person who may be sent out.

    Args:
        person_id: the published code of the person, not a name.
        conflicts: businesses this person must not visit (interest, kinship, a former employer).
        strata: where this person may work; empty means everywhere.
    """

    person_id: str
    role: StaffRole
    conflicts: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()

    def may_visit(self, stratum: str, business_id: str) -> bool:
        """Whether neither a conflict of interest nor the field of work speaks against it."""
        return business_id not in self.conflicts and (not self.strata or stratum in self.strata)


@dataclass(frozen=True, slots=True)
class Visit:
    """One sample to be taken: the visit with this number (from 1) in its stratum, and where it goes."""

    stratum: str
    number: int
    business_id: str


@dataclass(frozen=True, slots=True)
class Team:
    """Two samplers and the accompanying officer, three persons."""

    samplers: tuple[str, str]
    officer: str


@dataclass(frozen=True, slots=True)
class StratumDraw:
    """The answer for one stratum: visits in the order drawn, then the reserve in the order it is used."""

    stratum: str
    drawn: tuple[str, ...]
    reserve: tuple[str, ...]


def commit(draw_id: str, secret: str) -> str:
    """The commitment to a secret: SHA-256 of `draw1|draw_id|secret`, all as text.

    Raises:
        InvalidInputError: the secret is not 64 lower-case hexadecimal digits.
    """
    check_token(draw_id, "draw_id")
    if len(secret) != 2 * SECRET_BYTES or secret.strip("0123456789abcdef"):
        raise InvalidInputError(
            _l("A secret is 64 digits 0-9 a-f, got %(count)s characters.", count=len(secret)),
            field="reveal",
        )
    return sha256(f"draw1|{draw_id}|{secret}".encode()).hexdigest()


def check_ceremony(
    draw_id: str,
    frozen_at: datetime,
    closes_at: datetime,
    parties: Sequence[Party],
    beacon: Beacon,
) -> None:
    """Refuse a ceremony in which somebody could have chosen the outcome.

    Raises:
        DrawRefusedError: too few parties or openings, a name twice, a commitment late or not kept, the frame frozen
            late, or a beacon that was known before the commitments closed.
    """
    names = [check_token(party.name, "party") for party in parties]
    opened = sum(party.reveal is not None for party in parties)
    if len(set(names)) < max(MIN_PARTIES, len(names)):
        raise DrawRefusedError(
            _l(
                "A draw needs at least %(least)s different parties, got %(names)s.",
                least=MIN_PARTIES,
                names=", ".join(names),
            )
        )
    if opened < MIN_REVEALS:
        raise DrawRefusedError(
            _l(
                "%(opened)s parties opened their commitment, expected at least %(least)s.",
                opened=opened,
                least=MIN_REVEALS,
            )
        )
    for party in parties:
        if party.committed_at > closes_at:
            raise DrawRefusedError(_l("%(name)s committed after the commitments had closed.", name=party.name))
        if party.reveal is not None and not compare_digest(commit(draw_id, party.reveal), party.commitment):
            raise DrawRefusedError(_l("What %(name)s revealed does not open its commitment.", name=party.name))
    if frozen_at > closes_at:
        raise DrawRefusedError(_l("The frame was frozen after the commitments had closed."))
    check_token(beacon.value, "beacon")
    if beacon.fixed_at <= closes_at:
        raise DrawRefusedError(_l("The beacon was known before the commitments closed."))


def derive_seed(root: str, parties: Iterable[Party], beacon: str) -> str:
    """The seed: SHA-256 of `F|r_1|…|r_k|beacon` as text, the opened secrets in the order of the parties."""
    secrets = [party.reveal for party in parties if party.reveal is not None]
    return sha256("|".join((root, *secrets, beacon)).encode()).hexdigest()


def ticket(seed: str, stratum: str, business_id: str, number: int = 1) -> bytes:
    """The ticket of a business: SHA-256 of `seed|stratum|business_id`, from its second one on with `|number` behind."""
    tail = "" if number == 1 else f"|{number}"
    return sha256(f"{seed}|{stratum}|{business_id}{tail}".encode()).digest()


def order_stratum(seed: str, entries: Iterable[FrameEntry]) -> list[str]:
    """All businesses of one stratum in the order in which they are drawn.

    A weight w is w tickets in the same urn, of which the best counts: at every step a business is drawn next with a
    probability of exactly its weight over the weight of those left.
    """
    best = [
        (
            min(ticket(seed, stratum, business_id, n) for n in range(1, weight + 1))
            if weight > 1
            else ticket(seed, stratum, business_id),
            business_id,
        )
        for stratum, business_id, weight in entries
    ]
    best.sort()
    return [business_id for _, business_id in best]


def draw_businesses(
    seed: str, entries: Sequence[FrameEntry], quotas: Mapping[str, int], reserve_factor: int
) -> list[StratumDraw]:
    """Draw in every stratum of the plan.

    Args:
        entries: the frame, sorted (`sort_entries`).
        quotas: samples per stratum. Where there are fewer businesses than samples, the order begins again, so that
            nobody is visited a second time before everybody was visited once.
        reserve_factor: how many reserves are listed per sample, as far as there are any.

    Raises:
        DrawRefusedError: a stratum of the plan has nobody to draw, or a quota below 0.
    """
    orders = {
        stratum: order_stratum(seed, group)
        for stratum, group in groupby(entries, key=itemgetter(0))
        if stratum in quotas
    }
    draws = []
    for stratum, samples in sorted(quotas.items()):
        order = orders.get(stratum, [])
        if samples < 0 or (samples and not order):
            raise DrawRefusedError(
                _l(
                    "Stratum %(stratum)s: %(samples)s samples from %(businesses)s businesses cannot be drawn.",
                    stratum=stratum,
                    samples=samples,
                    businesses=len(order),
                )
            )
        drawn = tuple(order[i % len(order)] for i in range(samples))
        reserve = tuple(islice(order, samples, samples * (1 + reserve_factor)))
        draws.append(StratumDraw(stratum, drawn, reserve))
    return draws


def draw_team(seed: str, visit: Visit, staff: Iterable[StaffMember], visits_given: Mapping[str, int]) -> Team:
    """Draw who makes one visit.

    Args:
        seed: of the draw.
        visit: where to.
        staff: all who may be sent; those with a conflict of interest are passed over.
        visits_given: visits per person so far. Those with the fewest go first, the ticket (SHA-256 of
            `seed|team|stratum|number|business_id|person_id`) decides among equals, so that the work is spread evenly.

    Also used when a reserve takes the place of a business: same visit, same rule, another business.

    Raises:
        DrawRefusedError: fewer than two samplers and one officer are free of conflicts.
    """
    prefix = f"{seed}|team|{visit.stratum}|{visit.number}|{visit.business_id}"

    def lot(member: StaffMember) -> tuple[int, bytes]:
        text = f"{prefix}|{member.person_id}"
        return visits_given.get(member.person_id, 0), sha256(text.encode()).digest()

    eligible = [member for member in staff if member.may_visit(visit.stratum, visit.business_id)]
    samplers = sorted((m for m in eligible if m.role is StaffRole.SAMPLER), key=lot)[:TEAM_SAMPLERS]
    chosen = [member.person_id for member in samplers]
    officers = [
        member
        for member in eligible
        if member.role is StaffRole.ACCOMPANYING_OFFICER and member.person_id not in chosen
    ]
    if len(chosen) < TEAM_SAMPLERS or not officers:
        raise DrawRefusedError(
            _l(
                "%(business)s in %(stratum)s: %(samplers)s samplers and %(officers)s officers are free of conflicts, "
                "expected at least 2 and 1.",
                business=visit.business_id,
                stratum=visit.stratum,
                samplers=len(chosen),
                officers=len(officers),
            )
        )
    return Team((chosen[0], chosen[1]), min(officers, key=lot).person_id)


def draw_teams(seed: str, draws: Iterable[StratumDraw], staff: Sequence[StaffMember]) -> list[list[Team]]:
    """A team for every visit: one list per stratum, in the order of the draws. Without staff there are no teams.

    Raises:
        DrawRefusedError: a visit nobody may make, a person twice in one role.
    """
    if not staff:
        return [[] for _ in draws]
    listed = [(check_token(member.person_id, "person_id"), member.role) for member in staff]
    if len(set(listed)) < len(listed):
        raise DrawRefusedError(_l("A person is listed twice in the same role."))
    given: dict[str, int] = {}
    teams = []
    for draw in draws:
        row = []
        for number, business_id in enumerate(draw.drawn, start=1):
            team = draw_team(seed, Visit(draw.stratum, number, business_id), staff, given)
            for person_id in (*team.samplers, team.officer):
                given[person_id] = given.get(person_id, 0) + 1
            row.append(team)
        teams.append(row)
    return teams
