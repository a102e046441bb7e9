"""What the pages of custody show again and again."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chain_of_custody.queries import PortionCard, TrailEntry, list_cards, list_portions
from lims.people.queries import get_organisation, person_names


def names_for(session: Session, people: Iterable[UUID | None], organisations: Iterable[UUID]) -> dict[str, Any]:
    """Names of people and organisations by id, under the names that the templates know."""
    return {
        "people": person_names(session, {one for one in people if one is not None}),
        "organisations": {one: get_organisation(session, one) for one in set(organisations)},
    }


def trail_context(session: Session, trail: Iterable[TrailEntry]) -> dict[str, Any]:
    """The way of portions, by portion, with the names that stand in it."""
    by_portion: dict[str, list[TrailEntry]] = {}
    for entry in trail:
        by_portion.setdefault(entry.portion_no, []).append(entry)
    entries = [entry for steps in by_portion.values() for entry in steps]
    return {"trail": by_portion} | names_for(
        session, [entry.holder_id for entry in entries], [entry.organisation_id for entry in entries]
    )


def cards_of_sample(session: Session, sample_id: UUID) -> list[PortionCard]:
    """The portions of a sample as lists show them."""
    return list_cards(session, [portion.id for portion in list_portions(session, sample_id)])
