import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from omnibus.local.processes import alive
from omnibus.local.supervisor import Program, Supervisor

PATIENCE = 20.0


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path, tmp_path)
    yield supervisor
    supervisor.stop()


def a_sleeper(folder: Path, role: str) -> Program:
    script = folder / "sleeper.py"
    script.write_text(
        "import os, sys, time\n"
        "print(os.environ['SHARED'], os.environ['OWN'], flush=True)\n"
        "time.sleep(600)\n",
        encoding="utf-8",
    )
    return Program(role, (sys.executable, str(script)), {"OWN": f"50% {role}"})


def eventually(true: Callable[[], object]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.1)
    return False


def test_a_killed_process_is_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start([a_sleeper(tmp_path, "leads")], {"SHARED": "a%20b"})
    assert eventually(lambda: supervisor.pids("leads"))
    (first,) = supervisor.pids("leads")

    os.kill(first, signal.SIGKILL)

    assert eventually(lambda: supervisor.pids("leads") not in ([], [first]))


def test_shared_and_own_variables_arrive_unchanged(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start([a_sleeper(tmp_path, "leads")], {"SHARED": "a%20b"})

    assert eventually(lambda: supervisor.log("leads").exists())
    assert eventually(lambda: "a%20b 50% leads" in supervisor.log("leads").read_text())


def test_a_process_that_can_not_start_is_told_with_its_last_words(supervisor: Supervisor) -> None:
    supervisor.start([Program("leads", (sys.executable, "-c", "exit(str(6*7))"), {})], {})

    assert eventually(lambda: "leads does not start (42)" in (supervisor.failed() or ""))


def test_stopping_leaves_no_process(supervisor: Supervisor, tmp_path: Path) -> None:
    roles = ("gateway", "leads", "relay")
    supervisor.start([a_sleeper(tmp_path, role) for role in roles], {"SHARED": "x"})
    assert eventually(lambda: all(supervisor.pids(role) for role in roles))
    processes = [psutil.Process(pid) for role in roles for pid in supervisor.pids(role)]

    supervisor.stop()

    assert not supervisor.running
    assert [process for process in processes if alive(process)] == []


def test_what_an_aborted_run_left_behind_is_found_and_stopped(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    supervisor.start([a_sleeper(tmp_path, "leads")], {"SHARED": "x"})
    assert eventually(lambda: supervisor.pids("leads"))
    process = psutil.Process(supervisor.pids("leads")[0])

    Supervisor(tmp_path, tmp_path).stop()

    assert eventually(lambda: not alive(process))
