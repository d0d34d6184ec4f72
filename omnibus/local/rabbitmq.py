"""A private RabbitMQ node for the local house.

Everything that two nodes on one machine could share is its own: node name, ports, data, cookie
and the Erlang port mapper. No plugin is loaded; the only user is made at the first boot, so there
is no guest.
"""

import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from omnibus.local import rabbitmq_package, system_user
from omnibus.local.ports import LOCALHOST, Ports
from omnibus.local.processes import Server, tail
from omnibus.local.state import State
from omnibus.problem import Problem

USER = "omnibus"
VHOST = "omnibus"
# Erlang's schedulers spin while they wait: on two cores an idle broker would burn one of them.
QUIET_SCHEDULERS = "+sbwt none +sbwtdcpu none +sbwtdio none"


class RabbitMQ:
    """One broker node and the Erlang port mapper (epmd) it needs."""

    def __init__(self, home: Path, state: State, notify: Callable[[str], None]) -> None:
        """Keep everything below `home`; nothing is started yet."""
        self.folder = home / "rabbitmq"
        self._state = state
        self._notify = notify
        self._ports = Ports(state)
        self._node = Server("RabbitMQ", home / "state/rabbitmq.pid", home / "log/rabbitmq.log")
        self._epmd = Server("epmd", home / "state/epmd.pid", home / "log/epmd.log")

    def start(self) -> None:
        """Start the node, on its old port when that is free, and wait until it takes logins."""
        if self._node.process() is None:
            script = rabbitmq_package.find_or_install(self._notify)
            user = system_user.needed()
            system_user.open_way(self.folder, user, self._notify)
            for folder in (self.folder, self.folder / "data", self.folder / "log"):
                system_user.give(folder, user)
            ports = {name: self._ports.choose(name) for name in ("rabbitmq", "rabbitmq-nodes")}
            self._start_epmd(user)
            self._write_configuration(user, ports["rabbitmq"])
            environment = self._environment(ports)
            self._node.start([str(script)], environment, user=user, folder=self.folder)
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Stop the node cleanly, then its port mapper."""
        self._node.stop(signal.SIGTERM, seconds=30)
        self._epmd.stop(signal.SIGTERM, seconds=5)

    def kill(self) -> None:
        """Kill the node at once, as a crash would; the port mapper stays."""
        self._node.kill()

    def forget(self) -> None:
        """Forget queues and messages of a node that does not run."""
        if not self.running:
            shutil.rmtree(self.folder / "data", ignore_errors=True)

    def restart(self) -> None:
        """Stop and start again on the same port."""
        self.stop()
        self.start()

    @property
    def running(self) -> bool:
        """Whether the node's process lives."""
        return self._node.process() is not None

    def pids(self) -> list[int]:
        """Return the process ids of node and port mapper, if they run."""
        found = (self._node.process(), self._epmd.process())
        return [process.pid for process in found if process]

    def control(self, *arguments: str) -> str:
        """Run `rabbitmqctl` against the node and return what it prints; for tests and operators."""
        script = rabbitmq_package.find_or_install(self._notify).with_name("rabbitmqctl")
        names = ("rabbitmq", "rabbitmq-nodes")
        ports = {name: self._ports.current(name) or 0 for name in names}
        done = subprocess.run(
            [str(script), *arguments],
            env=self._environment(ports),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            raise Problem(f"rabbitmqctl {arguments[0]} failed: {done.stderr.strip()[-300:]}")
        return done.stdout

    def url(self) -> str:
        """Return the AMQP URL with the user's password."""
        password = self._state.get("rabbitmq", "password")
        port = self._ports.current("rabbitmq")
        return f"amqp://{USER}:{password}@{LOCALHOST}:{port}/{VHOST}"

    def _start_epmd(self, user: str | None) -> None:
        if self._epmd.process() is not None:
            return
        port = self._ports.choose("epmd")
        # In the foreground: the one RabbitMQ would start detaches itself and outlives the node.
        self._epmd.start(
            ["epmd", "-port", str(port), "-address", LOCALHOST],
            {"PATH": os.environ.get("PATH", "/usr/bin:/bin")},
            user=user,
            folder=self.folder,
        )
        if not _listens(port, seconds=10):
            raise Problem(f"The Erlang port mapper did not start: {tail(self._epmd.log)}.")

    def _write_configuration(self, user: str | None, port: int) -> None:
        password = self._state.remember("rabbitmq", "password", lambda: secrets.token_hex(16))
        files = {
            "rabbitmq.conf": "\n".join(
                [
                    "listeners.tcp.default = " + f"{LOCALHOST}:{port}",
                    f"default_user = {USER}",
                    f"default_pass = {password}",
                    f"default_vhost = {VHOST}",
                    "default_user_tags.administrator = true",
                    "log.console = true",
                    "log.console.level = warning",
                    "log.file = false",
                    # A laptop with a full disk should hear of it from us, not from a blocked bus.
                    "disk_free_limit.absolute = 200MB",
                    "",
                ]
            ),
            "enabled_plugins": "[].\n",
            "environment": "",
            ".erlang.cookie": self._state.remember(
                "rabbitmq", "cookie", lambda: secrets.token_hex(16).upper()
            ),
        }
        for name, text in files.items():
            self._write(self.folder / name, text, user)

    def _write(self, path: Path, text: str, user: str | None) -> None:
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        path.chmod(0o400 if path.name == ".erlang.cookie" else 0o600)
        system_user.hand_over(path, user)

    def _environment(self, ports: dict[str, int]) -> dict[str, str]:
        # The node's name is part of its data: derived from the folder, so that it never changes.
        token = hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]
        folder = self.folder
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._ports.current("epmd")),
            "ERL_EPMD_ADDRESS": LOCALHOST,
            "RABBITMQ_NODENAME": f"omnibus-{token}@localhost",
            "RABBITMQ_DIST_PORT": str(ports["rabbitmq-nodes"]),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "environment"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(folder / "node.pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                f"{QUIET_SCHEDULERS} -kernel inet_dist_use_interface {{127,0,0,1}}"
            ),
            # Makes the script become the node instead of its nurse: one process, one id.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def _wait_until_it_answers(self, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while True:
            problem = check(self.url())
            if problem is None:
                return
            if self._node.process() is None:
                raise Problem(
                    f"RabbitMQ ended while it started ({tail(self._node.log, lines=1)}):"
                    f" see {self._node.log}."
                )
            if time.monotonic() > deadline:
                raise Problem(f"RabbitMQ does not take logins ({problem}): see {self._node.log}.")
            time.sleep(0.2)


def check(url: str) -> str | None:
    """Try to log in at a broker. Returns None, or why it refused."""
    import logging

    import pika
    from pika import exceptions

    # pika tells every failed attempt in six lines; the caller tells the last one, once.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    try:
        parameters = pika.URLParameters(url)
        parameters.socket_timeout = 5
        parameters.stack_timeout = 10
        parameters.connection_attempts = 1
        pika.BlockingConnection(parameters).close()
    except exceptions.ProbableAuthenticationError:
        return "it does not know this user and password"
    except (exceptions.ProbableAccessDeniedError, exceptions.ConnectionClosed):
        return f"it does not let this user into the virtual host {parameters.virtual_host}"
    except (exceptions.AMQPError, OSError):
        return f"nobody answers at {parameters.host}:{parameters.port}"
    except (ValueError, TypeError, IndexError) as error:
        return f"it can not be read: {error}"
    return None


def _listens(port: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((LOCALHOST, port)) == 0:
                return True
        time.sleep(0.05)
    return False
