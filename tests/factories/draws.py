"""A draw that was made, with everything that went into it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sampling.rules.draw import (
    Beacon,
    Party,
    StaffMember,
    StaffRole,
    commit,
)
from sampling.rules.draw_record import (
    DrawInputs,
    Exclusion,
    digest_record,
    run_draw,
    write_record,
)
from sampling.rules.frame import (
    FrameEntry,
)

CLOSED_AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
SECRETS = ("01" * 32, "02" * 32, "03" * 32)
NAMES = ("县市场监管局", "消费者委员会", "公证处")


def make_staff():
    return [
        *(StaffMember(f"S{i}", StaffRole.SAMPLER) for i in range(1, 5)),
        *(StaffMember(f"P{i}", StaffRole.ACCOMPANYING_OFFICER) for i in range(1, 3)),
    ]


def make_inputs(**changes):
    plain = DrawInputs(
        draw_id="2026-11",
        plan="2026 年第 11 期",
        frozen_at=CLOSED_AT - timedelta(days=2),
        closes_at=CLOSED_AT,
        drawn_at=CLOSED_AT + timedelta(days=2),
        frame_key="ab" * 32,
        weight_bound=3,
        reserve_factor=2,
        entries=[
            *(FrameEntry("蔬菜/农贸市场", f"B{i:03}") for i in range(1, 9)),
            FrameEntry("蔬菜/农贸市场", "B009", 3),
            *(FrameEntry("糕点/商超", f"B{i:03}") for i in range(20, 23)),
        ],
        exclusions=[Exclusion("糕点/商超", "B099", "90 日内已抽")],
        quotas={"蔬菜/农贸市场": 3, "糕点/商超": 4},
        parties=[
            Party(name, commit("2026-11", secret), CLOSED_AT - timedelta(hours=5), secret)
            for name, secret in zip(NAMES, SECRETS, strict=True)
        ],
        beacon=Beacon("双色球 2026134", "03 08 14 21 27 30 + 09", CLOSED_AT + timedelta(days=1)),
        staff=make_staff(),
    )
    return replace(plain, **changes)


RECORD = run_draw(make_inputs())
CONTENT = write_record(RECORD)


def reseal(record):
    """What a forger would do: make the digest fit the changed content."""
    return replace(record, digest=digest_record(record))
