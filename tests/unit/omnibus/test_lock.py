from pathlib import Path

import pytest

from omnibus.local import lock
from omnibus.problem import Problem


def test_a_second_run_in_one_checkout_is_told_who_runs(tmp_path: Path) -> None:
    with (
        lock.held(tmp_path),
        pytest.raises(Problem, match=r"running already \(process \d+\)"),
        lock.held(tmp_path),
    ):
        pass


def test_two_checkouts_run_side_by_side(tmp_path: Path) -> None:
    with lock.held(tmp_path / "one"), lock.held(tmp_path / "other"):
        pass


def test_the_folder_is_free_again_after_a_run(tmp_path: Path) -> None:
    with lock.held(tmp_path):
        pass

    with lock.held(tmp_path):
        pass
