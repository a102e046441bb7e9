"""Tampering by whoever owns the database or holds an export: refused by a key, or found by name; never passed over.

The database is a small laboratory in which samples were taken, tested, signed and referred. One row at a time is
changed or deleted as its owner would, the checks of `lims verify` run over it, and the change is rolled back. The
export of the same laboratory is tampered with in every way a bundle can be.
"""

import json
import random
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from lims.actors import INSTALL
from lims.cluster import Urls
from lims.db import Base, db
from lims.ledger import verify
from lims.ledger.capture import Ledgered, ledgered_columns
from lims.ledger.export import write_bundle
from lims.ledger.sequencer import Signer, load_signer, seal_head
from lims.uow import unit_of_work
from lims.verification import run_checks
from tests.factories.referral import make_acknowledged_case, make_passed_sample
from tests.lims.test_ledger import TAMPERINGS, rechain, rewrite

FEW, NAMED = 12, 200
TOPICS = ("ledger", "numbers", "custody", "separation", "signatures")
SEED = 20261127

OTHER_VALUES: dict[type[sa.types.TypeEngine], str] = {
    sa.Text: "{c} || '改'",
    sa.String: "(SELECT o.{c} FROM {t} o WHERE o.{c} <> {t}.{c} LIMIT 1)",  # an enum: another value that is used
    sa.BigInteger: "{c} + 1",
    sa.Integer: "{c} + 1",
    sa.Numeric: "{c} + 1",
    sa.DateTime: "{c} + interval '1 second'",
    sa.Date: "{c} + 1",
    sa.Boolean: "NOT {c}",
    sa.LargeBinary: "sha256({c})",
    sa.Uuid: "coalesce((SELECT o.{c} FROM {t} o WHERE o.{c} <> {t}.{c} LIMIT 1), gen_random_uuid())",
    sa.JSON: """'{{"other": 1}}'::jsonb""",
    sa.ARRAY: "{c} || {c}",
}


@dataclass
class Place:
    """One value of one row that the ledger knows."""

    table: str
    key: str
    column: str
    change: str


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return load_signer(tmp_path / "ledger.pem", "fenjian/test")


@pytest.fixture
def laboratory(committed_database: Urls, signer: Signer) -> Urls:
    """Two samples that passed and one whose failure an officer has in hand, everything under signed heads."""
    for act in (make_passed_sample, make_passed_sample, make_acknowledged_case):
        act()
        with unit_of_work(INSTALL) as uow:
            seal_head(uow, signer)
    return committed_database


@pytest.fixture
def owner(laboratory: Urls) -> Iterator[Connection]:
    """The owner of the database, inside one transaction."""
    engine = create_engine(laboratory.owner, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()


def wrong(connection: Connection) -> list[tuple[str, str]]:
    """Table and column of everything that `lims verify` names."""
    with Session(connection, join_transaction_mode="create_savepoint") as reader:
        findings = [finding for topic in TOPICS for finding in run_checks(reader, topic)]
        return [(one.table, one.column) for finding in findings for one in finding.examples]


def places(connection: Connection) -> list[Place]:
    """Every value of every row that stands in the ledger."""
    found = []
    for mapper in Base.registry.mappers:
        if not issubclass(mapper.class_, Ledgered):
            continue
        table = mapper.local_table
        keys = [column.name for column in table.primary_key]
        rows = connection.execute(sa.select(*(table.c[name] for name in keys))).all()
        wheres = [" AND ".join(f"{k} = {_literal(v)}" for k, v in zip(keys, row, strict=True)) for row in rows]
        for _name, column in ledgered_columns(mapper):
            if column.name in keys:
                continue
            kind = next(text for type_, text in OTHER_VALUES.items() if isinstance(column.type, type_))
            change = kind.format(c=column.name, t=table.name)
            found += [Place(table.name, where, column.name, change) for where in wheres]
    return found


def _literal(value: object) -> str:
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def attempt(connection: Connection, statement: str) -> tuple[str, list[tuple[str, str]]]:
    """What becomes of a statement of the owner: refused, without effect, or done; and what is found then."""
    with connection.begin_nested() as savepoint:
        try:
            done = connection.execute(sa.text(statement.replace(":", "\\:"))).rowcount
            if done:
                connection.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
        except DBAPIError:
            savepoint.rollback()
            return "refused", []
        found = wrong(connection) if done else []
        savepoint.rollback()
    return ("done" if done else "without effect"), found


def edit_by_owner(connection: Connection, count: int) -> Counter[str]:
    """Change `count` values, each chosen by chance, and see that none passes unnoticed."""
    chance = random.Random(SEED)
    all_places, became = places(connection), Counter[str]()
    while became["done"] + became["refused"] < count:
        one = chance.choice(all_places)
        statement = (
            f"UPDATE {one.table} SET {one.column} = {one.change}"
            f" WHERE {one.key} AND {one.column} IS DISTINCT FROM ({one.change})"
        )
        outcome, found = attempt(connection, statement)
        became[outcome] += 1
        if outcome == "done":
            assert (one.table, one.column) in found, f"{statement}: found {found}"
    return became


def delete_by_owner(connection: Connection, count: int) -> Counter[str]:
    """Delete `count` rows, each chosen by chance."""
    chance = random.Random(SEED)
    rows = sorted({(one.table, one.key) for one in places(connection)})
    became = Counter[str]()
    for table, key in (chance.choice(rows) for _ in range(count)):
        outcome, found = attempt(connection, f"DELETE FROM {table} WHERE {key}")
        became[outcome] += 1
        assert outcome != "done" or table in {name for name, _column in found}, f"{table} {key}: found {found}"
    return became


def test_nothing_is_found_where_nobody_tampered(owner: Connection):
    assert wrong(owner) == []


def test_a_value_changed_by_the_owner_is_refused_or_named(owner: Connection):
    became = edit_by_owner(owner, FEW)
    assert became["done"] > 0


def test_a_row_deleted_by_the_owner_is_refused_or_named(owner: Connection):
    assert sum(delete_by_owner(owner, FEW).values()) == FEW


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_two_hundred_changes_and_deletions_by_the_owner_are_refused_or_named(owner: Connection):
    print(edit_by_owner(owner, NAMED), delete_by_owner(owner, NAMED))  # noqa: T201 - the figures of the run


WITHOUT_KEYS = {
    "a number given again": ("UPDATE number_series SET last = last - 1",),
    "a number erased": ("DELETE FROM issued_number WHERE n = 1",),
    "custody re-pointed": (
        "ALTER TABLE custody_entry DROP CONSTRAINT pk_custody_entry CASCADE",
        "ALTER TABLE custody_entry DROP CONSTRAINT uq_custody_entry_portion_id_seq_holder_id_kind CASCADE",
        "UPDATE custody_entry SET portion_id = (SELECT id FROM portion LIMIT 1) WHERE seq = 2",
    ),
    "a duty flipped": (
        "ALTER TABLE duty_act DROP CONSTRAINT fk_duty_act_person_sample_duty",
        "UPDATE person_sample_duty SET side = CASE side WHEN 'testing' THEN 'sampling' ELSE 'testing' END",
    ),
    "an act flipped": (
        "ALTER TABLE duty_act DROP CONSTRAINT fk_duty_act_person_sample_duty",
        "ALTER TABLE duty_act DROP CONSTRAINT ck_duty_act_side_is_of_role",
        "ALTER TABLE duty_act DROP CONSTRAINT fk_duty_act_person_plan_duty",
        "ALTER TABLE duty_act DROP CONSTRAINT fk_duty_act_organisation_duty",
        "UPDATE duty_act SET side = 'testing' WHERE role = 'sampler'",
    ),
}
FOUND_IN = {
    "a number given again": "issued_number",
    "a number erased": "issued_number",
    "custody re-pointed": "custody_entry",
    "a duty flipped": "person_sample_duty",
    "an act flipped": "duty_act",
}


def test_an_owner_who_takes_the_keys_away_first_is_found_all_the_same(owner: Connection):
    named = {}
    for kind, statements in WITHOUT_KEYS.items():
        with owner.begin_nested() as savepoint:
            for statement in statements:
                owner.execute(sa.text(statement))
            found = {table for table, _column in wrong(owner)}
            savepoint.rollback()
        named[kind] = FOUND_IN[kind] if FOUND_IN[kind] in found else sorted(found)
    assert named == FOUND_IN


@pytest.fixture
def bundle(laboratory: Urls, signer: Signer, tmp_path: Path) -> Path:
    path = tmp_path / "bundle.zip"
    with db.read_session() as session:
        write_bundle(session, path, signer.verifier_key)
    return path


def parts_of(bundle: Path) -> tuple[list[bytes], list[str]]:
    with zipfile.ZipFile(bundle) as source:
        lines = source.read("events.jsonl").splitlines()
        return lines, source.read("checkpoints.txt").decode().split(f"{verify.SEPARATOR}\n")


def tamper(bundle: Path, count: int) -> int:
    """Every kind of change to the events, each at `count` places; returns how many were found."""
    chance, found = random.Random(SEED), 0
    lines, _heads = parts_of(bundle)
    kinds: dict[str, Callable[[list[bytes], int], list[bytes]]] = TAMPERINGS | {
        "erase an object and chain again": lambda lines, place: rechain(
            TAMPERINGS["erase a whole object"](lines, place)
        ),
        "swap two and chain again": lambda lines, place: rechain(TAMPERINGS["swap two"](lines, place)),
    }
    for name, change in sorted(kinds.items()):
        for _ in range(count):
            place = chance.randrange(len(lines) - 1)
            tampered = change(lines, place)
            assert tampered != lines, name
            path = rewrite(bundle, lambda files, new=tampered: files.update({"events.jsonl": b"\n".join(new) + b"\n"}))
            with pytest.raises(verify.Broken):
                verify.verify_bundle(str(path))
            found += 1
    return found


def test_an_export_that_was_tampered_with_is_broken(bundle: Path):
    assert tamper(bundle, 2) == 18
    verify.verify_bundle(str(bundle))


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_an_export_tampered_with_at_two_hundred_places_of_each_kind_is_broken(bundle: Path):
    assert tamper(bundle, NAMED) == 9 * NAMED


def test_an_export_made_again_with_another_key_is_found_by_the_key_or_by_a_head_outside(bundle: Path, tmp_path: Path):
    """Whoever holds everything can write a history that agrees with itself; what others noted shows it."""
    lines, heads = parts_of(bundle)
    signer = load_signer(tmp_path / "forger.pem", "fenjian/test")
    forged = rechain([verify.canonical(json.loads(line) | {"actor": "person:nobody"}).encode() for line in lines])
    tree = verify.CompactRange()
    for line in forged:
        tree.append(verify.leaf_hash(line))

    def replace(files: dict[str, bytes]) -> None:
        files["events.jsonl"] = b"\n".join(forged) + b"\n"
        files["checkpoints.txt"] = signer.sign(tree.size, tree.root()).encode()
        files["key.txt"] = signer.verifier_key.encode()

    with zipfile.ZipFile(bundle) as source:
        true_key = source.read("key.txt").decode()
    path = str(rewrite(bundle, replace))
    verify.verify_bundle(path)
    with pytest.raises(verify.Broken, match="expected"):
        verify.verify_bundle(path, key=true_key)
    with pytest.raises(verify.Broken):
        verify.verify_bundle(path, heads=[heads[-1]])
