"""psycopg in a green process: a statement that waits stops nobody else."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "case",
    [
        "run_side_by_side",
        "wait_for_a_lock",
        "send_more_than_a_socket_takes",
        "lose_the_session",
        "kill_the_greenlet",
    ],
)
def test_a_green_process_can(case: str) -> None:
    """With psycopg's wait in C, two greenlets that want one lock hang the process for ever."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.fixtures.green_statements", case],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
