"""Crash points: armed by a file, deadly once, nothing in production."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from chassis import crash

ROOT = Path(__file__).parents[3]
PROGRAM = """
from chassis import crash
for number in range(4):
    crash.point("before_commit", "leads.claim")
    print(number, flush=True)
"""


def run(folder: Path | None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "CRASH_DIR"}
    if folder is not None:
        environment["CRASH_DIR"] = str(folder)
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_armed_point_kills_after_the_passes_it_is_to_survive_and_only_once(
    tmp_path: Path,
) -> None:
    (tmp_path / "before_commit--leads.claim").write_text("2")
    (tmp_path / "after_commit--leads.claim").write_text("0")

    first, second = run(tmp_path), run(tmp_path)

    assert (first.returncode, first.stdout.split()) == (-signal.SIGKILL, ["0", "1"])
    assert (second.returncode, second.stdout.split()) == (0, ["0", "1", "2", "3"])


def test_without_a_folder_a_point_is_nothing() -> None:
    assert run(None).returncode == 0
    assert crash._DIR is None or "CRASH_DIR" in os.environ
