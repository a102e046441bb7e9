"""Labels printed in advance: each ends on exactly one portion, or spoiled, and then leads to what it is on."""

from io import BytesIO

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from chain_of_custody import queries, services
from chain_of_custody.models import LabelBlockPrint
from chain_of_custody.rules import DIGITS, is_blind_code, label_no, number_on_label
from chain_of_custody.types import PlaceLevel, PortionKind, Scan
from chain_of_custody.verification import check_labels
from lims.errors import ConflictError, InvalidInputError, NotFoundError
from lims.numbering import IssuedNumber, NumberFate, check_numbers
from lims.symbols import read_symbols
from lims.uow import unit_of_work
from tests.chain_of_custody.test_labels import zpl_picture
from tests.factories.chain_of_custody import some_seals
from tests.factories.sampling import make_sample, make_team
from tests.factories.web import bearer, csrf_token, log_in

numbers = st.integers(1, 10**8 - 1)


@pytest.fixture
def team(session):
    return make_team()


def take(team, count=4):
    """A block of the team, and the numbers on its labels."""
    with unit_of_work(team.samplers[0].actor) as uow:
        block_id = services.take_label_block(uow, count).id
        return block_id, [one.label_no for one in queries.list_block_labels(uow.session, block_id)]


def seal(team, labels, sample_id=None):
    sample_id = sample_id or make_sample(team)
    with unit_of_work(team.samplers[1].actor) as uow:
        kinds = dict(zip(PortionKind, labels, strict=False))
        return [one.portion_no for one in services.seal_portions(uow, sample_id, some_seals(), kinds)]


def fates(session, block_id):
    session.expire_all()
    return [(one.fate, one.reason) for one in queries.list_block_labels(session, block_id)]


@given(number=numbers)
def test_a_label_says_its_number_and_is_no_blind_code(number: int) -> None:
    assert number_on_label(label_no(number)) == number
    assert not is_blind_code(label_no(number))


@given(number=numbers, place=st.integers(1, 9), digit=st.sampled_from(DIGITS))
def test_one_wrong_digit_is_found(number: int, place: int, digit: str) -> None:
    right = label_no(number)
    typed = right[:place] + digit + right[place + 1 :]
    assert number_on_label(typed) == (number if typed == right else None)


@given(text=st.text(max_size=12))
def test_anything_else_is_no_label(text: str) -> None:
    number = number_on_label(text)
    assert number is None or label_no(number) == text


def test_a_portion_has_the_number_of_its_label_wherever_it_is_scanned(session, team):
    block_id, labels = take(team)
    sealed = seal(team, [labels[2].lower(), labels[0]])
    assert sealed == [labels[2], labels[0]]
    sampler, custodian = team.samplers[1].actor, team.custodian.actor
    assert queries.find_portion(session, sampler, labels[0]).kind is PortionKind.BACKUP
    assert queries.find_portion(session, sampler, labels[1]) is None
    with unit_of_work(sampler) as uow:
        offer_id = services.offer_hand_over(uow, sealed, team.lab_id).id
    with unit_of_work(custodian) as uow:
        services.confirm_hand_over(uow, offer_id, [Scan(number, seal_intact=True) for number in sealed])
        services.add_place(uow, "F-1", "Fridge", PlaceLevel.SITE, None)
        services.move_portion(uow, labels[2], "F-1")
    session.expire_all()
    found = queries.find_portion(session, custodian, labels[2])
    assert [one.code for one in queries.place_of(session, found.portion_id)] == ["F-1"]
    assert queries.find_portion(session, team.tester.actor, labels[2]) is None
    used, left = (NumberFate.USED, None), (NumberFate.LEASED, None)
    assert fates(session, block_id) == [used, left, used, left]


def test_one_portion_may_have_a_label_in_advance_and_the_other_none(session, team):
    _block_id, labels = take(team)
    [test_no, backup_no] = seal(team, [labels[1]])
    assert test_no == labels[1]
    assert backup_no.endswith("-2")


def test_a_label_is_never_on_two_portions(session, team):
    _block_id, labels = take(team)
    with pytest.raises(InvalidInputError, match=f"Both portions have the label {labels[0]}") as refused:
        seal(team, [labels[0], labels[0]])
    assert refused.value.field == "backup_label_no"
    seal(team, labels[:2])
    with pytest.raises(ConflictError, match=f"The label {labels[1]} is on another portion already") as refused:
        seal(team, [labels[1]])
    assert refused.value.field == "test_label_no"


@pytest.mark.parametrize(
    ("scanned", "told"),
    [
        ("L000000019", "L000000019 is no pre-printed label; expected one such as L000000018"),
        ("26-0412-1", "26-0412-1 is no pre-printed label"),
        (label_no(99_000_000), f"The label {label_no(99_000_000)} is of no block that was taken here"),
    ],
)
def test_an_unknown_label_is_refused_with_what_was_scanned(session, team, scanned, told):
    with pytest.raises(InvalidInputError, match=told):
        seal(team, [scanned])


def test_a_label_of_another_organisation_is_refused_and_stays_unused(session, team):
    block_id, labels = take(team)
    with pytest.raises(InvalidInputError, match="is of no block that was taken here"):
        seal(make_team(), [labels[0]])
    assert fates(session, block_id)[0] == (NumberFate.LEASED, None)


def test_a_refused_sealing_leaves_its_label_unused(session, team):
    block_id, labels = take(team)
    sample_id = make_sample(team)
    seal(team, labels[:1], sample_id)
    with pytest.raises(ConflictError, match="sealed already"):
        seal(team, labels[2:], sample_id)
    assert fates(session, block_id)[2:] == [(NumberFate.LEASED, None)] * 2


def test_a_spoiled_label_keeps_its_reason_and_is_never_used(session, team):
    block_id, labels = take(team)
    sampler = team.samplers[1].actor
    with unit_of_work(sampler) as uow:
        services.spoil_label(uow, block_id, labels[1], " torn off in the rain ")
    assert fates(session, block_id)[1] == (NumberFate.VOID, "torn off in the rain")
    with pytest.raises(ConflictError, match=f"The label {labels[1]} was spoiled: torn off in the rain"):
        seal(team, [labels[1]])
    seal(team, [labels[0]])
    with unit_of_work(sampler) as uow, pytest.raises(ConflictError, match="is on another portion already"):
        services.spoil_label(uow, block_id, labels[0], "lost")
    with unit_of_work(sampler) as uow, pytest.raises(InvalidInputError, match="Say what happened"):
        services.spoil_label(uow, block_id, labels[2], " ")
    with unit_of_work(make_team().samplers[0].actor) as uow, pytest.raises(NotFoundError):
        services.spoil_label(uow, block_id, labels[2], "lost")


@pytest.mark.parametrize("count", [0, -3, 501])
def test_a_block_of_no_labels_or_too_many_is_refused(session, team, count):
    with unit_of_work(team.samplers[0].actor) as uow, pytest.raises(InvalidInputError, match=f"got {count}"):
        services.take_label_block(uow, count)


def test_the_check_of_the_whole_database_finds_a_label_with_two_fates_or_none(session, team):
    _block_id, labels = take(team)
    seal(team, labels[:2])
    assert check_labels(session).violations == check_numbers(session).violations == 0
    number = number_on_label(labels[0])
    session.execute(sa.update(IssuedNumber).where(IssuedNumber.n == number).values(fate=NumberFate.LEASED))
    assert [one.key for one in check_labels(session).examples] == [f"series=portion_label|scope=all|n={number}"]


@pytest.mark.parametrize(("locale", "words"), [("en", "On a portion"), ("zh_Hans_CN", "已贴样品")])
def test_a_sampler_takes_prints_and_uses_a_block_through_the_pages(client, session, team, locale, words):
    client.set_cookie("lims_locale", locale)
    log_in(client, team.samplers[0])
    index = "/custody/label-blocks/"
    taken = client.post(index, data={"csrf_token": csrf_token(client, index), "count": "3"})
    assert taken.status_code == 303
    page = taken.location
    sheet = {"size": "60x40", "written_in": "sheet"}
    printed = client.post(page, data={"csrf_token": csrf_token(client, page)} | sheet)
    block = queries.list_label_blocks(session, team.samplers[0].actor.organisation_id)[0]
    labels = [one.label_no for one in queries.list_block_labels(session, block.id)]
    text = "".join("".join(one.extract_text().split()) for one in PdfReader(BytesIO(printed.data)).pages)
    assert all(number in text.replace("\u200b", "") for number in labels)
    zpl = {"size": "40x30", "written_in": "zpl"}
    again = client.post(page, data={"csrf_token": csrf_token(client, page)} | zpl)
    assert again.status_code == 422
    again = client.post(page, data={"csrf_token": csrf_token(client, page), "reason": "卡纸"} | zpl)
    jobs = again.data.split(b"^XZ\n")[:-1]
    read = [{found.text for found in read_symbols(zpl_picture(job + b"^XZ\n").convert("L"))} for job in jobs]
    assert read == [{number} for number in labels]
    reasons = session.scalars(sa.select(LabelBlockPrint.reason).order_by(LabelBlockPrint.print_no)).all()
    assert reasons == [None, "卡纸"]
    sample_id = make_sample(team)
    seals = f"/field/samples/{sample_id}/seal"
    numbers_of = {"test_seal_no": "Q-1", "backup_seal_no": "Q-2", "test_label_no": labels[0], "backup_label_no": "L1"}
    wrong = client.post(seals, data={"csrf_token": csrf_token(client, seals)} | numbers_of)
    assert wrong.status_code == 422
    assert 'value="L1"' in wrong.text
    done = client.post(seals, data={"csrf_token": csrf_token(client, seals)} | numbers_of | {"backup_label_no": ""})
    assert done.status_code == 303
    detail = f"{index}{block.id}"
    spoiled = {"label_no": labels[1], "reason": "浸水"}
    assert client.post(detail, data={"csrf_token": csrf_token(client, detail)} | spoiled).status_code == 303
    shown = client.get(detail).text
    assert words in shown
    assert "浸水" in shown


def test_a_program_takes_a_block_uses_and_spoils_labels(client, session, team):
    sampler = bearer(team.samplers[0])
    taken = client.post("/api/v1/label-blocks", json={"count": 3}, headers=sampler)
    assert (taken.status_code, taken.json["left"]) == (201, 3)
    labels = [one["label_no"] for one in taken.json["labels"]]
    address = f"/api/v1/label-blocks/{taken.json['id']}"
    seals = {"test_seal_no": "R-1", "backup_seal_no": "R-2", "test_label_no": labels[0], "backup_label_no": labels[1]}
    sealed = client.post(f"/api/v1/samples/{make_sample(team)}/seals", json=seals, headers=sampler)
    assert {one["portion_no"] for one in sealed.json["portions"]} == set(labels[:2])
    torn = client.post(f"{address}/spoiled-labels", json={"label_no": labels[2], "reason": "torn"}, headers=sampler)
    assert [torn.json[name] for name in ("used", "spoiled", "left")] == [2, 1, 0]
    assert client.get(address, headers=sampler).json["labels"][2] == {
        "label_no": labels[2],
        "fate": "void",
        "reason": "torn",
    }
    assert len(client.get("/api/v1/label-blocks", headers=sampler).json["items"]) == 1
    assert client.get(address, headers=bearer(make_team().samplers[0])).status_code == 404
    assert client.post("/api/v1/label-blocks", json={"count": 3}, headers=bearer(team.tester)).status_code == 403
    assert client.post("/api/v1/label-blocks", json={"count": 0}, headers=sampler).status_code == 422


@pytest.mark.parametrize(
    ("locale", "words"), [("en", ("On no portion yet", "Spoiled")), ("zh_Hans_CN", ("尚未使用", "作废"))]
)
def test_a_label_that_is_on_no_portion_says_what_it_is_when_it_is_scanned(client, session, team, locale, words):
    block_id, labels = take(team)
    client.set_cookie("lims_locale", locale)
    log_in(client, team.custodian)
    unused = client.get(f"/custody/find?code={labels[0]}")
    assert unused.status_code == 200
    assert words[0] in unused.text
    assert labels[-1] in unused.text
    with unit_of_work(team.samplers[0].actor) as uow:
        services.spoil_label(uow, block_id, labels[1], "torn")
    spoiled = client.get(f"/custody/find?code={labels[1]}").text
    assert words[1] in spoiled
    assert "torn" in spoiled
    seal(team, [labels[2]])
    log_in(client, make_team().custodian)
    assert client.get(f"/custody/find?code={labels[2]}").status_code == 404
    log_in(client, team.tester)
    assert client.get(f"/custody/find?code={labels[0]}").status_code == 404
