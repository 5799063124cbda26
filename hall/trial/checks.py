"""What is refused before anything is changed."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
from typing import Any

import dj_database_url
import psycopg
from dj_database_url import DBConfig
from redis import Redis, RedisError

from hall.trial.place import Place, Unusable

OLDEST_POSTGRES = 15
# The URL itself may hold a password, so it is not shown.
WRONG_URL = (
    "DATABASE_URL is no database that Hall can use: "
    "it begins with sqlite:/// or is like postgresql://user:password@host:5432/name"
)
PARAMETERS = {
    "dbname": "NAME",
    "user": "USER",
    "password": "PASSWORD",
    "host": "HOST",
    "port": "PORT",
}


def check(place: Place) -> None:
    check_port(place.host, place.port)
    check_database(place.database_url)
    if place.redis_url:
        check_redis(place.redis_url)


def check_port(host: str, port: int) -> None:
    """Refuse an address where the server could not listen."""
    other = 8001 if port == 8000 else 8000
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            # As the server does it: a port that was left a moment ago is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except socket.gaierror:
        raise Unusable(f"HALL_HOST={host} is no address of this machine.") from None
    except OSError as error:
        raise Unusable(
            f"Port {port} on {host} cannot be used ({error.strerror}): "
            f"choose another, as make run PORT={other}"
        ) from None


def check_database(url: str) -> None:
    """Refuse a database that is none, or does not let us in."""
    try:
        config = dj_database_url.parse(url)
    except ValueError:
        raise Unusable(WRONG_URL) from None
    if config["ENGINE"].endswith(".sqlite3"):
        check_sqlite(config["NAME"])
    elif config["ENGINE"] == "django.db.backends.postgresql":
        check_postgres(config)
    else:
        raise Unusable(WRONG_URL)


def check_sqlite(name: str) -> None:
    """Refuse a file that SQLite cannot open or write."""
    if name == ":memory:":
        raise Unusable(WRONG_URL)
    try:
        with contextlib.closing(sqlite3.connect(name)) as connection:
            connection.execute("PRAGMA user_version")
            # As a writer begins: a file that can only be read would pass otherwise.
            connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        raise Unusable(f"DATABASE_URL: SQLite cannot use {name} ({error}).") from None


def check_postgres(config: DBConfig) -> None:
    """Refuse a server that is away, too old, or does not let us in."""
    if not config["NAME"]:
        raise Unusable(WRONG_URL)
    where = f"{config['HOST'] or 'localhost'}:{config['PORT'] or 5432}"
    try:
        with psycopg.connect(**parameters(config), connect_timeout=5) as connection:
            version = connection.info.server_version // 10000
    except psycopg.Error as error:
        raise Unusable(
            f"DATABASE_URL: no way into PostgreSQL at {where}: {one_line(error)}"
        ) from None
    if version < OLDEST_POSTGRES:
        raise Unusable(
            f"DATABASE_URL: PostgreSQL at {where} is version {version}; "
            f"Hall needs {OLDEST_POSTGRES} or newer."
        )


def parameters(config: DBConfig) -> dict[str, Any]:
    """What psycopg has to know of a database."""
    settings: dict[str, Any] = dict(config)
    secured = {k: v for k, v in settings.get("OPTIONS", {}).items() if k.startswith("ssl")}
    return secured | {name: settings[key] for name, key in PARAMETERS.items() if settings[key]}


def check_redis(url: str) -> None:
    """Refuse a Redis that is away. Later it may go and come: the hall carries on."""
    try:
        with Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (ValueError, RedisError) as error:
        raise Unusable(f"REDIS_URL: no way into Redis: {one_line(error)}") from None


def one_line(error: Exception) -> str:
    """What an error says, without its line breaks."""
    return " ".join(str(error).split())
