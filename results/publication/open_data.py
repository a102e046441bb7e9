"""Open data: published results as rows of the official tables, columns and order kept (domain.md §4.3)."""

from collections.abc import Mapping

from lims.clock import local_date
from results.publication.queries import PublicResult

NONE = "/"  # the official mark of "not applicable"
BAR = "║"  # between item, result and limit, as the provincial tables print it
PASS_COLUMNS = (
    "抽样编号",
    "序号",
    "标称生产企业名称",
    "标称生产企业地址",
    "被抽样单位名称",
    "被抽样单位所在省份",
    "食品名称",
    "规格型号",
    "生产日期/批号",
    "分类",
    "公告号",
    "公告日期",
    "任务来源/项目名称",
    "备注",
    "公告网址链接",
)
FAIL_COLUMNS = (
    "抽样编号",
    "序号",
    "标称生产企业名称",
    "标称生产企业地址",
    "被抽样单位名称",
    "被抽样单位地址",
    "食品名称",
    "规格型号",
    "商标",
    "生产日期/批号",
    "不合格项目║检验结果║标准值",
    "分类",
    "公告号",
    "公告日期",
    "任务来源/项目名称",
    "检验机构",
    "备注",
    "公告网址链接",
)


def failed_cell(result: PublicResult) -> str:
    """不合格项目, 检验结果 and 标准值 of every item; after a recheck both results stand in the cell."""
    again = {one["set_item_id"]: one["result"] for one in result.rechecked}
    cells = []
    for item in result.failed_items:
        found = f"{item['result']}{item['unit']}"
        if (recheck := again.get(item["set_item_id"])) is not None:
            found = f"初检结果：{found} 复检结果：{recheck}{item['unit']}"
        cells.append(BAR.join((item["name_zh"], found, f"{item['limit']}{item['unit']}")))
    return "；".join(cells) or NONE


def pass_row(result: PublicResult, number: int, provinces: Mapping[str, str], url: str) -> tuple[str, ...]:
    """One row of the table of passes."""
    return (
        result.sampling_no,
        str(number),
        result.producer_name or NONE,
        result.producer_address or NONE,
        result.party_name,
        provinces.get(result.party_region_code[:2], NONE),
        result.product_name,
        result.specification or NONE,
        _dated(result),
        result.category_zh,
        result.notice_no,
        f"{local_date(result.issued_at):%Y-%m-%d}",
        f"{result.regulator_zh}/{result.task_zh}",
        result.remark or NONE,
        url,
    )


def fail_row(result: PublicResult, number: int, url: str) -> tuple[str, ...]:
    """One row of the table of failures."""
    return (
        result.sampling_no,
        str(number),
        result.producer_name or NONE,
        result.producer_address or NONE,
        result.party_name,
        result.party_address,
        result.product_name,
        result.specification or NONE,
        result.brand or NONE,
        _dated(result),
        failed_cell(result),
        result.category_zh,
        result.notice_no,
        f"{local_date(result.issued_at):%Y-%m-%d}",
        f"{result.regulator_zh}/{result.task_zh}",
        result.lab_zh,
        result.remark or NONE,
        url,
    )


def _dated(result: PublicResult) -> str:
    return f"{result.product_date:%Y-%m-%d}" + (f"/{result.batch_no}" if result.batch_no else "")
