"""Words of the objection, 异议 (domain.md §2.5)."""

from enum import StrEnum


class ObjectionKind(StrEnum):
    """What somebody objects to."""

    SAMPLING = "sampling"  # 抽样过程
    AUTHENTICITY = "authenticity"  # 样品真实性: the named producer did not make it
    METHOD = "method"  # 检验方法
    STANDARD = "standard"  # 标准适用


class ObjectionState(StrEnum):
    """How far an objection is."""

    FILED = "filed"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    REVIEWED = "reviewed"


class RefusalGround(StrEnum):
    """Why an objection is not accepted."""

    LATE = "late"  # 逾期
    NOT_ENTITLED = "not_entitled"
    INCOMPLETE = "incomplete"  # told once what is lacking, and not brought
    OTHER = "other"


class Outcome(StrEnum):
    """What the review found."""

    UPHELD = "upheld"  # 异议认可
    NOT_UPHELD = "not_upheld"  # 异议不认可


class Consequence(StrEnum):
    """What an outcome does to the case, in the same transaction."""

    NONE = "none"
    PRODUCER_IS_OUT = "producer_is_out"
    CASE_WITHDRAWN = "case_withdrawn"


class CameBy(StrEnum):
    """The way an application took."""

    PAPER = "paper"
    NOTICE_PAGE = "notice_page"
