"""The one shape in which refusals leave the gateway."""

import pytest

from chassis.errors import (
    Conflict,
    CRMError,
    Forbidden,
    InternalError,
    Invalid,
    NotFound,
    Refused,
    Unavailable,
    from_wire,
)
from gateway.http.problems import body_of
from gateway.http.refusals import HttpRefusal, status_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Invalid("invalid_request"), 422),
        (Forbidden("not_permitted"), 403),
        (NotFound("not_found"), 404),
        (NotFound("merged"), 410),
        (Conflict("lead_already_owned"), 409),
        (Conflict("stale_version"), 412),
        (Refused("owner_at_capacity"), 409),
        (Unavailable("deadline_exceeded"), 503),
        (InternalError(), 500),
        (from_wire("KeyError", "whatever", {}), 500),
        (HttpRefusal(415, "unsupported_media_type"), 415),
    ],
)
def test_each_kind_has_its_status(error: CRMError, status: int) -> None:
    assert status_of(error) == status


def _body(error: CRMError, language: str = "en") -> dict[str, object]:
    return body_of(error, language, instance="/v1/leads", request_id="r", trace_id="t")


def test_a_problem_has_every_member_and_the_facts_of_its_case() -> None:
    body = _body(Refused("owner_at_capacity", limit=3, held=3))

    assert body == {
        "type": "/v1/errors/owner_at_capacity",
        "title": "You hold as many leads as you may",
        "status": 409,
        "detail": "The limit is 3 and you hold 3. Finish or give back some first.",
        "instance": "/v1/leads",
        "code": "owner_at_capacity",
        "request_id": "r",
        "trace_id": "t",
        "limit": 3,
        "held": 3,
    }


def test_the_same_problem_is_told_in_chinese() -> None:
    body = _body(Refused("owner_at_capacity", limit=3, held=3), "zh")

    assert body["title"] == "持有线索已达上限"
    assert "上限为 3，目前持有 3" in str(body["detail"])


def test_every_wrong_field_has_a_pointer_a_code_and_a_sentence() -> None:
    error = Invalid.fields(
        [
            {"pointer": "#/phone", "code": "too_long", "meta": {"maximum": 40}},
            {"pointer": "#/stauts", "code": "unknown_field", "meta": {"did_you_mean": "status"}},
        ]
    )

    assert _body(error)["errors"] == [
        {
            "pointer": "#/phone",
            "code": "too_long",
            "detail": "At most 40 characters.",
            "meta": {"maximum": 40},
        },
        {
            "pointer": "#/stauts",
            "code": "unknown_field",
            "detail": "There is no such field here. Did you mean status?",
            "meta": {"did_you_mean": "status"},
        },
    ]


def test_details_can_not_take_the_place_of_a_member_of_the_problem() -> None:
    body = _body(Refused("lead_closed", status="closed", title="x", detail="y"))

    assert body["status"] == 409
    assert body["title"] == "The lead is closed"
    assert "closed" in str(body["detail"])


def test_a_fact_that_a_peer_left_out_does_not_break_the_answer() -> None:
    assert _body(Refused("owner_at_capacity"))["detail"].startswith("The limit is ?")


def test_a_code_of_a_newer_peer_is_passed_on_as_it_is() -> None:
    body = _body(Refused("not_yet_invented"))

    assert (body["code"], body["title"]) == ("not_yet_invented", "not yet invented")


def test_money_and_lists_read_well_in_sentences() -> None:
    error = Invalid.field("#/status", "not_a_choice", choices=["new", "old"])

    assert "new, old" in str(_body(error)["errors"])
    assert "new、old" in str(_body(error, "zh")["errors"])
