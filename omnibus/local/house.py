"""The local house as one object: servers, environment, processes.

`make run` uses it, and so do tests that need a system of their own:

    house = House(home=tmp_path)
    house.start_prepared()
    house.start_processes(["leads", "relay"])
    house.wait_until_ready()
    ...
    house.stop()
"""

import http.client
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from omnibus.local import keys, ports
from omnibus.local.postgres import DATABASES, Postgres
from omnibus.local.rabbitmq import RabbitMQ, check
from omnibus.local.state import State
from omnibus.local.supervisor import Program, Supervisor
from omnibus.problem import Problem
from omnibus.serve import ROLES

ROOT = Path(__file__).resolve().parents[2]
# Addresses to listen on that are none to call.
EVERYWHERE = ("0.0.0.0", "[::]")  # noqa: S104


def default_home() -> Path:
    """Return the folder of the local state: `OMNIBUS_HOME`, else `.local` in the checkout."""
    return Path(os.environ.get("OMNIBUS_HOME") or ROOT / ".local").resolve()


class House:
    """A database server and a broker, given or private, and the processes that use them."""

    def __init__(
        self,
        home: Path | None = None,
        *,
        given: Mapping[str, str] | None = None,
        also: Mapping[str, str] | None = None,
        notify: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Describe a house; nothing is started.

        Args:
            home: Folder of all its state.
            given: Variables that name an existing broker and databases, or the port of the API;
                the environment of this process unless told otherwise. An empty one makes
                everything private.
            also: More variables for every process of the system.
            notify: Told what is being done, in words for a person.
        """
        self.home = (home or default_home()).resolve()
        # A copy: what the house itself sets later on must not look given.
        self.given = dict(os.environ if given is None else given)
        self._also = dict(also or {})
        self.state = State(self.home / "state")
        self.ports = ports.Ports(self.state)
        self.postgres = Postgres(self.home, self.state, notify)
        self.rabbitmq = RabbitMQ(self.home, self.state, notify)
        self.supervisor = Supervisor(self.home, ROOT)
        self._keys = self.home / "keys"
        self._roles: tuple[str, ...] = ()
        self._notify = notify

    # What is given

    @property
    def given_databases(self) -> bool:
        """Whether the databases are somebody else's.

        Raises:
            Problem: Some of the five URLs are given and others are not.
        """
        named = [name for name in DATABASES if self.given.get(f"{name.upper()}_DATABASE_URL")]
        if not named:
            return False
        missing = [f"{name.upper()}_DATABASE_URL" for name in DATABASES if name not in named]
        if missing:
            raise Problem(
                f"Some database URLs are given but not {', '.join(missing)}:"
                " give all five, or none to use the embedded PostgreSQL."
            )
        return True

    @property
    def given_broker(self) -> str | None:
        """The URL of somebody else's broker, if one is given."""
        return self.given.get("AMQP_URL") or None

    # Life

    def start_infrastructure(self, *, fresh: bool = False) -> None:
        """Start database server and broker side by side, unless they are given.

        Args:
            fresh: Forget what private databases and a private broker hold.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        self._check_given()
        self._side_by_side(lambda: self._start_postgres(fresh), lambda: self._start_rabbitmq(fresh))

    def start_prepared(self, *, fresh: bool = False) -> None:
        """Start both servers and make them ready for the processes, one not waiting for the other.

        Args:
            fresh: Forget what private databases and a private broker hold.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        self._check_given()
        keys.prepare(self._keys)

        def databases() -> None:
            self._start_postgres(fresh)
            self.migrate()

        def broker() -> None:
            self._start_rabbitmq(fresh)
            self.declare()

        self._side_by_side(databases, broker)

    def migrate(self) -> None:
        """Bring the five databases to the newest schema."""
        from omnibus import migrate

        for name in DATABASES:
            migrate.upgrade(name, self.database_env()[f"{name.upper()}_MIGRATE_URL"])
        self._notify("databases are migrated")

    def declare(self) -> None:
        """Declare exchanges and queues, so that no event meets an exchange without them."""
        from omnibus import topology

        try:
            topology.declare(self.broker_url())
        except SystemExit as end:
            raise Problem(str(end)) from end
        # RabbitMQ before 4 writes the names of new quorum queues every half second, not at once:
        # a broker that crashes sooner has lost them for good (rabbitmq/ra pull request 443).
        time.sleep(1)
        self._notify("exchanges and queues are declared")

    def start_processes(self, roles: Sequence[str] = ROLES) -> None:
        """Start processes under a supervisor; returns before they are ready."""
        # What an aborted run left behind would hold the ports and do the work twice.
        self.supervisor.stop()
        if "gateway" in roles:
            self.choose_api_port()
        keys.prepare(self._keys)
        self._roles = tuple(roles)
        command = (sys.executable, "-m", "omnibus", "serve")
        programs = [Program(role, (*command, role), self.role_env(role)) for role in roles]
        self.supervisor.start(programs, self.env())

    def wait_until_ready(
        self, seconds: float = 180, on_ready: Callable[[str], None] = lambda role: None
    ) -> None:
        """Wait until every started process says that it is ready.

        Raises:
            Problem: One can not be started, or time is over.
        """
        waiting = list(self._roles)
        deadline = time.monotonic() + seconds
        while waiting:
            for role in list(waiting):
                if _is_ready(self.ports.current(f"health-{role}")):
                    waiting.remove(role)
                    on_ready(role)
            if not waiting:
                return
            if (failed := self.supervisor.failed()) and time.monotonic() > deadline - seconds + 8:
                raise Problem(failed)
            if time.monotonic() > deadline:
                raise Problem(
                    f"{', '.join(waiting)} did not become ready in {seconds:.0f} s:"
                    f" see {self.supervisor.log(waiting[0])}."
                )
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop everything this house started, also what an earlier run left behind."""
        self.supervisor.stop()
        self._side_by_side(self.postgres.stop, self.rabbitmq.stop)

    def revive(self) -> list[str]:
        """Start again what died and what was given up; returns the names of it."""
        revived = []
        if not self.given_databases and not self.postgres.running:
            self.postgres.start()
            revived.append("PostgreSQL")
        if not self.given_broker and not self.rabbitmq.running:
            self.rabbitmq.start()
            revived.append("RabbitMQ")
        if self._roles and not self.supervisor.running:
            self.start_processes(self._roles)
            revived.append("the process manager")
        return revived + self.supervisor.retry()

    # What others must know

    def env(self) -> dict[str, str]:
        """Return the variables that all processes share, and a key to sign as the gateway."""
        return {
            "AMQP_URL": self.broker_url(),
            **self.database_env(),
            "ACTOR_PUBLIC_KEYS_FILE": str(keys.public_keys_file(self._keys)),
            "ACTOR_PRIVATE_KEY_FILE": str(keys.private_key_file(self._keys, "gateway")),
            "HEALTH_HOST": ports.LOCALHOST,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            **self._also,
        }

    def broker_url(self) -> str:
        """Return the AMQP URL of the given or the private broker."""
        return self.given_broker or self.rabbitmq.url()

    def database_env(self) -> dict[str, str]:
        """Return the URLs of the five databases, for the application and for migrations."""
        variables = {}
        for name in DATABASES:
            for role, suffix in (("app", "DATABASE_URL"), ("owner", "MIGRATE_URL")):
                variable = f"{name.upper()}_{suffix}"
                if self.given_databases:
                    fallback = self.given[f"{name.upper()}_DATABASE_URL"]
                    variables[variable] = self.given.get(variable) or fallback
                else:
                    variables[variable] = self.postgres.url(name, role)
        return variables

    def role_env(self, role: str) -> dict[str, str]:
        """Return the variables that only the process of this role is given."""
        port = self.ports.choose(f"health-{role}")
        variables = {"HEALTH_PORT": str(port)}
        issuer = "gateway" if role == "gateway-worker" else role
        # Empty for the relay, which speaks for nobody.
        key = str(keys.private_key_file(self._keys, issuer)) if issuer in keys.ISSUERS else ""
        variables["ACTOR_PRIVATE_KEY_FILE"] = key
        if role == "gateway":
            host, port = self.api_address()
            variables["GATEWAY_BIND"] = f"{host}:{port}"
            variables["PROMETHEUS_MULTIPROC_DIR"] = str(self.home / "state" / "metrics")
        return variables

    def api_address(self) -> tuple[str, int]:
        """Return host and port of the HTTP API: `GATEWAY_BIND`, `PORT`, else the chosen port."""
        bind = self.given.get("GATEWAY_BIND") or ""
        number = self.given.get("PORT") or ""
        host, _, port = bind.rpartition(":") if bind else (ports.LOCALHOST, "", number)
        if bind or number:
            if not port.isdecimal() or not 0 < int(port) < 65536:
                raise Problem(
                    f"{bind or number} is no address of the API: give PORT=8080, or"
                    " GATEWAY_BIND=127.0.0.1:8080."
                )
            return host or ports.LOCALHOST, int(port)
        return ports.LOCALHOST, self.ports.current("gateway") or self.ports.choose("gateway")

    def choose_api_port(self) -> None:
        """Settle the port of the HTTP API.

        Raises:
            Problem: It was given and is taken.
        """
        variable = next((name for name in ("GATEWAY_BIND", "PORT") if self.given.get(name)), None)
        if variable:
            ports.demand(*self.api_address(), variable)
        else:
            self.ports.choose("gateway")

    def api_url(self) -> str:
        """Return the URL of the HTTP API as seen from this machine."""
        host, port = self.api_address()
        return f"http://{host if host not in EVERYWHERE else ports.LOCALHOST}:{port}"

    def health_url(self, role: str) -> str:
        """Return the URL under which a process answers about itself."""
        return f"http://{ports.LOCALHOST}:{self.ports.current(f'health-{role}')}"

    def pids(self, role: str) -> list[int]:
        """Return the process ids of a role, `postgres` and `rabbitmq` included; none if down."""
        if role == "postgres":
            return self.postgres.pids()
        if role == "rabbitmq":
            return self.rabbitmq.pids()
        return self.supervisor.pids(role)

    def all_pids(self) -> dict[str, list[int]]:
        """Return the process ids of everything this house runs, by role."""
        found = {role: self.pids(role) for role in (*self._roles, "postgres", "rabbitmq")}
        if supervisor := self.supervisor.pid():
            found["supervisor"] = [supervisor]
        return {role: pids for role, pids in found.items() if pids}

    def _check_given(self) -> None:
        # Before anything is started: a mistake in a variable should not cost a broker's boot.
        _ = self.given_databases
        problem = check(self.given_broker) if self.given_broker else None
        if problem is not None:
            raise Problem(
                f"The broker at AMQP_URL refuses ({problem}): correct the URL, or unset it to"
                " use a private RabbitMQ."
            )

    def _start_postgres(self, fresh: bool) -> None:
        if self.given_databases:
            return
        self.postgres.start()
        if fresh:
            self.postgres.drop_databases()
        self.postgres.prepare_databases()
        self._notify("PostgreSQL is up")

    def _start_rabbitmq(self, fresh: bool) -> None:
        if self.given_broker:
            return
        if fresh:
            self.rabbitmq.stop()
            self.rabbitmq.forget()
        self.rabbitmq.start()
        self._notify("RabbitMQ is up")

    @staticmethod
    def _side_by_side(*steps: Callable[[], None]) -> None:
        with ThreadPoolExecutor(len(steps)) as pool:
            for done in [pool.submit(step) for step in steps]:
                done.result()


def adopt_environment() -> None:
    """Let a command know the local house when the environment names no other one."""
    house = House()
    if house.state.path.exists() and not os.environ.get("AMQP_URL") and not house.given_databases:
        for name, value in house.env().items():
            os.environ.setdefault(name, value)


def _is_ready(port: int | None) -> bool:
    # By hand: asked very often while processes start, it must not cost them the processor.
    connection = http.client.HTTPConnection(ports.LOCALHOST, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
