"""What visitors say when the visit is over: on the counter's pad, on their phones, in the box."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from demo.visitors.person import Browser, Page

GRADES: Final = {"satisfied": 930, "basically": 55, "dissatisfied": 15}
GOOD: Final = ("friendly", "clear", "quick")
BAD: Final = ("impatient", "unclear", "unsolved", "waited", "slow", "again")
EXPLAIN: Final = 0.4  # of those who rate
COMMENTS: Final = {
    "satisfied": ("办得很快，谢谢。", "很耐心。", "讲得很清楚。"),
    "basically": ("等得有点久。", "材料可以说得再清楚些。"),
    "dissatisfied": ("没说清楚要带什么。", "等了很久。", "问了两遍才回答。"),
}
MATTERS: Final = {
    "complaint": ("等候时间太长，中间有窗口没人。", "两次说的材料不一样，白跑一趟。"),
    "suggestion": ("建议多放几把椅子。", "建议叫号声音再大一点。", "希望中午多开一个窗口。"),
    "praise": ("今天的窗口人员特别耐心，谢谢！", "一次就办好了，点赞。"),
    "help": ("我的申请还没有结果，能帮忙查一下吗？", "老人不方便来，能上门办理吗？"),
}
WHO: Final = (("", ""), ("", ""), ("陈女士", "0755-0000 9001"), ("李先生", "visitor@example.com"))


@dataclass(frozen=True)
class Opinion:
    """A grade, and why."""

    grade: str
    reasons: tuple[str, ...] = ()
    comment: str = ""

    @classmethod
    def of_anybody(cls) -> Opinion:
        """Mostly a good one."""
        (grade,) = random.choices([*GRADES], [*GRADES.values()])
        if random.random() > EXPLAIN:
            return cls(grade)
        offered = GOOD if grade == "satisfied" else BAD
        reasons = tuple(random.sample(offered, random.choice((1, 1, 2))))
        return cls(grade, reasons, random.choice(COMMENTS[grade]) if random.random() < 0.2 else "")


class Pad:
    """The pad of a counter, with the visitor who was just served standing there."""

    def __init__(self, browser: Browser, branch: str, counter: int) -> None:
        self.browser = browser
        self.home = f"/pad/{branch}/{counter}/"

    def rate(self, opinion: Opinion) -> bool:
        """Tap a face, then perhaps reasons; False if the pad does not ask."""
        question = self.browser.get(self.home).form('name="visit"')
        if question is None:
            return False
        fields = question.fields | {"grade": opinion.grade}
        thanks = self.browser.post(question.action, fields, may_repeat=True)
        why = thanks.form('name="given"')
        if why is not None and opinion.reasons:
            self.browser.pause(random.uniform(1, 4))
            fields = why.fields | {"reasons": opinion.reasons[0]}
            self.browser.post(why.action, fields, may_repeat=True)
        return thanks.status < 400


def rate_on_phone(browser: Browser, token: str, opinion: Opinion) -> bool:
    """Rate on the ticket's own page; False if it does not ask."""
    question = browser.get(f"/t/{token}/rate/").form('class="faces"')
    if question is None:
        return False
    fields = question.fields | {"grade": opinion.grade}
    thanks = browser.post(question.action, fields, may_repeat=True)
    why = thanks.form('name="reasons"')
    if why is not None and opinion.reasons:
        fields = why.fields | {"reasons": opinion.reasons[0], "comment": opinion.comment}
        browser.post(why.action, fields, may_repeat=True)
    return thanks.status < 400


def put_in_box(browser: Browser, branch: str, token: str) -> bool:
    """Write to the box about the visit; False if it was not taken."""
    page = browser.get(f"/box/{branch}/?ticket={token}")
    form = page.form('name="kind"')
    if form is None:
        return False
    kind = random.choice([*MATTERS])
    name, contact = random.choice(WHO)
    fields = form.fields | {"kind": kind, "text": random.choice(MATTERS[kind])}
    fields |= {"name": name, "contact": contact}
    fields |= {each: typed(page, each) for each in ("code", "day", "counter")}
    return browser.post(form.action, fields, may_repeat=True).path.endswith("/receipt/")


def typed(page: Page, name: str) -> str:
    """What stands in a field of a page."""
    return page.element(f'name="{name}"').get("value", "")
