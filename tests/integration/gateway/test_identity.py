"""Who a credential belongs to."""

import pytest
from sqlalchemy import select, update

from chassis import clock
from chassis.settings import settings
from gateway import identity
from gateway.persistence.tables import api_keys, metadata, persons
from tests.fixtures.gateway import ANN, admin, ask
from tests.fixtures.races import together


@pytest.fixture
def raw(service):
    """Return the secret of a key of Ann's."""
    request = {"person_id": ANN, "name": "ERP", "scopes": ["leads:read"]}
    return ask(service.create_api_key, request, admin)["key"]


def test_a_secret_leads_to_its_person(service, raw):
    record = identity.find_key(raw)
    actor = identity.actor_of(record)

    assert record.problem is None
    assert (actor.id, actor.roles, actor.team_path) == (ANN, ("rep",), "/cn/east/")
    assert (actor.scopes, actor.client_id, actor.locale) == (("leads:read",), record.id, "zh")
    assert actor.issuer == "gateway"


@pytest.mark.parametrize("text", ["", "crm_live_", "密码", "x" * 10_000, "\ud800"])
def test_nonsense_leads_to_nobody(service, text):
    assert identity.find_key(text) is None


def test_a_well_formed_but_unknown_secret_leads_to_nobody(service):
    from gateway.use_cases.api_keys import new_secret

    assert identity.find_key(new_secret()) is None


def test_a_revoked_key_is_refused_as_soon_as_it_is_forgotten(service, raw):
    record = identity.find_key(raw)
    ask(service.revoke_api_key, {"id": record.id}, admin)

    assert identity.find_key(raw) is record  # For some seconds.
    identity.forget_keys()
    assert identity.find_key(raw).problem == "key_revoked"


def test_a_remembered_key_still_expires_at_its_instant(service, raw, monkeypatch):
    record = identity.find_key(raw)
    monkeypatch.setattr(clock, "now", lambda: record.expires_at)

    assert identity.find_key(raw).problem == "key_expired"


def test_the_keys_of_a_person_who_left_are_refused(service, raw):
    ask(service.update_person, {"id": ANN, "active": False}, admin)

    assert identity.find_key(raw).problem == "person_inactive"


def test_use_is_noted_but_not_with_every_request(service, raw):
    def last_used():
        with service.database.transaction(admin) as tx:
            return tx.value(select(api_keys.c.last_used_at))

    identity.find_key(raw)
    first = last_used()
    identity.forget_keys()
    identity.find_key(raw)

    assert first is not None
    assert last_used() == first


def test_the_first_administrator_is_made_once_however_many_ask(service):
    with service.database.transaction(admin) as tx:
        tx.execute(update(persons).values(roles=["rep"]))
    url = settings().database_url("gateway")

    made = together([lambda: identity.bootstrap_admin(url) for _ in range(4)])

    keys = [key for key in made if key]
    assert len(keys) == 1
    assert identity.find_key(keys[0]).roles == ("admin",)
    with service.database.transaction(admin) as tx:
        events = [row.type for row in tx.rows(select(metadata.tables["outbox"].c.type))]
    assert sorted(events) == ["api_key_created", "person_changed"]


def test_an_administrator_without_a_good_key_gets_another(service):
    url = settings().database_url("gateway")
    first = identity.bootstrap_admin(url)
    assert identity.bootstrap_admin(url) is None
    ask(service.revoke_api_key, {"id": identity.find_key(first).id}, admin)

    second = identity.bootstrap_admin(url)

    assert second not in (None, first)
    assert identity.find_key(second).person_id == identity.find_key(first).person_id
