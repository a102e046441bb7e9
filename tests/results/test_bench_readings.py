"""What instruments measured stands beside the entry, under the blind code only."""

import pytest

from instruments.services import readings as services
from lims.uow import unit_of_work
from tests.factories.chain_of_custody import make_recoded_sample
from tests.factories.instruments import make_delivered
from tests.factories.sampling import make_team
from tests.factories.web import log_in


@pytest.mark.parametrize(("locale", "words"), [("en", "From instruments"), ("zh_Hans_CN", "仪器读数")])
def test_the_bench_sees_the_readings_of_its_sample_and_of_no_other(client, session, locale, words):
    team = make_team()
    (_first, code), (_second, other) = make_recoded_sample(team), make_recoded_sample(team)
    with unit_of_work(team.tester.actor) as uow:
        services.take_readings(uow, "reader", [make_delivered(code, value_text="0.0731", unit_text="mg/kg")])
    client.set_cookie("lims_locale", locale)
    log_in(client, team.tester)
    page = client.get(f"/bench/{code}").text
    assert words in page
    assert "0.0731" in page
    assert words not in client.get(f"/bench/{other}").text
