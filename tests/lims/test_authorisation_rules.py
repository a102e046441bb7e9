"""Whether an authorisation covers an act, and when its end is told (pure rules)."""

from datetime import date, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from lims.people import rules
from lims.people.types import AuthorisationKind, HeldAuthorisation

DAY = date(2026, 9, 14)
SOMEBODY, LAB = uuid4(), uuid4()
WARNING = 30
offsets = st.integers(-400, 400)
scopes = st.frozensets(st.sampled_from(["1", "2", "34"]), max_size=2)


def held(
    begins: int, ends: int, *, revoked: int | None = None, foods=frozenset(), methods=frozenset(), lab: UUID = LAB
):
    return HeldAuthorisation(
        uuid4(),
        SOMEBODY,
        lab,
        AuthorisationKind.TEST,
        foods,
        methods,
        DAY + timedelta(days=begins),
        DAY + timedelta(days=max(begins, ends)),
        None if revoked is None else DAY + timedelta(days=revoked),
    )


everything = st.builds(held, offsets, offsets, revoked=st.none() | offsets, foods=scopes)


@given(one=everything)
def test_it_is_in_force_exactly_from_its_first_to_its_last_day(one):
    assert rules.in_force(one, DAY) == (one.valid_from <= DAY <= rules.last_day(one))


@given(one=everything, later=everything)
def test_another_one_never_takes_away_what_is_told_to_be_in_force(one, later):
    if rules.notice_of([one], AuthorisationKind.TEST, DAY, WARNING) is None:
        both = rules.notice_of([one, later], AuthorisationKind.TEST, DAY, WARNING)
        assert both is None or both.ends_on is not None


@given(groups=st.lists(everything, max_size=4))
def test_something_is_told_exactly_where_nothing_holds_or_something_ends_soon(groups):
    notice = rules.notice_of(groups, AuthorisationKind.TEST, DAY, WARNING)
    standing = [one for one in groups if rules.in_force(one, DAY)]
    if not standing:
        assert notice is not None
        assert notice.ends_on is None
    elif notice is not None:
        assert DAY <= notice.ends_on <= DAY + timedelta(days=WARNING)
        assert notice.ends_on in {rules.last_day(one) for one in standing}


@given(one=everything, food=st.sampled_from(["1", "2", "34", "9"]))
def test_whoever_may_do_everything_may_do_each(one, food):
    assert rules.covers(one, food) == (not one.category_codes or food in one.category_codes)


def test_the_last_day_counts_and_the_day_after_does_not():
    one = held(-10, 0)
    assert rules.in_force(one, DAY)
    assert not rules.in_force(one, DAY + timedelta(days=1))
    assert rules.ended_on([one], DAY + timedelta(days=1)) == DAY


def test_what_is_revoked_holds_no_more_on_that_day():
    assert not rules.in_force(held(-10, 10, revoked=0), DAY)
    assert rules.in_force(held(-10, 10, revoked=1), DAY)


def test_the_warning_begins_thirty_days_before_and_not_earlier():
    assert rules.notice_of([held(-10, 31)], AuthorisationKind.TEST, DAY, WARNING) is None
    notice = rules.notice_of([held(-10, 30)], AuthorisationKind.TEST, DAY, WARNING)
    assert notice is not None
    assert notice.ends_on == DAY + timedelta(days=30)


def test_one_that_goes_on_for_less_does_not_silence_the_warning():
    ending, narrow, wide = held(-10, 5), held(-10, 300, foods=frozenset({"1"})), held(-10, 300)
    assert rules.notice_of([ending, narrow], AuthorisationKind.TEST, DAY, WARNING) is not None
    assert rules.notice_of([ending, wide], AuthorisationKind.TEST, DAY, WARNING) is None


def test_methods_are_covered_all_together_or_not():
    one = held(-10, 10, methods=frozenset({"GB 5009.12", "GB 5009.15"}))
    assert rules.covers(one, None, ["GB 5009.12"])
    assert not rules.covers(one, None, ["GB 5009.12", "GB 5009.17"])
