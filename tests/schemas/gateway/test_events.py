"""Golden files of every event that the gateway publishes; they change only by adding fields."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chassis.events import type_name
from gateway.domain.api_keys import ApiKeyCreated, ApiKeyRevoked
from gateway.domain.jobs import JobFinished
from gateway.domain.people import PersonChanged
from schemas.gateway import EVENTS
from tests.fixtures.gateway import ADA, ANN, BO, T0, a_job, a_key, a_person

GOLDEN = Path(__file__).parents[1] / "golden" / "gateway"
KEY = "01930000-0000-7000-8000-00000000e001"
JOB = "01930000-0000-7000-8000-00000000e002"
FILE = "01930000-0000-7000-8000-00000000e003"

_later = T0 + timedelta(hours=1)
_person = a_person(email="ann@example.com", team_path="/cn/east/", manager_id=BO)
_key = a_key(id=KEY, hash="never shown", scopes=["leads:read"])
_job = a_job(id=JOB, upload_id=FILE, mapping={"甲方": "company"}, state="running", total=2)

EVENT_CASES = [
    PersonChanged(
        _person, _person.changed(by=ADA, now=_later, team_path="/cn/", roles=["manager"])
    ),
    ApiKeyCreated(None, _key),
    ApiKeyRevoked(_key, _key.changed(by=ADA, now=_later, revoked_at=_later)),
    JobFinished(
        _job,
        _job.changed(
            by=ANN, now=_later, state="partially_succeeded", done=2, started_at=T0,
            finished_at=_later,
            result={"created": 1, "duplicate": 0, "invalid": 1, "samples": {"created": []}},
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize("event", EVENT_CASES, ids=type_name)
def test_an_event_looks_like_its_golden_file(event: Any) -> None:
    envelope = EVENTS.envelope(
        event,
        now="2026-11-20T08:00:00Z",
        actor=ADA,
        correlation="01930000-0000-7000-8000-00000000f001",
        causation="",
    )
    del envelope["id"]

    golden = json.loads((GOLDEN / f"{type_name(event)}.json").read_text(encoding="utf-8"))

    assert envelope == golden


def test_every_event_has_a_golden_file() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(EVENTS.types)


def test_no_event_carries_a_secret_or_its_hash() -> None:
    shown = "".join(path.read_text(encoding="utf-8") for path in GOLDEN.glob("api_key_*.json"))

    assert '"hash"' not in shown
    assert '"key"' not in shown
