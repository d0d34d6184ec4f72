"""Keep the processes of the system running, by supervisord.

Two groups, because supervisord stops groups one after the other, the highest priority first, and
the programs of a group side by side: the door closes before the rooms behind it.
"""

import contextlib
import hashlib
import os
import signal
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

from omnibus.local.processes import Server, tail
from omnibus.problem import Problem

DOOR = "gateway"
# Seconds; a process that ends sooner counts as failed to start.
START_SECONDS = 1
# Each failed start waits a second longer than the one before it.
START_RETRIES = 10
# A process may take 25 s to finish its work; Kubernetes gives 30.
STOP_SECONDS = 28
# supervisord binds a longer, temporary name first; the kernel's limit is 107.
LONGEST_SOCKET = 88


@dataclass(frozen=True)
class Program:
    """One process to be kept running."""

    role: str
    command: Sequence[str]
    env: Mapping[str, str]


class Supervisor:
    """One supervisord and the processes it looks after."""

    def __init__(self, home: Path, root: Path) -> None:
        """Keep configuration and logs below `home`; run programs in `root`."""
        self.configuration = home / "supervisord.conf"
        self.logs = home / "log"
        self._root = root
        self._socket = socket_path(home)
        self._server = Server(
            "supervisord", home / "state/supervisord.pid", home / "log/supervisord.out"
        )

    def start(self, programs: Sequence[Program], env: Mapping[str, str]) -> None:
        """Start supervisord and through it the programs; returns before they are ready.

        Args:
            env: Variables that all programs share.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        self._socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._socket.unlink(missing_ok=True)
        text = render(programs, self._socket, self.logs, self._root)
        self.configuration.touch(mode=0o600)
        self.configuration.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.configuration)]
        # Shared variables travel by inheritance: passwords stay out of the configuration file.
        self._server.start(command, {**os.environ, **env}, folder=self._root)
        self._wait_for_socket()

    def stop(self) -> None:
        """Stop the programs, the door first, then supervisord."""
        # Two groups, one after the other, and a little for supervisord itself.
        self._server.stop(signal.SIGTERM, seconds=2 * STOP_SECONDS + 5)

    @property
    def running(self) -> bool:
        """Whether supervisord lives."""
        return self._server.process() is not None

    def processes(self) -> dict[str, dict[str, Any]]:
        """Return what supervisord knows of each role: `statename`, `pid` and more."""
        if not self.running:
            return {}
        with self._remote() as remote:
            return {entry["name"]: entry for entry in remote.supervisor.getAllProcessInfo()}

    def pids(self, role: str) -> list[int]:
        """Return the process ids of a role: the process itself first, then its children."""
        entry = self.processes().get(role)
        if not entry or not entry["pid"]:
            return []
        try:
            process = psutil.Process(entry["pid"])
            return [process.pid, *(child.pid for child in process.children(recursive=True))]
        except psutil.NoSuchProcess:
            return []

    def stop_role(self, role: str) -> None:
        """Stop one role and wait until it has ended."""
        self._ask("stopProcess", role)

    def start_role(self, role: str) -> None:
        """Start a stopped role and wait until it runs."""
        self._ask("startProcess", role)

    def retry(self) -> list[str]:
        """Try those again that supervisord has given up; returns their roles."""
        given_up = [
            role for role, entry in self.processes().items() if entry["statename"] == "FATAL"
        ]
        for role in given_up:
            self._ask("startProcess", role, wait=False)
        return given_up

    def failed(self) -> str | None:
        """Return a sentence about a role that can not be started; None while all is well."""
        for role, entry in self.processes().items():
            if entry["statename"] in ("FATAL", "BACKOFF"):
                return (
                    f"{role} does not start ({tail(self.log(role), lines=1)}):"
                    f" see {self.log(role)}."
                )
        return None

    def log(self, role: str) -> Path:
        """Return the log of a role."""
        return self.logs / f"{role}.log"

    def pid(self) -> int | None:
        """Return supervisord's own process id."""
        process = self._server.process()
        return process.pid if process else None

    def _ask(self, method: str, role: str, *, wait: bool = True) -> None:
        group = "door" if role == DOOR else "rooms"
        with self._remote() as remote:
            getattr(remote.supervisor, method)(f"{group}:{role}", wait)

    @contextlib.contextmanager
    def _remote(self) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        remote = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            yield remote
        finally:
            transport.close()

    def _wait_for_socket(self, seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.running:
                break
            with contextlib.suppress(OSError, xmlrpc.client.Error):
                self.processes()
                return
            time.sleep(0.05)
        raise Problem(f"supervisord did not start: {tail(self._server.log)}.")


def socket_path(home: Path) -> Path:
    """Return where supervisord listens: below `home`, or a short path when that is too long."""
    near = home / "state" / "supervisor.sock"
    if len(str(near)) <= LONGEST_SOCKET:
        return near
    token = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"omnibus-{os.geteuid()}-{token}" / "supervisor.sock"


def render(programs: Sequence[Program], socket: Path, logs: Path, root: Path) -> str:
    """Return supervisord's configuration."""
    rooms = ",".join(program.role for program in programs if program.role != DOOR)
    sections = [
        "[supervisord]",
        "nodaemon = true",
        "silent = true",
        f"logfile = {_quoted(logs / 'supervisord.log')}",
        "logfile_maxbytes = 1MB",
        "logfile_backups = 1",
        f"pidfile = {_quoted(socket.parent / 'supervisord.self.pid')}",
        f"childlogdir = {_quoted(logs)}",
        # Said aloud, or supervisord complains when root runs it.
        *(["user = root"] if os.geteuid() == 0 else []),
        "",
        "[unix_http_server]",
        f"file = {_quoted(socket)}",
        "chmod = 0700",
        "",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        "",
    ]
    if any(program.role == DOOR for program in programs):
        sections += ["[group:door]", f"programs = {DOOR}", "priority = 2", ""]
    if rooms:
        sections += ["[group:rooms]", f"programs = {rooms}", "priority = 1", ""]
    for program in programs:
        sections += [
            f"[program:{program.role}]",
            f"command = {' '.join(_word(word) for word in program.command)}",
            f"directory = {_quoted(root)}",
            "environment = "
            + ",".join(f'{name}="{_quoted(value)}"' for name, value in program.env.items()),
            "autorestart = true",
            f"startsecs = {START_SECONDS}",
            f"startretries = {START_RETRIES}",
            "stopsignal = TERM",
            f"stopwaitsecs = {STOP_SECONDS}",
            "killasgroup = true",
            f"stdout_logfile = {_quoted(logs / (program.role + '.log'))}",
            "stdout_logfile_maxbytes = 10MB",
            "stdout_logfile_backups = 2",
            "redirect_stderr = true",
            "",
        ]
    return "\n".join(sections)


def _quoted(value: object) -> str:
    # supervisord expands %(name)s everywhere, and ` ;` begins a comment.
    text = str(value)
    if any(sign in text for sign in '\n";'):
        raise Problem(f"The path or value {text!r} can not be used: it has a quote or semicolon.")
    return text.replace("%", "%%")


def _word(word: str) -> str:
    return f'"{_quoted(word)}"' if " " in word else _quoted(word)
