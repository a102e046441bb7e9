"""Plans, businesses, tasks and samples."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import count
from uuid import UUID, uuid4

from lims import clock
from lims.actors import INSTALL, OrganisationKind
from lims.auth.permissions import Role
from lims.catalog.load import TREE_VERSION, category_id
from lims.uow import unit_of_work
from sampling.models import (
    Business,
    BusinessFood,
    PlanCategory,
    PlanLine,
    Sample,
    SamplingForm,
    SamplingPlan,
    SamplingTask,
)
from sampling.rules.form import SamplingFormInput
from sampling.services.forms import DrawnSignature, Photo
from sampling.services.separation import claim_acts, sample_tuple
from sampling.types import (
    AreaType,
    Container,
    DateKind,
    DutyRole,
    Packaging,
    PhotoKind,
    PhysicalForm,
    PlaceKind,
    PlanKind,
    PlanState,
    ProductType,
    SampleAttribute,
    SampleSource,
    SampleState,
    SamplingMethod,
    SeparationMode,
    SignerKind,
    Stage,
    StorageCondition,
    TaskCategory,
    TaskState,
)
from tests.factories.people import Somebody, make_organisation, make_people

_numbers = count(1)

VEGETABLES = "34"  # major category of the 2026 tree
LEEK = "34-4"


@dataclass
class Team:
    """Who takes part in the ordinary sample of a mode."""

    mode: SeparationMode
    regulator_id: UUID
    sampling_organisation_id: UUID
    lab_id: UUID
    planner: Somebody
    samplers: tuple[Somebody, Somebody]
    officer: Somebody
    custodian: Somebody
    tester: Somebody
    reviewer: Somebody
    signatory: Somebody
    plan_ids: list[UUID] = field(default_factory=list)


def make_team(mode: SeparationMode = SeparationMode.EXTERNAL) -> Team:
    """The people of one mode, each employed where the mode wants them."""
    regulator = make_organisation(OrganisationKind.REGULATOR)
    lab = make_organisation(OrganisationKind.LAB)
    sampling = {
        SeparationMode.INTERNAL: lambda: lab,
        SeparationMode.EXTERNAL: lambda: make_organisation(OrganisationKind.SAMPLING_ORG),
        SeparationMode.REGULATOR: lambda: regulator,
    }[mode]()
    planner, first, second, officer, custodian, tester, reviewer, signatory = make_people(
        (regulator, Role.PLANNER),
        (sampling, Role.SAMPLER),
        (sampling, Role.SAMPLER),
        (regulator, Role.ACCOMPANYING_OFFICER),
        (lab, Role.CUSTODIAN),
        (lab, Role.TESTER),
        (lab, Role.REVIEWER),
        (lab, Role.SIGNATORY),
    )
    return Team(
        mode=mode,
        regulator_id=regulator,
        sampling_organisation_id=sampling,
        lab_id=lab,
        planner=planner,
        samplers=(first, second),
        officer=officer,
        custodian=custodian,
        tester=tester,
        reviewer=reviewer,
        signatory=signatory,
    )


def make_business(regulator_id: UUID, *, place_kind: PlaceKind = PlaceKind.SUPERMARKET, food: str = LEEK) -> UUID:
    """An open shop that sells one food."""
    number = next(_numbers)
    business_id = uuid4()
    with unit_of_work(INSTALL) as uow:
        uow.session.add(
            Business(
                id=business_id,
                name=f"清河县第{number}超市",
                address=f"清河县人民路{number}号",
                region_code="371402",
                area_type=AreaType.URBAN,
                place_kind=place_kind,
                licence_kind="JY",
                licence_no=f"JY137140200{number:05d}",
                contact="王芳",
                phone="0534-1234567",
                regulator_id=regulator_id,
                registered_at=uow.now,
            )
        )
        uow.session.flush()
        uow.session.add(BusinessFood(business_id=business_id, food_category_id=category_id(food)))
    return business_id


def make_plan(team: Team, *, samples: int = 1, food: str = LEEK, major: str = VEGETABLES) -> UUID:
    """An approved plan with one line, its mode and its organisations set."""
    plan_id = uuid4()
    with unit_of_work(team.planner.actor) as uow:
        uow.session.add(
            SamplingPlan(
                id=plan_id,
                organisation_id=team.regulator_id,
                title_zh="2026年蔬菜专项抽检",
                title_en="Vegetables 2026",
                year=2026,
                kind=PlanKind.ROUTINE,
                task_category=TaskCategory.SUPERVISION,
                report_class_a="抽检监测（县级本级）",
                report_class_b="2026年县级食品抽检",
                priority_reasons=[],
                state=PlanState.APPROVED,
                is_standing=False,
                tree_version=TREE_VERSION,
                budget=samples,
                shares={"text": "neyman=0.4,risk=0.4,votes=0.2"},
                inputs={},
                created_by_id=team.planner.person_id,
                created_at=uow.now,
                approved_by_id=team.planner.person_id,
                approved_at=uow.now,
            )
        )
        uow.session.flush()
        uow.session.add(
            PlanCategory(
                plan_id=plan_id,
                category_id=category_id(major),
                mode=team.mode,
                sampling_organisation_id=team.sampling_organisation_id,
                lab_id=team.lab_id,
            )
        )
        uow.session.flush()
        uow.session.add(
            PlanLine(
                plan_id=plan_id,
                category_id=category_id(major),
                stratum=f"{food}@supermarket",
                food_category_id=category_id(food),
                place_kind=PlaceKind.SUPERMARKET,
                samples=samples,
                parts={"floor": samples, "statutory": 0, "neyman": 0, "risk": 0, "votes": 0},
                figures={},
            )
        )
    team.plan_ids.append(plan_id)
    return plan_id


def make_task(team: Team, plan_id: UUID | None = None, *, food: str = LEEK, major: str = VEGETABLES) -> UUID:
    """A task issued to the team."""
    plan = plan_id or (team.plan_ids[0] if team.plan_ids else make_plan(team))
    business_id = make_business(team.regulator_id)
    task_id = uuid4()
    number = next(_numbers)
    with unit_of_work(team.planner.actor) as uow:
        line = uow.session.query(PlanLine).filter_by(plan_id=plan, food_category_id=category_id(food)).first()
        assert line is not None
        uow.session.add(
            SamplingTask(
                id=task_id,
                task_no=f"T99{number:06d}",
                plan_id=plan,
                category_id=category_id(major),
                mode=team.mode,
                plan_line_id=line.id,
                business_id=business_id,
                food_category_id=category_id(food),
                stage=Stage.CIRCULATION,
                sampling_organisation_id=team.sampling_organisation_id,
                lab_id=team.lab_id,
                first_sampler_id=team.samplers[0].person_id,
                second_sampler_id=team.samplers[1].person_id,
                accompanying_officer_id=team.officer.person_id,
                planned_on=clock.local_date(uow.now),
                state=TaskState.ISSUED,
                issued_at=uow.now,
            )
        )
    return task_id


def make_sample(
    team: Team | None = None,
    plan_id: UUID | None = None,
    *,
    food: str = LEEK,
    major: str = VEGETABLES,
    of_task_id: UUID | None = None,
    **form: object,
) -> UUID:
    """A sample that was taken: form submitted, both samplers and the officer on its sampling side."""
    people = team or make_team()
    task_id = of_task_id or make_task(people, plan_id, food=food, major=major)
    sample_id = uuid4()
    with unit_of_work(people.samplers[0].actor) as uow:
        task = uow.session.get_one(SamplingTask, task_id)
        sample = Sample(
            id=sample_id,
            sampling_no=f"XBJ26371402{next(_numbers):09d}",
            plan_id=task.plan_id,
            category_id=task.category_id,
            mode=task.mode,
            plan_line_id=task.plan_line_id,
            task_id=task_id,
            food_category_id=task.food_category_id,
            business_id=task.business_id,
            regulator_id=people.regulator_id,
            sampling_organisation_id=people.sampling_organisation_id,
            lab_id=people.lab_id,
            state=SampleState.SAMPLED,
            state_changed_at=uow.now,
            issued_at=uow.now,
            sampled_at=uow.now,
        )
        task.state = TaskState.SAMPLED
        task.ended_at = uow.now
        uow.session.add(sample)
        uow.session.flush()
        uow.session.add(make_form(sample_id, uow.now, **form))
        acts = [
            *((DutyRole.SAMPLER, sampler.person_id) for sampler in people.samplers),
            (DutyRole.ACCOMPANYING_OFFICER, people.officer.person_id),
        ]
        claim_acts(uow, sample_tuple(sample), acts)
    return sample_id


def make_form(sample_id: UUID, submitted_at: object, **changes: object) -> SamplingForm:
    """An ordinary sampling form for a leek from a supermarket."""
    values: dict[str, object] = {
        "sample_id": sample_id,
        "submitted_at": submitted_at,
        "stage": Stage.CIRCULATION,
        "place_kind": PlaceKind.SUPERMARKET,
        "area_type": AreaType.URBAN,
        "region_code": "371402",
        "party_name": "清河县惠民超市",
        "party_address": "清河县人民路1号",
        "product_name": "韭菜",
        "product_type": ProductType.PRODUCE,
        "source": SampleSource.PURCHASED,
        "attribute": SampleAttribute.ORDINARY,
        "packaging": Packaging.BULK,
        "product_date": date(2026, 9, 13),
        "date_kind": DateKind.PURCHASED,
        "paid_amount": Decimal("12.60"),
        "is_imported": False,
        "is_export": False,
        "sampling_method": SamplingMethod.NON_ASEPTIC,
        "physical_form": PhysicalForm.SOLID,
        "container": Container.PLASTIC_BAG,
        "storage_condition": StorageCondition.AMBIENT,
        "lot_size": Decimal(20),
        "sampled_qty": Decimal("3.0"),
        "backup_qty": Decimal("1.0"),
        "quantity_unit": "kg",
        "supplier_name": "鲁北蔬菜批发市场",
        "place_of_origin": "山东省寿光市",
        "site_check": "现场检查未见异常",
        "party_refused_to_sign": False,
    }
    return SamplingForm(**(values | changes))


PNG = b"\x89PNG\r\n\x1a\n" + b"drawn"
JPEG = b"\xff\xd8\xff" + b"photo"


def make_form_input(**changes: object) -> SamplingFormInput:
    """The same leek as a sampler fills it in."""
    values: dict[str, object] = {
        "place_kind": PlaceKind.SUPERMARKET,
        "area_type": AreaType.URBAN,
        "region_code": "371402",
        "party_name": "清河县惠民超市",
        "party_address": "清河县人民路1号",
        "party_contact": "王芳",
        "product_name": "韭菜",
        "product_type": ProductType.PRODUCE,
        "source": SampleSource.PURCHASED,
        "packaging": Packaging.BULK,
        "product_date": date(2026, 9, 13),
        "date_kind": DateKind.PURCHASED,
        "physical_form": PhysicalForm.SOLID,
        "container": Container.PLASTIC_BAG,
        "storage_condition": StorageCondition.AMBIENT,
        "lot_size": Decimal(20),
        "sampled_qty": Decimal("3.0"),
        "backup_qty": Decimal("1.0"),
        "quantity_unit": "kg",
        "paid_amount": Decimal("12.60"),
        "supplier_name": "清河蔬菜批发行",
        "place_of_origin": "山东省德州市清河县",
        "site_check": "现场检查未见异常",
    }
    return SamplingFormInput(**(values | changes))  # type: ignore[arg-type]


def make_signatures() -> dict[SignerKind, DrawnSignature]:
    """All who sign an ordinary form; the pictures differ, as hands do."""
    signers = (
        SignerKind.FIRST_SAMPLER,
        SignerKind.SECOND_SAMPLER,
        SignerKind.ACCOMPANYING_OFFICER,
        SignerKind.SAMPLED_PARTY,
    )
    return {signer: DrawnSignature(PNG + signer.encode()) for signer in signers}


def make_photos() -> list[Photo]:
    """One photo of the sample."""
    return [Photo(PhotoKind.SAMPLE, JPEG)]
