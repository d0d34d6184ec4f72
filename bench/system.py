"""The system that is measured: a house of its own with bulk data in it."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg

from bench.cpu import Meter
from chassis.settings import settings
from omnibus.local import lock, signals
from omnibus.local.house import House, default_home
from omnibus.local.ports import LOCALHOST
from omnibus.local.postgres import DATABASES, SUPERUSER
from omnibus.sample.bulk import SIZES, Counts, bulk
from omnibus.serve import ROLES

MEASURED = (*ROLES, "postgres", "rabbitmq")


@dataclass(frozen=True)
class System:
    """A running system.

    Attributes:
        key: API key of an administrator.
    """

    house: House
    key: str
    counts: Counts

    @property
    def address(self) -> tuple[str, int]:
        """Return where the API listens."""
        return self.house.api_address()

    @property
    def auth(self) -> dict[str, str]:
        """Return the header that every request carries."""
        return {"Authorization": f"Bearer {self.key}"}

    def meter(self) -> Meter:
        """Return a meter of all processes that serve requests."""
        return Meter(lambda: {role: self.house.pids(role) for role in MEASURED})

    def connect(self, database: str) -> psycopg.Connection:
        """Return a session of a database's owner, each statement its own transaction."""
        return psycopg.connect(owner_url(self.house, database), autocommit=True)


def owner_url(house: House, database: str) -> str:
    """Return the URL of a database's owner, as psycopg takes it."""
    url = house.database_env()[f"{database.upper()}_MIGRATE_URL"]
    return url.replace("postgresql+psycopg://", "postgresql://")


@contextlib.contextmanager
def running(size: str) -> Iterator[System]:
    """Start a system with fresh data of a size, and stop it afterwards."""
    home = default_home() / "bench"
    with lock.held(home), signals.raised_as_ended():
        house = House(home, given={}, notify=lambda text: print(f"  {text}", flush=True))
        try:
            house.supervisor.stop()
            house.start_prepared(fresh=True)
            _keep_commit_times(house)
            urls = {name: owner_url(house, name) for name in DATABASES}
            started = time.monotonic()
            bulk(urls, size)
            # What filling left to be written would be counted as the cost of what is measured.
            _as_superuser(house, "checkpoint")
            print(f"  filled in {time.monotonic() - started:.0f} s", flush=True)
            os.environ.update(house.env())
            settings.cache_clear()  # Filling has read them before the house could say its own.
            house.start_processes()
            house.wait_until_ready()
            yield System(house, _admin_key(house), SIZES[size])
        finally:
            signals.ignore()
            house.stop()


def _keep_commit_times(house: House) -> None:
    """Let the server remember when each transaction committed: effects are timed by that."""
    _as_superuser(house, "alter system set track_commit_timestamp = on")
    house.postgres.restart()


def _as_superuser(house: House, statement: LiteralString) -> None:
    with psycopg.connect(
        host=LOCALHOST,
        port=house.ports.current("postgres"),
        user=SUPERUSER,
        password=house.state.get("postgres", SUPERUSER),
        dbname="postgres",
        autocommit=True,
    ) as connection:
        connection.execute(statement)


def _admin_key(house: House) -> str:
    from gateway.identity import bootstrap_admin

    key = bootstrap_admin(house.env()["GATEWAY_DATABASE_URL"])
    if key is None:
        raise SystemExit("The fresh database has an administrator already.")
    return str(key)


@contextlib.contextmanager
def hello_world() -> Iterator[tuple[tuple[str, int], int]]:
    """Serve the smallest application on the gateway's own gunicorn settings; address and pid."""
    with socket.socket() as probe:
        probe.bind((LOCALHOST, 0))
        port: int = probe.getsockname()[1]
    folder = Path(__file__).parent
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "gunicorn", "-c", str(folder / "hello_conf.py"),
         "bench.hello:app"],
        env={**os.environ, "HELLO_BIND": f"{LOCALHOST}:{port}"},
    )  # fmt: skip
    try:
        _wait_for(port)
        yield (LOCALHOST, port), process.pid
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection((LOCALHOST, port), 1):
            return
        time.sleep(0.05)
    raise SystemExit("The hello-world server did not start.")
