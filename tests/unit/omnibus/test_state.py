import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from omnibus.local.state import State
from omnibus.problem import Problem


def test_a_value_is_made_once_and_then_remembered(tmp_path: Path) -> None:
    made = iter(["first", "second"])

    values = [State(tmp_path).remember("ports", "api", lambda: next(made)) for _ in range(2)]

    assert values == ["first", "first"]


def test_side_by_side_writers_lose_nothing(tmp_path: Path) -> None:
    state = State(tmp_path)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: state.put("ports", str(number), number), range(40)))

    assert state.section("ports") == {str(number): number for number in range(40)}


def test_none_forgets_a_value(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.put("sample", "customer_id", "some id")

    state.put("sample", "customer_id", None)

    assert state.section("sample") == {}


def test_passwords_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    state = State(tmp_path)

    state.put("postgres", "leads_app", "secret")

    assert stat.S_IMODE(state.path.stat().st_mode) == 0o600


def test_a_damaged_file_is_told_in_one_sentence(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.put("ports", "api", 1)
    state.path.write_text("{", encoding="utf-8")

    with pytest.raises(Problem, match="make reset"):
        state.get("ports", "api")
