"""The parts of a sample's evidence that the laboratory knows; they show nothing before the report is signed."""

from uuid import UUID

from sqlalchemy.orm import Session

from lims.actors import Actor
from lims.i18n import lazy_gettext as _l
from lims.people.queries import person_names
from lims.web.panels import Panel
from results.environment.queries import courses_between
from results.evidence import queries
from results.quality import words
from results.queries import list_lines, list_returns, people_of, replaced_retests, retests_of, superseded_results
from results.raw_data.queries import list_raw_data


def results_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel | None:
    """Each item: what was found by which method, held against what, by whom; and what it replaced."""
    test_set = queries.visible_set(session, actor, sample_id)
    if test_set is None:
        return None
    lines = list_lines(session, test_set.id)
    return Panel(
        _l("Results and what they were held against"),
        "results/evidence/results.html",
        {
            "set": test_set,
            "lines": lines,
            "people": people_of(session, lines),
            "superseded": superseded_results(session, test_set.id),
            "retests": retests_of(session, lines),
            "replaced_retests": replaced_retests(session, lines),
        },
        is_flush=True,
    )


def readings_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel | None:
    """What instruments gave, byte for byte, and the calibration of that day."""
    test_set = queries.visible_set(session, actor, sample_id)
    rows = queries.measured_on(session, test_set) if test_set else []
    if not rows:
        return None
    return Panel(_l("What instruments gave"), "results/evidence/readings.html", {"rows": rows}, is_flush=True)


def raw_data_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel | None:
    """The files that testers attached, each with the hash that the ledger knows."""
    test_set = queries.visible_set(session, actor, sample_id)
    files = list_raw_data(session, test_set.id) if test_set else ()
    if not files:
        return None
    people = person_names(session, {one.attached_by_id for one in files})
    return Panel(_l("Raw data"), "results/evidence/raw_data.html", {"files": files, "people": people}, is_flush=True)


def environment_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel | None:
    """What the rooms of the laboratory were while the sample was tested."""
    test_set = queries.visible_set(session, actor, sample_id)
    locks = queries.list_locks(session, test_set.id) if test_set else ()
    if test_set is None or not locks:
        return None
    courses = courses_between(session, test_set.lab_id, test_set.opened_at, locks[-1].locked_at)
    if not courses:
        return None
    return Panel(_l("Rooms while it was tested"), "results/evidence/rooms.html", {"courses": courses}, is_flush=True)


def quality_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel | None:
    """The controls measured beside it, and every hold with who lifted it."""
    test_set = queries.visible_set(session, actor, sample_id)
    batches = queries.controlled(session, test_set) if test_set else []
    if not batches:
        return None
    return Panel(_l("Quality control"), "results/evidence/quality.html", {"batches": batches, "words": words})


def signing_panel(session: Session, actor: Actor, sample_id: UUID) -> Panel | None:
    """Locks, returns and reports, each with the hash of what was on the screen."""
    test_set = queries.visible_set(session, actor, sample_id)
    if test_set is None:
        return None
    locks, reports = queries.list_locks(session, test_set.id), queries.list_reports(session, sample_id)
    signers = {one.reviewer_id for one in locks} | {one.report.signatory_id for one in reports}
    return Panel(
        _l("Locked, composed, signed"),
        "results/evidence/signing.html",
        {
            "locks": locks,
            "returns": list_returns(session, test_set.id),
            "reports": reports,
            "people": person_names(session, signers),
        },
        is_flush=True,
    )
