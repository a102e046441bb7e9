"""The businesses of the county: markets with their stalls, shops, kitchens and producers, as a register lists them."""

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from lims.catalog.identifiers import USCC_ALPHABET, mod_11_10
from lims.demo import World
from lims.demo_people import REGION
from sampling.demo.foods import uscc_of
from sampling.services.businesses import BusinessInput
from sampling.types import AreaType, PlaceKind

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = (
    "淑兰",
    "建军",
    "秀英",
    "志刚",
    "丽华",
    "永强",
    "桂芳",
    "春梅",
    "宏伟",
    "玉梅",
    "国庆",
    "凤霞",
    "文斌",
    "晓燕",
    "德福",
)
STREETS = ("人民路", "解放大街", "学府路", "清河大道", "文昌街", "迎宾路", "建设街", "滨河路", "东风路", "振兴街")
MARKETS = (
    ("清河县中心农贸市场", "人民路中段", "station_east"),
    ("清河县城东农贸市场", "东风路22号", "station_east"),
    ("清河县城西农贸市场", "迎宾路135号", "station_west"),
)
# What a stall is called after, and what lies on it.
STALLS = (
    ("蔬菜摊", ("34-4", "34-5", "34-6", "34-8", "34-9", "34-12", "34-20", "34-23")),
    ("蔬菜摊", ("34-4", "34-8", "34-9", "34-12", "34-23")),
    ("菜店", ("34-4", "34-6", "34-9", "34-12", "34-20", "34-23")),
    ("葱姜蒜", ("34-5", "34-23", "34-12", "3-6")),
    ("活鱼摊", ("35-1",)),
    ("水产摊", ("35-1", "35-5")),
    ("水果摊", ("36-7", "36-16", "36-17")),
    ("果品店", ("36-7", "36-16", "36-17", "17-1")),
    ("鲜肉摊", ("33-8",)),
    ("熟食店", ("4-4",)),
    ("粮油店", ("1-1", "1-2", "1-3", "2-1", "3-18")),
    ("干货调料", ("3-6", "16-1", "17-1", "14-1")),
)
GROCERIES = (
    "惠民",
    "福源",
    "顺发",
    "好邻居",
    "家家乐",
    "万家",
    "百姓",
    "聚源",
    "便民",
    "鑫旺",
    "同福",
    "丰收",
    "悦来",
    "晨光",
)
SUPERMARKETS = (
    "银座",
    "百货大楼",
    "华联",
    "家家悦",
    "信誉楼",
    "澳德乐",
    "德百",
    "万嘉",
    "佳乐家",
    "新合作",
    "利群",
    "爱客多",
    "九州",
    "振华",
)
KITCHENS = (
    "老街坊饭庄",
    "清河人家",
    "聚福楼",
    "小城故事餐厅",
    "鲁香居",
    "德州扒鸡店",
    "川渝人家",
    "湘村小厨",
    "北方饺子馆",
    "东来顺火锅",
    "渔港海鲜",
    "农家院",
    "全聚烤鸭店",
    "羊汤馆",
    "胖嫂家常菜",
    "福临门酒楼",
    "学府餐厅",
    "大众餐厅",
    "知味斋",
    "张记面馆",
    "运河驿站",
    "滨河酒家",
)
SCHOOLS = (
    "清河县实验小学",
    "清河县第一中学",
    "清河县第二中学",
    "清河县机关幼儿园",
    "清河县职业中专",
    "城东小学",
    "城西小学",
    "育才中学",
    "清河县特殊教育学校",
    "阳光双语学校",
)
SNACKS = ("李记早点", "赵家油条", "晨香早餐铺", "永和早点", "胡同馒头房", "老面馒头坊")
PRODUCERS = (
    ("清河县麦香源面业有限公司", ("1-1", "1-3")),
    ("清河县福满记食品有限公司", ("24-4",)),
    ("清河县老坛香酱菜厂", ("16-1",)),
    ("清河县绿野香米业有限公司", ("1-2",)),
    ("清河县金穗油脂有限公司", ("2-1",)),
    ("清河泉饮用水有限公司", ("6-3",)),
    ("清河县桃李糕点厂", ("24-4",)),
    ("清河县果园里蜜饯食品有限公司", ("17-1",)),
    ("清河县老屠户肉制品有限公司", ("4-2", "4-8")),
    ("清河县四季鲜酱菜有限公司", ("16-1",)),
)
SHOPS = (
    ("清河县清雅茶叶网店", "清雅茶业旗舰店", ("14-1",)),
    ("清河县海青商贸有限公司", "海青茶叶专营店", ("14-1", "16-1")),
    ("清河县乡味电子商务有限公司", "鲁味特产店", ("24-4", "16-1", "17-1")),
    ("清河县甜园电子商务有限公司", "甜园糕点铺", ("24-4", "17-1")),
)
SHELF = (
    "1-1",
    "1-2",
    "1-3",
    "2-1",
    "3-6",
    "3-18",
    "4-2",
    "4-8",
    "5-1",
    "5-4",
    "6-1",
    "6-3",
    "6-4",
    "14-1",
    "16-1",
    "17-1",
    "24-4",
)
CORNER = ("1-2", "1-3", "3-18", "4-8", "5-1", "6-1", "6-3", "16-1", "24-4")
PLATFORM, PLATFORM_URL = "云集市网络商城", "https://shop.yunjishi.example"
UNFIT_CODE = 57  # one licence of the county carries a code whose check character does not fit, as real ones do


KITCHEN = ("31-1", "31-6", "35-1", "34-4", "34-23", "2-1", "3-18")
CANTEEN, EARLY = ("31-1", "31-3", "34-9", "34-8"), ("31-1", "31-3")
HALL = ("34-4", "34-9", "34-20", "34-23", "36-16")


def businesses(world: World) -> Iterator[tuple[BusinessInput, tuple[str, ...]]]:
    """Everything in the register, with the codes of the foods sold or made."""
    register = _Register(world)
    for market, street, station in MARKETS:
        for number, (stall, foods) in enumerate(STALLS, start=1):
            yield register.stall((market, street, station), number, stall, foods), foods
    for number, name in enumerate(SUPERMARKETS):
        chain = f"清河县{name}超市{'' if number % 3 else '有限公司'}"
        yield register.entry(chain, PlaceKind.SUPERMARKET), SHELF[number % 2 :]
    yield from _of_one_kind(register, GROCERIES, "清河县{}食杂店", PlaceKind.GROCERY, CORNER)
    yield from _of_one_kind(register, KITCHENS, "清河县{}", PlaceKind.RESTAURANT, KITCHEN)
    yield from _of_one_kind(register, SCHOOLS, "{}食堂", PlaceKind.SCHOOL_CANTEEN, CANTEEN)
    yield from _of_one_kind(register, SNACKS, "清河县{}", PlaceKind.SNACK_BAR, EARLY)
    for name, foods in PRODUCERS:
        yield register.entry(name, PlaceKind.FINISHED_CHECKED, licence="SC"), foods
    for name, shop, foods in SHOPS:
        yield register.entry(f"{name}（{shop}）", PlaceKind.ONLINE, is_online=True), foods
    keepers = [register.person() for _ in range(4)]
    yield from _of_one_kind(register, keepers, "清河县农产品批发市场{}批发部", PlaceKind.WHOLESALE_MARKET, HALL)


def _of_one_kind(
    register: "_Register", names: Iterable[str], pattern: str, place: PlaceKind, foods: tuple[str, ...]
) -> Iterator[tuple[BusinessInput, tuple[str, ...]]]:
    for name in names:
        yield register.entry(pattern.format(name), place), foods


class _Register:
    """Makes up what a licence says, one business after the other."""

    def __init__(self, world: World) -> None:
        self._rng = world.rng
        self._offices: Mapping[str, UUID] = world.organisations
        self._count = 0

    def person(self) -> str:
        return self._rng.choice(SURNAMES) + self._rng.choice(GIVEN)

    def stall(self, where: tuple[str, str, str], number: int, kind: str, foods: tuple[str, ...]) -> BusinessInput:
        market, street, station = where
        keeper = self.person()
        return self._entry(
            name=f"{market}{keeper}{kind}",
            address=f"清河县{street}{market.removeprefix('清河县')}",
            place_kind=PlaceKind.FARMERS_MARKET,
            office=station,
            keeper=keeper,
            stall_no=f"{'ABC'[(number - 1) // 4]}区{number:02d}号",
            market_organiser=f"{market}管理有限公司",
            licence="JY" if any(not food.startswith("3") for food in foods) else None,
        )

    def entry(self, name: str, place: PlaceKind, *, licence: str = "JY", is_online: bool = False) -> BusinessInput:
        office = "regulator" if licence == "SC" else ("station_east", "station_west")[self._count % 2]
        return self._entry(
            name=name,
            address=f"清河县{STREETS[self._count % len(STREETS)]}{self._rng.randrange(1, 260)}号",
            place_kind=place,
            office=office,
            keeper=self.person(),
            licence=licence,
            is_rural=place is PlaceKind.GROCERY and self._count % 3 == 0,
            platform=PLATFORM if is_online else None,
            shop_url=f"{PLATFORM_URL}/{self._count}" if is_online else None,
        )

    def _entry(
        self,
        *,
        name: str,
        address: str,
        place_kind: PlaceKind,
        office: str,
        keeper: str,
        licence: str | None,
        is_rural: bool = False,
        stall_no: str | None = None,
        market_organiser: str | None = None,
        platform: str | None = None,
        shop_url: str | None = None,
    ) -> BusinessInput:
        self._count += 1
        is_company = "公司" in name or name.endswith("厂")
        code = uscc_of(f"{'91' if is_company else '92'}{REGION}MA3{self._serial()}")
        is_unfit = self._count == UNFIT_CODE
        if is_unfit:
            code = code[:-1] + ("0" if code[-1] != "0" else "1")
        return BusinessInput(
            name=name,
            address=address,
            stall_no=stall_no,
            region_code=REGION,
            area_type=AreaType.RURAL if is_rural else AreaType.URBAN,
            place_kind=place_kind,
            uscc=code,
            uscc_note="营业执照所载如此，已核对原件" if is_unfit else None,
            licence_kind={"JY": "食品经营许可证", "SC": "食品生产许可证"}.get(licence or ""),
            licence_no=None if licence is None else self._licence(licence, place_kind),
            legal_person=keeper,
            contact=keeper,
            phone=f"138{self._rng.randrange(10**8):08d}",
            market_organiser=market_organiser,
            platform=platform,
            shop_url=shop_url,
            regulator_id=self._offices[office],
        )

    def _serial(self) -> str:
        return "".join(self._rng.choice(USCC_ALPHABET) for _ in range(6))

    def _licence(self, letters: str, place: PlaceKind) -> str:
        catering = {PlaceKind.RESTAURANT: "2", PlaceKind.SNACK_BAR: "2", PlaceKind.SCHOOL_CANTEEN: "3"}
        digits = (
            f"101{REGION}{self._count:04d}"
            if letters == "SC"
            else f"{catering.get(place, '1')}{REGION}{self._count:06d}"
        )
        return f"{letters}{digits}{mod_11_10(digits)}"
