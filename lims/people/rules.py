"""Whether an authorisation covers an act, and when somebody has to be told that it will not."""

from collections.abc import Iterable
from datetime import date, timedelta

from lims.people.types import AuthorisationKind, AuthorisationNotice, HeldAuthorisation


def in_force(held: HeldAuthorisation, on: date) -> bool:
    """Whether it holds on a day; one that was revoked holds no more on the day of its revocation."""
    return held.valid_from <= on <= held.valid_to and (held.revoked_on is None or on < held.revoked_on)


def covers(held: HeldAuthorisation, category_code: str | None, method_codes: Iterable[str] = ()) -> bool:
    """Whether its scope takes in a major category and all these methods; None asks for any food."""
    food_fits = category_code is None or not held.category_codes or category_code in held.category_codes
    return food_fits and (not held.method_codes or held.method_codes.issuperset(method_codes))


def last_day(held: HeldAuthorisation) -> date:
    """The last day on which it held or will hold."""
    if held.revoked_on is None:
        return held.valid_to
    return min(held.valid_to, held.revoked_on - timedelta(days=1))


def ended_on(held: Iterable[HeldAuthorisation], on: date) -> date | None:
    """The last day of what held before a day; None where nothing did."""
    return max((last_day(one) for one in held if last_day(one) < on), default=None)


def notice_of(
    held: Iterable[HeldAuthorisation], kind: AuthorisationKind, on: date, warning_days: int
) -> AuthorisationNotice | None:
    """What somebody has to be told about one kind; None where everything holds for longer than the warning.

    An authorisation that ends soon says nothing where another one with the same or a wider scope goes on.
    """
    of_kind = [one for one in held if one.kind is kind]
    standing = [one for one in of_kind if in_force(one, on)]
    if not standing:
        return AuthorisationNotice(kind, ended_on=ended_on(of_kind, on))
    horizon = on + timedelta(days=warning_days)
    lasting = [one for one in of_kind if in_force(one, on) and last_day(one) > horizon]
    ending = [one for one in standing if last_day(one) <= horizon and not any(_takes_in(far, one) for far in lasting)]
    return AuthorisationNotice(kind, ends_on=min(map(last_day, ending))) if ending else None


def _takes_in(wide: HeldAuthorisation, narrow: HeldAuthorisation) -> bool:
    foods = not wide.category_codes or (bool(narrow.category_codes) and wide.category_codes >= narrow.category_codes)
    methods = not wide.method_codes or (bool(narrow.method_codes) and wide.method_codes >= narrow.method_codes)
    return foods and methods and wide.organisation_id == narrow.organisation_id
