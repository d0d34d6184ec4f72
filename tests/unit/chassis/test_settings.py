"""The environment: defaults, fall-backs, and one sentence for what is wrong."""

from pathlib import Path

import pytest

from chassis.settings import DATABASES, read_settings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{name.upper()}_{kind}_URL" for name in DATABASES for kind in ("DATABASE", "MIGRATE")]
    for name in [*names, "DATABASE_URL", "AMQP_URL", "ACTOR_PRIVATE_KEY_FILE", "DB_POOL_SIZE",
                 "ACTOR_PUBLIC_KEYS_FILE", "HEALTH_PORT", "EVENT_RETRY_SECONDS",
                 "LOG_LEVEL"]:  # fmt: skip
        monkeypatch.delenv(name, raising=False)


def test_without_an_environment_the_defaults_are_those_of_a_local_broker() -> None:
    found = read_settings()

    assert found.amqp_url.endswith("@127.0.0.1:5672/%2F")
    assert (found.health_port, found.db_pool_size, found.heartbeat) == (0, 10, 30)
    assert found.retry_seconds == (1, 5, 25, 125)
    assert found.actor_private_key_file is None


def test_what_is_set_is_read_in_its_type(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "HEALTH_PORT": "8080", "EVENT_RETRY_SECONDS": "1,2", "LOG_LEVEL": "debug",
        "ACTOR_PUBLIC_KEYS_FILE": "/keys/jwks.json",
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    found = read_settings()

    assert (found.health_port, found.retry_seconds, found.log_level) == (8080, (1, 2), "DEBUG")
    assert found.actor_public_keys_file == Path("/keys/jwks.json")


def test_a_database_has_a_url_of_its_own_or_the_common_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "common")
    monkeypatch.setenv("LEADS_DATABASE_URL", "own")
    monkeypatch.setenv("DEALS_MIGRATE_URL", "owner")

    found = read_settings()

    assert (found.database_url("leads"), found.database_url("deals")) == ("own", "common")
    assert (found.migrate_url("deals"), found.migrate_url("leads")) == ("owner", "own")


def test_an_unknown_database_is_one_sentence() -> None:
    with pytest.raises(SystemExit, match="Set FINANCE_DATABASE_URL"):
        read_settings().database_url("finance")


@pytest.mark.parametrize(
    ("name", "value"), [("HEALTH_PORT", "many"), ("EVENT_RETRY_SECONDS", "1,x")]
)
def test_a_malformed_variable_is_one_sentence_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit, match=name):
        read_settings()
