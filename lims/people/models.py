"""Tables of people and organisations.

A person is one natural person, however many accounts they have and wherever they worked: separation holds on persons.
A party is the root of ownership of an organisation (a company group), not of administrative superiority.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DDL, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, event, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.actors import OrganisationKind
from lims.db import Base, Entity
from lims.errors import explain_constraint
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import Ledgered
from lims.people.types import AuthorisationKind
from lims.reading import ReadOnce

TEXT_RANGE = 'CREATE TYPE text_range AS RANGE (subtype = text, collation = "C")'
EMPLOYED_DAYS = (
    "text_range(person_id::text || lpad((valid_from - DATE '1900-01-01')::text, 6, '0'), "
    "person_id::text || coalesce(lpad((valid_to - DATE '1900-01-01')::text, 6, '0'), '~'), '[]')"
)
event.listen(Base.metadata, "before_create", DDL(TEXT_RANGE))  # type: ignore[no-untyped-call]


class Organisation(ReadOnce, Ledgered, Entity):
    """A body that acts or is acted upon: regulator, station, sampling organisation, laboratory, market, platform."""

    __tablename__ = "organisation"
    name_zh: Mapped[str]
    name_en: Mapped[str]
    kind: Mapped[OrganisationKind]
    uscc: Mapped[str | None] = mapped_column(unique=True)
    uscc_note: Mapped[str | None]  # why a check digit that does not fit was accepted
    region_code: Mapped[str | None]
    address: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    superior_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    owner_id: Mapped[UUID | None]
    party_id: Mapped[UUID]
    closed_on: Mapped[date | None]
    __table_args__ = (
        UniqueConstraint("id", "party_id"),
        UniqueConstraint("id", "kind", "party_id"),
        # The owner's party is one's own party, so a whole group has one root and nobody can state another.
        ForeignKeyConstraint(["owner_id", "party_id"], ["organisation.id", "organisation.party_id"]),
        CheckConstraint("(owner_id IS NULL) = (party_id = id)", name="party_is_root_of_ownership"),
    )

    def ledger_chain(self) -> str:
        return f"organisation:{self.id}"


class Accreditation(ReadOnce, Ledgered, Entity):
    """What a laboratory may test and until when: CMA scope by test item, None for all items of the field."""

    __tablename__ = "accreditation"
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    scheme: Mapped[str]  # CMA, CNAS
    certificate_no: Mapped[str]
    scope: Mapped[str]
    item_codes: Mapped[list[str]]
    category_codes: Mapped[list[str]]
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    certificate_sha256: Mapped[bytes | None]
    __table_args__ = (CheckConstraint("valid_from <= valid_to", name="dates_in_order"),)

    def ledger_chain(self) -> str:
        return f"organisation:{self.organisation_id}"


class Person(ReadOnce, Ledgered, Entity):
    """One natural person."""

    __tablename__ = "person"
    name: Mapped[str] = mapped_column(info={"personal": True})
    name_latin: Mapped[str | None] = mapped_column(info={"personal": True})
    phone: Mapped[str | None] = mapped_column(info={"personal": True})
    email: Mapped[str | None] = mapped_column(info={"personal": True})

    def ledger_chain(self) -> str:
        return f"person:{self.id}"


class PersonIdentity(Ledgered, Entity):
    """An identity document as a keyed digest: enough to see that two are one, useless to learn the number."""

    __tablename__ = "person_identity"
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    document_kind: Mapped[str]  # resident_id, passport, officer_id
    digest: Mapped[bytes]
    __table_args__ = (UniqueConstraint("document_kind", "digest"), {"info": {"privileges": "select, insert"}})

    def ledger_chain(self) -> str:
        return f"person:{self.person_id}"


class Employment(ReadOnce, Ledgered, Entity):
    """A person in an organisation over dates; moving is a new row, and duties stay with the person."""

    __tablename__ = "employment"
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    officer_no: Mapped[str | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    __table_args__ = (
        UniqueConstraint("id", "person_id", "organisation_id"),
        CheckConstraint("valid_to IS NULL OR valid_from <= valid_to", name="dates_in_order"),
        # Person and days as one range of text, because uuid has no GiST operators without an extension that the
        # binaries from pip do not carry. The prefix keeps the ranges of two persons apart.
        ExcludeConstraint((text(EMPLOYED_DAYS), "&&"), name="ex_employment_one_at_a_time", using="gist"),
        {"info": {"privileges": "select, insert, update (valid_to)"}},
    )

    def ledger_chain(self) -> str:
        return f"person:{self.person_id}"


class RoleGrant(Ledgered, Entity):
    """A role that an employment carries, over dates; ended, never deleted."""

    __tablename__ = "role_grant"
    employment_id: Mapped[UUID] = mapped_column(ForeignKey("employment.id"))
    role: Mapped[str]
    granted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    granted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        Index("uq_role_grant_current", "employment_id", "role", unique=True, postgresql_where="ended_at IS NULL"),
        {"info": {"privileges": "select, insert, update (ended_at)"}},
    )

    def ledger_chain(self) -> str:
        return f"employment:{self.employment_id}"


class Authorisation(ReadOnce, Ledgered, Entity):
    """What a person is trained and authorised for: signing a field, sampling, a method; with its expiry.

    Never changed: an extension is a new row in place of the old one, a revocation a row of its own.
    """

    __tablename__ = "authorisation"
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[AuthorisationKind]
    category_codes: Mapped[list[str]]  # major categories; empty: all
    method_codes: Mapped[list[str]]  # of a tester, as on the method row; empty: all
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    certificate_sha256: Mapped[bytes | None] = mapped_column(ForeignKey("stored_file.sha256"))
    extends_id: Mapped[UUID | None] = mapped_column(ForeignKey("authorisation.id"), unique=True)
    reason: Mapped[str | None]
    granted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    granted_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("valid_from <= valid_to", name="dates_in_order"),
        CheckConstraint("extends_id IS NULL OR reason <> ''", name="extended_with_a_reason"),
        {"info": {"privileges": "select, insert"}},
    )

    def ledger_chain(self) -> str:
        return f"person:{self.person_id}"


class AuthorisationRevocation(ReadOnce, Ledgered, Base):
    """An authorisation was taken away before its last day."""

    __tablename__ = "authorisation_revocation"
    authorisation_id: Mapped[UUID] = mapped_column(ForeignKey("authorisation.id"), primary_key=True)
    reason: Mapped[str]
    revoked_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    revoked_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("reason <> ''", name="reason_given"),
        {"info": {"privileges": "select, insert"}},
    )

    def ledger_chain(self) -> str:
        return f"authorisation:{self.authorisation_id}"


class Account(Ledgered, Entity):
    """A way to log in. Several accounts may hang off one person; they are that one person."""

    __tablename__ = "account"
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    username: Mapped[str]
    password_hash: Mapped[str] = mapped_column(info={"ledger": False})
    totp_secret: Mapped[str | None] = mapped_column(info={"ledger": False})
    totp_last_step: Mapped[int | None] = mapped_column(info={"ledger": False})  # a code is good once
    password_changed_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    __table_args__ = (
        Index("uq_account_username", text("lower(username)"), unique=True),
        # Whose account it is stands for good: separation is between persons, and it would carry another's acts.
        {
            "info": {
                "privileges": "select, insert, update (password_hash, password_changed_at, totp_secret, totp_last_step,"
                " disabled_at)"
            }
        },
    )

    def ledger_chain(self) -> str:
        return f"person:{self.person_id}"


class WebSession(Base):
    """A logged-in browser, on the server, so that disabling an account ends it at once."""

    __tablename__ = "web_session"
    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    employment_id: Mapped[UUID] = mapped_column(ForeignKey("employment.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    confirmed_at: Mapped[datetime]  # the last time the password was given: signing wants it fresh
    ended_at: Mapped[datetime | None]


class ApiToken(Ledgered, Entity):
    """A bearer token of one employment, for programs; shown once, kept as a digest."""

    __tablename__ = "api_token"
    token_sha256: Mapped[bytes] = mapped_column(unique=True, info={"ledger": False})
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    employment_id: Mapped[UUID] = mapped_column(ForeignKey("employment.id"))
    label: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    def ledger_chain(self) -> str:
        return f"account:{self.account_id}"


class LoginAttempt(Entity):
    """Every try to log in, by name and by network: what throttling counts."""

    __tablename__ = "login_attempt"
    username: Mapped[str]
    network_digest: Mapped[bytes]  # keyed, of the address's network: counts, and tells nobody who it was
    at: Mapped[datetime]
    succeeded: Mapped[bool]
    __table_args__ = (
        Index("ix_login_attempt_username_at", text("lower(username)"), "at"),
        Index("ix_login_attempt_network_digest_at", "network_digest", "at"),
        {"info": {"privileges": "select, insert"}},
    )


class IdempotencyKey(Base):
    """An API request that was carried out, with its answer, in the transaction of its effect."""

    __tablename__ = "idempotency_key"
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[bytes]
    status: Mapped[int]
    answer: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    __table_args__ = ({"info": {"privileges": "select, insert, delete"}},)


explain_constraint("uq_organisation_uscc", _l("An organisation with this credit code exists already."), field="uscc")
explain_constraint("uq_person_identity_document_kind_digest", _l("This identity document belongs to another person."))
explain_constraint("uq_authorisation_extends_id", _l("This authorisation was extended already; look at the newest."))
explain_constraint("pk_authorisation_revocation", _l("This authorisation was revoked already."))
explain_constraint("ex_employment_one_at_a_time", _l("This person is employed elsewhere on those dates."))
explain_constraint("uq_account_username", _l("This user name is taken."), field="username")
explain_constraint("uq_role_grant_current", _l("This role is granted already."), field="role")
explain_constraint(
    "pk_idempotency_key", _l("Another request with this Idempotency-Key is being carried out; ask again.")
)
