"""What the county eats: the foods its plans name, as they stand on a shelf, and who makes them."""

from dataclasses import dataclass

from lims.catalog.identifiers import USCC_ALPHABET, Suspicious, check_uscc, mod_11_10
from sampling.types import Container, Packaging, PhysicalForm, ProductType, StorageCondition


@dataclass(frozen=True, slots=True)
class Product:
    """A food of one fine category as it is bought.

    Attributes:
        names: product names to choose from.
        fen: lowest and highest price of one unit, in fen.
        take, keep: how much is taken and how much of it is kept as the backup portion, in `unit`.
        days: how old it is at most when it is bought.
    """

    names: tuple[str, ...]
    kind: ProductType
    packaging: Packaging
    unit: str
    fen: tuple[int, int]
    take: str
    keep: str
    days: int
    form: PhysicalForm = PhysicalForm.SOLID
    container: Container = Container.PLASTIC_BAG
    storage: StorageCondition = StorageCondition.AMBIENT
    specification: str | None = None
    shelf_life: str | None = None
    standard: str | None = None
    brands: tuple[str, ...] = ()
    claims: str | None = None


@dataclass(frozen=True, slots=True)
class Maker:
    """A producer on labels: name, address, region and licence."""

    name: str
    address: str
    region_code: str
    licence: str  # the first thirteen digits
    makes: frozenset[str]

    @property
    def licence_no(self) -> str:
        """SC, the digits and their check digit."""
        return f"SC{self.licence}{mod_11_10(self.licence)}"


def _produce(*names: str, fen: tuple[int, int], days: int = 3, take: str = "3.0", keep: str = "1.0") -> Product:
    return Product(names, ProductType.PRODUCE, Packaging.BULK, "kg", fen, take, keep, days)


def _packed(
    *names: str,
    fen: tuple[int, int],
    size: str,
    life: str,
    standard: str,
    brands: tuple[str, ...],
    take: str = "6",
    keep: str = "2",
    unit: str = "袋",
    days: int = 35,
    form: PhysicalForm = PhysicalForm.SOLID,
    container: Container = Container.PLASTIC_BAG,
    storage: StorageCondition = StorageCondition.AMBIENT,
    claims: str | None = None,
) -> Product:
    return Product(
        names,
        ProductType.INDUSTRIAL,
        Packaging.PREPACKAGED,
        unit,
        fen,
        take,
        keep,
        days,
        form,
        container,
        storage,
        size,
        life,
        standard,
        brands,
        claims,
    )


def _made(*names: str, fen: tuple[int, int], chilled: bool = False) -> Product:
    storage = StorageCondition.CHILLED if chilled else StorageCondition.AMBIENT
    return Product(names, ProductType.CATERING, Packaging.BULK, "kg", fen, "2.0", "0.7", 0, storage=storage)


_BOTTLE = Container.PLASTIC_BOTTLE
_LIQUID, _CHILLED = PhysicalForm.LIQUID, StorageCondition.CHILLED


def uscc_of(stem: str) -> str:
    """A unified social credit code from its first seventeen characters."""
    return next(code for char in USCC_ALPHABET if not isinstance(check_uscc(code := stem + char), Suspicious))


FOODS: dict[str, Product] = {
    "1-1": _packed(
        "小麦粉（特一粉）",
        "饺子用小麦粉",
        fen=(1580, 2680),
        size="2.5kg/袋",
        life="12个月",
        standard="GB/T 1355",
        brands=("麦香源", "鲁花田"),
        take="4",
    ),
    "1-2": _packed(
        "东北大米",
        "稻花香米",
        "长粒香米",
        fen=(2180, 4980),
        size="5kg/袋",
        life="12个月",
        standard="GB/T 1354",
        brands=("北珠", "稻源", "绿野香"),
        take="3",
        keep="1",
    ),
    "1-3": _packed(
        "鸡蛋挂面",
        "龙须挂面",
        fen=(450, 980),
        size="500g/袋",
        life="12个月",
        standard="LS/T 3212",
        brands=("陈村", "麦香源"),
    ),
    "2-1": _packed(
        "压榨一级花生油",
        "一级大豆油",
        "非转基因菜籽油",
        fen=(6980, 15900),
        size="5L/桶",
        life="18个月",
        standard="GB/T 1534",
        brands=("鲁北香", "金穗"),
        take="3",
        keep="1",
        unit="桶",
        form=_LIQUID,
        container=_BOTTLE,
        claims="质量等级：一级",
    ),
    "3-6": _packed(
        "辣椒粉", "花椒粉", fen=(580, 1280), size="50g/袋", life="18个月", standard="GB/T 15691", brands=("川味坊",)
    ),
    "3-18": _packed(
        "加碘精制食用盐", fen=(200, 350), size="400g/袋", life="无保质期", standard="GB/T 5461", brands=("鲁晶",)
    ),
    "4-2": _packed(
        "广式腊肠",
        "川味腊肉",
        fen=(2980, 5980),
        size="400g/袋",
        life="180天",
        standard="GB 2730",
        brands=("皇岭", "老屠户"),
    ),
    "4-4": Product(
        ("酱牛肉", "五香猪头肉", "卤鸡爪", "酱猪蹄"),
        ProductType.INDUSTRIAL,
        Packaging.BULK,
        "kg",
        (5600, 12800),
        "2.0",
        "0.7",
        2,
        storage=_CHILLED,
    ),
    "4-8": _packed(
        "王中王火腿肠",
        "玉米热狗肠",
        fen=(1290, 2590),
        size="300g/袋",
        life="180天",
        standard="GB/T 20712",
        brands=("双河", "金锣湾"),
    ),
    "5-1": _packed(
        "纯牛奶",
        "高钙牛奶",
        fen=(390, 690),
        size="250mL/盒",
        life="6个月",
        standard="GB 25190",
        brands=("牧场晨光", "佳牧"),
        take="12",
        keep="4",
        unit="盒",
        form=_LIQUID,
        container=Container.OTHER,
    ),
    "5-4": _packed(
        "原味发酵乳",
        "红枣风味发酵乳",
        fen=(450, 790),
        size="200g/杯",
        life="21天",
        standard="GB 19302",
        brands=("佳牧", "晨光酸奶坊"),
        take="12",
        keep="4",
        unit="杯",
        days=6,
        form=PhysicalForm.SEMI_SOLID,
        container=Container.OTHER,
        storage=_CHILLED,
    ),
    "6-1": _packed(
        "饮用天然矿泉水",
        fen=(150, 300),
        size="550mL/瓶",
        life="12个月",
        standard="GB 8537",
        brands=("沂泉", "岱岳"),
        take="12",
        keep="4",
        unit="瓶",
        form=_LIQUID,
        container=_BOTTLE,
    ),
    "6-3": _packed(
        "饮用纯净水",
        fen=(120, 250),
        size="550mL/瓶",
        life="24个月",
        standard="GB 19298",
        brands=("清河泉", "岱岳"),
        take="12",
        keep="4",
        unit="瓶",
        form=_LIQUID,
        container=_BOTTLE,
    ),
    "6-4": _packed(
        "橙汁饮料",
        "100%苹果汁",
        fen=(390, 980),
        size="1L/瓶",
        life="12个月",
        standard="GB/T 31121",
        brands=("果岭",),
        take="6",
        keep="2",
        unit="瓶",
        form=_LIQUID,
        container=_BOTTLE,
    ),
    "14-1": _packed(
        "绿茶",
        "茉莉花茶",
        "日照绿茶",
        fen=(2980, 16800),
        size="100g/罐",
        life="18个月",
        standard="GB/T 14456.1",
        brands=("云雾山", "海青"),
        unit="罐",
        container=Container.OTHER,
    ),
    "16-1": _packed(
        "酱黄瓜",
        "泡椒竹笋",
        "下饭榨菜",
        "糖蒜",
        fen=(250, 980),
        size="100g/袋",
        life="12个月",
        standard="SB/T 10439",
        brands=("老坛香", "蜀食坊", "鲁味斋"),
        take="12",
        keep="4",
    ),
    "17-1": _packed(
        "话梅",
        "杏脯",
        "山楂片",
        fen=(680, 1580),
        size="200g/袋",
        life="9个月",
        standard="GB/T 10782",
        brands=("果园里",),
    ),
    "24-4": _packed(
        "枣泥酥",
        "桃酥",
        "蜂蜜小蛋糕",
        "绿豆糕",
        fen=(880, 2980),
        size="350g/盒",
        life="45天",
        standard="GB/T 20977",
        brands=("稻香居", "福满记"),
        take="10",
        keep="3",
        unit="盒",
        days=14,
        container=Container.OTHER,
    ),
    "31-1": _made("馒头", "花卷", fen=(700, 1200)),
    "31-3": _made("油条", fen=(1600, 2400)),
    "31-6": _made("烤鸭", "烤羊肉串", fen=(4800, 9800), chilled=True),
    "33-8": _produce("猪肝", fen=(1600, 2600), days=1, take="2.0", keep="0.7"),
    "34-4": _produce("韭菜", fen=(500, 980)),
    "34-5": _produce("大葱", "香葱", fen=(360, 780)),
    "34-6": _produce("菠菜", fen=(500, 960)),
    "34-8": _produce("小白菜", "上海青", "小油菜", fen=(300, 700)),
    "34-9": _produce("芹菜", "西芹", fen=(300, 760)),
    "34-12": _produce("螺丝椒", "线椒", "小米辣", fen=(700, 1600)),
    "34-20": _produce("铁棍山药", "山药", fen=(900, 1900), days=10),
    "34-23": _produce("生姜", "老姜", fen=(900, 1800), days=12),
    "35-1": _produce("鲤鱼", "草鱼", "鲫鱼", fen=(1300, 2600), days=1),
    "35-5": _produce("基围虾", "海白虾", fen=(5600, 9800), days=1, take="2.0", keep="0.7"),
    "36-7": _produce("沃柑", "蜜桔", fen=(600, 1580), days=6),
    "36-16": _produce("香蕉", fen=(500, 880), days=4),
    "36-17": _produce("台农芒果", "大青芒", fen=(900, 1980), days=5),
}

# Producers named on labels: half of them in other regions, so that a failure has to travel.
MAKERS = (
    Maker(
        "清河县麦香源面业有限公司",
        "山东省德州市德城区工业园路18号",
        "371402",
        "1013714020015",
        frozenset({"1-1", "1-3", "24-4"}),
    ),
    Maker("五常市稻源米业有限公司", "黑龙江省哈尔滨市五常市稻乡路66号", "230184", "1012301840073", frozenset({"1-2"})),
    Maker("鲁北香食用油有限公司", "山东省德州市齐河县晏婴大街9号", "371425", "1023714250024", frozenset({"2-1"})),
    Maker(
        "成都川味坊食品有限公司",
        "四川省成都市郫都区安德镇川菜园区12号",
        "510117",
        "1035101170093",
        frozenset({"3-6", "16-1", "4-2"}),
    ),
    Maker("山东鲁晶盐业有限公司", "山东省潍坊市寒亭区滨海路3号", "370703", "1033707030041", frozenset({"3-18"})),
    Maker(
        "漯河双河肉业有限公司", "河南省漯河市召陵区人民东路77号", "411104", "1044111040052", frozenset({"4-8", "4-2"})
    ),
    Maker(
        "呼和浩特牧场晨光乳业有限公司",
        "内蒙古呼和浩特市和林格尔县盛乐园区1号",
        "150123",
        "1051501230011",
        frozenset({"5-1", "5-4"}),
    ),
    Maker(
        "德州岱岳饮品有限公司",
        "山东省德州市德城区天衢西路201号",
        "371402",
        "1063714020036",
        frozenset({"6-1", "6-3", "6-4"}),
    ),
    Maker("日照海青茶业有限公司", "山东省日照市岚山区巨峰镇茶园路5号", "371103", "1143711030087", frozenset({"14-1"})),
    Maker(
        "禹城鲁味斋食品有限公司",
        "山东省德州市禹城市高新区振兴大道40号",
        "371482",
        "1163714820028",
        frozenset({"16-1", "17-1"}),
    ),
    Maker("德州稻香居食品有限公司", "山东省德州市德城区湖滨北路118号", "371402", "1243714020069", frozenset({"24-4"})),
)
SUPPLIERS = (
    ("德州黑马农产品批发市场王建军蔬菜行", "92371402MA3TQ8X21", "山东省德州市德城区"),
    ("寿光农产品物流园刘玉海经营部", "92370783MA3PL6N47", "山东省潍坊市寿光市"),
    ("清河县绿源蔬菜种植专业合作社", "93371402MA3C5T882", "山东省德州市德城区"),
    ("聊城市冠县家庭农场（自产）", "92371525MA3H2R094", "山东省聊城市冠县"),
    ("徐州雨润冷鲜配送有限公司", "91320300MA1N7K553", "江苏省徐州市鼓楼区"),
    ("湛江霞山水产批发行", "92440803MA4W9F61X", "广东省湛江市霞山区"),
)
