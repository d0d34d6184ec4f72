"""API keys: their form, their end."""

from datetime import timedelta

import pytest

from chassis.errors import Refused
from gateway.domain import api_keys
from gateway.use_cases.api_keys import new_secret
from tests.fixtures.gateway import ADA, T0, a_key


def test_a_secret_is_recognised_by_its_form():
    raw = new_secret()

    assert raw.startswith("crm_live_")
    assert len(raw) == 47
    assert api_keys.is_well_formed(raw)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw[:-1],
        lambda raw: raw + "0",
        lambda raw: raw.replace("crm_live_", "crm_test_"),
        lambda raw: raw[:12] + ("a" if raw[12] != "a" else "b") + raw[13:],
        lambda raw: raw[:12] + "密" + raw[13:],
        lambda raw: "",
    ],
    ids=["too short", "too long", "other prefix", "one letter wrong", "not ascii", "empty"],
)
def test_a_mistyped_secret_is_refused_without_asking_the_database(spoil):
    assert not api_keys.is_well_formed(spoil(new_secret()))


def test_two_secrets_differ_and_only_the_beginning_is_shown():
    one, two = new_secret(), new_secret()

    assert one != two
    assert api_keys.shown(one) == one[:13]
    assert one not in api_keys.digest(one)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, None),
        ({"revoked_at": T0}, "key_revoked"),
        ({"expires_at": T0}, "key_expired"),
        ({"active": False}, "person_inactive"),
        ({"revoked_at": T0, "expires_at": T0}, "key_revoked"),
    ],
    ids=["good", "revoked", "expired at its instant", "person left", "revoked and expired"],
)
def test_why_a_key_is_refused(facts, expected):
    given = {"active": True, "revoked_at": None, "expires_at": T0 + timedelta(seconds=1), **facts}

    assert api_keys.problem(**given, now=T0) == expected


def test_a_key_is_revoked_once():
    key, event = api_keys.revoke(a_key(), by=ADA, now=T0)

    assert key.revoked_at == T0
    assert (event.before.version, event.after.version) == (1, 2)
    with pytest.raises(Refused, match="key_already_revoked"):
        api_keys.revoke(key, by=ADA, now=T0)
