"""Clerks who serve whoever comes, as patiently as clerks are."""

from __future__ import annotations

import random
import time
from typing import Final

from demo.visitors.crowd import Team, Visit
from demo.visitors.desk import Desk, View, Visitor
from demo.visitors.place import Window
from demo.visitors.shared import Hall, due
from demo.visitors.voices import Pad

RECALL_AFTER, MISSED_AFTER = 15.0, 12.0  # seconds, the second ones after the first
REASONS: Final = ("复印身份证", "补拍照片", "填写申请表", "到自助机打印证明")


class Clerk:
    """Serves one visitor after the other."""

    def __init__(self, hall: Hall, branch: str, member: str, window: Window, team: Team) -> None:
        self.hall, self.branch, self.team = hall, branch, team
        self.number = window.number
        self.desk = Desk(hall.browser(), member, hall.password)
        self.pad = Pad(hall.browser(), branch, window.number)
        self.pause = self.desk.browser.pause
        self.on_hold: list[tuple[float, str]] = []
        self.missed: list[tuple[float, str]] = []

    def work(self) -> None:
        """A whole day, from signing in."""
        with self.hall.door:
            view = self.desk.open()
        while True:
            if view.state == "idle":  # with a visitor the desk tells nothing of the line
                self.team.waiting = view.line_length
            view = self.next_step(view)

    def next_step(self, view: View) -> View:
        """Whatever is to be done as the desk stands."""
        if view.state == "away":
            return self.find_seat()
        if view.visitor is None:
            return self.call()
        visit = self.hall.visit_of(self.branch, view.visitor.code)
        if view.state == "called":
            return self.receive(view.visitor.ticket, visit)
        return self.serve(view.visitor, visit)

    def find_seat(self) -> View:
        """Sit down at the usual counter, or wait until it is free again."""
        view = self.desk.sit([self.number])
        if view.state == "away":
            self.pause(random.uniform(20, 40))
        return view

    def call(self) -> View:
        """Go on with somebody who is back, else with the next in line."""
        ticket = due(self.missed)
        if ticket:
            self.desk.move(ticket, "requeue")
        self.pause(random.uniform(0.5, 6))
        ticket = due(self.on_hold)
        view = self.desk.move(ticket, "resume") if ticket else self.desk.next()
        if view.state == "idle":
            self.pause(random.uniform(3, 7))
        return view

    def receive(self, ticket: str, visit: Visit) -> View:
        """Wait for the visitor who was called; call again; give up."""
        if visit.needs_a_moment:
            visit.needs_a_moment = False
            self.pause(8)
            return self.desk.move(ticket, "return")
        if visit.walk > RECALL_AFTER:
            self.pause(RECALL_AFTER)
            self.desk.move(ticket, "recall")
        if visit.walk > RECALL_AFTER + MISSED_AFTER:
            self.pause(MISSED_AFTER)
            return self.miss(ticket, visit)
        self.pause(visit.walk % RECALL_AFTER)
        return self.desk.move(ticket, "start")

    def miss(self, ticket: str, visit: Visit) -> View:
        """The visitor did not come; some are back later."""
        if visit.comes_back:
            visit.walk = 4
            self.missed.append((time.time() + random.uniform(40, 120), ticket))
        return self.desk.move(ticket, "no-show")

    def serve(self, visitor: Visitor, visit: Visit) -> View:
        """Serve the visitor, or send them for a copy or to a colleague on the way."""
        if visit.fetches or visit.goes_on:
            visit.length /= 2
            self.pause(visit.length)
            return self.interrupt(visitor.ticket, visit)
        self.pause(visit.length)
        view = self.desk.move(visitor.ticket, "finish")
        if not view.is_refused:
            self.hall.visits.pop((self.branch, visitor.code), None)
            self.let_go(visit)
        return view

    def let_go(self, visit: Visit) -> None:
        """The visitor rates on the pad before leaving, or does so on the phone, or not at all."""
        if visit.rates_on == "pad":
            self.pause(random.uniform(1, 4))
            self.pad.rate(visit.opinion)
        self.hall.look_back(self.branch, visit)

    def interrupt(self, ticket: str, visit: Visit) -> View:
        """Hold the visit, or transfer the visitor to another service."""
        if visit.fetches:
            visit.fetches = False
            self.on_hold.append((time.time() + random.uniform(30, 90), ticket))
            return self.desk.move(ticket, "hold", {"reason": random.choice(REASONS)})
        visit.goes_on = False
        others = self.desk.other_services()
        if not others:
            return self.desk.look()
        fields = {"offering": random.choice(others), "reason": "材料已核对"}
        return self.desk.move(ticket, "transfer", fields)
