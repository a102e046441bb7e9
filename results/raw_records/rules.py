"""Which controlled template a record of a day is written on."""

from collections.abc import Iterable
from datetime import date
from typing import Protocol, TypeVar


class Controlled(Protocol):
    """What is asked of a template."""

    @property
    def standard(self) -> str: ...
    @property
    def valid_from(self) -> date: ...
    @property
    def retired_from(self) -> date | None: ...


TemplateT = TypeVar("TemplateT", bound=Controlled)


def is_in_force(template: Controlled, day: date) -> bool:
    """Whether a record may be written on it on a day."""
    return template.valid_from <= day and (template.retired_from is None or day < template.retired_from)


def template_on(templates: Iterable[TemplateT], standard: str, day: date) -> TemplateT | None:
    """The template of a method on the day it was used: its own before the general one, the newest of either.

    Args:
        templates: of the laboratory.
        standard: of the method; empty where the catalogue knows none.
        day: on which testing began.
    """
    in_force = [one for one in templates if one.standard in {standard, ""} and is_in_force(one, day)]
    return max(in_force, key=lambda one: (one.standard != "", one.valid_from), default=None)
