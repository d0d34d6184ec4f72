"""Jobs and verdicts are read in the reader's language (L16)."""

from typing import Any

import pytest

from tests.fixtures.gateway_http import LEAD_ID, Door

WRONG = {
    "row": 2,
    "verdict": "invalid",
    "lead_id": None,
    "errors": [{"pointer": "#/phone", "code": "phone_malformed", "meta": {}}],
}
CREATED = {"row": 3, "verdict": "created", "lead_id": LEAD_ID, "errors": []}
FAILED = {"code": "no_known_column", "details": {"columns": ["甲", "乙"]}}
ROWS = f"/v1/jobs/{LEAD_ID}/rows"


@pytest.fixture
def rows(door: Door) -> Door:
    """Return a door behind which an import has two verdicts."""
    page = {"items": [WRONG, CREATED], "next_cursor": None, "has_more": False}
    door.rpc.answer("gateway", "list_job_rows", page)
    return door


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Such as 138 0013 8000 or +44 20 7946 0958."),
        ("zh", "例如 138 0013 8000 或 +44 20 7946 0958。"),
    ],
)
def test_a_wrong_row_says_why_in_the_readers_language(rows: Door, language: str, text: str) -> None:
    response = rows.get(ROWS, Accept_Language=language)

    wrong, created = response.json["items"]
    assert wrong["errors"] == [{**WRONG["errors"][0], "detail": text}]
    assert created == CREATED
    assert response.headers["Content-Language"] == language


def test_a_sparse_row_stays_sparse(rows: Door) -> None:
    assert rows.get(f"{ROWS}?fields=row").json["items"] == [{"row": 2}, {"row": 3}]


@pytest.mark.parametrize(("language", "text"), [("en", "holds 甲, 乙."), ("zh", "首行为 甲、乙。")])
def test_a_failed_job_says_why_alone_and_in_a_list(door: Door, language: str, text: str) -> None:
    job = {"id": LEAD_ID, "version": 2, "state": "failed", "error": FAILED, "result": None}
    page = {"items": [job], "next_cursor": None, "has_more": False}
    door.rpc.answer("gateway", "get_job", job)
    door.rpc.answer("gateway", "list_jobs", page)

    alone = door.get(f"/v1/jobs/{LEAD_ID}", Accept_Language=language).json
    [listed] = door.get("/v1/jobs", Accept_Language=language).json["items"]

    assert alone == listed
    assert text in alone["error"]["detail"]
    assert {name: alone["error"][name] for name in FAILED} == FAILED


def test_the_samples_of_a_dry_run_say_why_too(door: Door) -> None:
    result: dict[str, Any] = {"rows": 2, "samples": {"invalid": [WRONG], "created": [CREATED]}}
    job = {"id": LEAD_ID, "version": 2, "state": "succeeded", "error": None, "result": result}
    door.rpc.answer("gateway", "get_job", job)

    samples = door.get(f"/v1/jobs/{LEAD_ID}").json["result"]["samples"]

    assert samples["invalid"][0]["errors"][0]["detail"]
    assert samples["created"] == [CREATED]
