"""Permissions and the roles that carry them. Deny by default: what no package grants, nobody has."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, Protocol, TypeVar, cast

from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l

PUBLIC = "public"  # the permission of a route that asks for none; it has to be said, too
LOGGED_IN = "logged_in"  # any account, whatever its roles


class Role(StrEnum):
    """What an organisation employs a person as (product.md §1)."""

    PLANNER = "planner"
    SAMPLER = "sampler"
    ACCOMPANYING_OFFICER = "accompanying_officer"
    CUSTODIAN = "custodian"
    TESTER = "tester"
    REVIEWER = "reviewer"
    SIGNATORY = "signatory"
    ENFORCEMENT_OFFICER = "enforcement_officer"
    QUICK_TEST_OPERATOR = "quick_test_operator"
    LAB_HEAD = "lab_head"
    QUALITY_MANAGER = "quality_manager"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


ROLE_NAMES: dict[Role, LazyString] = {
    Role.PLANNER: _l("Planner"),
    Role.SAMPLER: _l("Sampler"),
    Role.ACCOMPANYING_OFFICER: _l("Accompanying officer"),
    Role.CUSTODIAN: _l("Custodian"),
    Role.TESTER: _l("Tester"),
    Role.REVIEWER: _l("Reviewer"),
    Role.SIGNATORY: _l("Authorised signatory"),
    Role.ENFORCEMENT_OFFICER: _l("Enforcement officer"),
    Role.QUICK_TEST_OPERATOR: _l("Quick-test operator"),
    Role.LAB_HEAD: _l("Head of laboratory"),
    Role.QUALITY_MANAGER: _l("Quality manager"),
    Role.AUDITOR: _l("Auditor"),
    Role.ADMINISTRATOR: _l("Administrator"),
}

BENCH_ROLES = frozenset({Role.TESTER, Role.REVIEWER})  # work blind until the results are locked

_granted: dict[str, frozenset[Role]] = {}


def declare(permission: str, roles: Iterable[Role]) -> str:
    """Say which roles carry `permission`; a package does it in its `init_app`, once for each of its permissions.

    Raises:
        ValueError: the permission is already carried by other roles.
    """
    wanted = frozenset(roles)
    if _granted.get(permission, wanted) != wanted:
        raise ValueError(f"permission {permission!r} is declared twice: {_granted[permission]} and {wanted}")
    _granted[permission] = wanted
    return permission


def declared_permissions() -> dict[str, frozenset[Role]]:
    """All permissions and their roles."""
    return dict(_granted)


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """What these roles together may do."""
    held = set(roles)
    return frozenset(name for name, carriers in _granted.items() if held & carriers)


class _View(Protocol):
    required_permission: str


ViewT = TypeVar("ViewT", bound=Callable[..., Any])


def requires(permission: str) -> Callable[[ViewT], ViewT]:
    """Mark a view with the permission it asks for; the check itself runs before every request (`lims.web.guard`).

    A route without this mark stops the program from starting.
    """

    def mark(view: ViewT) -> ViewT:
        cast("_View", view).required_permission = permission
        return view

    return mark


def required_permission(view: Callable[..., Any]) -> str | None:
    """The permission a view asks for; None when it says nothing."""
    permission: str | None = getattr(view, "required_permission", None)
    return permission
