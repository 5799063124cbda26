"""The doors of a branch, through which visitors come to its kiosks."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable

from demo.visitors.crowd import Team, Visit
from demo.visitors.kiosk import Kiosk, Offer
from demo.visitors.person import TurnedAway
from demo.visitors.place import MAIN_HALL
from demo.visitors.shared import Hall

FIRST_THE_MAIN_HALL = 10.0  # seconds until the stations let people in
LIVELY_CALLS = 4  # with so many calls on the board nobody has to hurry in


class Door:
    """People come in and take a ticket at a kiosk."""

    def __init__(self, hall: Hall, branch: str, teams: list[Team], share: float) -> None:
        self.hall, self.branch, self.teams, self.share = hall, branch, teams, share
        self.browser = hall.browser()
        self.kiosk = Kiosk(self.browser, branch)

    def open(self) -> None:
        """Fill the hall if it is empty; then let people in as they come."""
        if self.branch != MAIN_HALL:
            self.browser.pause(FIRST_THE_MAIN_HALL)
        offers = self.kiosk.offers()
        board = self.browser.get(f"/board/{self.branch}/").text
        if board.count("data-call-id=") < LIVELY_CALLS:
            self.hurry(lambda team: self.enter(team, offers, Visit.of_the_first()))
        while True:
            rates = [team.arrivals_per_second() for team in self.teams]
            self.browser.pause(random.expovariate(max(sum(rates) * self.share, 0.01)))
            # choices() takes no weights that are all nought.
            (team,) = random.choices(self.teams, [rate + 1e-6 for rate in rates])
            self.enter(team, offers, Visit.of_anybody())

    def hurry(self, enter: Callable[[Team], None]) -> None:
        """The first visitors: one for each clerk, then the lines."""
        first = [team for team in self.teams for _seat in range(team.seats)]
        lines = [team for team in self.teams for _place in range(round(team.wanted()))]
        random.shuffle(first)
        random.shuffle(lines)
        crowd = first + lines
        for team in crowd[: round(len(crowd) * self.share)]:
            enter(team)

    def enter(self, team: Team, offers: dict[str, Offer], visit: Visit) -> None:
        """One person takes one ticket, if the service is given."""
        offer = offers.get(team.any_service())
        if offer is None:
            return
        with contextlib.suppress(TurnedAway):
            taken = self.kiosk.take(offer, assisted=visit.is_assisted, language=visit.language)
            self.hall.remember(self.branch, taken, visit)
            team.waiting += 1
