"""Publishing: everything that passed the gate goes out under the regulator's next notice."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID, uuid4

from lims.clock import local_date
from lims.numbering import take_number
from lims.uow import UnitOfWork
from results.publication.events import ResultPublished, ResultReplaced
from results.publication.models import Publication, PublicNotice
from results.publication.queries import is_published, list_candidates, pick_of
from results.publication.rules import OPEN, gate
from results.publication.types import GateAnswer, GateFacts
from sampling.models import Sample
from sampling.rules.states import PROGRAM
from sampling.services.samples import move_sample
from sampling.services.separation import get_sample_for_act
from sampling.types import SampleEvent, SampleState, SampleVerdict

SERIES = "public_notice"
MAX_BATCH = 500  # samples looked at and published in one transaction; the next run goes on


def publish_due(uow: UnitOfWork) -> int:
    """Publish every result for which the gate is open, one notice for each regulator; returns how many.

    A row is written when the gate opens, rather than the gate asked on every page: the notice number and its day are
    facts of the law, voters are told once, and a page of a million results reads an index instead of six tables. What
    may not be published and cannot be objected to ends here as well: its sample is closed.

    Locks each sample.

    Emits: ResultPublished for each; SampleMoved for those that are closed with it.
    """
    today = local_date(uow.now)
    by_regulator: dict[UUID, list[Sample]] = defaultdict(list)
    touched = 0
    for candidate in list_candidates(uow.session):
        if touched == MAX_BATCH:
            break
        answer = gate(candidate.facts, today)
        if answer in OPEN:
            touched += 1
            sample = get_sample_for_act(uow, candidate.sample_id)
            by_regulator[sample.regulator_id].append(sample)
        elif _only_ends(candidate.facts, answer):
            touched += 1
            _close(uow, get_sample_for_act(uow, candidate.sample_id), is_withdrawn=answer is GateAnswer.WITHDRAWN)
    for regulator_id in sorted(by_regulator):
        _publish(uow, regulator_id, by_regulator[regulator_id])
    return sum(map(len, by_regulator.values()))


def replace_result(uow: UnitOfWork, sample_id: UUID) -> None:
    """Tell that a published failure is a pass now, after its recheck; the sample has nothing left to wait for.

    Emits: ResultReplaced and SampleMoved, where the failure was published.
    """
    if not is_published(uow.session, sample_id):
        return
    round_id, stratum = pick_of(uow.session, sample_id)
    uow.emit(ResultReplaced(sample_id=sample_id, pick_round_id=round_id, stratum=stratum))
    _close(uow, get_sample_for_act(uow, sample_id))


def _only_ends(facts: GateFacts, answer: GateAnswer) -> bool:
    """A result that is not announced and did not fail, or was taken back: served, it has nothing left to wait for."""
    if answer is GateAnswer.WITHDRAWN:
        return facts.everybody_is_served
    kept_back = answer is GateAnswer.NOT_FOR_THE_PUBLIC
    return kept_back and facts.everybody_is_served and facts.verdict is not SampleVerdict.FAIL


def _publish(uow: UnitOfWork, regulator_id: UUID, samples: Sequence[Sample]) -> None:
    year = local_date(uow.now).year
    notice = PublicNotice(
        id=uuid4(),
        organisation_id=regulator_id,
        year=year,
        number=take_number(uow, SERIES, f"{regulator_id}:{year}"),
        issued_at=uow.now,
    )
    uow.session.add(notice)
    uow.session.flush()
    for position, sample in enumerate(samples, start=1):
        uow.session.add(Publication(sample_id=sample.id, notice_id=notice.id, position=position, published_at=uow.now))
        round_id, stratum = pick_of(uow.session, sample.id)
        assert sample.verdict is not None  # noqa: S101 - only concluded samples pass the gate
        uow.emit(ResultPublished(sample_id=sample.id, verdict=sample.verdict, pick_round_id=round_id, stratum=stratum))
        _close(uow, sample)


def _close(uow: UnitOfWork, sample: Sample, *, is_withdrawn: bool = False) -> None:
    """A sample that did not fail has nothing left to do; one that failed is closed by its case, unless that is gone."""
    if sample.state is SampleState.SERVED and (is_withdrawn or sample.verdict is not SampleVerdict.FAIL):
        move_sample(uow, sample, SampleEvent.CLOSED, by={PROGRAM})
