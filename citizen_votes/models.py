"""Tables of public picks. Tags and ballots share no key, so nothing in the database leads from one to the other (I10).

A tag says that somebody voted, a ballot says what was chosen. Both come in with one statement, which PostgreSQL stamps
with one transaction number; ballots therefore wait in an inbox and are moved on in shuffled batches, after which
neither key, order nor transaction number joins them.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from citizen_votes.types import NominationState, RoundState, Tier
from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered

EVIDENCE = {"privileges": "select, insert"}
PASSING = {"privileges": "select, insert, delete"}  # rows that are moved on or expire
FIELDS = "cardinality(choices) BETWEEN 0 AND 5"


class PickRound(Ledgered, Entity):
    """One round in which the public picks foods to be tested; its rules are frozen before it opens."""

    __tablename__ = "pick_round"
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    state: Mapped[RoundState]
    rules: Mapped[dict[str, Any]]
    rules_sha256: Mapped[bytes]
    counted_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="opens_before_it_closes"),
        CheckConstraint("(state IN ('counted', 'sealed')) = (counted_at IS NOT NULL)", name="counted_has_instant"),
        Index("ix_pick_round_state_opens_at", "state", "opens_at"),
        {
            "info": {
                "privileges": "select, insert,"
                " update (title_zh, title_en, opens_at, closes_at, state, rules, rules_sha256, counted_at)"
            }
        },
    )

    def ledger_chain(self) -> str:
        return f"round:{self.id}"


class PickOption(Ledgered, Base):
    """A stratum that a round offers: a food category at a kind of place, under names that people use."""

    __tablename__ = "pick_option"
    round_id: Mapped[UUID] = mapped_column(ForeignKey("pick_round.id"))
    stratum: Mapped[str]  # food category code @ place kind
    position: Mapped[int]
    food_category_code: Mapped[str]
    place_kind: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    place_zh: Mapped[str]
    place_en: Mapped[str]
    __table_args__ = (
        PrimaryKeyConstraint("round_id", "stratum"),
        UniqueConstraint("round_id", "position"),
        CheckConstraint("stratum = food_category_code || '@' || place_kind", name="stratum_of_its_parts"),
        {"info": EVIDENCE},
    )

    def ledger_chain(self) -> str:
        return f"round:{self.round_id}"


class VoterTag(Base):
    """That one voter voted in one round, and nothing else; after the key of the round is destroyed it is noise."""

    __tablename__ = "voter_tag"
    round_id: Mapped[UUID] = mapped_column(ForeignKey("pick_round.id"))
    tag: Mapped[bytes]
    __table_args__ = (
        PrimaryKeyConstraint("round_id", "tag"),
        CheckConstraint("octet_length(tag) = 32", name="tag_is_a_digest"),
        {"info": EVIDENCE},
    )


class BallotInbox(Entity):
    """A ballot that waits to be mixed; gone from here once it stands in `ballot`."""

    __tablename__ = "ballot_inbox"
    round_id: Mapped[UUID] = mapped_column(ForeignKey("pick_round.id"), index=True)
    choices: Mapped[list[str]]
    tier: Mapped[Tier]
    commitment: Mapped[bytes] = mapped_column(unique=True)
    receipt: Mapped[str] = mapped_column(index=True)
    nonce: Mapped[bytes]
    cast_on: Mapped[date]
    __table_args__ = (
        CheckConstraint(FIELDS, name="at_most_five_choices"),
        CheckConstraint("octet_length(nonce) = 32", name="nonce_of_32_bytes"),
        {"info": PASSING},
    )


class Ballot(Entity):
    """A ballot as it is counted and published: choices, tier, commitment and nonce, and no more time than a day."""

    __tablename__ = "ballot"
    round_id: Mapped[UUID] = mapped_column(ForeignKey("pick_round.id"))
    choices: Mapped[list[str]]
    tier: Mapped[Tier]
    commitment: Mapped[bytes] = mapped_column(unique=True)
    receipt: Mapped[str] = mapped_column(index=True)
    nonce: Mapped[bytes]
    cast_on: Mapped[date]
    __table_args__ = (
        CheckConstraint(FIELDS, name="at_most_five_choices"),
        CheckConstraint("octet_length(nonce) = 32", name="nonce_of_32_bytes"),
        Index("ix_ballot_round_id_receipt", "round_id", "receipt", "id"),
        {"info": EVIDENCE},
    )


class ChallengeUse(Base):
    """A proof of work that was used; kept until the challenge expires, so that none is used twice."""

    __tablename__ = "challenge_use"
    challenge_id: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    __table_args__ = ({"info": PASSING},)


class Nomination(Entity):
    """A business that a voter named: never shown to the public, and of no effect before a person accepted it."""

    __tablename__ = "nomination"
    round_id: Mapped[UUID] = mapped_column(ForeignKey("pick_round.id"))
    business_name: Mapped[str]
    place: Mapped[str]
    network_tag: Mapped[bytes]  # keyed with the key of the round and the day
    named_on: Mapped[date]
    state: Mapped[NominationState]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint(
            "(state = 'waiting') = (decided_by_id IS NULL) AND (decided_by_id IS NULL) = (decided_at IS NULL)",
            name="decided_by_a_person",
        ),
        Index("ix_nomination_round_id_state", "round_id", "state", "id"),
        {"info": {"privileges": "select, insert, update (state, decided_by_id, decided_at)"}},
    )


class TallyRow(Ledgered, Base):
    """How many ballots of one tier named one stratum, as counted."""

    __tablename__ = "tally_row"
    round_id: Mapped[UUID]
    stratum: Mapped[str]
    tier: Mapped[Tier]
    approvals: Mapped[int]
    __table_args__ = (
        PrimaryKeyConstraint("round_id", "stratum", "tier"),
        ForeignKeyConstraint(["round_id", "stratum"], ["pick_option.round_id", "pick_option.stratum"]),
        CheckConstraint("approvals > 0", name="somebody_approved"),
        {"info": EVIDENCE},
    )

    def ledger_chain(self) -> str:
        return f"round:{self.round_id}"


class PickOutcome(Base):
    """What became of a pick: how many samples of a stratum are planned, taken, published, failed, handled."""

    __tablename__ = "pick_outcome"
    round_id: Mapped[UUID]
    stratum: Mapped[str]
    planned: Mapped[int]
    sampled: Mapped[int]
    published: Mapped[int]
    failed: Mapped[int]  # of those published
    handled: Mapped[int]  # of those that failed: the case is closed
    __table_args__ = (
        PrimaryKeyConstraint("round_id", "stratum"),
        ForeignKeyConstraint(["round_id", "stratum"], ["pick_option.round_id", "pick_option.stratum"]),
        CheckConstraint(
            "planned >= 0 AND sampled >= 0 AND published >= 0 AND failed >= 0 AND handled >= 0", name="not_negative"
        ),
    )


explain_constraint("ck_pick_round_opens_before_it_closes", _l("A round must open before it closes."), field="closes_at")
explain_constraint(
    "uq_ballot_inbox_commitment", _l("This ballot was received before. Load the page again to vote."), field="nonce"
)
explain_constraint("pk_pick_option", _l("A food is offered twice at the same kind of place."), field="options")
