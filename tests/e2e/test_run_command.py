"""`python -m omnibus run` with the real system, as a person runs it, twice."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from omnibus.local.house import ROOT
from omnibus.serve import ROLES

PATIENCE = 240.0


class Command:
    """One run in a folder of its own."""

    def __init__(self, home: Path, **variables: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.summary = home / "omnibus.json"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "omnibus", "run"],
            cwd=ROOT,
            env={**kept, "OMNIBUS_HOME": str(home), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.printed: list[str] = []

    def up(self) -> dict[str, Any]:
        """Return the summary once the command says that all is up."""
        until = time.monotonic() + PATIENCE
        assert self.process.stdout
        for line in self.process.stdout:
            self.printed.append(line)
            if line.startswith("Up after"):
                return dict(json.loads(self.summary.read_text(encoding="utf-8")))
            assert time.monotonic() < until, self.output
        raise AssertionError(f"it ended: {self.output}")

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.printed.append(self.process.communicate(timeout=PATIENCE)[0])
        return self.process.returncode

    def stop_itself(self) -> int:
        self.printed.append(self.process.communicate(timeout=PATIENCE)[0])
        return self.process.returncode

    @property
    def output(self) -> str:
        return "".join(self.printed)


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="omnibus-run-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def left_of(home: Path) -> list[str]:
    """Return the processes that have the folder in their command line or environment."""
    found = []
    for process in psutil.process_iter():
        try:
            told = " ".join([*process.cmdline(), *process.environ().values()])
        except psutil.Error:
            continue
        if str(home) in told and process.pid != os.getpid():
            found.append(f"{process.pid} {process.name()}")
    return found


def test_it_shows_a_customer_keeps_its_data_and_leaves_no_process(home: Path) -> None:
    first = Command(home)
    try:
        summary = first.up()
        assert stat.S_IMODE(first.summary.stat().st_mode) == 0o600
        assert {
            "api", "docs", "metrics", "metrics_by_role",
            "admin_api_key", "sample_customer_id", "pids",
        } <= set(summary)  # fmt: skip
        assert set(ROLES) <= set(summary["pids"])
        for url in (f"{summary['api']}/v1", summary["docs"]):
            assert url in first.output
        customer = read_360(summary)
        assert {one["status"] for one in customer["sections"].values()} == {"fresh"}
        assert customer["sections"]["profile"]["data"]["name"] in first.output
        assert httpx.get(summary["docs"], follow_redirects=True, trust_env=False).is_success
        for url in [summary["metrics"], *summary["metrics_by_role"].values()]:
            assert "crm_" in httpx.get(url, trust_env=False).text
    finally:
        code = first.stop()
    assert code == 0, first.output
    assert left_of(home) == []
    assert not first.summary.exists()

    second = Command(home)
    try:
        again = second.up()
        for kept in ("admin_api_key", "sample_customer_id"):
            assert again[kept] == summary[kept]
        assert data_of(read_360(again)) == data_of(customer)
        told = [line for line in second.printed if line.startswith("Up after")]
        print(told[0])
    finally:
        code = second.stop()
    assert code == 0, second.output
    assert "Sample data" not in second.output
    assert left_of(home) == []


def read_360(summary: dict[str, Any]) -> dict[str, Any]:
    answer = httpx.get(
        f"{summary['api']}/v1/customers/{summary['sample_customer_id']}/360",
        headers={"Authorization": f"Bearer {summary['admin_api_key']}"},
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def data_of(view: dict[str, Any]) -> dict[str, Any]:
    """Return what a view shows, without the time at which it was read."""
    return {name: section["data"] for name, section in view["sections"].items()}


def test_a_port_that_is_taken_is_told_in_one_sentence(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = Command(home, PORT=port)
        assert command.stop_itself() != 0

    assert_one_sentence(command, port)
    assert left_of(home) == []


def test_a_broker_that_refuses_is_told_in_one_sentence(home: Path) -> None:
    command = Command(home, AMQP_URL="amqp://somebody:secret@127.0.0.1:1/v")
    assert command.stop_itself() != 0

    assert_one_sentence(command, "AMQP_URL")
    assert "secret" not in command.output
    assert left_of(home) == []


def assert_one_sentence(command: Command, word: str) -> None:
    said = [line for line in command.output.splitlines() if line.strip()]
    assert "Traceback" not in command.output
    assert said[-1].startswith("✘ ")
    assert word in said[-1]
