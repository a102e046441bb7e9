"""The chapter of nonconforming work: one closed, one whose action is under way, one just raised over a hold."""

from datetime import timedelta

from lims import clock
from lims.demo import World
from results.nonconforming.services import carry_out, check_effect, plan_action, raise_nonconformity
from results.nonconforming.types import Plan, Source
from results.quality.queries.holds import list_open_holds

LAB = "city"
DILUTION = "10月质控图高水平质控样超3倍标准差，查为移液后未混匀。"
DILUTION_CAUSE = "作业指导书未写明稀释后涡旋混匀的时间，新上岗人员按各自习惯操作。"
DILUTION_ACTION = "修订前处理作业指导书，写明涡旋30秒；对检验员逐人现场考核。"
DILUTION_DONE = "作业指导书第3版已发布，两名检验员现场考核合格，记录存档。"
DILUTION_SEEN = "修订后连续10批高水平质控样在控，移液重复性0.8%，措施有效。"
FRIDGE = "样品冷藏柜温度记录缺两日。"
FRIDGE_CAUSE = "值班交接时未指定记录人。"
FRIDGE_ACTION = "交接单增加温度记录签字栏，并加装带报警的温度记录仪。"
HELD = "月末批高水平质控样低于3倍标准差，本批12个样品的铅结果暂停。"


class Chapter:
    """What the quality office of the county's laboratory does about what went wrong."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.numbers: list[str] = []

    def dilution(self) -> None:
        """Found by the bench, planned by the quality manager."""
        self._raise("reviewer", Source.QUALITY_CONTROL, DILUTION)
        self._plan("quality", DILUTION_CAUSE, DILUTION_ACTION, "tester_1", 10)

    def dilution_done(self) -> None:
        """Carried out by who answers for it."""
        with self.world.acting(f"tester_1_{LAB}") as uow:
            carry_out(uow, self.numbers[0], DILUTION_DONE, may_manage=False)

    def dilution_seen(self) -> None:
        """Checked by the head of the laboratory, who had no part in it."""
        with self.world.acting(f"head_{LAB}") as uow:
            check_effect(uow, self.numbers[0], DILUTION_SEEN, is_effective=True)

    def fridge(self) -> None:
        """Found in an audit; its action is under way when the month ends."""
        self._raise("quality", Source.AUDIT, FRIDGE)
        self._plan("quality", FRIDGE_CAUSE, FRIDGE_ACTION, "reviewer", 14)

    def held(self) -> None:
        """Raised over the batch that is held on the last evening."""
        with self.world.acting(f"reviewer_{LAB}") as uow:
            holds = list_open_holds(uow.session, uow.actor.require_organisation())
            if holds:
                today = clock.local_date(uow.now)
                raise_nonconformity(uow, Source.QUALITY_CONTROL, HELD, today, batch_no=holds[0].batch.batch_no)

    def _raise(self, who: str, source: Source, what: str) -> None:
        with self.world.acting(f"{who}_{LAB}") as uow:
            self.numbers.append(raise_nonconformity(uow, source, what, clock.local_date(uow.now)).nonconformity_no)

    def _plan(self, who: str, cause: str, action: str, responsible: str, days: int) -> None:
        person_id = self.world.inhabitants[f"{responsible}_{LAB}"].person_id
        with self.world.acting(f"{who}_{LAB}") as uow:
            due_on = clock.local_date(uow.now) + timedelta(days=days)
            plan_action(uow, self.numbers[-1], Plan(cause, action, person_id, due_on))


def live(world: World) -> None:
    """Over the month of the county."""
    chapter = Chapter(world)
    world.on_day(world.begins_on + timedelta(days=1), 14, 5, chapter.dilution)
    world.on_day(world.begins_on + timedelta(days=7), 15, 5, chapter.dilution_done)
    world.on_day(world.begins_on + timedelta(days=24), 10, 35, chapter.dilution_seen)
    world.on_day(world.today - timedelta(days=6), 11, 15, chapter.fridge)
    world.on_day(world.today, 17, 50, chapter.held)
