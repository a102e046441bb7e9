"""Words of what follows a conclusion: referral, branches, notices, service, handling (domain.md §2.4, §8, §10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from lims.catalog.types import Hazard


class Severity(StrEnum):
    """Which lane a referral takes: 一般, or the 24-hour lane."""

    GENERAL = "general"
    URGENT = "urgent"


class BranchKind(StrEnum):
    """Whose side of a failure a branch handles."""

    OPERATOR = "operator"
    PRODUCER = "producer"
    PLATFORM = "platform"


class BranchState(StrEnum):
    """How far the handling of one branch is."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    DISPATCHED = "dispatched"
    WITH_STATION = "with_station"
    CLOSED = "closed"
    TRANSFERRED = "transferred"
    WITHDRAWN = "withdrawn"


class BranchEvent(StrEnum):
    """What moves a branch from one state to the next."""

    ACKNOWLEDGE = "acknowledge"
    DISPATCH = "dispatch"
    ACCEPT = "accept"
    RETURN = "return"
    CLOSE = "close"
    TRANSFER = "transfer"
    WITHDRAW = "withdraw"


class CaseAct(StrEnum):
    """A line of a case's history."""

    OPENED = "opened"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    TRANSFERRED = "transferred"
    PART_SUBMITTED = "part_submitted"
    NOTICE_SERVED = "notice_served"
    SEVERITY_RAISED = "severity_raised"
    ESCALATED = "escalated"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


class HandlingPart(StrEnum):
    """The seven parts of the handling form, each submitted by itself (domain.md §8)."""

    START = "start"
    PRODUCT_CONTROL = "product_control"
    CAUSE = "cause"
    PENALTY = "penalty"
    RECTIFICATION = "rectification"
    NOTIFICATION = "notification"
    DISCLOSURE = "disclosure"


# 五到位: a case may be closed when these stand.
FIVE_IN_PLACE = (
    HandlingPart.PRODUCT_CONTROL,
    HandlingPart.CAUSE,
    HandlingPart.RECTIFICATION,
    HandlingPart.PENALTY,
    HandlingPart.DISCLOSURE,
)


class EscalationMark(StrEnum):
    """What was not done in time; each mark is noted once for a branch."""

    UNACKNOWLEDGED = "unacknowledged"
    NOT_STARTED = "not_started"
    NO_PRODUCT_CONTROL = "no_product_control"
    NOT_FINISHED = "not_finished"


class Addressee(StrEnum):
    """To whom a result notice is served (domain.md §2.1, `serve_notice`)."""

    SAMPLED_PARTY = "sampled_party"
    NOMINAL_PRODUCER = "nominal_producer"
    MARKET_ORGANISER = "market_organiser"
    PLATFORM = "platform"


# Who may ask for a recheck (Food Safety Law Art. 88): food producers and traders, not the market or the platform.
MAY_APPLY_FOR_RECHECK = frozenset({Addressee.SAMPLED_PARTY, Addressee.NOMINAL_PRODUCER})


class ServiceWay(StrEnum):
    """How a notice reached its addressee."""

    DIRECT = "direct"
    LEFT = "left"
    ELECTRONIC = "electronic"
    POST = "post"
    ENTRUSTED = "entrusted"
    ANNOUNCED = "announced"


@dataclass(frozen=True, slots=True)
class FailedItem:
    """One item that failed, as the referral freezes it.

    Attributes:
        measured: the compared figure, in the unit of the limit; None without one.
        limit_max: the maximum it was held against; None for other forms of limits.
    """

    set_item_id: UUID
    item_code: str
    name_zh: str
    name_en: str | None
    result: str
    limit: str
    unit: str
    basis: str
    hazard: Hazard
    is_microbiological: bool
    measured: Decimal | None = None
    limit_max: Decimal | None = None

    def to_json(self) -> Mapping[str, str | bool | None]:
        """As the referral's row keeps it: strings only, figures with every digit."""
        return {
            "set_item_id": str(self.set_item_id),
            "item_code": self.item_code,
            "name_zh": self.name_zh,
            "name_en": self.name_en,
            "result": self.result,
            "limit": self.limit,
            "unit": self.unit,
            "basis": self.basis,
            "hazard": self.hazard.value,
            "is_microbiological": self.is_microbiological,
        }


@dataclass(frozen=True, slots=True)
class Party:
    """A business as the sampling form names it."""

    name: str
    address: str | None = None
    region_code: str | None = None


@dataclass(frozen=True, slots=True)
class Parties:
    """Everybody whom a failed sample concerns."""

    operator: Party
    producer: Party | None = None
    platform: Party | None = None
    market_organiser: Party | None = None


@dataclass(frozen=True, slots=True)
class Clocks:
    """The instants by which a branch must have got somewhere."""

    acknowledge_due_at: datetime
    start_due_at: datetime
    control_due_at: datetime
    finish_due_at: datetime


@dataclass(frozen=True, slots=True)
class ServiceProof:
    """How one notice was served.

    Attributes:
        served_on: the local day it reached the addressee.
        receiver: who signed or took it.
        text: number of the parcel, of the announcement, of the consent; empty where a file proves it.
        file: the returned receipt, scanned or photographed.
        objects: what the returned receipt says; None while it is out.
    """

    way: ServiceWay
    served_on: date
    receiver: str
    text: str = ""
    file: bytes | None = None
    objects: bool | None = None
