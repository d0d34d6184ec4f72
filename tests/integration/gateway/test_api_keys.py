"""API keys: the secret is seen once and stored nowhere."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from chassis import clock
from chassis.errors import Forbidden, Invalid, NotFound, Refused
from chassis.ids import new_id
from gateway.domain.api_keys import digest, is_well_formed
from gateway.persistence.tables import api_keys, metadata
from tests.fixtures.gateway import ANN, BO, admin, ann, ask, call


def a_request(**fields):
    return {"person_id": ANN, "name": "ERP 接口", **fields}


def test_a_new_key_is_shown_and_only_its_hash_is_stored(service):
    made = ask(service.create_api_key, a_request(scopes=["leads:read"]), admin)

    assert is_well_formed(made["key"])
    with service.database.transaction(admin) as tx:
        row = tx.row(select(api_keys))
    assert row.hash == digest(made["key"])
    assert row.expires_at - clock.now() < timedelta(days=90)


def test_a_replay_has_the_same_key_without_its_secret_and_the_database_never_had_it(service, owner):
    first = call(service.create_api_key, a_request(), admin, "k-1")
    again = call(service.create_api_key, a_request(), admin, "k-1")

    assert again.replayed
    assert again.reply == {**first.reply, "key": None}
    secret = first.reply["key"]
    with owner.connect() as connection:
        for table in metadata.sorted_tables:
            rows = connection.execute(text(f"select t::text from {table.name} t")).scalars()
            assert not any(secret in row for row in rows)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"expires_in_days": 367}, "out_of_range"),
        ({"expires_in_days": None}, "not_null"),
        ({"scopes": ["leads"]}, "not_a_scope"),
        ({"scopes": ["nonsense:read"]}, "not_a_scope"),
        ({"scopes": ["leads:claim"]}, "not_a_scope"),
        ({"person_id": new_id()}, "unknown_person"),
    ],
    ids=["too long", "for ever", "no action", "no resource", "no such action", "nobody"],
)
def test_a_wrong_field_is_named(service, fields, code):
    with pytest.raises(Invalid) as refusal:
        ask(service.create_api_key, a_request(**fields), admin)

    assert [error["code"] for error in refusal.value.details["errors"]] == [code]


def test_a_key_is_revoked_once(service):
    made = ask(service.create_api_key, a_request(), admin)
    revoked = ask(service.revoke_api_key, {"id": made["id"], "expected_version": 1}, admin)

    assert revoked["revoked_at"]
    assert "key" not in revoked
    with pytest.raises(Refused, match="key_already_revoked"):
        ask(service.revoke_api_key, {"id": made["id"]}, admin)
    with pytest.raises(NotFound):
        ask(service.revoke_api_key, {"id": new_id()}, admin)


def test_keys_are_listed_without_secret_or_hash(service):
    ask(service.create_api_key, a_request(), admin)
    ask(service.create_api_key, a_request(person_id=BO), admin)

    found = ask(service.list_api_keys, {"filters": {"person_id": BO}}, admin)

    assert [item["person_id"] for item in found["items"]] == [BO]
    assert {"key", "hash"}.isdisjoint(found["items"][0])


def test_only_administrators_give_keys(service):
    for method, payload in (
        (service.create_api_key, a_request()),
        (service.list_api_keys, {}),
        (service.revoke_api_key, {"id": new_id()}),
    ):
        with pytest.raises(Forbidden):
            ask(method, payload, ann)
