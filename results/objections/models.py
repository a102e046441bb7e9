"""Tables of objections, and of the papers that come with an application."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.db import Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from results.objections.types import CameBy, Consequence, ObjectionKind, ObjectionState, Outcome, RefusalGround
from results.referral.types import Addressee
from sampling.models.of_sample import OfSample


class Objection(OfSample, Entity):
    """异议: filed, accepted or refused, reviewed by somebody who did not act on the sample."""

    __tablename__ = "objection"
    objection_no: Mapped[str] = mapped_column(unique=True)
    sample_id: Mapped[UUID] = mapped_column(ForeignKey("sample.id"))
    referral_id: Mapped[UUID | None]
    regulator_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[ObjectionKind]
    applicant: Mapped[Addressee]
    applicant_name: Mapped[str]
    contact: Mapped[str] = mapped_column(info={"personal": True})
    grounds: Mapped[str]
    filed_on: Mapped[date]
    filed_at: Mapped[datetime]
    came_by: Mapped[CameBy]
    entered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    allowed_until: Mapped[date | None]  # the last day on which it could be filed, as reckoned when it came in
    decide_due_at: Mapped[datetime]
    state: Mapped[ObjectionState]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    refusal: Mapped[RefusalGround | None]
    refusal_note: Mapped[str | None]
    review_due_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None]
    outcome_note: Mapped[str | None]
    consequence: Mapped[Consequence | None]
    reviewed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    reviewed_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("id", "sample_id"),
        ForeignKeyConstraint(["referral_id", "sample_id"], ["referral.id", "referral.sample_id"]),
        CheckConstraint("applicant IN ('sampled_party', 'nominal_producer')", name="producers_and_traders_object"),
        CheckConstraint("grounds <> ''", name="grounds_given"),
        CheckConstraint("(came_by = 'paper') = (entered_by_id IS NOT NULL)", name="paper_is_entered_by_somebody"),
        CheckConstraint(
            "(state = 'filed') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name="decided_by_somebody",
        ),
        CheckConstraint(
            "(state = 'refused') = (refusal IS NOT NULL) AND (refusal IS NULL) = (refusal_note IS NULL)",
            name="refused_with_reason",
        ),
        CheckConstraint(
            "(state IN ('accepted', 'reviewed')) = (review_due_at IS NOT NULL)", name="review_is_due_once_accepted"
        ),
        CheckConstraint(
            "(state = 'reviewed') = (outcome IS NOT NULL) AND (outcome IS NULL) = (outcome_note IS NULL)"
            " AND (outcome IS NULL) = (consequence IS NULL) AND (outcome IS NULL) = (reviewed_by_id IS NULL)"
            " AND (outcome IS NULL) = (reviewed_at IS NULL)",
            name="reviewed_whole",
        ),
        CheckConstraint("outcome = 'upheld' OR consequence = 'none'", name="only_what_is_upheld_has_a_consequence"),
        # One of a kind from one side; what was refused may be brought again with what it lacked.
        Index(
            "uq_objection_one_that_stands",
            "sample_id",
            "kind",
            "applicant",
            unique=True,
            postgresql_where="state <> 'refused'",
        ),
        Index("ix_objection_newest", "regulator_id", "filed_at", "id"),
        {
            "info": {
                "privileges": "select, insert, update (state, decided_by_id, decided_at, refusal, refusal_note,"
                " review_due_at, outcome, outcome_note, consequence, reviewed_by_id, reviewed_at)"
            }
        },
    )


class ApplicationFile(OfSample, Entity):
    """A paper that came with an objection or with an application for a recheck: a licence, an authority, a proof."""

    __tablename__ = "application_file"
    sample_id: Mapped[UUID]
    objection_id: Mapped[UUID | None]
    recheck_id: Mapped[UUID | None]
    sha256: Mapped[bytes] = mapped_column(ForeignKey("stored_file.sha256"))
    caption: Mapped[str]
    added_at: Mapped[datetime]
    added_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    __table_args__ = (
        ForeignKeyConstraint(["objection_id", "sample_id"], ["objection.id", "objection.sample_id"]),
        ForeignKeyConstraint(["recheck_id", "sample_id"], ["recheck.id", "recheck.sample_id"]),
        CheckConstraint("num_nonnulls(objection_id, recheck_id) = 1", name="of_one_application"),
        UniqueConstraint("objection_id", "sha256"),
        UniqueConstraint("recheck_id", "sha256"),
        {"info": {"privileges": "select, insert"}},
    )


explain_constraint(
    "uq_objection_one_that_stands", _l("An objection of this kind by this side stands already."), field="kind"
)
