"""The first chapter of the demonstration: who lives and works in the county.

A fictional county, 清河县, with its bureau and two stations, a sampling company, three laboratories and a recheck
laboratory. The names are made up; the city's region code is real, because numbers and forms check it.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from lims.actors import INSTALL, OrganisationKind
from lims.auth.permissions import Role
from lims.demo import Inhabitant, World
from lims.people import services
from lims.people.authorisations import NEEDED
from lims.people.authorising import authorise
from lims.people.types import IdentityDocument
from lims.uow import UnitOfWork, unit_of_work

PASSWORD = "fenjian-demo"  # noqa: S105 - printed on the screen of the demonstration
EMPLOYED_SINCE = date(2024, 1, 1)
VALID_UNTIL = date(2029, 12, 31)
REGION = "371402"
SOON_TO_BE_TRAINED = {"sampler_s3", "tester_2_city"}  # their pages warn that an authorisation ends
ENDS_SOON = timedelta(days=18)


@dataclass(frozen=True, slots=True)
class Body:
    """An organisation of the county."""

    key: str
    name_zh: str
    name_en: str
    kind: OrganisationKind
    address: str  # on reports and notices, whose reader wants to know where to object
    superior: str | None = None


@dataclass(frozen=True, slots=True)
class Resident:
    """A person of the county: key, organisation, names, roles."""

    key: str
    body: str
    name: str
    latin: str
    roles: tuple[Role, ...]
    what_zh: str
    what_en: str


BODIES = (
    Body(
        "regulator",
        "清河县市场监督管理局",
        "Qinghe County Market Regulation Bureau",
        OrganisationKind.REGULATOR,
        "清河县政务路 18 号",
    ),
    Body(
        "station_east",
        "清河县城东市场监管所",
        "Chengdong Station",
        OrganisationKind.STATION,
        "清河县城东大街 66 号",
        "regulator",
    ),
    Body(
        "station_west",
        "清河县城西市场监管所",
        "Chengxi Station",
        OrganisationKind.STATION,
        "清河县城西路 9 号",
        "regulator",
    ),
    Body(
        "sampling_org",
        "鲁北食品抽样服务有限公司",
        "Lubei Food Sampling Services",
        OrganisationKind.SAMPLING_ORG,
        "德平市高新区创业路 7 号",
    ),
    Body(
        "lab_city",
        "德平市食品药品检验中心",
        "Deping City Food and Drug Laboratory",
        OrganisationKind.LAB,
        "德平市科技路 100 号",
    ),
    Body(
        "lab_county", "清河县检验检测中心", "Qinghe County Testing Centre", OrganisationKind.LAB, "清河县政务路 20 号"
    ),
    Body(
        "lab_private",
        "齐河分析检测股份有限公司",
        "Qihe Analytical Laboratories",
        OrganisationKind.LAB,
        "齐河市产业园 3 号楼",
    ),
    Body("recheck_lab", "省食品质量复检中心", "Provincial Recheck Laboratory", OrganisationKind.LAB, "省城经十路 1 号"),
)

_PLANNER, _OFFICER = (Role.PLANNER,), (Role.ACCOMPANYING_OFFICER,)


def _bench(lab: str, names: tuple[str, ...], latins: tuple[str, ...]) -> tuple[Resident, ...]:
    suffix = lab.removeprefix("lab_").removesuffix("_lab")
    jobs = (
        ("custodian", (Role.CUSTODIAN,), "样品管理员", "custodian"),
        ("tester_1", (Role.TESTER,), "检验员", "tester"),
        ("tester_2", (Role.TESTER,), "检验员", "tester"),
        ("reviewer", (Role.REVIEWER,), "审核", "reviewer"),
        ("signatory", (Role.SIGNATORY,), "授权签字人", "authorised signatory"),
    )
    return tuple(
        Resident(f"{job}_{suffix}", lab, name, latin, roles, zh, en)
        for (job, roles, zh, en), name, latin in zip(jobs, names, latins, strict=True)
    )


PEOPLE = (
    Resident("planner_1", "regulator", "陈静", "Chen Jing", _PLANNER, "计划员", "planner"),
    Resident("planner_2", "regulator", "赵明远", "Zhao Mingyuan", _PLANNER, "计划员（批准）", "planner (approves)"),
    Resident("officer_1", "regulator", "孙立军", "Sun Lijun", _OFFICER, "陪同监管人员", "accompanying officer"),
    Resident("officer_2", "regulator", "周燕", "Zhou Yan", _OFFICER, "陪同监管人员", "accompanying officer"),
    Resident("sampler_r1", "regulator", "马文涛", "Ma Wentao", (Role.SAMPLER,), "抽样员（局）", "sampler (bureau)"),
    Resident("sampler_r2", "regulator", "胡晓梅", "Hu Xiaomei", (Role.SAMPLER,), "抽样员（局）", "sampler (bureau)"),
    Resident(
        "enforcer_1",
        "regulator",
        "高建国",
        "Gao Jianguo",
        (Role.ENFORCEMENT_OFFICER,),
        "执法人员",
        "enforcement officer",
    ),
    Resident(
        "enforcer_2",
        "station_east",
        "郭海涛",
        "Guo Haitao",
        (Role.ENFORCEMENT_OFFICER,),
        "执法人员（所）",
        "officer (station)",
    ),
    Resident("auditor_1", "regulator", "林秀英", "Lin Xiuying", (Role.AUDITOR,), "审计", "auditor"),
    Resident("admin_1", "regulator", "何志强", "He Zhiqiang", (Role.ADMINISTRATOR,), "管理员", "administrator"),
    Resident("sampler_s1", "sampling_org", "刘洋", "Liu Yang", (Role.SAMPLER,), "抽样员", "sampler"),
    Resident("sampler_s2", "sampling_org", "吴倩", "Wu Qian", (Role.SAMPLER,), "抽样员", "sampler"),
    Resident("sampler_s3", "sampling_org", "徐鹏", "Xu Peng", (Role.SAMPLER,), "抽样员", "sampler"),
    Resident("sampler_s4", "sampling_org", "朱琳", "Zhu Lin", (Role.SAMPLER,), "抽样员", "sampler"),
    Resident(
        "sampler_c1", "lab_county", "韩冰", "Han Bing", (Role.SAMPLER,), "抽样员（县中心）", "sampler (county centre)"
    ),
    Resident(
        "sampler_c2", "lab_county", "曹磊", "Cao Lei", (Role.SAMPLER,), "抽样员（县中心）", "sampler (county centre)"
    ),
    *_bench(
        "lab_city",
        ("王芳", "李娜", "张伟", "杨帆", "黄国强"),
        ("Wang Fang", "Li Na", "Zhang Wei", "Yang Fan", "Huang Guoqiang"),
    ),
    *_bench(
        "lab_county",
        ("冯雪", "邓超", "许慧", "傅立", "沈卫东"),
        ("Feng Xue", "Deng Chao", "Xu Hui", "Fu Li", "Shen Weidong"),
    ),
    *_bench(
        "lab_private",
        ("彭丽", "曾伟", "萧红", "田野", "董洁"),
        ("Peng Li", "Zeng Wei", "Xiao Hong", "Tian Ye", "Dong Jie"),
    ),
    *_bench(
        "recheck_lab",
        ("袁博", "潘虹", "蒋涛", "蔡敏", "余杰"),
        ("Yuan Bo", "Pan Hong", "Jiang Tao", "Cai Min", "Yu Jie"),
    ),
    Resident(
        "head_city", "lab_city", "唐晓峰", "Tang Xiaofeng", (Role.LAB_HEAD,), "实验室负责人", "head of laboratory"
    ),
    Resident("quality_city", "lab_city", "苏敏", "Su Min", (Role.QUALITY_MANAGER,), "质量负责人", "quality manager"),
)


def live(world: World) -> None:
    """Register organisations, people, accounts, accreditations and authorisations, as an installation would."""
    with unit_of_work(INSTALL) as uow:
        for number, body in enumerate(BODIES, start=1):
            organisation = services.register_organisation(
                uow,
                name_zh=body.name_zh,
                name_en=body.name_en,
                kind=body.kind,
                region_code=REGION,
                address=body.address,
                phone=f"0534-55501{number:02d}",
                superior_id=world.organisations.get(body.superior or ""),
            )
            world.organisations[body.key] = organisation.id
            if body.kind is OrganisationKind.LAB:
                services.accredit(
                    uow,
                    organisation.id,
                    scheme="CMA",
                    certificate_no=f"2415{world.rng.randrange(10**8):08d}",
                    scope="食品及食用农产品",
                    valid_from=EMPLOYED_SINCE,
                    valid_to=VALID_UNTIL,
                )
    for number, somebody in enumerate(PEOPLE, start=1):
        with unit_of_work(INSTALL) as uow:
            world.inhabitants[somebody.key] = _settle(uow, world, number, somebody)


def _settle(uow: UnitOfWork, world: World, number: int, somebody: Resident) -> Inhabitant:
    organisation_id = world.organisations[somebody.body]
    person = services.register_person(
        uow,
        name=somebody.name,
        name_latin=somebody.latin,
        documents=[IdentityDocument("resident_id", f"37140219850101{number:04d}")],
    )
    services.employ(
        uow, person.id, organisation_id, somebody.roles, valid_from=EMPLOYED_SINCE, officer_no=f"3714{number:04d}"
    )
    for kind in sorted({NEEDED[role] for role in somebody.roles if role in NEEDED}):
        until = world.today + ENDS_SOON if somebody.key in SOON_TO_BE_TRAINED else VALID_UNTIL
        authorise(uow, person.id, organisation_id, kind, valid_from=EMPLOYED_SINCE, valid_to=until)
    account = services.open_account(uow, person.id, somebody.key, PASSWORD)
    return Inhabitant(
        key=somebody.key,
        person_id=person.id,
        account_id=account.id,
        username=somebody.key,
        organisation_key=somebody.body,
        what_zh=somebody.what_zh,
        what_en=somebody.what_en,
    )
