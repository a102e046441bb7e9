"""The record of a draw: everything that went in and everything that came out, in one canonical JSON file.

A record is checked by making it again from its own inputs and comparing the two, so no field can be forgotten by the
check. The file is canonical (sorted keys, no spaces, one newline at the end): a changed byte is either a changed field
or no longer the file that was published.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from lims.errors import LimsError
from lims.i18n import LazyString
from lims.i18n import lazy_gettext as _l
from sampling.rules.draw import (
    Beacon,
    DrawRefusedError,
    Party,
    StaffMember,
    StaffRole,
    StratumDraw,
    Team,
    check_ceremony,
    derive_seed,
    draw_businesses,
    draw_teams,
)
from sampling.rules.frame import FrameEntry, check_token, hash_frame, sort_entries
from sampling.rules.json_nodes import Node, UnreadableFileError, parse_json

FORMAT = "fenjian.draw.v1"
KEY_DIGITS = 64  # 32 bytes
# A record may come from anybody: these keep a hostile one from asking for endless work.
MAX_WEIGHT_BOUND = 100
MAX_SAMPLES_PER_STRATUM = 100_000


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A business that was left out of the frame, and the written rule that says so."""

    stratum: str
    business_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class DrawInputs:
    """All that decides a draw.

    Args:
        draw_id: the identifier the parties committed for.
        plan: which plan, as published.
        frozen_at: when the frame was frozen.
        closes_at: when the last commitment was accepted.
        drawn_at: when the draw was made, not before the beacon.
        frame_key: 64 hexadecimal digits; salts the leaves of the frame.
        weight_bound: the largest weight a nomination may give.
        reserve_factor: reserves listed per sample.
        entries: the frame, in any order.
        exclusions: who was left out and why.
        quotas: samples per stratum.
        parties, beacon: where the seed comes from.
        staff: who may be sent; empty when teams are not drawn here.
    """

    draw_id: str
    plan: str
    frozen_at: datetime
    closes_at: datetime
    drawn_at: datetime
    frame_key: str
    weight_bound: int
    reserve_factor: int
    entries: Sequence[FrameEntry]
    exclusions: Sequence[Exclusion]
    quotas: Mapping[str, int]
    parties: Sequence[Party]
    beacon: Beacon
    staff: Sequence[StaffMember]


@dataclass(frozen=True, slots=True)
class DrawRecord:
    """A draw with its inputs. What it states is only true once `verify_record` finds no problem.

    `teams` holds one list per stratum, parallel to `draws`.
    """

    inputs: DrawInputs
    root: str
    seed: str
    draws: Sequence[StratumDraw]
    teams: Sequence[Sequence[Team]]
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a record: where, and what was expected."""

    place: str
    message: str | LazyString


def run_draw(inputs: DrawInputs) -> DrawRecord:
    """Make the draw. The same inputs give the same record, byte for byte.

    Raises:
        DrawRefusedError: the ceremony leaves a choice to somebody, a stratum is empty, or a visit has no team.
        InvalidInputError: the frame or a name cannot be used.

    Source: Measures Art. 11 (objects and samplers at random), Implementing Regulation Art. 59.
    """
    check_token(inputs.draw_id, "draw_id")
    check_ceremony(inputs.draw_id, inputs.frozen_at, inputs.closes_at, inputs.parties, inputs.beacon)
    if inputs.drawn_at < inputs.beacon.fixed_at:
        raise DrawRefusedError(_l("The draw was made before the beacon was fixed."))
    if len(inputs.frame_key) != KEY_DIGITS or inputs.frame_key.strip("0123456789abcdef"):
        raise DrawRefusedError(_l("The frame key must be 64 digits 0-9 a-f."))
    if inputs.weight_bound > MAX_WEIGHT_BOUND:
        raise DrawRefusedError(
            _l(
                "The weight bound is %(bound)s, expected at most %(most)s.",
                bound=inputs.weight_bound,
                most=MAX_WEIGHT_BOUND,
            )
        )
    if max(inputs.quotas.values(), default=0) > MAX_SAMPLES_PER_STRATUM:
        raise DrawRefusedError(_l("A stratum may have %(most)s samples at most.", most=MAX_SAMPLES_PER_STRATUM))
    entries = sort_entries(inputs.entries, inputs.weight_bound)
    listed = {entry[:2] for entry in entries}
    for exclusion in inputs.exclusions:
        if (exclusion.stratum, exclusion.business_id) in listed:
            raise DrawRefusedError(
                _l(
                    "%(business)s is excluded and stands in the frame.",
                    business=exclusion.business_id,
                )
            )
    root = hash_frame(inputs.frame_key, entries)
    seed = derive_seed(root, inputs.parties, inputs.beacon.value)
    draws = draw_businesses(seed, entries, inputs.quotas, inputs.reserve_factor)
    teams = draw_teams(seed, draws, inputs.staff)
    record = DrawRecord(replace(inputs, entries=entries), root, seed, draws, teams)
    return replace(record, digest=digest_record(record))


def verify_record(record: DrawRecord) -> list[Problem]:
    """Make the draw again from the record's inputs; every difference is a problem, in the order of the procedure.

    An empty list says: this list of businesses and teams follows from this frame, these secrets and this beacon.
    """
    try:
        expected = run_draw(record.inputs)
    except LimsError as refusal:
        return [Problem("inputs", str(refusal))]
    stated = _outcome(record)
    return [
        Problem(
            place,
            _l("stated %(stated)s, computed %(computed)s.", stated=mine, computed=computed),
        )
        for part, correct in _outcome(expected).items()
        for place, mine, computed in _differences(part, stated[part], correct)
    ]


def verify_bytes(content: bytes) -> list[Problem]:
    """Check a record file: its form, its draw, and that not a byte of it was changed."""
    try:
        record = read_record(content)
    except UnreadableFileError as refusal:
        return [Problem(refusal.place, str(refusal))]
    problems = verify_record(record)
    if not problems and write_record(record) != content:
        problems = [Problem("file", _l("These are not the bytes that were published (spaces, order or form changed)."))]
    return problems


def write_record(record: DrawRecord) -> bytes:
    """The record as its canonical file."""
    return _canonical({**_content(record), "record_sha256": record.digest}) + b"\n"


def digest_record(record: DrawRecord) -> str:
    """SHA-256 of the canonical content without the digest itself; it goes to the ledger while the record is sealed."""
    return sha256(_canonical(_content(record))).hexdigest()


def _canonical(tree: Any) -> bytes:
    return json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _outcome(record: DrawRecord) -> dict[str, Any]:
    """What follows from the inputs, in the order in which it is computed."""
    return {
        "frame.root": record.root,
        "seed": record.seed,
        "draws": [
            {"stratum": draw.stratum, "drawn": list(draw.drawn), "reserve": list(draw.reserve)} for draw in record.draws
        ],
        "teams": [[{"officer": team.officer, "samplers": list(team.samplers)} for team in row] for row in record.teams],
        "record_sha256": record.digest,
    }


def _differences(place: str, stated: Any, correct: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(stated, dict) and isinstance(correct, dict):
        for name in correct:
            yield from _differences(f"{place}.{name}", stated[name], correct[name])
    elif isinstance(stated, list) and isinstance(correct, list):
        if len(stated) != len(correct):
            yield f"{place}.length", len(stated), len(correct)
        for index, (mine, computed) in enumerate(zip(stated, correct, strict=False)):
            yield from _differences(f"{place}[{index}]", mine, computed)
    elif stated != correct:
        yield place, stated, correct


def _content(record: DrawRecord) -> dict[str, Any]:
    inputs, outcome = record.inputs, _outcome(record)
    return {
        "format": FORMAT,
        "draw_id": inputs.draw_id,
        "plan": inputs.plan,
        "drawn_at": _instant(inputs.drawn_at),
        "weight_bound": inputs.weight_bound,
        "reserve_factor": inputs.reserve_factor,
        "frame": {
            "frozen_at": _instant(inputs.frozen_at),
            "key": inputs.frame_key,
            "root": record.root,
            "entries": [list(entry) for entry in inputs.entries],
            "exclusions": [
                {"stratum": e.stratum, "business_id": e.business_id, "reason": e.reason} for e in inputs.exclusions
            ],
        },
        "quotas": dict(inputs.quotas),
        "commitments_closed_at": _instant(inputs.closes_at),
        "parties": [
            {
                "name": party.name,
                "commitment": party.commitment,
                "committed_at": _instant(party.committed_at),
                "reveal": party.reveal,
            }
            for party in inputs.parties
        ],
        "beacon": {
            "source": inputs.beacon.source,
            "value": inputs.beacon.value,
            "fixed_at": _instant(inputs.beacon.fixed_at),
        },
        "staff": [
            {
                "person_id": member.person_id,
                "role": member.role.value,
                "conflicts": list(member.conflicts),
                "strata": list(member.strata),
            }
            for member in inputs.staff
        ],
        "seed": outcome["seed"],
        "draws": outcome["draws"],
        "teams": outcome["teams"],
    }


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_record(content: bytes) -> DrawRecord:
    """Read a record file. Nothing of what it states is checked beyond its form (`verify_record` does that).

    Raises:
        UnreadableFileError: it is not a record; the place and what was expected are in the message.
    """
    top = parse_json(content).fields(
        *("format", "draw_id", "plan", "drawn_at", "weight_bound", "reserve_factor", "frame", "quotas"),
        *("commitments_closed_at", "parties", "beacon", "staff", "seed", "draws", "teams", "record_sha256"),
    )
    if top["format"].text() != FORMAT:
        raise top["format"].fail(FORMAT)
    frame = top["frame"].fields("frozen_at", "key", "root", "entries", "exclusions")
    beacon = top["beacon"].fields("source", "value", "fixed_at")
    inputs = DrawInputs(
        draw_id=top["draw_id"].text(),
        plan=top["plan"].text(),
        frozen_at=frame["frozen_at"].instant(),
        closes_at=top["commitments_closed_at"].instant(),
        drawn_at=top["drawn_at"].instant(),
        frame_key=frame["key"].text(),
        weight_bound=top["weight_bound"].count(),
        reserve_factor=top["reserve_factor"].count(),
        entries=[read_entry(node) for node in frame["entries"].items()],
        exclusions=[read_exclusion(node) for node in frame["exclusions"].items()],
        quotas={code: node.count() for code, node in top["quotas"].members().items()},
        parties=[read_party(node) for node in top["parties"].items()],
        beacon=Beacon(beacon["source"].text(), beacon["value"].text(), beacon["fixed_at"].instant()),
        staff=[read_staff(node) for node in top["staff"].items()],
    )
    return DrawRecord(
        inputs,
        root=frame["root"].text(),
        seed=top["seed"].text(),
        draws=[_read_draw(node) for node in top["draws"].items()],
        teams=[[_read_team(node) for node in row.items()] for row in top["teams"].items()],
        digest=top["record_sha256"].text(),
    )


def read_entry(node: Node) -> FrameEntry:
    """Read `["stratum", "business", weight]`."""
    match node.items():
        case [stratum, business_id, weight]:
            return FrameEntry(stratum.text(), business_id.text(), weight.count())
        case _:
            raise node.fail(_l("stratum, business and weight"))


def read_exclusion(node: Node) -> Exclusion:
    """Read one business that was left out."""
    fields = node.fields("stratum", "business_id", "reason")
    return Exclusion(fields["stratum"].text(), fields["business_id"].text(), fields["reason"].text())


def read_party(node: Node) -> Party:
    """Read one party; `reveal` is null where the commitment was never opened."""
    fields = node.fields("name", "commitment", "committed_at", "reveal")
    reveal = fields["reveal"]
    return Party(
        fields["name"].text(),
        fields["commitment"].text(),
        fields["committed_at"].instant(),
        None if reveal.value is None else reveal.text(),
    )


def read_staff(node: Node) -> StaffMember:
    """Read one person who may be sent."""
    fields = node.fields("person_id", "role", "conflicts", "strata")
    try:
        role = StaffRole(fields["role"].text())
    except ValueError:
        raise fields["role"].fail(_l("sampler or accompanying_officer")) from None
    return StaffMember(fields["person_id"].text(), role, fields["conflicts"].texts(), fields["strata"].texts())


def _read_draw(node: Node) -> StratumDraw:
    fields = node.fields("stratum", "drawn", "reserve")
    return StratumDraw(fields["stratum"].text(), fields["drawn"].texts(), fields["reserve"].texts())


def _read_team(node: Node) -> Team:
    fields = node.fields("samplers", "officer")
    match fields["samplers"].texts():
        case (first, second):
            return Team((first, second), fields["officer"].text())
        case _:
            raise fields["samplers"].fail(_l("two samplers"))
