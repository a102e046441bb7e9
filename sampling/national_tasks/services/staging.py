"""Rows of a sheet of tasks, read by their official words and held against what was taken before."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims import layouts
from lims.catalog.models import FoodCategory
from lims.catalog.queries import current_tree_version, list_regions
from lims.errors import InvalidInputError
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from lims.layouts import Record, plain
from sampling.national_tasks import queries
from sampling.national_tasks.models import NationalTask
from sampling.national_tasks.rules import read_batches, reference_of
from sampling.national_tasks.types import StagedTask, TaskInput, TaskVerdict
from sampling.rules.frame import FORBIDDEN
from sampling.types import Stage, TaskCategory
from sampling.words import WORDS, official

LAYOUT = "national_tasks"
FOOD_LEVELS = ("category_l1", "category_l2", "category_l3", "category_l4")
MOST_CHARACTERS = 200  # of a name: as long as the papers hold it
MOST_NAMED = 5  # foods that a refusal lists

EnumT = TypeVar("EnumT", bound=StrEnum)


class Staging:
    """Rows of one sheet against what is held; rows further up count as held for those below."""

    def __init__(self, session: Session, regulator_id: UUID) -> None:
        self.session = session
        self.regulator_id = regulator_id
        self.foods = session.scalars(
            select(FoodCategory)
            .where(FoodCategory.tree_version == current_tree_version(session))
            .order_by(FoodCategory.position, FoodCategory.id)
        ).all()
        self.food_codes = {one.id: one.code for one in self.foods}
        self.regions: dict[str, list[str]] = {}
        for region in list_regions(session):
            for name in {region.code, plain(region.name_zh), plain(region.name_en or "")} - {""}:
                self.regions.setdefault(name, []).append(region.code)

    def stage(self, records: Sequence[Record]) -> list[StagedTask]:
        """Every row with its verdict."""
        read = [(record, *self._try(record)) for record in records]
        references = {task.reference for _record, task, _why in read if task is not None}
        held = queries.tasks_by_reference(self.session, self.regulator_id, references)
        above: dict[str, int] = {}
        staged = []
        for record, task, why in read:
            written = dict(record.cells)
            if task is None:
                staged.append(StagedTask(record.number, written, TaskVerdict.UNREADABLE, why=why))
                continue
            if task.reference in above:
                twice = _l("Row %(row)s of this sheet is the same task.", row=above[task.reference])
                staged.append(StagedTask(record.number, written, TaskVerdict.DIFFERS, task, twice))
                continue
            above[task.reference] = record.number
            verdict, changes = self._compare(task, *held[task.reference]) if task.reference in held else _NEW
            staged.append(StagedTask(record.number, written, verdict, task, changes))
        return staged

    def _try(self, record: Record) -> tuple[TaskInput | None, LazyString | None]:
        try:
            return self._read(record), None
        except InvalidInputError as error:
            return None, error.message

    def _read(self, record: Record) -> TaskInput:
        source, class_a, class_b = (
            _text(record, name, label)
            for name, label in (
                ("task_source", _l("task source")),
                ("report_class_a", _l("report class A")),
                ("report_class_b", _l("report class B")),
            )
        )
        category = _word(record.get("task_category"), TaskCategory, _l("kind of task"), TaskCategory.SUPERVISION)
        stage = _word(record.get("stage"), Stage, _l("stage"))
        food = self._food([record.get(name) for name in FOOD_LEVELS if record.get(name)])
        region = self._region(record.get("region"))
        told_by = (source, class_a, class_b, category.value, food.code, region or "", stage.value)
        reference = reference_of(record.get("reference"), told_by)
        if FORBIDDEN.search(reference) or len(reference) > MOST_CHARACTERS:
            raise InvalidInputError(
                _l(
                    "The task number “%(given)s” holds “|” or is too long; expected letters and digits.",
                    given=reference,
                )
            )
        return TaskInput(
            reference,
            source,
            class_a,
            class_b,
            category,
            food.id,
            region,
            stage,
            read_batches(record.get("batches")),
            layouts.read_day(record.get("due_on")),
        )

    def _food(self, names: Sequence[str]) -> FoodCategory:
        """The node that the names of the levels lead to, from the major category down.

        A level that our tree does not have may repeat the one above it.
        """
        if not names:
            raise InvalidInputError(_l("No food category is named; expected its name in the national table."))
        found: list[FoodCategory] = []
        for number, name in enumerate(names):
            pool = self.foods if number == 0 else [one for one in self.foods if _is_below(one, found)]
            matched = [one for one in pool if plain(name) in _names_of(one)]
            if not matched and number == 0:
                raise InvalidInputError(_l("There is no food category “%(name)s”.", name=name))
            if not matched:
                raise InvalidInputError(
                    _l(
                        "There is no food category “%(name)s” in “%(above)s”; expected one such as %(known)s.",
                        name=name,
                        above=names[number - 1],
                        known="、".join(one.name_zh for one in pool if one not in found)[:MOST_CHARACTERS] or "/",
                    )
                )
            found = matched
        # Where a name stands for a category and for one below it, the one above is meant.
        tops = [one for one in found if not any(other is not one and _is_below(one, [other]) for other in found)]
        if len(tops) > 1:
            listed = "、".join(f"{one.code} {one.name_zh}" for one in tops[:MOST_NAMED])
            raise InvalidInputError(
                _l(
                    "“%(name)s” stands for several food categories (%(listed)s); name a finer one or its code.",
                    name=names[-1],
                    listed=listed,
                )
            )
        return tops[0]

    def _region(self, name: str) -> str | None:
        if not plain(name) or name.strip() == "/":
            return None
        codes = self.regions.get(plain(name), [])
        if not codes:
            raise InvalidInputError(
                _l("There is no region “%(name)s”; expected its full name or its six digits.", name=name)
            )
        if len(codes) > 1:
            raise InvalidInputError(
                _l(
                    "“%(name)s” stands for several regions (%(codes)s); expected the six digits.",
                    name=name,
                    codes="、".join(codes[:MOST_NAMED]),
                )
            )
        return codes[0]

    def _compare(self, given: TaskInput, held: NationalTask, assigned: int) -> tuple[TaskVerdict, LazyString | None]:
        if differs := self._other_task(given, held):
            return TaskVerdict.DIFFERS, _l(
                "Held with another %(differs)s; a task that is another one needs a number of its own.",
                differs="；".join(differs),
            )
        changes = []
        if given.batches != held.batches:
            changes.append(_l("batches %(held)s → %(given)s", held=held.batches, given=given.batches))
        if given.due_on != held.due_on:
            changes.append(_l("deadline %(held)s → %(given)s", held=held.due_on or "/", given=given.due_on or "/"))
        if not changes:
            return TaskVerdict.TAKEN, None
        why = LazyString(lambda: "；".join(map(str, changes)))
        if given.batches < assigned:
            return TaskVerdict.DIFFERS, _l(
                "%(changes)s: %(assigned)s batches are assigned already; take some back first.",
                changes=why,
                assigned=assigned,
            )
        return TaskVerdict.AMENDED, why

    def _other_task(self, given: TaskInput, held: NationalTask) -> list[str]:
        """In what a row is another task than the one that is held under its number."""
        pairs = (
            (_l("task source"), held.task_source, given.task_source),
            (_l("report class A"), held.report_class_a, given.report_class_a),
            (_l("report class B"), held.report_class_b, given.report_class_b),
            (_l("kind of task"), official(held.task_category), official(given.task_category)),
            (_l("food"), self.food_codes.get(held.food_category_id, "/"), self.food_codes[given.food_category_id]),
            (_l("region"), held.region_code or "/", given.region_code or "/"),
            (_l("stage"), official(held.stage), official(given.stage)),
        )
        return [f"{label} {ours} → {theirs}" for label, ours, theirs in pairs if ours != theirs]


_NEW: tuple[TaskVerdict, LazyString | None] = (TaskVerdict.NEW, None)


def _text(record: Record, field: str, label: LazyString) -> str:
    text = record.get(field).strip()
    if not text or len(text) > MOST_CHARACTERS:
        raise InvalidInputError(
            _l(
                "The %(label)s is “%(given)s”, expected 1 to %(most)s characters.",
                label=label,
                given=text[:MOST_CHARACTERS],
                most=MOST_CHARACTERS,
            )
        )
    return text


def _word(text: str, kind: type[EnumT], label: LazyString, otherwise: EnumT | None = None) -> EnumT:
    """The value an official word stands for."""
    name = plain(text).removesuffix("环节")
    if not name and otherwise is not None:
        return otherwise
    for value, word in WORDS[kind].items():
        if name in {plain(word.zh).removesuffix("环节"), plain(word.en), value.value}:
            return kind(value)
    raise InvalidInputError(
        _l(
            "The %(label)s is “%(given)s”, expected one of %(known)s.",
            label=label,
            given=text,
            known="、".join(word.zh for word in WORDS[kind].values()),
        )
    )


def _names_of(food: FoodCategory) -> frozenset[str]:
    return frozenset(map(plain, filter(None, (food.code, food.name_zh, food.name_en, food.national_major_zh))))


def _is_below(food: FoodCategory, above: Sequence[FoodCategory]) -> bool:
    return any(food is one or food.path.startswith(f"{one.path}/") for one in above)
