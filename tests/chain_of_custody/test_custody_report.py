"""Where a portion is and whether its proof is intact: on its page, and as a paper."""

import io
from http import HTTPStatus
from pathlib import Path

import pytest
import sqlalchemy as sa
from pypdf import PdfReader
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from chain_of_custody import services
from chain_of_custody.models import Portion
from chain_of_custody.types import PlaceLevel, PortionKind
from lims.actors import INSTALL
from lims.cluster import Urls
from lims.db import db
from lims.ledger.objects import prove_object
from lims.ledger.sequencer import Signer, load_signer, seal_head
from lims.people.models import Person
from lims.uow import unit_of_work
from sampling.models import Sample
from tests.factories.chain_of_custody import make_recoded_sample
from tests.factories.people import Somebody
from tests.factories.results import make_signed_report
from tests.factories.sampling import Team, make_team
from tests.factories.web import log_in


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return load_signer(tmp_path / "ledger.pem", "fenjian/test")


def seal(signer: Signer) -> None:
    with unit_of_work(INSTALL) as uow:
        seal_head(uow, signer)


def stored_backup(team: Team) -> Portion:
    """The backup portion of a recoded sample, in the fridge."""
    sample_id, _code = make_recoded_sample(team)
    with unit_of_work(team.custodian.actor) as uow:
        portion = uow.session.scalars(
            sa.select(Portion).where(Portion.sample_id == sample_id, Portion.kind == PortionKind.BACKUP)
        ).one()
        services.add_place(uow, "S", "检验楼", PlaceLevel.SITE)
        site = services.add_place(uow, "S2", "二号楼", PlaceLevel.SITE)
        services.add_place(uow, "F1", "冷藏柜", PlaceLevel.FRIDGE, site.id)
        services.move_portion(uow, portion.portion_no, "F1")
        uow.session.expunge(portion)
    return portion


def report_of(app, somebody: Somebody, portion: Portion):
    return log_in(app.test_client(), somebody).get(f"/custody/portions/{portion.id}/report.pdf")


def page_of(app, somebody: Somebody, portion: Portion) -> str:
    client = log_in(app.test_client(), somebody)
    return client.get(f"/custody/portions/{portion.id}", headers={"Accept-Language": "en"}).get_data(as_text=True)


def words_of(pdf: bytes) -> str:
    """The text of a paper without the spaces that narrow cells bring."""
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def name_of(session, somebody: Somebody) -> str:
    return session.get_one(Person, somebody.person_id).name


def test_the_proof_of_a_sample_holds_every_step_up_to_its_signature(session, signer):
    team = make_team()
    report = make_signed_report(team)
    seal(signer)
    proof = prove_object(session, f"sample:{report.sample_id}")
    assert (proof.is_intact, proof.is_signed, proof.events == len(proof.leaves)) == (True, True, True)
    tables = {table for table, _key in proof.row_leaves}
    assert {"sample", "sampling_form", "custody_entry", "duty_act", "item_result", "conclusion"} <= tables


def test_an_event_that_is_not_signed_yet_is_told_apart(session, signer):
    portion = stored_backup(make_team())
    before = prove_object(session, f"sample:{portion.sample_id}")
    seal(signer)
    after = prove_object(session, f"sample:{portion.sample_id}")
    assert (before.is_intact, before.is_signed, before.leaves) == (True, False, ())
    assert after.is_signed


def test_the_custodian_prints_who_had_it_when_and_where_it_stands_in_the_ledger(app, session, signer):
    team = make_team()
    portion = stored_backup(team)
    seal(signer)
    proof = prove_object(session, f"sample:{portion.sample_id}")
    answer = report_of(app, team.custodian, portion)
    assert (answer.status_code, answer.content_type) == (HTTPStatus.OK, "application/pdf")
    text = words_of(answer.data)
    for expected in (
        portion.portion_no,
        name_of(session, team.samplers[0]),
        name_of(session, team.custodian),
        "封样",
        "接收",
        "F1冷藏柜",
        "fenjian/test",
        f"共有{proof.events}个事件",
    ):
        assert expected in text, expected
    told = {leaf for (table, _key), leaf in proof.row_leaves.items() if table in {"custody_entry", "storage_move"}}
    assert all(str(leaf) in text for leaf in told)


@pytest.mark.parametrize("who", ["tester", "reviewer", "signatory", "sampler"])
def test_whoever_may_not_follow_the_whole_way_gets_no_report(app, session, who):
    team = make_team()
    portion = stored_backup(team)
    somebody = team.samplers[0] if who == "sampler" else getattr(team, who)
    assert report_of(app, somebody, portion).status_code == HTTPStatus.NOT_FOUND


def test_the_page_says_that_the_proof_is_intact(app, session, signer):
    team = make_team()
    portion = stored_backup(team)
    seal(signer)
    page = page_of(app, team.custodian, portion)
    assert "intact" in page
    assert "Under the signed head of" in page


def test_a_row_changed_by_the_owner_is_named_on_the_page_and_on_the_paper(app, committed_database: Urls, signer):
    team = make_team()
    portion = stored_backup(team)
    seal(signer)
    owner = create_engine(committed_database.owner, poolclass=NullPool)
    with owner.begin() as connection:
        connection.execute(
            sa.text("UPDATE custody_entry SET at = at + interval '1 hour' WHERE portion_id = :id AND seq = 2"),
            {"id": portion.id},
        )
    owner.dispose()
    page = page_of(app, team.custodian, portion)
    assert f"custody_entry portion_id={portion.id}|seq=2 at" in page
    paper = report_of(app, team.custodian, portion)
    assert "不一致" in words_of(paper.data)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_event SET body = replace(body, 'person:', 'parson:') WHERE chain = :chain AND seq = 2",
        "UPDATE ledger_head SET seq = seq + 1 WHERE chain = :chain",
        "DELETE FROM storage_move WHERE sample_id = :id",
        "UPDATE sample SET sampling_no = 'XBJ26000000000000000' WHERE id = :id",
    ],
)
def test_tampering_with_one_sample_breaks_its_proof_and_no_other(committed_database: Urls, statement: str):
    team = make_team()
    portion, other = stored_backup(team), make_recoded_sample(team)[0]
    owner = create_engine(committed_database.owner, poolclass=NullPool)
    with owner.begin() as connection:
        connection.execute(sa.text(statement), {"chain": f"sample:{portion.sample_id}", "id": portion.sample_id})
    owner.dispose()
    with db.read_session() as session:
        assert not prove_object(session, f"sample:{portion.sample_id}").is_intact
        assert prove_object(session, session.get_one(Sample, other).ledger_chain()).is_intact
