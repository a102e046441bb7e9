"""Refusals that people are told about, and how a broken constraint becomes one of them.

Every expected refusal is a `LimsError` with a stable `code` and an HTTP `status`. Pages and the API turn it into words
in one place (`lims.web.errors`), so a service only has to say what is wrong.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy.exc import IntegrityError

from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l

if TYPE_CHECKING:
    from lims.uow import UnitOfWork


class LimsError(Exception):
    """An expected refusal.

    Args:
        message: what is wrong and what was expected, translatable, shown to the person.
        field: name of the input field it belongs to, when there is one.
        facts: values for machines (problem+json); never personal data.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = HTTPStatus.CONFLICT

    def __init__(
        self,
        message: str | LazyString,
        *,
        field: str | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.facts = dict(facts or {})

    def __str__(self) -> str:
        return str(self.message)

    def remember(self, uow: "UnitOfWork") -> None:
        """Write down the attempt in a transaction of its own, after the rollback.

        Most refusals leave no trace; one that an auditor must see (an attempt against separation) overrides this.
        """

    @property
    def is_remembered(self) -> bool:
        """Whether `remember` writes anything, so that no empty transaction is opened."""
        return type(self).remember is not LimsError.remember


class NotFoundError(LimsError):
    """There is no such thing, or this person may not know that there is."""

    code = "not_found"
    status = HTTPStatus.NOT_FOUND

    def __init__(self, message: str | LazyString | None = None, **kwargs: Any) -> None:
        super().__init__(message or _l("There is nothing at this address."), **kwargs)


class InvalidInputError(LimsError):
    """A value cannot be accepted; the message shows it and says what was expected."""

    code = "invalid_input"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class ForbiddenError(LimsError):
    """This person may not do this."""

    code = "forbidden"
    status = HTTPStatus.FORBIDDEN

    def __init__(self, message: str | LazyString | None = None, **kwargs: Any) -> None:
        super().__init__(message or _l("Your role does not allow this."), **kwargs)


class ConflictError(LimsError):
    """The state of things does not allow this, often because somebody else was first."""

    code = "conflict"
    status = HTTPStatus.CONFLICT


class ConfigurationError(LimsError):
    """The program is not set up so that it can run; the message says how to mend it."""

    code = "configuration"
    status = HTTPStatus.SERVICE_UNAVAILABLE


_violations: dict[str, tuple[str | LazyString, str | None]] = {}


def explain_constraint(name: str, message: str | LazyString, *, field: str | None = None) -> None:
    """Say in words what a violation of the constraint `name` means.

    Packages call this beside their models, so that a race which only the database sees still ends in a sentence.
    """
    _violations[name] = (message, field)


def explained_constraints() -> frozenset[str]:
    """Names that have an explanation; a test compares them with the schema."""
    return frozenset(_violations)


def from_integrity_error(error: IntegrityError) -> LimsError | None:
    """The refusal that stands for a broken constraint, or None when the constraint has no words of its own."""
    diagnostics = getattr(error.orig, "diag", None)
    name = getattr(diagnostics, "constraint_name", None)
    if name is None or name not in _violations:
        return None
    message, field = _violations[name]
    return ConflictError(message, field=field, facts={"constraint": name})
