"""Open data: what is published, as rows of the official tables (domain.md §4.3)."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from lims.clock import local_date
from results.publication.queries import MOST_IN_A_FILE, PublicResult, provinces, search_results
from results.publication.tables import Form, PublishedItem, PublishedRow
from sampling.types import SampleVerdict


def published_rows(
    session: Session, form: Form, address_of: Callable[[PublicResult], str], *, year: int | None = None
) -> list[PublishedRow]:
    """The passes or failures of one year's notices, or of all, the newest first."""
    verdict = SampleVerdict.PASS if form is Form.PASS else SampleVerdict.FAIL
    found = search_results(session, verdict=verdict, year=year, limit=MOST_IN_A_FILE)
    names = provinces(session)
    return [published_row(one, number, names, address_of(one)) for number, one in enumerate(found, start=1)]


def published_row(result: PublicResult, number: int, province_names: Mapping[str, str], url: str) -> PublishedRow:
    """One sample as the tables tell it; after a recheck both results stand with their stages."""
    return PublishedRow(
        sampling_no=result.sampling_no,
        number=str(number),
        producer_name=result.producer_name or "",
        producer_address=result.producer_address or "",
        party_name=result.party_name,
        party_address=result.party_address,
        party_province=province_names.get(result.party_region_code[:2], ""),
        product_name=result.product_name,
        specification=result.specification or "",
        brand=result.brand or "",
        dated=f"{result.product_date:%Y-%m-%d}" + (f"/{result.batch_no}" if result.batch_no else ""),
        shelf_life=result.shelf_life or "",
        category=result.category_zh,
        notice_no=result.notice_no,
        noticed_on=f"{local_date(result.issued_at):%Y-%m-%d}",
        task=f"{result.regulator_zh}/{result.task_zh}",
        lab=result.lab_zh,
        remark=result.remark,
        url=url,
        items=_items(result.failed_items, {one["set_item_id"]: one["result"] for one in result.rechecked}),
    )


def _items(failed: Sequence[Mapping[str, str]], again: Mapping[str, str]) -> tuple[PublishedItem, ...]:
    items = []
    for one in failed:
        found, recheck = f"{one['result']}{one['unit']}", again.get(one["set_item_id"])
        items.append(
            PublishedItem(
                one["name_zh"],
                found if recheck is None else f"{recheck}{one['unit']}",
                f"{one['limit']}{one['unit']}",
                initial_result="" if recheck is None else found,
            )
        )
    return tuple(items)
