"""Entering results, and correcting them after their lock with a second person."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from lims.catalog.queries import method_names
from lims.clock import local_date, local_time
from lims.copying import copy_in
from lims.decisions import read_reason
from lims.errors import ConflictError, InvalidInputError, LimsError, NotFoundError
from lims.i18n import lazy_gettext as _l
from lims.ledger.capture import plain
from lims.people.authorisations import Needed, require_authorised
from lims.people.queries import person_names
from lims.people.types import AuthorisationKind
from lims.uow import UnitOfWork
from results.models import CorrectionProposal, ItemResult, TestSet, TestSetItem
from results.quality.services.evaluation import evaluate_batches_of
from results.queries import find_set, last_lock, lines_of_sets, locked_before, results_by_line, standing_results
from results.services.judging import Judge, JudgedEntry, result_row
from results.services.worklists import begin_testing, begin_testing_all
from results.types import Entry, TestSetState
from sampling.services.separation import claim_act, get_sample_for_act, get_samples_for_act, sample_tuple
from sampling.types import DutyRole, sample_chain


class ResultStandsError(ConflictError):
    """There is a result already; replacing it needs a reason."""

    code = "result_stands"


class EntriesRefusedError(InvalidInputError):
    """Several lines cannot be accepted; `problems` says what is wrong with each."""

    code = "entries_refused"

    def __init__(self, problems: Mapping[str, LimsError]) -> None:
        lines = {line: str(problem) for line, problem in problems.items()}
        super().__init__(_l("%(count)s results cannot be accepted.", count=len(problems)), facts={"lines": lines})
        self.problems = problems


class NotInWorklistError(InvalidInputError):
    """The item is not tested in this set."""

    code = "not_in_worklist"


def enter_results(uow: UnitOfWork, blind_code: str, entries: Sequence[Entry]) -> list[JudgedEntry]:
    """Write down what the bench found in one set; as `enter_sets`."""
    return enter_sets(uow, {blind_code: entries})


def enter_sets(
    uow: UnitOfWork, by_code: Mapping[str, Sequence[Entry]], looked_at: Mapping[UUID, JudgedEntry] | None = None
) -> list[JudgedEntry]:
    """Write down what the bench found, judged at once; all entries of all sets or none.

    The sets are taken, locked and looked at together, so that a file of a thousand of them takes as many statements as
    one. Duplicates and spikes of these samples are judged again. Replacing a result before the lock writes the next
    version and asks for a reason. After a lock nothing is entered here: see `propose_correction`.

    Args:
        uow: the transaction.
        by_code: what was found, by the blind code of the set.
        looked_at: by line, entries that this very unit judged before it took the sets: they need not be read and judged
            again where what they stand on is the same.

    Raises:
        NotFoundError: no such code in this laboratory.
        NotInWorklistError, InvalidInputError: an item of another set, or a text that is no result.
        ResultStandsError: a result stands and no reason is given, or it is not the one that was on the screen.
        EntriesRefusedError: several of these, each beside its line.
        ConflictError: the results are, or were, locked.
        SeparationRefusedError: the person may not test one of these samples.
        NotAuthorisedError: the person may not test this food, or not by one of these methods.
    """
    sets = begin_testing_all(uow, sorted(by_code))
    set_ids = [one.id for one in sets.values()]
    if locked_before(uow.session, set_ids):
        raise ConflictError(_l("These results were locked: propose a correction, which a second person approves."))
    given = [entry.set_item_id for entries in by_code.values() for entry in entries]
    if len(set(given)) != len(given):
        raise InvalidInputError(_l("The same item is given twice."))
    known = looked_at or {}
    unread = {sets[code].id for code, entries in by_code.items() if any(e.set_item_id not in known for e in entries)}
    lines = lines_of_sets(uow.session, unread) | {line_id: one.line for line_id, one in known.items()}
    require_methods(uow, sets.values(), [lines[line_id] for line_id in given if line_id in lines])
    judge = Judge.of(uow.session, lines.values())
    standing = results_by_line(uow.session, set_ids)
    judged: list[JudgedEntry] = []
    problems: dict[str, LimsError] = {}
    for code, test_set in sets.items():
        for entry in by_code[code]:
            line = lines.get(entry.set_item_id)
            if line is None or line.test_set_id != test_set.id:
                raise NotInWorklistError(_l("This item is not in the worklist of %(code)s.", code=code))
            try:
                _check_seen(uow, line, entry, standing.get(line.id))
                before = known.get(line.id)
                stands = before is not None and before.entry == entry and before.label_claims == test_set.label_claims
                judged.append(before if before and stands else judge.judge(line, test_set, entry))
            except (InvalidInputError, ResultStandsError) as problem:
                problems[str(line.id)] = problem
    if problems:
        raise next(iter(problems.values())) if len(problems) == 1 else EntriesRefusedError(problems)
    _write(uow, judged, standing)
    evaluate_batches_of(uow, set_ids)
    return judged


def _write(
    uow: UnitOfWork,
    judged: Sequence[JudgedEntry],
    standing: Mapping[UUID, ItemResult],
    approved: CorrectionProposal | None = None,
) -> None:
    """Copy the results in at once, and note them on the chains of their samples.

    What a second person approved was entered by who proposed it.
    """
    actor = str(uow.actor.require_person())
    shared = {
        "entered_by_id": str(approved.proposed_by_id) if approved else actor,
        "entered_role": DutyRole.TESTER.value,
        "entered_at": plain(uow.now),
        "proposal_id": str(approved.id) if approved else None,
        "approved_by_id": actor if approved else None,
        "approved_role": DutyRole.REVIEWER.value if approved else None,
    }
    rows = [result_row(one, standing.get(one.line.id)) | shared for one in judged]
    for row in rows:
        uow.record_plain(sample_chain(row["sample_id"]), ItemResult.__tablename__, [row])
    copy_in(uow.session, ItemResult.__table__, map(_as_copied, rows))


def _as_copied(row: dict[str, Any]) -> dict[str, Any]:
    """A row as PostgreSQL reads it: what holds several values is JSON."""
    packed = {name: _PACK(row[name]) for name in ("used", "reason_params", "calculation") if row[name] is not None}
    return row | packed


_PACK = json.JSONEncoder(ensure_ascii=False).encode


def require_methods(uow: UnitOfWork, sets: Iterable[TestSet], lines: Sequence[TestSetItem]) -> None:
    """Insist that a tester who is authorised for some methods only uses no other.

    Every set is asked for by itself, as one authorisation has to cover all its methods; sets that ask the same are
    asked for once.

    Raises:
        NotAuthorisedError: one of the lines is measured by another method.
    """
    samples = get_samples_for_act(uow, [one.sample_id for one in sets])
    used: dict[UUID, set[UUID]] = defaultdict(set)
    for line in lines:
        used[line.sample_id] |= {line.method_id} if line.method_id else set()
    asked = {(samples[sample_id].category_id, frozenset(methods)) for sample_id, methods in used.items()}
    tester = Needed.of(uow.actor, AuthorisationKind.TEST)
    for category_id, method_ids in asked:
        require_authorised(
            uow.session,
            [tester],
            local_date(uow.now),
            category_id=category_id,
            methods=partial(method_names, uow.session, list(method_ids)),
        )


def _check_seen(uow: UnitOfWork, line: TestSetItem, entry: Entry, before: ItemResult | None) -> None:
    """Nothing is replaced unseen, and nothing without a reason.

    Raises:
        ResultStandsError: names who entered what stands.
    """
    if before is None:
        return
    is_stale = entry.seen_version is not None and entry.seen_version != before.version
    if not is_stale and (entry.reason or "").strip():
        return
    who = person_names(uow.session, [before.entered_by_id]).get(before.entered_by_id, "")
    if is_stale:
        raise ResultStandsError(
            _l(
                "%(name)s entered %(text)s at %(at)s. Look at it, then say why it is replaced.",
                name=who,
                text=before.entered_text,
                at=local_time(before.entered_at).strftime("%H:%M"),
            ),
            field=str(line.id),
        )
    raise ResultStandsError(
        _l(
            "A result stands for this item (%(text)s, by %(name)s). Say why it is replaced.",
            text=before.entered_text,
            name=who,
        ),
        field=str(line.id),
    )


def propose_correction(uow: UnitOfWork, blind_code: str, entry: Entry) -> CorrectionProposal:
    """Ask, as a tester, to replace a result whose lock was lifted.

    Raises:
        NotFoundError: no such code in this laboratory.
        ConflictError: the results were never locked, or are locked now.
        NotInWorklistError: the item has no result in this set.
        InvalidInputError: no reason, or a text that is no result.
    """
    test_set = begin_testing(uow, blind_code)
    if last_lock(uow.session, test_set.id) is None:
        raise ConflictError(_l("A correction is proposed after a reviewer returned locked results."))
    before = standing_results(uow.session, test_set.id).get(entry.set_item_id)
    if before is None:
        raise NotInWorklistError(_l("This item is not in the worklist of %(code)s.", code=blind_code))
    why = read_reason(entry.reason)
    line = uow.session.get_one(TestSetItem, entry.set_item_id)
    Judge.of(uow.session, [line]).judge(line, test_set, entry)
    proposal = CorrectionProposal(
        set_item_id=entry.set_item_id,
        sample_id=test_set.sample_id,
        replaces_version=before.version,
        entered_text=entry.text.strip(),
        reason=why,
        proposed_by_id=uow.actor.require_person(),
        proposed_role=DutyRole.TESTER,
        proposed_at=uow.now,
    )
    uow.session.add(proposal)
    uow.session.flush()
    return proposal


def approve_correction(uow: UnitOfWork, proposal_id: UUID) -> ItemResult:
    """Let a proposed correction stand, as the second person.

    Raises:
        NotFoundError: no such proposal in this laboratory.
        ConflictError: the result was changed since, or the set is locked.
        SeparationRefusedError: the approver tested this sample or stands on its sampling side.
    """
    proposal = uow.session.get(CorrectionProposal, proposal_id)
    if proposal is None:
        raise NotFoundError
    line = uow.session.get_one(TestSetItem, proposal.set_item_id)
    test_set = uow.session.get_one(TestSet, line.test_set_id)
    find_set(uow.session, test_set.blind_code, uow.actor.require_organisation())
    sample = get_sample_for_act(uow, test_set.sample_id)
    claim_act(uow, sample_tuple(sample), DutyRole.REVIEWER)
    before = standing_results(uow.session, test_set.id)[line.id]
    if before.version != proposal.replaces_version or test_set.state is TestSetState.LOCKED:
        raise ConflictError(_l("This result was changed or locked since the correction was proposed."))
    entry = Entry(line.id, proposal.entered_text, proposal.reason)
    judged = Judge.of(uow.session, [line]).judge(line, test_set, entry)
    _write(uow, [judged], {line.id: before}, approved=proposal)
    evaluate_batches_of(uow, [test_set.id])
    return standing_results(uow.session, test_set.id)[line.id]
