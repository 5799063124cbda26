"""Who answers what the visitors of today put in the box, and leaves older matters to others."""

from __future__ import annotations

import datetime as dt
import random
import re
from typing import Final
from zoneinfo import ZoneInfo

from demo.visitors.person import Browser, Page, sign_in

DESK: Final = "/matters/"
ZONE: Final = ZoneInfo("Asia/Shanghai")
ROW: Final = re.compile(r'<tr>.*?id="matter-(\d+)".*?</tr>', re.DOTALL)
CONTACTS: Final = ("已电话联系，说明情况。", "来访人还在大厅，已当面沟通。")
REPLIES: Final = (
    "您好，您反映的情况已核实并处理，给您带来不便，敬请谅解。感谢您的监督。",
    "您好，谢谢您的意见，我们已转相关窗口改进，欢迎继续监督。",
    "您好，情况已核实，我们将加强现场引导。谢谢您。",
)


class Handler:
    def __init__(self, browser: Browser, member: str, password: str) -> None:
        self.browser, self.member, self.password = browser, member, password

    def work(self) -> None:
        """Now and then do the next thing with one of today's matters."""
        sign_in(self.browser, self.member, self.password, DESK)
        while True:
            self.browser.pause(random.uniform(30, 100))
            page = self.browser.get(DESK)
            if page.path == "/sign-in/":
                return  # whoever comes again signs in again
            open_today = todays(page)
            if open_today:
                self.go_on(random.choice(open_today))

    def go_on(self, matter: str) -> None:
        """Take it; then talk to the visitor, or answer."""
        page = self.browser.get(f"{DESK}{matter}/")
        move, said = next_move(page, matter)
        form = page.form(f'action="{DESK}{matter}/{move}/"')
        if form is not None:
            self.browser.post(form.action, form.fields | said, may_repeat=True)


def todays(page: Page) -> list[str]:
    """The ids of the matters on the list that came in today."""
    today = f'<span class="num">{dt.datetime.now(ZONE).date()}</span>'
    return [row[1] for row in ROW.finditer(page.text) if today in row[0]]


def next_move(page: Page, matter: str) -> tuple[str, dict[str, str]]:
    """What comes next with a matter, and what the form says."""
    take = page.text.partition(f'action="{DESK}{matter}/take/"')[2].partition("</form>")[0]
    if take and "disabled" not in take:
        return "take", {}
    if random.random() < 0.3:
        return "contact", {"text": random.choice(CONTACTS)}
    return "reply", {"text": random.choice(REPLIES), "and_close": "1"}
