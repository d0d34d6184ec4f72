"""Ids sort by time and have one form."""

import pytest

from chassis.ids import is_id, new_id


def test_ids_are_unique_and_sort_by_their_making() -> None:
    made = [new_id() for _ in range(2_000)]

    assert len(set(made)) == 2_000
    assert made == sorted(made)
    assert all(is_id(each) and each[14] == "7" for each in made)


@pytest.mark.parametrize(
    "text",
    [
        None, 5, "", "x", new_id().upper(), new_id().replace("-", ""), new_id() + "\n",
        f"{{{new_id()}}}", new_id()[:-1], b"01930000-0000-7000-8000-00000000a001",
    ],
    ids=repr,
)  # fmt: skip
def test_any_other_form_is_no_id(text: object) -> None:
    assert not is_id(text)
