"""`lims verify`: every invariant proved over the whole database, each package bringing its own checks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from lims.i18n import gettext

MAX_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Example:
    """Where a violation stands."""

    table: str
    key: str
    column: str


@dataclass(slots=True)
class Finding:
    """The outcome of one check."""

    invariant: str
    checked: int = 0
    violations: int = 0
    examples: list[Example] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As the command prints it and the night keeps it."""
        return {
            "invariant": self.invariant,
            "checked": self.checked,
            "violations": self.violations,
            "examples": [{"table": one.table, "key": one.key, "column": one.column} for one in self.examples],
        }

    def violate(self, table: str, key: str, column: str) -> None:
        """Count a violation and keep the first few as examples."""
        self.violations += 1
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(Example(table, key, column))


Check = Callable[[Session], Finding]

_checks: dict[str, list[Check]] = {}


def register_check(topic: str, check: Check) -> None:
    """Add a check under the topic that `lims verify TOPIC` names; saying it twice changes nothing."""
    known = _checks.setdefault(topic, [])
    if check not in known:
        known.append(check)


def mark_of(*, is_right: bool) -> str:
    """What a line about one thing begins with, as wide either way."""
    return gettext("ok   ") if is_right else gettext("WRONG")


def topics() -> tuple[str, ...]:
    """What can be verified, by name."""
    return tuple(sorted(_checks))


def run_checks(session: Session, topic: str | None = None) -> list[Finding]:
    """Run the checks of one topic, or all of them."""
    chosen = topics() if topic is None else (topic,)
    return [check(session) for name in chosen for check in _checks[name]]
