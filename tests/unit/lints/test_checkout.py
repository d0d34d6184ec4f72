"""What the lints look at, and how they end."""

import subprocess
import sys
from pathlib import Path

from lints.checkout import read_checkout

ROOT = Path(__file__).resolve().parents[3]


def test_environments_caches_and_local_state_are_left_out(tmp_path: Path) -> None:
    for path in (
        "chassis/db.py",
        ".ci/run",
        ".venv/x.py",
        ".local/a.json",
        "chassis/__pycache__/b.py",
        "node_modules/c.js",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x = 1\n")

    assert set(read_checkout(tmp_path).sources) == {"chassis/db.py", ".ci/run"}


def test_a_file_that_is_no_text_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "picture.bin").write_bytes(b"\xff\xfe\x00\x80")

    assert read_checkout(tmp_path).sources == {}


def test_a_broken_rule_is_printed_with_its_place_and_ends_with_one(tmp_path: Path) -> None:
    (tmp_path / "chassis").mkdir()
    (tmp_path / "chassis/lane.py").write_text("import x\n\nx.commit()\n")

    run = subprocess.run(
        [sys.executable, "-m", "lints", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1
    assert "chassis/lane.py:3: only chassis/db.py commits [commit]" in run.stdout
