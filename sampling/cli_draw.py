"""`lims draw`: freeze a frame, commit, draw and verify from files, without a database."""

import csv
import json
import secrets
from io import StringIO
from pathlib import Path

import click

from lims.clock import now
from lims.errors import InvalidInputError, LimsError
from lims.i18n import gettext as _
from sampling.rules.draw import SECRET_BYTES, Beacon, commit
from sampling.rules.draw_record import (
    DrawInputs,
    digest_record,
    read_entry,
    read_exclusion,
    read_party,
    read_staff,
    run_draw,
    verify_bytes,
    write_record,
)
from sampling.rules.frame import FrameEntry, hash_frame, sort_entries
from sampling.rules.json_nodes import Node, UnreadableFileError, parse_json

FRAME_COLUMNS = ("stratum", "business_id")
EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
MAX_PROBLEMS_SHOWN = 20  # the first says what is wrong, the rest how far it reaches


@click.group("draw")
def draw_group() -> None:
    """Random draws that anybody can compute again (docs/draw-verification.md)."""


@draw_group.command("commit")
@click.argument("draw_id")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def commit_command(draw_id: str, *, as_json: bool) -> None:
    """Make a secret for a party of draw DRAW_ID and the commitment to hand in; keep the secret until the beacon."""
    secret = secrets.token_hex(SECRET_BYTES)
    try:
        commitment = commit(draw_id, secret)
    except InvalidInputError as refusal:
        raise click.UsageError(str(refusal)) from refusal
    if as_json:
        click.echo(json.dumps({"draw_id": draw_id, "secret": secret, "commitment": commitment}))
        return
    click.echo(_("secret (keep it): %(secret)s", secret=secret))
    click.echo(_("commitment (hand it in): %(commitment)s", commitment=commitment))


@draw_group.command("freeze")
@click.argument("frame", type=EXISTING)
@click.option("--max-weight", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The frozen frame.")
def freeze_command(frame: Path, max_weight: int, output: Path) -> None:
    """Freeze the FRAME (CSV stratum,business_id[,weight]): write it with its secret key, print the root to publish."""
    try:
        entries = sort_entries(read_frame_csv(frame.read_bytes()), max_weight)
    except LimsError as refusal:
        raise click.UsageError(str(refusal)) from refusal
    key = secrets.token_hex(SECRET_BYTES)
    frozen = {
        "frozen_at": now().isoformat(),
        "key": key,
        "weight_bound": max_weight,
        "entries": entries,
        "exclusions": [],
    }
    output.write_text(json.dumps(frozen, ensure_ascii=False) + "\n", encoding="utf-8")
    click.echo(hash_frame(key, entries))


@draw_group.command("run")
@click.argument("frame", type=EXISTING)
@click.option("--ceremony", type=EXISTING, required=True, help="Parties, beacon and times (JSON).")
@click.option("--plan", type=EXISTING, required=True, help="What `lims plan allocate --json` printed.")
@click.option("--staff", type=EXISTING, help="Who may be sent (JSON list); without it no teams are drawn.")
@click.option("--reserve", type=click.IntRange(min=0), default=2, show_default=True, help="Reserves per sample.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the record.")
def run_command(
    *, frame: Path, ceremony: Path, plan: Path, staff: Path | None, reserve: int, output: Path | None
) -> None:
    """Draw from FRAME, the JSON file of `lims draw freeze` or a CSV file (then the ceremony holds the frame key).

    Writes the record (to standard output without --output), to be kept sealed until sampling is over. The forms of the
    files are in docs/draw-verification.md. Exit status: 0 drawn, 1 the draw was refused, 2 used wrongly.
    """
    try:
        inputs = read_inputs(frame, ceremony, plan, staff, reserve)
    except (UnreadableFileError, InvalidInputError) as refusal:
        place = refusal.facts.get("place", "")
        raise click.UsageError(f"{place} {refusal}".strip()) from refusal
    try:
        record = run_draw(inputs)
    except LimsError as refusal:
        click.echo(str(refusal), err=True)
        raise SystemExit(1) from refusal
    content = write_record(record)
    if output is None:
        click.echo(content, nl=False)
    else:
        output.write_bytes(content)
        click.echo(digest_record(record))


@draw_group.command("verify")
@click.argument("record", type=EXISTING)
@click.option("--digest", help="The record_sha256 that was published before the record was opened.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify_command(record: Path, digest: str | None, *, as_json: bool) -> None:
    """Make the draw of RECORD again from its own inputs.

    Exit status: 0 it is right, 1 it is not. The first fault in the order of the procedure is printed first.
    """
    content = record.read_bytes()
    problems = [(problem.place, str(problem.message)) for problem in verify_bytes(content)]
    if not problems and digest is not None:
        stated = json.loads(content)["record_sha256"]
        if stated != digest.strip().lower():
            problems = [
                ("record_sha256", _("stated %(stated)s, computed %(computed)s.", stated=digest, computed=stated))
            ]
    if as_json:
        listed = [{"place": place, "message": message} for place, message in problems]
        click.echo(json.dumps({"verified": not problems, "problems": listed}, ensure_ascii=False))
    elif problems:
        for place, message in problems[:MAX_PROBLEMS_SHOWN]:
            click.echo(f"{place}: {message}", err=True)
        click.echo(_("This record does not verify: %(count)s problems.", count=len(problems)), err=True)
    else:
        click.echo(_("This record verifies: the list follows from the frame, the secrets and the beacon."))
    raise SystemExit(1 if problems else 0)


def read_inputs(frame: Path, ceremony: Path, plan: Path, staff: Path | None, reserve: int) -> DrawInputs:
    """Gather what decides a draw from its files.

    Raises:
        UnreadableFileError, InvalidInputError: a file has another form; the place is named.
    """
    act = parse_json(ceremony.read_bytes()).fields(
        *("draw_id", "plan", "commitments_closed_at", "parties", "beacon"), optional=("frame",)
    )
    beacon = act["beacon"].fields("source", "value", "fixed_at")
    if frame.suffix.lower() == ".csv":
        if "frame" not in act:
            raise act["draw_id"].fail(_("a field frame with frozen_at, key and weight_bound beside it"))
        frozen = act["frame"].fields("frozen_at", "key", "weight_bound")
        entries = read_frame_csv(frame.read_bytes())
        exclusions = []
    else:
        frozen = parse_json(frame.read_bytes()).fields("frozen_at", "key", "weight_bound", "entries", "exclusions")
        entries = [read_entry(node) for node in frozen["entries"].items()]
        exclusions = [read_exclusion(node) for node in frozen["exclusions"].items()]
    return DrawInputs(
        draw_id=act["draw_id"].text(),
        plan=act["plan"].text(),
        frozen_at=frozen["frozen_at"].instant(),
        closes_at=act["commitments_closed_at"].instant(),
        drawn_at=now(),
        frame_key=frozen["key"].text(),
        weight_bound=frozen["weight_bound"].count(),
        reserve_factor=reserve,
        entries=entries,
        exclusions=exclusions,
        quotas=read_quotas(parse_json(plan.read_bytes())),
        parties=[read_party(node) for node in act["parties"].items()],
        beacon=Beacon(beacon["source"].text(), beacon["value"].text(), beacon["fixed_at"].instant()),
        staff=[] if staff is None else [read_staff(node) for node in parse_json(staff.read_bytes()).items()],
    )


def read_quotas(plan: Node) -> dict[str, int]:
    """Samples per stratum from `{"lines": [{"stratum": …, "samples": …}, …]}`; other fields of a line do not matter.

    Raises:
        UnreadableFileError: another form, or a stratum twice.
    """
    quotas: dict[str, int] = {}
    for node in plan.fields("lines")["lines"].items():
        line = node.members()
        if not {"stratum", "samples"} <= line.keys() or line["stratum"].text() in quotas:
            raise node.fail(_("a stratum that is there once, and its samples"))
        quotas[line["stratum"].text()] = line["samples"].count()
    return quotas


def read_frame_csv(content: bytes) -> list[FrameEntry]:
    """The entries of a CSV file with the columns stratum, business_id and, if wanted, weight.

    Raises:
        InvalidInputError: a column is missing or a weight is no whole number.
    """
    try:
        rows = csv.DictReader(StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        missing = [name for name in FRAME_COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise InvalidInputError(
                _("The file lacks the columns %(missing)s.", missing=", ".join(missing)), field="file"
            )
        return [FrameEntry(row["stratum"] or "", row["business_id"] or "", int(row.get("weight") or 1)) for row in rows]
    except ValueError as error:
        raise InvalidInputError(
            _("This is not a CSV file in UTF-8: %(reason)s.", reason=error), field="file"
        ) from error
