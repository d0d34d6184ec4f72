"""People: the directory on its database, and the replica beside it."""

import pytest
from sqlalchemy import select

from chassis.errors import Conflict, Forbidden, Invalid, NotFound
from chassis.ids import new_id
from gateway.persistence.tables import metadata, people, persons
from tests.fixtures.gateway import ADA, ANN, BO, admin, ann, ask, call, partner
from tests.fixtures.races import together


def outbox(service):
    table = metadata.tables["outbox"]
    with service.database.transaction(admin) as tx:
        return [row.body for row in tx.rows(select(table).order_by(table.c.id))]


def replica(service, person_id):
    with service.database.transaction(admin) as tx:
        return tx.row(select(people).where(people.c.id == person_id))


def a_request(**fields):
    return {"name": "Chen Mo", "roles": ["rep"], "team_path": "/cn/north/", **fields}


def test_a_new_person_is_in_the_replica_and_in_an_event_at_once(service):
    made = ask(service.create_person, a_request(manager_id=ANN), admin)

    assert replica(service, made["id"]).team_path == "/cn/north/"
    event = outbox(service)[0]
    assert (event["type"], event["subject"]) == ("person_changed", f"person/{made['id']}")
    assert {"id", "version", "name", "team_path", "manager_id", "roles", "active"} <= set(
        event["data"]["after"]
    )


def test_only_given_fields_change_and_null_clears(service):
    ask(service.update_person, {"id": BO, "expected_version": 1, "email": None}, admin)
    found = ask(service.update_person, {"id": BO, "team_path": "/us/", "roles": ["manager"]}, admin)

    assert (found["name"], found["email"], found["version"]) == ("波", None, 3)
    assert replica(service, BO).roles == ["manager"]
    assert outbox(service)[-1]["data"]["changes"]["team_path"] == ["/cn/east/", "/us/"]


def test_a_change_that_changes_nothing_publishes_nothing(service):
    ask(service.update_person, {"id": BO, "name": "波"}, admin)

    assert outbox(service) == []


def test_a_stale_version_is_refused(service):
    with pytest.raises(Conflict, match="stale_version"):
        ask(service.update_person, {"id": BO, "expected_version": 7, "name": "x"}, admin)


def test_an_email_belongs_to_one_person(service):
    with pytest.raises(Conflict, match="email_taken"):
        ask(service.create_person, a_request(email="bo@example.com"), admin)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"roles": ["boss"]}, "not_a_choice"),
        ({"roles": ["system"]}, "not_a_choice"),
        ({"roles": []}, "too_few"),
        ({"roles": ["rep", "rep"]}, "not_distinct"),
        ({"team_path": "cn/east"}, "not_a_team_path"),
        ({"email": "nonsense"}, "not_an_email"),
        ({"manager_id": new_id()}, "unknown_person"),
        ({"team": "/x/"}, "unknown_field"),
    ],
    ids=[
        "unknown role", "system role", "no role", "role twice", "no path", "no mail",
        "unknown manager", "unknown field",
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(service, fields, code):
    with pytest.raises(Invalid) as refusal:
        ask(service.create_person, a_request(**fields), admin)

    assert [error["code"] for error in refusal.value.details["errors"]] == [code]


def test_two_people_made_each_others_manager_at_once_end_without_a_ring(service):
    for _ in range(5):
        for person in (ANN, BO):
            ask(service.update_person, {"id": person, "manager_id": None}, admin)
        together(
            [
                lambda: ask(service.update_person, {"id": ANN, "manager_id": BO}, admin),
                lambda: ask(service.update_person, {"id": BO, "manager_id": ANN}, admin),
            ]
        )

        with service.database.transaction(admin) as tx:
            rows = {row.id: row.manager_id for row in tx.rows(select(persons))}
        assert not (rows[ANN] == BO and rows[BO] == ANN)


def test_only_administrators_manage_people(service):
    with pytest.raises(Forbidden):
        ask(service.create_person, a_request(), ann)
    with pytest.raises(Forbidden):
        ask(service.list_people, {}, partner)


def test_a_list_of_people_is_filtered_sorted_and_paged(service):
    first = ask(service.list_people, {"limit": 2, "sort": "-name"}, ann)
    rest = ask(
        service.list_people, {"limit": 2, "sort": "-name", "cursor": first["next_cursor"]}, ann
    )
    named = ask(service.list_people, {"filters": {"team_path": "/cn/east/"}, "count": "exact"}, ann)

    assert len({item["id"] for item in first["items"] + rest["items"]}) == 3
    assert not rest["has_more"]
    assert named["total"] == 2


def test_one_person_is_read(service):
    assert ask(service.get_person, {"id": ADA}, ann)["name"] == "Ada"
    with pytest.raises(NotFound):
        ask(service.get_person, {"id": new_id()}, ann)


def test_equal_creations_with_one_key_make_one_person(service):
    answers = together(
        [lambda: call(service.create_person, a_request(), admin, "k-1") for _ in range(8)]
    )

    assert len({found.reply["id"] for found in answers}) == 1
    assert sum(not found.replayed for found in answers) == 1
