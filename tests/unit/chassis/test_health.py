"""What a process says of itself: alive, ready, started, measured."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter

from chassis import health as module
from chassis.health import Health


def ask(health: Health, path: str) -> tuple[int, Any]:
    answered: list[str] = []
    body = b"".join(
        health._app({"PATH_INFO": f"/{path}"}, lambda status, _headers: answered.append(status))
    )
    text = body.decode()
    return int(answered[0].split()[0]), text if path == "metrics" else json.loads(text)


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let seconds pass."""
    now = [1000.0]
    monkeypatch.setattr(module.clock, "monotonic", lambda: now[0])

    def wait(seconds: float) -> None:
        now[0] += seconds

    return wait


def test_a_process_without_a_beat_is_stuck(pass_time: Callable[[float], None]) -> None:
    health = Health({}, max_age=30)
    pass_time(30)
    young = ask(health, "livez")
    pass_time(0.1)
    old = ask(health, "livez")
    health.beat()

    assert (young[0], old[0], ask(health, "livez")[0]) == (200, 503, 200)
    assert old[1] == {"status": "failing", "beat_age_seconds": 30.1}


def test_ready_is_when_every_check_passes() -> None:
    state = {"consumers": True, "database": False}
    health = Health({name: lambda name=name: state[name] for name in state})
    before = ask(health, "readyz")
    state["database"] = True

    assert before == (503, {"status": "failing", "draining": False,
                            "checks": {"consumers": True, "database": False}})  # fmt: skip
    assert ask(health, "readyz")[0] == 200


def test_a_check_that_raises_has_failed_and_the_others_are_told() -> None:
    def broken() -> bool:
        raise ConnectionError("secret")

    status, told = ask(Health({"broken": broken, "fine": lambda: True}), "readyz")

    assert (status, told["checks"]) == (503, {"broken": False, "fine": True})
    assert "secret" not in str(told)


def test_a_draining_process_is_not_ready_but_alive_and_started() -> None:
    health = Health({})
    health.ready()
    health.draining = True

    assert [ask(health, path)[0] for path in ("readyz", "livez", "startupz")] == [503, 200, 200]


def test_started_is_having_been_ready_once() -> None:
    state = [False]
    health = Health({"check": lambda: state[0]})
    seen = [ask(health, "startupz")[0]]
    for now in (True, False):
        state[0] = now
        seen.append(ask(health, "startupz")[0])

    assert seen == [503, 200, 200]


def test_metrics_are_those_of_the_registry() -> None:
    registry = CollectorRegistry()
    Counter("crm_things", "Things.", registry=registry).inc()

    status, text = ask(Health({}, registry=lambda: registry), "metrics")

    assert status == 200 and "crm_things_total 1.0" in text


def test_any_other_page_is_not_there() -> None:
    assert ask(Health({}), "admin") == (404, {})
