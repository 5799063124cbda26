"""How often somebody may do it: the only place where tries are counted.

Counts are in Redis, and so of all processes together. While Redis is away each process counts for
itself, which /readyz says: that is enough against haste. Against guessing it is not, for there are
as many tries as there are processes: a limit that ``guards_secret`` is reached at once then. A
hall without a Redis has one process, and its memory is as good.

Nobody is known by their address: what is counted is a keyed hash, and its key lasts a day.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import limits as library
import redis
import structlog
from django.conf import settings
from django.http import HttpRequest
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter

from hall import events

T = TypeVar("T")
A_DAY_AND_MORE: Final = 90_000  # seconds; a key is asked for on its own day alone

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Limit:
    """So many times in so many seconds, for each of whom it counts. Declared where it is used."""

    name: str
    times: int
    per: int
    guards_secret: bool = False

    @property
    def item(self) -> library.RateLimitItem:
        return library.RateLimitItemPerSecond(self.times, self.per, namespace="hall")


class Counts:
    """The counts of this process, and those that it shares with others."""

    def __init__(self) -> None:
        self._alone = FixedWindowRateLimiter(MemoryStorage())
        self._keys: dict[dt.date, bytes] = {}
        self._shared: FixedWindowRateLimiter | None = None
        self._client: redis.Redis | None = None
        self._dead_until = 0.0
        self.is_away = False

    def ask(self, question: Callable[[FixedWindowRateLimiter], T]) -> T:
        """What the shared counts answer; while they are away, those of this process."""
        return self._with_redis(lambda: question(self._together()), lambda: question(self._alone))

    def key(self, day: dt.date) -> bytes:
        """The day's key, the same for all processes that can agree on one."""
        if day not in self._keys:
            mine = secrets.token_bytes(32)
            # In place of yesterday's: with both it could be told who was here on both days.
            self._keys = {day: self._with_redis(lambda: self._agreed(day, mine), lambda: mine)}
        return self._keys[day]

    def _with_redis(self, shared: Callable[[], T], alone: Callable[[], T]) -> T:
        """A dead Redis costs its time limit once every two seconds."""
        if not settings.REDIS_URL or time.monotonic() < self._dead_until:
            return alone()
        try:
            found = shared()
        except (redis.RedisError, OSError) as error:
            self._dead_until = time.monotonic() + events.RETRY_AFTER
            if not self.is_away:
                log.warning("limits_counted_alone", error=type(error).__name__)
            self.is_away = True
            self._keys = {}  # a key that was agreed on is asked for again, once they are back
            return alone()
        if self.is_away:
            log.warning("limits_shared_again")
        self.is_away = False
        return found

    def _together(self) -> FixedWindowRateLimiter:
        if self._shared is None:
            storage = RedisStorage(
                settings.REDIS_URL, connection_pool=_pool(), key_prefix="hall-limits"
            )
            self._shared = FixedWindowRateLimiter(storage)
        return self._shared

    def _agreed(self, day: dt.date, mine: bytes) -> bytes:
        """The key that came first, be it ours or another process's."""
        if self._client is None:
            self._client = redis.Redis(connection_pool=_pool())
        name = f"hall-limits:key:{day}"
        self._client.set(name, mine, nx=True, ex=A_DAY_AND_MORE)
        first = self._client.get(name)
        return first if isinstance(first, bytes) else mine


def _pool() -> redis.ConnectionPool:
    return redis.ConnectionPool.from_url(
        settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5
    )


counts = Counts()


def are_counted_alone() -> bool:
    """Whether Redis is away at this moment, though the hall has one; asks it."""
    # Any count will do: the library's own check answers False where this has to see the error.
    counts.ask(lambda limiter: limiter.storage.get("anybody"))
    return counts.is_away


def is_reached(limit: Limit, who: str) -> bool:
    """Whether they have done it so often that they must wait."""
    is_free = counts.ask(lambda limiter: limiter.test(limit.item, limit.name, who))
    return not is_free or is_blind(limit)


def hit(limit: Limit, who: str) -> bool:
    """Count one more; whether it is still within the limit."""
    is_within = counts.ask(lambda limiter: limiter.hit(limit.item, limit.name, who))
    return is_within and not is_blind(limit)


def is_blind(limit: Limit) -> bool:
    """Whether it refuses everybody, because nobody can tell how often they tried."""
    return limit.guards_secret and counts.is_away


def retry_after(limit: Limit, who: str) -> int:
    """In how many whole seconds they may go on, one at least: for the header of that name."""
    ends = counts.ask(lambda limiter: limiter.get_window_stats(limit.item, limit.name, who))
    return max(1, int(ends.reset_time - time.time()) + 1)


def clear(limit: Limit, who: str) -> None:
    """Forget what they did: they have shown that they may."""
    counts.ask(lambda limiter: limiter.clear(limit.item, limit.name, who))


def browser_of(request: HttpRequest) -> str:
    """The browser that asks: its address with its CSRF cookie, hashed. A whole hall is behind one
    address, and one browser may forget its cookie: neither counts alone."""
    browser = request.COOKIES.get(settings.CSRF_COOKIE_NAME, "")
    return hashed(f"{request.META.get('REMOTE_ADDR', '')}|{browser}")


def hashed(who: str) -> str:
    """Somebody, as they are counted today; tomorrow they cannot be told to be the same."""
    key = counts.key(dt.datetime.now(dt.UTC).date())
    return hmac.new(key, who.encode(errors="replace"), hashlib.sha256).hexdigest()
