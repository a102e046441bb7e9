"""Pages that several packages write together: panels about one thing, and the steps that can be taken next.

The page of a sample belongs to sampling, and what custody or the laboratory know of it stands on it as well. A package
brings its part; the page asks for the parts of its subject and knows nobody above itself.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import render_template
from markupsafe import Markup
from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.i18n import LazyString


@dataclass(frozen=True, slots=True)
class Panel:
    """One part of a page: a title, a template and what the template needs.

    The template is what stands inside the card; it is rendered on its own, with `context` as its variables. `is_flush`
    lets a table reach the edges of the card.
    """

    title: LazyString
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    is_flush: bool = False

    def render(self) -> Markup:
        """The inside of the card."""
        return Markup(render_template(self.template, **self.context))  # noqa: S704 - our own template, escaped by Jinja


@dataclass(frozen=True, slots=True)
class NextStep:
    """A link to what this person can do next with the thing on the page."""

    label: LazyString
    url: str
    icon: str
    is_primary: bool = False


PanelMaker = Callable[[Session, Actor, UUID], Panel | None]
StepMaker = Callable[[Session, Actor, UUID], NextStep | None]

_panels: dict[str, dict[int, PanelMaker]] = defaultdict(dict)
_steps: dict[str, dict[int, StepMaker]] = defaultdict(dict)


def register_panel(subject: str, order: int, maker: PanelMaker) -> None:
    """Bring a part of the page about `subject` (`sample`, `plan`, ...); `order` follows the path of a sample.

    The maker answers None where the actor may not see that part (product.md §2a) or there is nothing yet.
    """
    _panels[subject][order] = maker


def register_step(subject: str, order: int, maker: StepMaker) -> None:
    """Bring a step; the maker answers None where this actor cannot take it now."""
    _steps[subject][order] = maker


def panels_for(subject: str, session: Session, actor: Actor, subject_id: UUID) -> list[Panel]:
    """The parts of the page that this actor may see, in order."""
    made = (maker(session, actor, subject_id) for _order, maker in sorted(_panels[subject].items()))
    return [panel for panel in made if panel is not None]


def steps_for(subject: str, session: Session, actor: Actor, subject_id: UUID) -> list[NextStep]:
    """The steps that this actor can take now, in order."""
    made = (maker(session, actor, subject_id) for _order, maker in sorted(_steps[subject].items()))
    return [step for step in made if step is not None]
