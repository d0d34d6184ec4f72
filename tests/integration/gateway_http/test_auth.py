"""Credentials: which one was read, and why it was refused."""

import pytest

from tests.fixtures.gateway_http import KEY, LEAD_ID, Door


def test_without_a_credential_the_answer_says_where_to_put_it(door: Door) -> None:
    response = door.client.get("/v1/leads")

    assert (response.status_code, response.json["code"]) == (401, "credential_missing")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert "Authorization: Bearer" in response.json["detail"]


@pytest.mark.parametrize(
    ("headers", "query", "seen"),
    [
        ({"X-Api-Key": KEY}, "", "X-Api-Key"),
        ({}, f"?api_key={KEY}", "?api_key="),
        ({"Cookie": "session=1"}, "", "Cookie"),
    ],
)
def test_a_key_in_the_wrong_place_is_pointed_out(
    door: Door, headers: dict[str, str], query: str, seen: str
) -> None:
    client = door.app.test_client(use_cookies=False)

    response = client.get(f"/v1/leads{query}", headers=headers)

    assert (response.status_code, response.json["code"]) == (401, "credential_misplaced")
    assert response.json["credential"] == seen
    assert seen in response.json["detail"]


@pytest.mark.parametrize("problem", ["key_expired", "key_revoked", "person_inactive"])
def test_a_key_that_is_no_longer_good_says_why(door: Door, problem: str) -> None:
    door.keys.add("crm_live_old_key_0123456789", "admin", problem=problem)

    response = door.client.get(
        "/v1/leads", headers={"Authorization": "Bearer crm_live_old_key_0123456789"}
    )

    assert (response.status_code, response.json["code"]) == (401, problem)


def test_an_unknown_key_is_shown_in_part_only(door: Door) -> None:
    secret = "crm_live_" + "z" * 30
    response = door.client.get("/v1/leads", headers={"Authorization": f"Bearer {secret}"})

    assert response.json["code"] == "key_not_recognised"
    assert response.json["key_begins_with"] == "crm_live_zzz…"
    assert secret not in response.text


def test_a_malformed_authorization_names_the_header_that_was_read(door: Door) -> None:
    response = door.client.get("/v1/leads", headers={"Authorization": "Basic dTpw"})

    assert response.json["code"] == "credential_malformed"
    assert "Authorization" in response.json["detail"]


def test_a_missing_scope_is_named_and_no_service_is_asked(door: Door) -> None:
    door.keys.add("narrow", "admin", scopes=("customers:read",))

    response = door.client.get(f"/v1/leads/{LEAD_ID}", headers={"Authorization": "Bearer narrow"})

    assert (response.status_code, response.json["code"]) == (403, "missing_scope")
    assert response.json["scope"] == "leads:read"
    assert door.rpc.calls == []


def test_a_role_without_the_permission_is_refused_by_name(door: Door) -> None:
    door.keys.add("partner", "partner")

    response = door.client.post(
        f"/v1/leads/{LEAD_ID}/claim", headers={"Authorization": "Bearer partner"}
    )

    assert response.status_code == 403
    assert response.json["permission"] == "leads:claim"


def test_nothing_but_the_documents_is_public(door: Door) -> None:
    public = {"/", "/docs/", "/docs/swagger-ui.css", "/openapi.json", "/v1/errors/not_found"}
    for path in public:
        assert door.client.get(path).status_code in (200, 302), path
    for rule in door.app.url_map.iter_rules():
        path = rule.rule.replace("<id>", LEAD_ID)
        if "<" in path or path in public or path.startswith("/docs"):
            continue
        for method in sorted(rule.methods - {"OPTIONS"}):
            assert door.client.open(path, method=method).status_code == 401, (method, path)


def test_the_page_of_a_problem_type_is_served_in_both_languages(door: Door) -> None:
    page = door.client.get("/v1/errors/stale_version")

    assert page.mimetype == "text/html"
    assert "The record has changed" in page.text
    assert "记录已被修改" in page.text
    assert door.client.get("/v1/errors/no_such_code").status_code == 404
