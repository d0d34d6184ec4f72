"""Writes that name a customer or a contact ask its owner first."""

from typing import Any

import pytest

from chassis.errors import Invalid, Unavailable
from tests.fixtures.gateway_http import CUSTOMER_ID, LEAD_ID, Door

MADE = {"id": LEAD_ID, "version": 1}
WRITES = {
    "/v1/opportunities": ("deals", "create_opportunity"),
    "/v1/contracts": ("deals", "create_contract"),
    "/v1/receipts": ("finance", "record_receipt"),
}
UNKNOWN = Invalid.field("#/customer_id", "unknown_customer")
NOT_FOUND = {"found": False}


@pytest.fixture(params=WRITES)
def path(request: Any, door: Door) -> str:
    """Return a path whose service makes what it is asked for, and has not been asked yet."""
    service, method = WRITES[request.param]
    door.rpc.answer(service, method, MADE)
    door.rpc.answer(service, "find_reply", NOT_FOUND)
    return str(request.param)


def _post(door: Door, path: str, **body: Any) -> Any:
    body.setdefault("customer_id", CUSTOMER_ID)
    return door.post(path, body, Idempotency_Key="k-1", Accept_Language="zh")


def _methods(door: Door) -> list[str]:
    return [sent.method for sent in door.rpc.calls]


def test_a_customer_that_the_actor_can_not_see_is_422_and_nothing_is_stored(
    door: Door, path: str
) -> None:
    door.rpc.answer("customers", "check_references", UNKNOWN)

    response = _post(door, path)

    assert (response.status_code, response.json["code"]) == (422, "invalid_request")
    [error] = response.json["errors"]
    assert (error["pointer"], error["code"]) == ("#/customer_id", "unknown_customer")
    assert error["detail"] == "或您无权查看。"
    assert _methods(door) == ["check_references", "find_reply"]


def test_a_customer_that_the_actor_sees_costs_one_question(door: Door, path: str) -> None:
    door.rpc.answer("customers", "check_references", {})

    response = _post(door, path, contact_id=LEAD_ID)

    assert response.status_code == 201
    asked, sent = door.rpc.calls
    assert asked.payload == {"customer_id": CUSTOMER_ID, "contact_id": LEAD_ID}
    assert (sent.method, sent.key) == (WRITES[path][1], "k-1")


def test_what_is_no_id_is_left_to_the_service_to_refuse(door: Door, path: str) -> None:
    for nonsense in (None, 7, "x", [CUSTOMER_ID], {"id": CUSTOMER_ID}):
        assert _post(door, path, customer_id=nonsense).status_code == 201
    assert set(_methods(door)) == {WRITES[path][1]}


@pytest.mark.parametrize(
    "refusal", [UNKNOWN, Unavailable("service_unreachable")], ids=["gone", "away"]
)
def test_a_repeat_is_answered_as_the_first_time_whatever_became_of_the_customer(
    door: Door, path: str, refusal: Exception
) -> None:
    service, method = WRITES[path]
    door.rpc.answer("customers", "check_references", refusal)
    door.rpc.answer(service, "find_reply", {"found": True, "reply": MADE})

    response = _post(door, path, title="x")

    assert (response.status_code, response.json) == (201, MADE)
    assert response.headers["Idempotent-Replayed"] == "true"
    assert response.headers["Location"] == f"{path}/{LEAD_ID}"
    assert door.rpc.last.payload == {
        "method": method,
        "key": "k-1",
        "payload": {"customer_id": CUSTOMER_ID, "title": "x"},
    }


def test_without_a_key_there_is_no_repeat_to_look_for(door: Door) -> None:
    door.rpc.answer("customers", "check_references", Unavailable("service_unreachable"))

    response = door.post("/v1/opportunities", {"customer_id": CUSTOMER_ID})

    assert response.status_code == 503
    assert _methods(door) == ["check_references"]


def test_a_new_contact_of_an_opportunity_is_asked_for_and_an_old_one_is_not(door: Door) -> None:
    door.rpc.answer("customers", "check_references", {})
    door.rpc.answer("deals", "update_opportunity", MADE)
    path = f"/v1/opportunities/{LEAD_ID}"

    door.patch(path, {"contact_id": None, "name": "二期"}, If_Match='"1"')
    assert _methods(door) == ["update_opportunity"]
    door.patch(path, {"contact_id": CUSTOMER_ID}, If_Match='"1"')
    assert _methods(door)[1:] == ["check_references", "update_opportunity"]
