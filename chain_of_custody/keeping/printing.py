"""Papers of keeping as the database says them; printed in Chinese whatever the language of the screen."""

from sqlalchemy.orm import Session

from chain_of_custody.keeping.models import Disposal, StockCount
from chain_of_custody.keeping.papers import (
    CountPaper,
    CountPaperLine,
    DisposalPaper,
    DisposalPaperLine,
    render_disposal_record,
    render_stock_count,
)
from chain_of_custody.keeping.queries import list_differences, list_disposed, list_scans
from chain_of_custody.keeping.types import DifferenceKind, DisposalState, DisposalWay
from chain_of_custody.models import StoragePlace
from chain_of_custody.printing import PORTION_WORDS
from lims.clock import local_date
from lims.people.queries import get_organisation, person_names
from sampling.papers import Signature

WAY_WORDS = {
    DisposalWay.INCINERATED: "焚烧",
    DisposalWay.LANDFILLED: "填埋",
    DisposalWay.HARMLESS: "委托有资质单位无害化处理",
    DisposalWay.DESTROYED: "毁形后丢弃",
    DisposalWay.RETURNED: "退回送样单位",
}
STATE_WORDS = {
    DisposalState.PROPOSED: "待确认",
    DisposalState.DONE: "已处置",
    DisposalState.WITHDRAWN: "已撤回",
}
DIFFERENCE_WORDS = {
    DifferenceKind.MISSING: "账有物无",
    DifferenceKind.ELSEWHERE: "位置不符",
    DifferenceKind.UNEXPECTED: "物有账无",
}


def disposal_record(session: Session, disposal: Disposal) -> bytes:
    """The 留样处置记录 to print, sign and file."""
    names = person_names(session, {one for one in (disposal.proposed_by_id, disposal.ended_by_id) if one})
    is_done = disposal.state is DisposalState.DONE
    second = names[disposal.ended_by_id] if is_done and disposal.ended_by_id else None
    return render_disposal_record(
        DisposalPaper(
            record_no=disposal.record_no,
            organisation=get_organisation(session, disposal.organisation_id).name_zh,
            state=STATE_WORDS[disposal.state],
            way=WAY_WORDS[disposal.way],
            reason=disposal.reason,
            lines=tuple(
                DisposalPaperLine(
                    portion_no=one.portion_no,
                    sample_name=one.product_name,
                    portion=PORTION_WORDS[one.kind],
                    quantity=f"{one.quantity:f} {one.quantity_unit}",
                    seal_no=one.seal_no,
                )
                for one in list_disposed(session, disposal.id)
            ),
            proposed_at=disposal.proposed_at,
            ended_at=disposal.ended_at if is_done else None,
            weight_kg=None if disposal.weight_kg is None else f"{disposal.weight_kg:f} kg",
            witness=disposal.witness,
            proposer=Signature(names[disposal.proposed_by_id], None, local_date(disposal.proposed_at)),
            second=Signature(second, None, local_date(disposal.ended_at) if is_done and disposal.ended_at else None),
        )
    )


def stock_count(session: Session, counted: StockCount) -> bytes:
    """The 盘点差异表 to print."""
    rows = list_differences(session, counted.id)
    people = {counted.started_by_id, counted.closed_by_id, *(row.difference.resolved_by_id for row in rows)}
    names = person_names(session, {one for one in people if one})
    place = session.get_one(StoragePlace, counted.place_id)
    return render_stock_count(
        CountPaper(
            count_no=counted.count_no,
            organisation=get_organisation(session, counted.organisation_id).name_zh,
            place=f"{place.code} {place.name}",
            started_at=counted.started_at,
            started_by=names[counted.started_by_id],
            closed_at=counted.closed_at,
            closed_by=names[counted.closed_by_id] if counted.closed_by_id else None,
            scanned=len(list_scans(session, counted.id)),
            expected=counted.expected,
            lines=tuple(
                CountPaperLine(
                    number=row.difference.scanned,
                    kind=DIFFERENCE_WORDS[row.difference.kind],
                    known_place=f"{row.known_place.code} {row.known_place.name}" if row.known_place else None,
                    resolution=row.difference.resolution,
                    resolved_by=names[row.difference.resolved_by_id] if row.difference.resolved_by_id else None,
                )
                for row in rows
            ),
        )
    )
