"""Who came to the demo's halls and how they behaved: what its past was played with."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hall.models import Branch
from queueing.simulate.demand import MINUTE, Demand, Rush
from queueing.simulate.habits import Habits

# A morning peak, one after lunch, a long tail; roughly the shape of a real service desk's day,
# with a lunch hour as in a hall.
HALF_HOURS: Final = {
    9 * 60: 60, 9 * 60 + 30: 76, 10 * 60: 82, 10 * 60 + 30: 74,
    11 * 60: 60, 11 * 60 + 30: 42, 12 * 60: 28, 12 * 60 + 30: 24,
    13 * 60: 28, 13 * 60 + 30: 46, 14 * 60: 68, 14 * 60 + 30: 70,
    15 * 60: 62, 15 * 60 + 30: 56, 16 * 60: 52, 16 * 60 + 30: 42,
    17 * 60: 28, 17 * 60 + 30: 18,
}  # fmt: skip

# Parts of a thousand, more or less.
POPULARITY: Final = {
    "register-employer": 22, "register-building-project": 6, "close-employer": 10,
    "enrol-employee": 44, "enrol-resident": 20, "employer-details": 20, "personal-details": 64,
    "pension-account": 24, "staff-changes": 58, "declare-contributions": 46,
    "missed-contributions": 22, "employer-certificate": 56, "personal-record": 108,
    "retirement": 34, "residents-pension": 24, "survivors-allowance": 11, "pension-transfer": 34,
    "medical-claim": 44, "treatment-elsewhere": 34, "child-medical": 30,
    "maternity-allowance": 32, "work-accident": 12, "work-injury": 10, "work-injury-costs": 9,
    "unemployment-benefit": 42, "skills-allowance": 24, "housing-register": 18,
    "housing-withdrawal": 52, "card-application": 62, "card-replacement": 54, "ask-rules": 48,
    "complaint": 4,
}  # fmt: skip

# Until the tenth employers declare and pay.
BY_THE_TENTH: Final = Rush(
    until=10,
    times=1.5,
    services=frozenset({"staff-changes", "declare-contributions", "missed-contributions"}),
)

MAIN_HALL: Final = Demand(
    usual=304,
    weekdays=(1.13, 1.04, 0.98, 0.97, 0.93, 0.95, 0.95),  # a worked weekend is a quiet one
    after_break=1.15,
    long_break=3,
    half_hours=HALF_HOURS,
    other_half_hours=20,
    early=14 * MINUTE,
    early_weight=26,
    last=12 * MINUTE,
    popularity=POPULARITY,
    other_services=10,
    rush=BY_THE_TENTH,
)
DEMAND: Final = {Branch.Kind.MAIN: MAIN_HALL, Branch.Kind.STATION: replace(MAIN_HALL, usual=42)}

HABITS: Final = Habits(
    languages={"zh-hans": 93, "zh-hant": 4, "en": 3},
    one_in_assisted=16,
    one_in_helped=1.6,
    express=frozenset({"register-employer", "staff-changes", "declare-contributions"}),
    one_in_express=14,
    one_in_gives_up=45,
    missed=0.035,
    late=0.05,
    sent_back=0.01,
    one_in_returns=3,
    transferred=0.02,
    goes_on=("先变更个人信息再办理", "属其他窗口受理范围", "先查询参保记录", ""),
    held=0.04,
    fetches=("复印材料", "补填表格", "到自助机打印证明", "联系单位核实", ""),
    one_in_lost=40,
    one_in_reopened=400,
    one_in_forgotten=120,
    stretch=1.25,
    lunch=(11 * 60 + 20, 13 * 60),
)
