"""Pages of custody, in both languages: from the seal at the stall to the blind code."""

import re
from decimal import Decimal
from io import BytesIO

import pytest
import sqlalchemy as sa
from PIL import Image
from pypdf import PdfReader

from chain_of_custody import services
from chain_of_custody.forms import INTACT, MISSING, line_field
from chain_of_custody.models import BlindCode, HandOver, HandOverException, LabelPrint, Portion, Reception, Seal
from chain_of_custody.panels import custody_panel
from chain_of_custody.queries import holder, list_portions
from chain_of_custody.types import HandOverState, PlaceLevel
from lims.actors import OrganisationKind
from lims.auth.permissions import Role
from lims.symbols import read_symbols
from lims.uow import unit_of_work
from lims.web.panels import steps_for
from sampling.models import Sample
from sampling.types import SampleState, StorageCondition
from tests.chain_of_custody.test_labels import unpacked, zpl_picture
from tests.factories.chain_of_custody import (
    get_portion,
    make_arrived_sample,
    make_offer,
    make_received_sample,
    make_recoded_sample,
    make_sealed_sample,
)
from tests.factories.people import make_organisation, make_person
from tests.factories.sampling import make_sample, make_team
from tests.factories.web import csrf_token, log_in

LANGUAGES = [("en", "en"), ("zh_Hans_CN", "zh")]


@pytest.fixture
def team(session):
    return make_team()


def visit(client, somebody, locale="en"):
    client.set_cookie("lims_locale", locale)
    return log_in(client, somebody)


def send(client, page: str, **fields):
    return client.post(page, data={"csrf_token": csrf_token(client, page), **fields})


def fresh(session, table, **key):
    session.expire_all()
    return session.scalars(sa.select(table).filter_by(**key)).one()


@pytest.mark.parametrize(("locale", "heading"), [("en", "Sealed portions"), ("zh_Hans_CN", "已封样品")])
def test_a_sampler_seals_and_prints(client, session, team, locale, heading):
    sample_id = make_sample(team)
    visit(client, team.samplers[0], locale)
    page = f"/field/samples/{sample_id}/seal"
    answer = send(client, page, test_seal_no="qh 0000001", backup_seal_no="QH0000002")
    assert answer.status_code == 303
    assert {seal.seal_no for seal in session.scalars(sa.select(Seal).filter_by(sample_id=sample_id))} == {
        "QH0000001",
        "QH0000002",
    }
    shown = client.get(page).text
    assert heading in shown
    assert "QH0000001" in shown
    assert send(client, page, test_seal_no="x", backup_seal_no="y").status_code == 409


def test_a_seal_in_use_is_told_at_its_field_and_nothing_typed_is_lost(client, session, team):
    used = make_sealed_sample(team)[0]
    taken = session.scalars(sa.select(Seal.seal_no).filter_by(sample_id=used)).first()
    visit(client, team.samplers[0])
    answer = send(client, f"/field/samples/{make_sample(team)}/seal", test_seal_no="NEW-1", backup_seal_no=taken)
    assert answer.status_code == 409
    assert f"The seal {taken} is on another portion already." in answer.text
    assert 'href="#backup_seal_no"' in answer.text
    assert 'value="NEW-1"' in answer.text


def test_a_form_without_a_backup_asks_for_one_seal(client, session, team):
    sample_id = make_sample(team, backup_qty=None, no_backup_reason="微生物项目不复检")
    visit(client, team.samplers[0])
    page = f"/field/samples/{sample_id}/seal"
    assert "backup_seal_no" not in client.get(page).text
    assert send(client, page, test_seal_no="").status_code == 422
    assert send(client, page, test_seal_no="A\0B").status_code == 422
    assert send(client, page, test_seal_no="ONE-1").status_code == 303
    assert [portion.kind.value for portion in list_portions(session, sample_id)] == ["test"]


def test_strangers_and_other_roles_do_not_reach_the_sealing(client, session, team):
    sample_id = make_sample(team)
    page = f"/field/samples/{sample_id}/seal"
    assert client.get(page).status_code == 302
    assert visit(client, make_team().samplers[0]).get(page).status_code == 404
    for role in ("tester", "planner", "custodian"):
        assert visit(client, getattr(team, role)).get(page).status_code == 403


@pytest.mark.parametrize("size", ["40x30", "60x40", "100x70"])
@pytest.mark.parametrize("kind", ["field", "seal"])
def test_every_label_made_from_the_database_is_read_back(client, session, team, size, kind):
    sample_id, numbers = make_sealed_sample(team)
    seals = session.scalars(sa.select(Seal.seal_no).filter_by(sample_id=sample_id)).all()
    visit(client, team.samplers[0])
    page = f"/custody/samples/{sample_id}/labels/{kind}"

    def labels(written_in: str) -> bytes:
        return send(client, page, size=size, written_in=written_in, reason="卡纸").data

    expected = set(numbers) if kind == "field" else set(seals)
    jobs = re.findall(rb"\^XA.*?\^XZ\n", labels("zpl"), re.DOTALL)
    assert {found.text for job in jobs for found in read_symbols(zpl_picture(job).convert("L"))} == expected
    found = {code.text for picture in tspl_pictures(labels("tspl")) for code in read_symbols(picture)}
    assert found == expected
    for stock in ("pdf", "sheet"):
        pages = PdfReader(BytesIO(labels(stock))).pages
        words = "".join("".join(page.extract_text().split()) for page in pages).replace("\u200b", "")
        assert all(code in words for code in expected)


@pytest.mark.parametrize(("locale", "words"), [("en", "Say why again."), ("zh_Hans_CN", "请说明再次打印的原因")])
def test_labels_are_printed_again_only_with_a_reason_that_stays(client, session, team, locale, words):
    sample_id, _numbers = make_sealed_sample(team)
    visit(client, team.samplers[0], locale)
    sealed = f"/field/samples/{sample_id}/seal"
    page = f"/custody/samples/{sample_id}/labels/field"
    wanted = {"size": "60x40", "written_in": "pdf"}
    first = client.post(page, data={"csrf_token": csrf_token(client, sealed)} | wanted)
    assert first.data.startswith(b"%PDF-")
    assert page in client.get(sealed).text
    refused = send(client, page, **wanted, reason="  ")
    assert refused.status_code == 422
    assert words in refused.text
    assert send(client, page, **wanted, reason="标签打湿").data.startswith(b"%PDF-")
    assert "标签打湿" in client.get(page).text
    noted = session.execute(sa.select(LabelPrint.print_no, LabelPrint.reason).order_by(LabelPrint.print_no)).all()
    assert [tuple(row) for row in noted] == [(1, None), (2, "标签打湿")]


def tspl_pictures(written: bytes) -> list[Image.Image]:
    pictures = []
    head = re.compile(rb"BITMAP 0,0,(\d+),(\d+),0,")
    at = 0
    while match := head.search(written, at):
        row_bytes, height = int(match[1]), int(match[2])
        bits = written[match.end() : match.end() + row_bytes * height]
        pictures.append(unpacked(bits, row_bytes, height).convert("L"))
        at = match.end() + row_bytes * height
    return pictures


def test_a_used_sheet_and_odd_paper_are_told_in_words(client, session, team):
    sample_id, _numbers = make_sealed_sample(team)
    visit(client, team.samplers[0])
    page = f"/custody/samples/{sample_id}/labels/field"
    wanted = {"size": "60x40", "written_in": "sheet", "reason": "标签破损"}
    assert send(client, page, **wanted, skip="3").status_code == 200
    refused = send(client, page, **wanted, skip="21")
    assert refused.status_code == 422
    assert 'value="21"' in refused.text
    assert session.scalar(sa.select(sa.func.count()).select_from(LabelPrint)) == 1, "what was refused was not printed"
    assert "does not have 21 places" in refused.text
    assert client.get(f"/custody/samples/{sample_id}/receipt-58.escpos").data.startswith(b"\x1b@")
    assert client.get(f"/custody/samples/{sample_id}/receipt-57.escpos").status_code == 422


@pytest.mark.parametrize(("locale", "taken"), [("en", "Everything is as the list says"), ("zh_Hans_CN", "完全一致")])
def test_a_load_is_offered_scanned_and_taken(client, session, team, locale, taken):
    _sample_id, numbers = make_sealed_sample(team)
    visit(client, team.samplers[0], locale)
    prefix = str(team.lab_id)[:8]
    page = client.get("/custody/hand-overs/")
    assert all(number in page.text for number in numbers)
    fields = {f"{prefix}-portion_nos": numbers, f"{prefix}-way": "in_person", f"{prefix}-consignment_no": ""}
    token = csrf_token(client, "/custody/hand-overs/")
    offered = client.post(f"/custody/hand-overs/to/{team.lab_id}", data={"csrf_token": token, **fields})
    assert offered.status_code == 303
    mine = client.get(offered.location).text
    record_no = fresh(session, HandOver, offered_by_id=team.samplers[0].person_id).record_no
    assert record_no in mine
    assert "<svg" in mine
    assert line_field(numbers[0]) not in mine
    visit(client, team.custodian, locale)
    found = client.get(f"/custody/find?code={record_no.lower()}")
    assert found.location == offered.location
    answer = send_confirm(client, offered.location, dict.fromkeys(numbers, INTACT))
    assert answer.status_code == 303
    assert taken in client.get(answer.location).text
    assert holder(session, get_portion(numbers[0]).id) == team.custodian.person_id
    record = client.get(f"{offered.location}/record.pdf")
    words = "".join(PdfReader(BytesIO(record.data)).pages[0].extract_text().split())
    assert "样品移交确认单" in words
    assert record_no in words


def send_confirm(client, address, found, **fields):
    lines = {line_field(number): value for number, value in found.items()}
    token = csrf_token(client, address)
    return client.post(f"{address}/confirm", data={"csrf_token": token, **lines, **fields})


def test_nothing_ticked_and_a_missing_consignment_number_are_told_with_the_choice_kept(client, session, team):
    _sample_id, numbers = make_sealed_sample(team)
    visit(client, team.samplers[0])
    prefix = str(team.lab_id)[:8]
    token = csrf_token(client, "/custody/hand-overs/")
    address = f"/custody/hand-overs/to/{team.lab_id}"
    nothing = client.post(address, data={"csrf_token": token, f"{prefix}-way": "in_person"})
    assert nothing.status_code == 422
    assert "Scan 1 to" in nothing.text
    sent = {"csrf_token": token, f"{prefix}-way": "courier", f"{prefix}-portion_nos": numbers[:1]}
    courier = client.post(address, data=sent)
    assert courier.status_code == 422
    assert "Fill in the number of the consignment." in courier.text
    assert courier.text.count(f'value="{numbers[0]}" checked') == 1
    assert f'value="{numbers[1]}" checked' not in courier.text
    assert client.post(address, data=sent | {f"{prefix}-consignment_no": "SF123"}).status_code == 303
    assert fresh(session, HandOver, consignment_no="SF123").state is HandOverState.OFFERED


def test_missing_extra_and_broken_open_exceptions_that_are_cleared_up_with_a_sentence(client, session, team):
    _sample_id, numbers = make_sealed_sample(team)
    offer_id = make_offer(team, numbers)
    address = f"/custody/hand-overs/{offer_id}"
    visit(client, team.custodian)
    assert send_confirm(client, address, dict.fromkeys(numbers, MISSING)).status_code == 422
    answer = send_confirm(client, address, {numbers[0]: "broken", numbers[1]: MISSING}, extra="unknown-1\nunknown-2")
    assert answer.status_code == 303
    kinds = session.scalars(sa.select(HandOverException.kind).filter_by(hand_over_id=offer_id)).all()
    assert sorted(kind.value for kind in kinds) == ["broken", "extra", "extra", "missing"]
    assert holder(session, get_portion(numbers[1]).id) == team.samplers[0].person_id
    broken = fresh(session, HandOverException, hand_over_id=offer_id, kind="broken")
    resolve = f"{address}/exceptions/{broken.id}"
    field = f"{str(broken.id)[:8]}-resolution"
    token = csrf_token(client, address)
    assert client.post(resolve, data={"csrf_token": token, field: ""}).status_code == 422
    assert client.post(resolve, data={"csrf_token": token, field: "与抽样单位核对，封条运输中磨损"}).status_code == 303
    assert "运输中磨损" in client.get(address).text
    assert client.post(resolve, data={"csrf_token": token, field: "再次"}).status_code == 409


def test_cold_food_asks_for_a_temperature_and_keeps_what_was_typed(client, session, team):
    _sample_id, numbers = make_sealed_sample(team, storage_condition=StorageCondition.CHILLED)
    address = f"/custody/hand-overs/{make_offer(team, numbers)}"
    visit(client, team.custodian)
    assert "0 to 10 °C" in client.get(address).text
    found = dict.fromkeys(numbers, INTACT)
    without = send_confirm(client, address, found)
    assert without.status_code == 422
    assert "measure its temperature" in without.text
    odd = send_confirm(client, address, found, celsius="warm")
    assert odd.status_code == 422
    assert 'value="warm"' in odd.text
    assert odd.text.count(f'value="{INTACT}" checked') == len(numbers)
    assert send_confirm(client, address, found, celsius="12.50").status_code == 303
    session.expire_all()
    assert session.scalars(sa.select(HandOver.celsius)).one() == Decimal("12.50")
    assert fresh(session, HandOverException).kind.value == "temperature"


def test_an_offer_is_taken_back_by_its_giver_only(client, session, team):
    _sample_id, numbers = make_sealed_sample(team)
    offer_id = make_offer(team, numbers)
    address = f"/custody/hand-overs/{offer_id}"
    visit(client, team.custodian)
    token = csrf_token(client, address)
    assert client.post(f"{address}/withdraw", data={"csrf_token": token}).status_code == 404
    visit(client, make_team().samplers[0])
    assert client.get(address).status_code == 404
    visit(client, team.samplers[0])
    token = csrf_token(client, address)
    assert client.post(f"{address}/withdraw", data={"csrf_token": token}).status_code == 303
    assert fresh(session, HandOver, id=offer_id).state is HandOverState.WITHDRAWN


GOOD_CHECKS = dict.fromkeys(
    ("seal_intact", "packaging_intact", "quantity_sufficient", "condition_normal", "papers_complete", "papers_match"),
    "good",
)


@pytest.mark.parametrize(("locale", "heading"), [("en", "On the bench"), ("zh_Hans_CN", "该样品的盲样号")])
def test_a_custodian_checks_accepts_and_gives_the_blind_code(client, session, team, locale, heading):
    sample_id = make_arrived_sample(team)
    visit(client, team.custodian, locale)
    assert f"/custody/samples/{sample_id}/reception" in client.get("/custody/").text
    page = f"/custody/samples/{sample_id}/reception"
    accepted = send(client, page, **GOOD_CHECKS, decision="accept")
    assert accepted.status_code == 303
    coded = send(client, accepted.location, blindness="covered")
    assert coded.status_code == 303
    code = fresh(session, BlindCode, sample_id=sample_id).code
    shown = client.get(coded.location).text
    assert heading in shown
    assert code in shown
    labels = f"/custody/samples/{sample_id}/labels/blind"
    jobs = send(client, labels, size="40x30", written_in="zpl").data
    assert {found.text for found in read_symbols(zpl_picture(jobs).convert("L"))} == {code}
    label = PdfReader(BytesIO(send(client, labels, size="100x70", written_in="pdf", reason="另贴一份").data))
    words = label.pages[0].extract_text()
    assert "惠民" not in words
    assert "XBJ" not in words


def test_a_failed_check_is_refused_with_a_reason_that_the_regulator_sees(client, session, team):
    sample_id = make_arrived_sample(team)
    visit(client, team.custodian)
    page = f"/custody/samples/{sample_id}/reception"
    broken = GOOD_CHECKS | {"seal_intact": "bad"}
    assert send(client, page).status_code == 422
    kept = send(client, page, **broken, decision="accept")
    assert kept.status_code == 422
    assert "is refused" in kept.text
    assert kept.text.count('value="bad" checked') == 1
    assert send(client, page, **broken, decision="refuse", refusal_reason=" ").status_code == 422
    assert send(client, page, **GOOD_CHECKS, decision="accept", refusal_reason="封条破损").status_code == 422
    assert send(client, page, **broken, decision="refuse", refusal_reason="封条破损").status_code == 303
    assert fresh(session, Reception, sample_id=sample_id).refusal_reason == "封条破损"
    assert f'href="/custody/samples/{sample_id}/refusal.pdf"' in client.get(page).text
    assert fresh(session, Sample, id=sample_id).state is SampleState.REFUSED
    assert "封条破损" in client.get(page).text
    [panel] = panels_of(client, session, team.planner, sample_id)
    assert panel.context["reception"].refusal_reason == "封条破损"
    assert panel.context["sees_reception"]
    [own] = panels_of(client, session, team.samplers[0], sample_id)
    assert not own.context["sees_reception"]


def panels_of(client, session, somebody, sample_id):
    with client.application.test_request_context():
        panel = custody_panel(session, somebody.actor, sample_id)
    return [panel] if panel else []


def steps_of(client, session, somebody, sample_id):
    session.expire_all()
    with client.application.test_request_context():
        addresses = [step.url for step in steps_for("sample", session, somebody.actor, sample_id)]
    return [url for url in addresses if "/custody/" in url or url.endswith("/seal")]


def test_the_next_step_of_a_sample_is_with_whoever_can_take_it(client, session, team):
    sample_id = make_sample(team)
    first, custodian = team.samplers[0], team.custodian
    seal = f"/field/samples/{sample_id}/seal"
    assert steps_of(client, session, first, sample_id) == [seal]
    assert steps_of(client, session, custodian, sample_id) == []
    visit(client, first)
    send(client, seal, test_seal_no="N-1", backup_seal_no="N-2")
    assert steps_of(client, session, first, sample_id) == [seal, "/custody/hand-overs/"]
    numbers = [portion.portion_no for portion in list_portions(session, sample_id)]
    offer_id = make_offer(team, numbers)
    visit(client, custodian)
    send_confirm(client, f"/custody/hand-overs/{offer_id}", dict.fromkeys(numbers, INTACT))
    assert steps_of(client, session, custodian, sample_id) == [f"/custody/samples/{sample_id}/reception"]
    assert steps_of(client, session, first, sample_id) == []
    send(client, f"/custody/samples/{sample_id}/reception", **GOOD_CHECKS, decision="accept")
    assert steps_of(client, session, custodian, sample_id) == [
        f"/custody/samples/{sample_id}/blind-code",
        f"/custody/samples/{sample_id}/giving-up",
    ]


def test_samplers_follow_a_portion_until_somebody_else_took_it(client, session, team):
    sample_id, _code = make_recoded_sample(team)
    [own] = panels_of(client, session, team.samplers[0], sample_id)
    assert [[step.kind.value for step in steps] for steps in own.context["trail"].values()] == [
        ["sealed", "handed_over"],
        ["sealed", "handed_over"],
    ]
    for stranger in (team.tester, team.reviewer, team.signatory, make_team().planner):
        assert panels_of(client, session, stranger, sample_id) == []


def test_to_the_bench_a_field_label_is_an_unknown_code(client, session, team):
    sample_id, code = make_recoded_sample(team)
    portion = list_portions(session, sample_id)[0]
    seal_no = fresh(session, Seal, portion_id=portion.id).seal_no
    for somebody in (team.tester, team.reviewer, make_person(team.lab_id, Role.CUSTODIAN, Role.TESTER)):
        visit(client, somebody)
        for scanned in (portion.portion_no, seal_no, portion.portion_no[:-2]):
            answer = client.get(f"/custody/find?code={scanned}")
            assert answer.status_code == 404
            assert f"Unknown code: {scanned}" in answer.text
        assert client.get(f"/custody/portions/{portion.id}").status_code == 404
    visit(client, team.custodian)
    assert client.get(f"/custody/find?code={code.lower()}").location == f"/custody/portions/{portion.id}"
    # The number of the form, as it stands on papers without that of a portion, leads to the sample with all of them.
    assert client.get(f"/custody/find?code={portion.portion_no[:-2]}").location == f"/samples/{sample_id}"
    shown = client.get(f"/custody/portions/{portion.id}").text
    assert code in shown
    assert "Taken over" in shown
    visit(client, team.planner)
    assert code not in client.get(f"/custody/portions/{portion.id}").text


def test_a_portion_is_put_away_by_two_scans(client, session, team):
    sample_id = make_received_sample(team)
    visit(client, team.custodian)
    assert send(client, "/custody/places/", code="R1", name="留样室", level="room", parent_id="").status_code == 422
    assert send(client, "/custody/places/", code="S1", name="一号楼", level="site", parent_id="").status_code == 303
    with unit_of_work(team.custodian.actor) as uow:
        site = uow.session.execute(sa.text("SELECT id FROM storage_place WHERE code = 'S1'")).scalar_one()
        fridge = services.add_place(uow, "F1", "冷藏柜", PlaceLevel.FRIDGE, site).id
    number = list_portions(session, sample_id)[1].portion_no
    assert number in client.get("/custody/").text
    token = csrf_token(client, "/custody/places/")
    wrong = client.post(
        "/custody/places/move", data={"csrf_token": token, "portion_no": number, "place_code": "NOWHERE"}
    )
    assert wrong.status_code == 422
    assert f'value="{number}"' in wrong.text
    unknown = client.post("/custody/places/move", data={"csrf_token": token, "portion_no": "X", "place_code": "F1"})
    assert unknown.status_code == 404
    moved = client.post("/custody/places/move", data={"csrf_token": token, "portion_no": number, "place_code": "f1"})
    assert moved.status_code == 303
    assert "冷藏柜" in client.get(moved.location).text
    assert number in client.get(f"/custody/places/{fridge}").text
    above = client.get(f"/custody/places/{site}").text
    assert f"/custody/places/{fridge}" in above, "a place shows what lies in it"
    assert number not in client.get("/custody/").text
    assert client.get("/custody/find?code=F1").location == f"/custody/places/{fridge}"
    visit(client, make_person(make_organisation(OrganisationKind.LAB), Role.CUSTODIAN))
    assert client.get(f"/custody/places/{fridge}").status_code == 404


def test_a_scan_on_any_page_leads_to_the_portion_but_not_for_the_bench(client, session, team):
    scans = 'data-scan-url="/custody/find"'
    for somebody in (team.custodian, team.samplers[0]):
        assert scans in visit(client, somebody).get("/me").text
    for somebody in (team.tester, team.planner, make_person(team.lab_id, Role.CUSTODIAN, Role.TESTER)):
        assert scans not in visit(client, somebody).get("/me").text


@pytest.mark.parametrize("code", ["%00", "%ED%A0%80", "a" * 5000, " ", "%F0%9F%98%80"])
def test_odd_scans_are_unknown_codes(client, session, team, code):
    visit(client, team.custodian)
    assert client.get(f"/custody/find?code={code}").status_code in {200, 404}


def test_a_sample_of_another_laboratory_is_not_there(client, session, team):
    sample_id = make_received_sample(team)
    visit(client, make_team().custodian)
    for page in ("reception", "blind-code", "labels/field", "receipt-58.escpos"):
        assert client.get(f"/custody/samples/{sample_id}/{page}").status_code == 404
    assert session.scalar(sa.select(sa.func.count()).select_from(Portion)) == 2
