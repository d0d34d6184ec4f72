"""Every way to be refused, and that nothing ever breaks."""

import json
import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.errors import Invalid, NotFound, Unavailable
from tests.fixtures.gateway_http import LEAD_ID, Door, a_door

PROBLEM = "application/problem+json"


def _is_problem(response: object, status: int, code: str) -> None:
    assert response.status_code == status
    assert response.mimetype == PROBLEM
    body = response.json
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"/v1/errors/{code}"
    assert body["request_id"] == response.headers["X-Request-Id"]
    assert len(body["trace_id"]) == 32
    assert body["title"]
    assert body["detail"]


def test_an_unknown_path_is_a_problem(door: Door) -> None:
    _is_problem(door.get("/v1/nothing"), 404, "path_not_found")


def test_an_id_that_is_none_is_not_found_and_reaches_no_service(door: Door) -> None:
    _is_problem(door.get("/v1/leads/7"), 404, "not_found")
    _is_problem(door.get("/v1/leads/..%2f7"), 404, "path_not_found")
    assert door.rpc.calls == []


def test_an_unknown_method_is_405_and_says_which_are_known(door: Door) -> None:
    response = door.client.delete(f"/v1/leads/{LEAD_ID}", headers=door.headers)

    _is_problem(response, 405, "method_not_allowed")
    assert "PATCH" in response.headers["Allow"]
    assert "PATCH" in response.json["detail"]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "text/xml"]
)
def test_a_body_that_is_not_json_is_415(door: Door, content_type: str) -> None:
    headers = {**door.headers, "Content-Type": content_type}

    _is_problem(
        door.client.post("/v1/leads", data=b"{}", headers=headers), 415, "unsupported_media_type"
    )


def test_a_compressed_body_is_415(door: Door) -> None:
    headers = {**door.headers, "Content-Type": "application/json", "Content-Encoding": "gzip"}

    _is_problem(
        door.client.post("/v1/leads", data=b"{}", headers=headers), 415, "unsupported_media_type"
    )


def test_malformed_json_is_400_with_its_place(door: Door) -> None:
    headers = {**door.headers, "Content-Type": "application/json"}
    response = door.client.post("/v1/leads", data=b'{"a": }', headers=headers)

    _is_problem(response, 400, "malformed_json")
    assert response.json["column"] == 7


def test_a_body_over_one_megabyte_is_413_and_names_the_imports(door: Door) -> None:
    headers = {**door.headers, "Content-Type": "application/json"}
    response = door.client.post("/v1/leads", data=b" " * 1_000_001, headers=headers)

    _is_problem(response, 413, "too_large")
    assert "/v1/imports" in response.json["detail"]


def test_an_unknown_parameter_is_refused_with_a_suggestion(door: Door) -> None:
    response = door.get("/v1/leads?stauts=new")

    _is_problem(response, 422, "invalid_request")
    assert response.json["errors"][0]["meta"] == {"did_you_mean": "status"}
    assert door.get(f"/v1/leads/{LEAD_ID}?expand=owner").status_code == 422
    assert door.post("/v1/leads?force=1", {}).status_code == 422


def test_the_services_own_refusals_come_through_in_the_callers_language(door: Door) -> None:
    refusal = Invalid.field("#/phone", "required")
    door.rpc.answer("leads", "create_lead", refusal)

    english = door.post("/v1/leads", {}, Accept_Language="en")
    chinese = door.post("/v1/leads", {}, Accept_Language="zh-CN,zh;q=0.9")

    assert english.headers["Content-Language"] == "en"
    assert chinese.headers["Content-Language"] == "zh"
    assert english.json["errors"][0]["detail"] == "This is needed."
    assert chinese.json["title"] == "部分字段有误"


def test_without_a_header_the_persons_own_language_is_used(door: Door) -> None:
    door.keys.add("zh-key", "admin", locale="zh")
    door.rpc.answer("leads", "get_lead", NotFound("not_found"))

    response = door.client.get(f"/v1/leads/{LEAD_ID}", headers={"Authorization": "Bearer zh-key"})

    assert response.json["title"] == "未找到"


def test_an_unavailable_service_is_503_with_a_time_to_come_back(door: Door) -> None:
    door.rpc.answer(
        "leads", "get_lead", Unavailable("service_unreachable", service="leads", retry_after=2)
    )

    response = door.get(f"/v1/leads/{LEAD_ID}")

    _is_problem(response, 503, "service_unreachable")
    assert response.headers["Retry-After"] == "2"
    assert "leads" in response.json["detail"]


def test_a_defect_of_ours_is_500_without_its_text(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    door.rpc.answer("leads", "get_lead", KeyError("password=hunter2"))

    with caplog.at_level(logging.ERROR):
        response = door.get(f"/v1/leads/{LEAD_ID}", X_Request_Id="req-1")

    _is_problem(response, 500, "internal_error")
    assert "hunter2" not in response.text
    assert response.json["request_id"] == "req-1"
    assert "request_failed" in caplog.text


def test_a_trace_that_comes_in_is_the_trace_of_the_problem(door: Door) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    response = door.get("/v1/nothing", traceparent=f"00-{trace}-00f067aa0ba902b7-01")

    assert response.json["trace_id"] == trace


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
_DOOR = a_door()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    body=_JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40),
    path=st.sampled_from(
        [
            "/v1/leads",
            f"/v1/leads/{LEAD_ID}/claim",
            f"/v1/leads/{LEAD_ID}/convert",
            f"/v1/leads/{LEAD_ID}/follow-ups",
            "/v1/activities",
            "/v1/receipts",
            "/v1/imports",
        ]
    ),
    header=st.sampled_from(["If-Match", "Idempotency-Key", "Prefer", "Accept-Language", "Range"]),
    value=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20),
)
def test_no_body_and_no_header_ever_makes_a_5xx_of_our_own(
    body: bytes, path: str, header: str, value: str
) -> None:
    _DOOR.rpc.answer("leads", "create_lead", {"id": LEAD_ID, "version": 1})
    _DOOR.rpc.answer("leads", "claim_lead", {"id": LEAD_ID, "version": 1})
    _DOOR.rpc.answer("leads", "convert_lead", {"id": LEAD_ID, "state": "completed"})
    _DOOR.rpc.answer("leads", "authorize_subject", {"subject": "lead/x", "customer_id": None})
    _DOOR.rpc.answer("deals", "authorize_subject", {"subject": "opportunity/x"})
    _DOOR.rpc.answer("customers", "record_follow_up", {"id": LEAD_ID, "version": 1})
    _DOOR.rpc.answer("finance", "record_receipt", {"id": LEAD_ID, "version": 1})
    _DOOR.rpc.answer("gateway", "start_import", {"id": LEAD_ID})
    headers = {**_DOOR.headers, "Content-Type": "application/json", header: value}

    response = _DOOR.client.post(path, data=body, headers=headers)

    assert response.status_code < 500, response.text


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(query=st.text(max_size=30), name=st.sampled_from(["limit", "cursor", "sort", "q", "fields"]))
def test_no_query_ever_makes_a_5xx_of_our_own(query: str, name: str) -> None:
    _DOOR.rpc.answer("leads", "list_leads", {"items": [], "next_cursor": None, "has_more": False})
    text = query.encode("utf-8", "replace").decode()

    response = _DOOR.client.get("/v1/leads", query_string={name: text}, headers=_DOOR.headers)

    assert response.status_code < 500, response.text
