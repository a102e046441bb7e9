"""Words of sampling: plans, tasks, forms and the states of a sample (domain.md §4.1, §10; product.md §3)."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from lims.people.types import AuthorisationKind


def sample_chain(sample_id: UUID) -> str:
    """The chain in the ledger that holds what happens to a sample, whichever package it happens in."""
    return f"sample:{sample_id}"


class SeparationMode(StrEnum):
    """How sampling and testing are kept apart, by plan and major category (product.md §4)."""

    INTERNAL = "internal"
    EXTERNAL = "external"
    REGULATOR = "regulator"


class Side(StrEnum):
    """The two sides of a sample that no person may stand on together."""

    SAMPLING = "sampling"
    TESTING = "testing"


class DutyRole(StrEnum):
    """The acts that count for separation."""

    SAMPLER = "sampler"
    ACCOMPANYING_OFFICER = "accompanying_officer"
    RECODER = "recoder"
    UNBLINDER = "unblinder"
    TESTER = "tester"
    REVIEWER = "reviewer"
    SIGNATORY = "signatory"
    RECHECK_TESTER = "recheck_tester"


SIDE_OF = {
    DutyRole.SAMPLER: Side.SAMPLING,
    DutyRole.ACCOMPANYING_OFFICER: Side.SAMPLING,
    DutyRole.RECODER: Side.SAMPLING,
    DutyRole.UNBLINDER: Side.SAMPLING,
    DutyRole.TESTER: Side.TESTING,
    DutyRole.REVIEWER: Side.TESTING,
    DutyRole.SIGNATORY: Side.TESTING,
    DutyRole.RECHECK_TESTER: Side.TESTING,
}
# Which authorisation each act takes. Whoever unblinds does so by office, which no training gives. A recheck is tested
# by one and signed by another.
KINDS_OF: dict[DutyRole, tuple[AuthorisationKind, ...]] = {
    DutyRole.SAMPLER: (AuthorisationKind.SAMPLE,),
    DutyRole.ACCOMPANYING_OFFICER: (AuthorisationKind.SAMPLE,),
    DutyRole.RECODER: (AuthorisationKind.CUSTODY,),
    DutyRole.UNBLINDER: (),
    DutyRole.TESTER: (AuthorisationKind.TEST,),
    DutyRole.REVIEWER: (AuthorisationKind.TEST,),
    DutyRole.SIGNATORY: (AuthorisationKind.SIGN,),
    DutyRole.RECHECK_TESTER: (AuthorisationKind.TEST, AuthorisationKind.SIGN),
}
# These three touch one sample, not the job: they claim the sample only, never the plan or an organisation.
SAMPLE_ONLY_ROLES = frozenset({DutyRole.ACCOMPANYING_OFFICER, DutyRole.RECODER, DutyRole.UNBLINDER})
# One person may hold at most one of these on one sample: tester, reviewer and signatory are three (I6).
BENCH_ROLES = frozenset({DutyRole.TESTER, DutyRole.REVIEWER, DutyRole.SIGNATORY, DutyRole.RECHECK_TESTER})


class PlanKind(StrEnum):
    """Why a plan exists (domain.md §2.2)."""

    ROUTINE = "routine"
    SPECIAL = "special"
    FOLLOW_UP = "follow_up"
    SURPRISE = "surprise"
    PUBLIC_PICK = "public_pick"
    PUBLIC_EVENT = "public_event"
    MAJOR_EVENT = "major_event"
    COMPLAINT = "complaint"
    SIGNAL = "signal"
    ADHOC = "adhoc"
    QUALITY_CHECK = "quality_check"  # a laboratory's own, for what its quality office slips into the worklist


class TaskCategory(StrEnum):
    """任务类别: what the law calls the work."""

    SUPERVISION = "supervision"
    SPOT_MONITORING = "spot_monitoring"
    RISK_MONITORING = "risk_monitoring"
    EVALUATIVE = "evaluative"


class PlanState(StrEnum):
    """A plan is drafted, computed, approved; then its draw is run and its tasks are issued."""

    DRAFT = "draft"
    COMPUTED = "computed"
    APPROVED = "approved"
    CLOSED = "closed"


class Stage(StrEnum):
    """抽样环节: where in the chain a food is taken."""

    PRODUCTION = "production"
    CIRCULATION = "circulation"
    CATERING = "catering"


class PlaceKind(StrEnum):
    """抽样地点 (domain.md §4.1)."""

    RAW_MATERIAL_STORE = "raw_material_store"
    PRODUCTION_LINE = "production_line"
    SEMI_FINISHED_STORE = "semi_finished_store"
    FINISHED_UNCHECKED = "finished_unchecked"
    FINISHED_CHECKED = "finished_checked"
    FARMERS_MARKET = "farmers_market"
    FOOD_MARKET = "food_market"
    WHOLESALE_MARKET = "wholesale_market"
    DEPARTMENT_STORE = "department_store"
    SUPERMARKET = "supermarket"
    GROCERY = "grocery"
    ONLINE = "online"
    OTHER_CIRCULATION = "other_circulation"
    RESTAURANT = "restaurant"
    SCHOOL_CANTEEN = "school_canteen"
    OFFICE_CANTEEN = "office_canteen"
    ENTERPRISE_CANTEEN = "enterprise_canteen"
    SITE_CANTEEN = "site_canteen"
    SNACK_BAR = "snack_bar"
    FAST_FOOD = "fast_food"
    DRINKS_SHOP = "drinks_shop"
    COLLECTIVE_DELIVERY = "collective_delivery"
    CENTRAL_KITCHEN = "central_kitchen"
    OTHER_CATERING = "other_catering"


STAGE_OF = {
    **dict.fromkeys(
        (
            PlaceKind.RAW_MATERIAL_STORE,
            PlaceKind.PRODUCTION_LINE,
            PlaceKind.SEMI_FINISHED_STORE,
            PlaceKind.FINISHED_UNCHECKED,
            PlaceKind.FINISHED_CHECKED,
        ),
        Stage.PRODUCTION,
    ),
    **dict.fromkeys(
        (
            PlaceKind.FARMERS_MARKET,
            PlaceKind.FOOD_MARKET,
            PlaceKind.WHOLESALE_MARKET,
            PlaceKind.DEPARTMENT_STORE,
            PlaceKind.SUPERMARKET,
            PlaceKind.GROCERY,
            PlaceKind.ONLINE,
            PlaceKind.OTHER_CIRCULATION,
        ),
        Stage.CIRCULATION,
    ),
    **dict.fromkeys(
        (
            PlaceKind.RESTAURANT,
            PlaceKind.SCHOOL_CANTEEN,
            PlaceKind.OFFICE_CANTEEN,
            PlaceKind.ENTERPRISE_CANTEEN,
            PlaceKind.SITE_CANTEEN,
            PlaceKind.SNACK_BAR,
            PlaceKind.FAST_FOOD,
            PlaceKind.DRINKS_SHOP,
            PlaceKind.COLLECTIVE_DELIVERY,
            PlaceKind.CENTRAL_KITCHEN,
            PlaceKind.OTHER_CATERING,
        ),
        Stage.CATERING,
    ),
}


class AreaType(StrEnum):
    """区域类型."""

    URBAN = "urban"
    RURAL = "rural"
    SCENIC = "scenic"


class TaskState(StrEnum):
    """A task is issued to a team and ends with a sample, without one, or withdrawn."""

    ISSUED = "issued"
    SAMPLED = "sampled"
    NOT_SAMPLED = "not_sampled"
    WITHDRAWN = "withdrawn"


class NoSampleReason(StrEnum):
    """One-tap outcomes of a visit that brought no sample."""

    CLOSED = "closed"
    MOVED = "moved"
    NO_SUCH_FOOD = "no_such_food"
    STOCK_TOO_SMALL = "stock_too_small"
    REFUSED = "refused"  # 拒检: reported to the regulator in charge


class SamplePurpose(StrEnum):
    """Why a sample exists: to inspect a food business, or to check the laboratory itself (盲样考核)."""

    INSPECTION = "inspection"
    KNOWN = "known"  # a material whose content the quality office knows
    SPLIT = "split"  # a part of another sample's test portion, under a code of its own


class SampleState(StrEnum):
    """States of a sample (product.md §3)."""

    ISSUED = "issued"
    SAMPLED = "sampled"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    RECODED = "recoded"
    TESTING = "testing"
    LOCKED = "locked"
    SIGNED = "signed"
    SERVED = "served"
    CLOSED = "closed"
    REFUSED = "refused"
    VOID = "void"
    NOT_TESTED = "not_tested"
    RECHECK = "recheck"
    EVALUATED = "evaluated"  # a check of the laboratory: held against what was known, never reported


class SampleEvent(StrEnum):
    """What moves a sample from one state to the next."""

    FORM_SUBMITTED = "form_submitted"
    HANDED_OVER = "handed_over"
    ACCEPTED = "accepted"
    REFUSED_AT_RECEPTION = "refused_at_reception"
    RECODED = "recoded"
    TESTING_BEGUN = "testing_begun"
    RESULTS_LOCKED = "results_locked"
    RETURNED_TO_BENCH = "returned_to_bench"
    CONCLUSION_SIGNED = "conclusion_signed"
    NOTICE_SERVED = "notice_served"
    RECHECK_ACCEPTED = "recheck_accepted"
    RECHECK_CONCLUDED = "recheck_concluded"
    RECHECK_ENDED = "recheck_ended"
    CLOSED = "closed"
    VOIDED = "voided"
    GIVEN_UP = "given_up"
    PREPARED = "prepared"
    CHECK_EVALUATED = "check_evaluated"


class DateKind(StrEnum):
    """Which date the form carries (domain.md §4.1, date rule)."""

    PRODUCED = "produced"
    PROCESSED = "processed"
    PURCHASED = "purchased"


class Packaging(StrEnum):
    """包装分类."""

    PREPACKAGED = "prepackaged"
    BULK = "bulk"


class ProductType(StrEnum):
    """样品类型."""

    PRODUCE = "produce"
    INDUSTRIAL = "industrial"
    CATERING = "catering"
    ADDITIVE = "additive"
    CONTACT_MATERIAL = "contact_material"
    OTHER = "other"


class SampleSource(StrEnum):
    """样品来源."""

    SELF_MADE = "self_made"
    COMMISSIONED = "commissioned"
    PURCHASED = "purchased"
    OTHER = "other"


class SampleAttribute(StrEnum):
    """样品属性."""

    ORDINARY = "ordinary"
    SPECIAL_DIET = "special_diet"
    SEASONAL = "seasonal"
    MAJOR_EVENT = "major_event"


class SamplingMethod(StrEnum):
    """抽样方式."""

    ASEPTIC = "aseptic"
    NON_ASEPTIC = "non_aseptic"


class PhysicalForm(StrEnum):
    """形态."""

    SOLID = "solid"
    SEMI_SOLID = "semi_solid"
    LIQUID = "liquid"
    GAS = "gas"


class Container(StrEnum):
    """样品包装."""

    GLASS_BOTTLE = "glass_bottle"
    PLASTIC_BOTTLE = "plastic_bottle"
    PLASTIC_BAG = "plastic_bag"
    STERILE_BAG = "sterile_bag"
    OTHER = "other"


class StorageCondition(StrEnum):
    """储存条件."""

    AMBIENT = "ambient"
    CHILLED = "chilled"
    FROZEN = "frozen"
    DARK = "dark"
    AIRTIGHT = "airtight"
    OTHER = "other"


class PhotoKind(StrEnum):
    """What a photo shows (Measures Art. 17; online: Art. 18)."""

    PLACE = "place"
    LICENCE = "licence"
    SHELF = "shelf"
    LABEL = "label"
    SAMPLE = "sample"
    SEALING = "sealing"
    PURCHASE_TICKET = "purchase_ticket"
    SUPPLY_NOTE = "supply_note"
    COMMITMENT_CERTIFICATE = "commitment_certificate"
    ONLINE_SHOP = "online_shop"
    ONLINE_ORDER = "online_order"
    UNPACKING = "unpacking"
    TEAM = "team"


class SignerKind(StrEnum):
    """Whose signature was drawn on the screen."""

    FIRST_SAMPLER = "first_sampler"
    SECOND_SAMPLER = "second_sampler"
    ACCOMPANYING_OFFICER = "accompanying_officer"
    SAMPLED_PARTY = "sampled_party"
    PRODUCER = "producer"


class SampleVerdict(StrEnum):
    """检验结论 of a sample (domain.md §4.2, §5)."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    PROBLEM = "problem"


class SignalKind(StrEnum):
    """Where a signal for targeted sampling came from (product.md §10)."""

    COMPLAINT = "complaint"
    KITCHEN_CAMERA = "kitchen_camera"
    QUICK_TEST = "quick_test"
    REPEATED_FAILURE = "repeated_failure"
    PLATFORM_REPORT = "platform_report"


@dataclass(frozen=True, slots=True)
class SampleTuple:
    """What every act on a sample is tied to: the sample with its plan, category and mode."""

    sample_id: UUID
    plan_id: UUID
    category_id: UUID
    mode: SeparationMode
