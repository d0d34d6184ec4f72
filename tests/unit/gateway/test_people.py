"""People: changes and the tree of managers."""

import pytest

from chassis.errors import Invalid
from gateway.domain import people
from tests.fixtures.gateway import ADA, ANN, BO, T0, a_person


def change(person, changes, above=()):
    return people.change(person, changes, managers_above=above, by=ADA, now=T0)


def test_a_change_makes_the_next_version_and_an_event():
    after, event = change(a_person(), {"name": "安妮", "email": None})

    assert (after.name, after.version, after.updated_by) == ("安妮", 2, ADA)
    assert event.before.name == "安娜"


def test_no_difference_makes_no_event():
    after, event = change(a_person(), {"name": "安娜"})

    assert event is None
    assert after.version == 1


def test_nobody_stands_above_oneself():
    with pytest.raises(Invalid) as refusal:
        change(a_person(), {"manager_id": BO}, above={BO, ANN})

    assert refusal.value.details["errors"][0]["code"] == "manager_cycle"


def test_only_known_fields_change():
    with pytest.raises(ValueError, match="version"):
        change(a_person(), {"version": 9})
