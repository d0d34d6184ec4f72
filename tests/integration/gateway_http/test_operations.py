"""Rows served: reading, writing, paging, tags and keys, over an RPC stand-in."""

import pytest

from chassis.errors import Conflict, Unavailable
from tests.fixtures.fake_rpc import FakePending
from tests.fixtures.gateway_http import CUSTOMER_ID, LEAD_ID, Door

LEAD = {"id": LEAD_ID, "version": 3, "name": "李娜", "owner_id": None}


def test_a_read_answers_with_the_record_and_its_version_as_etag(door: Door) -> None:
    door.rpc.answer("leads", "get_lead", LEAD)

    response = door.get(f"/v1/leads/{LEAD_ID}")

    assert response.status_code == 200
    assert response.json == LEAD
    assert response.headers["ETag"] == '"3"'
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "李娜" in response.text
    assert door.rpc.last.payload == {"id": LEAD_ID}


def test_a_known_version_is_answered_with_304_and_no_body(door: Door) -> None:
    door.rpc.answer("leads", "get_lead", LEAD)

    response = door.get(f"/v1/leads/{LEAD_ID}", If_None_Match='"3"')

    assert (response.status_code, response.data) == (304, b"")


def test_what_no_version_counts_is_never_answered_with_304(door: Door) -> None:
    door.rpc.answer("customers", "get_customer", {"id": CUSTOMER_ID, "version": 3, "age": 41})

    response = door.get(f"/v1/customers/{CUSTOMER_ID}", If_None_Match='"3"')

    assert response.status_code == 200


def test_a_sparse_answer_has_no_etag(door: Door) -> None:
    door.rpc.answer("leads", "get_lead", LEAD)

    response = door.get(f"/v1/leads/{LEAD_ID}?fields=name")

    assert response.json == {"name": "李娜"}
    assert "ETag" not in response.headers


def test_a_list_passes_filters_on_and_links_to_the_next_page(door: Door) -> None:
    page = {"items": [LEAD], "next_cursor": "abc", "has_more": True}
    door.rpc.answer("leads", "list_leads", page)

    response = door.get("/v1/leads?status=new,working&limit=1&sort=-created_at&fields=id")

    assert response.json == {**page, "items": [{"id": LEAD_ID}]}
    assert 'rel="next"' in response.headers["Link"]
    assert "cursor=abc" in response.headers["Link"]
    assert door.rpc.last.payload == {
        "limit": 1,
        "sort": "-created_at",
        "filters": {"status": "new,working"},
    }


def test_a_create_answers_201_with_the_place_of_the_record(door: Door) -> None:
    door.rpc.answer("leads", "create_lead", LEAD)

    response = door.post("/v1/leads", {"name": "李娜", "source_channel": "api"})

    assert response.status_code == 201
    assert response.headers["Location"] == f"/v1/leads/{LEAD_ID}"
    assert door.rpc.last.payload == {"name": "李娜", "source_channel": "api"}
    assert door.rpc.last.key is None


def test_a_repeat_with_the_same_key_is_marked_as_replayed(door: Door) -> None:
    door.rpc.answer("leads", "create_lead", LEAD)
    door.rpc._canned = lambda *_: FakePending(LEAD, replayed=True)  # type: ignore[method-assign]

    response = door.post("/v1/leads", {"name": "x"}, Idempotency_Key='"k-1"')

    assert response.status_code == 201
    assert response.headers["Idempotent-Replayed"] == "true"
    assert door.rpc.last.key == "k-1"


def test_a_patch_is_a_merge_patch_that_names_the_version(door: Door) -> None:
    door.rpc.answer("leads", "update_lead", {**LEAD, "version": 4})

    response = door.patch(f"/v1/leads/{LEAD_ID}", {"phone": None}, If_Match='"3"')

    assert response.status_code == 200
    assert response.headers["ETag"] == '"4"'
    # Absent fields stay absent, null stays null: the service leaves the ones, clears the others.
    assert door.rpc.last.payload == {"phone": None, "id": LEAD_ID, "expected_version": 3}


def test_a_merge_patch_content_type_is_understood(door: Door) -> None:
    door.rpc.answer("leads", "update_lead", LEAD)

    response = door.client.patch(
        f"/v1/leads/{LEAD_ID}",
        data=b'{"name": "x"}',
        headers={**door.headers, "If-Match": "*", "Content-Type": "application/merge-patch+json"},
    )

    assert response.status_code == 200
    assert "expected_version" not in door.rpc.last.payload


def test_a_patch_without_if_match_is_428_and_reaches_no_service(door: Door) -> None:
    response = door.patch(f"/v1/leads/{LEAD_ID}", {"name": "x"})

    assert (response.status_code, response.json["code"]) == (428, "if_match_required")
    assert door.rpc.calls == []


def test_a_stale_version_is_412_with_the_current_one(door: Door) -> None:
    door.rpc.answer("leads", "update_lead", Conflict("stale_version", current_version=9))

    response = door.patch(f"/v1/leads/{LEAD_ID}", {"name": "x"}, If_Match='"3"')

    assert response.status_code == 412
    assert response.json["current_version"] == 9


def test_an_action_accepts_if_match_but_does_not_need_it(door: Door) -> None:
    """L4: a claim is decided by its own locks."""
    door.rpc.answer("leads", "claim_lead", LEAD)

    assert door.post(f"/v1/leads/{LEAD_ID}/claim").status_code == 200
    assert door.rpc.last.payload == {"id": LEAD_ID}
    assert door.post(f"/v1/leads/{LEAD_ID}/claim", {}, If_Match='"3"').status_code == 200
    assert door.rpc.last.payload == {"id": LEAD_ID, "expected_version": 3}


def test_money_does_not_move_without_an_idempotency_key(door: Door) -> None:
    """F3: a receipt that is sent twice by a nervous client is recorded once."""
    door.rpc.answer("finance", "record_receipt", {"id": LEAD_ID, "version": 1})

    refused = door.post("/v1/receipts", {"payer": "x"})
    taken = door.post("/v1/receipts", {"payer": "x"}, Idempotency_Key="r-1")

    assert (refused.status_code, refused.json["code"]) == (400, "idempotency_key_required")
    assert (taken.status_code, taken.headers["Location"]) == (201, f"/v1/receipts/{LEAD_ID}")


def test_a_balance_carries_no_etag_because_no_version_counts_it(door: Door) -> None:
    door.rpc.answer("finance", "get_receivable", {"id": LEAD_ID, "version": 1, "open": {}})

    assert "ETag" not in door.get(f"/v1/receivables/{LEAD_ID}").headers


def test_a_body_can_not_name_what_path_and_header_give(door: Door) -> None:
    response = door.post(f"/v1/leads/{LEAD_ID}/claim", {"id": "x", "expected_version": 1})

    assert response.status_code == 422
    pointers = [(e["pointer"], e["code"]) for e in response.json["errors"]]
    assert pointers == [("#/id", "unknown_field"), ("#/expected_version", "unknown_field")]


def test_a_typed_parameter_of_a_read_reaches_the_service_typed(door: Door) -> None:
    """L16: the verdicts of an import are read page by page."""
    door.rpc.answer("gateway", "list_job_rows", {"items": [], "next_cursor": "n", "has_more": True})

    response = door.get(f"/v1/jobs/{LEAD_ID}/rows?limit=10&verdict=invalid")
    wrong = door.get(f"/v1/jobs/{LEAD_ID}/rows?limit=ten")

    assert response.status_code == 200
    assert "Link" in response.headers
    assert door.rpc.last.payload == {"id": LEAD_ID, "limit": 10, "verdict": "invalid"}
    assert wrong.json["errors"][0]["code"] == "not_a_whole_number"


def test_a_follow_up_on_a_lead_carries_the_word_of_the_leads_owner(door: Door) -> None:
    """X1: customers decides nothing from a copy of the lead."""
    door.rpc.answer(
        "leads", "authorize_subject", {"subject": f"lead/{LEAD_ID}", "customer_id": CUSTOMER_ID}
    )
    door.rpc.answer("customers", "record_follow_up", {"id": CUSTOMER_ID, "version": 1})

    response = door.post(f"/v1/leads/{LEAD_ID}/follow-ups", {"kind": "call", "body": "谈价格"})

    assert response.status_code == 201
    assert response.headers["Location"] == f"/v1/activities/{CUSTOMER_ID}"
    sent = door.rpc.last
    assert sent.payload == {
        "kind": "call",
        "body": "谈价格",
        "subject_type": "lead",
        "subject_id": LEAD_ID,
    }
    assert (sent.actor.subject, sent.actor.subject_customer_id) == (
        f"lead/{LEAD_ID}",
        CUSTOMER_ID,
    )


def test_a_follow_up_on_a_customer_needs_no_other_service(door: Door) -> None:
    door.rpc.answer("customers", "record_follow_up", {"id": LEAD_ID, "version": 1})

    door.post(f"/v1/customers/{CUSTOMER_ID}/follow-ups", {"kind": "call", "body": "x"})

    assert [sent.method for sent in door.rpc.calls] == ["record_follow_up"]


@pytest.mark.parametrize("subject", [None, 7, "campaign", ["lead"], {"lead": 1}])
def test_a_follow_up_on_nonsense_is_left_to_the_service_to_refuse(
    door: Door, subject: object
) -> None:
    door.rpc.answer("customers", "record_follow_up", {"id": LEAD_ID, "version": 1})

    response = door.post("/v1/activities", {"subject_type": subject, "subject_id": LEAD_ID})

    assert response.status_code == 201
    assert door.rpc.last.actor.subject == ""


def test_a_lost_connection_is_tried_once_more_for_reads_and_keyed_writes(door: Door) -> None:
    lost = Unavailable("connection_lost", retry_after=1)
    door.rpc.answer("leads", "get_lead", lost, LEAD)
    door.rpc.answer("leads", "create_lead", lost, LEAD)

    assert door.get(f"/v1/leads/{LEAD_ID}").status_code == 200
    assert door.post("/v1/leads", {}, Idempotency_Key="k").status_code == 201
    assert [sent.key for sent in door.rpc.calls] == [None, None, "k", "k"]


def test_a_write_without_a_key_is_never_sent_twice(door: Door) -> None:
    door.rpc.answer("leads", "create_lead", Unavailable("connection_lost", retry_after=1), LEAD)

    response = door.post("/v1/leads", {})

    assert response.status_code == 503
    assert len(door.rpc.calls) == 1


def test_head_answers_like_get_without_a_body_and_options_names_the_methods(door: Door) -> None:
    door.rpc.answer("leads", "get_lead", LEAD)

    head = door.client.head(f"/v1/leads/{LEAD_ID}", headers=door.headers)
    options = door.client.options(f"/v1/leads/{LEAD_ID}")

    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", '"3"')
    assert options.status_code == 200
    assert set(options.headers["Allow"].split(", ")) == {"GET", "HEAD", "PATCH", "OPTIONS"}
