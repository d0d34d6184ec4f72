"""What headers say: languages, versions, keys, credentials."""

import pytest
from werkzeug.datastructures import Headers

from chassis.errors import Invalid
from chassis.ids import is_id
from gateway.http import headers
from gateway.http.refusals import HttpRefusal


@pytest.mark.parametrize(
    ("accept", "fallback", "expected"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "en", "zh"),
        ("en-GB", "zh", "en"),
        ("fr, en;q=0.3, zh;q=0.7", "en", "zh"),
        ("zh;q=0, en;q=0.1", "zh", "en"),
        ("fr", "zh", "zh"),
        (None, "zh", "zh"),
        ("", "xx", "en"),
        ("zh;q=abc,en", "zh", "en"),
        ("*", "en", "en"),
    ],
)
def test_the_best_language_with_texts_is_chosen(
    accept: str | None, fallback: str, expected: str
) -> None:
    assert headers.language(accept, fallback) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [('"3"', 3), ("3", 3), ("*", None), ('W/"3"', 0), (' "12" ', 12)],
)
def test_if_match_names_a_version(given: str, expected: int | None) -> None:
    assert headers.expected_version(Headers({"If-Match": given}), required=True) == expected


@pytest.mark.parametrize("given", ['"x"', '"3","4"', "'3'", '"-1"', '"99999999999"'])
def test_an_if_match_that_names_no_version_is_malformed(given: str) -> None:
    with pytest.raises(HttpRefusal) as caught:
        headers.expected_version(Headers({"If-Match": given}), required=False)

    assert (caught.value.status, caught.value.code) == (400, "if_match_malformed")


def test_a_required_if_match_that_is_missing_is_428() -> None:
    with pytest.raises(HttpRefusal) as caught:
        headers.expected_version(Headers(), required=True)

    assert (caught.value.status, caught.value.code) == (428, "if_match_required")
    assert headers.expected_version(Headers(), required=False) is None


@pytest.mark.parametrize("given", ['"a-key"', "a-key", '  "a-key" '])
def test_an_idempotency_key_may_be_quoted_or_plain(given: str) -> None:
    found = headers.idempotency_key(Headers({"Idempotency-Key": given}), required=True)

    assert found == "a-key"


@pytest.mark.parametrize("given", ["x" * 256, "键"])
def test_an_idempotency_key_that_can_not_be_kept_is_refused(given: str) -> None:
    with pytest.raises(Invalid) as caught:
        headers.idempotency_key(Headers({"Idempotency-Key": given}), required=False)

    assert caught.value.code == "key_malformed"


@pytest.mark.parametrize("given", ["", '""', "  "])
def test_an_empty_idempotency_key_is_a_missing_one(given: str) -> None:
    with pytest.raises(HttpRefusal) as caught:
        headers.idempotency_key(Headers({"Idempotency-Key": given}), required=True)

    assert (caught.value.status, caught.value.code) == (400, "idempotency_key_required")


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("wait=3", 3),
        ("respond-async, wait=60", 5),
        ("wait=-1", 0),
        ("wait=abc", 0),
        ("return=minimal", 0),
        ("", 0),
        ("WAIT=2; x=y", 2),
    ],
)
def test_prefer_wait_is_capped_at_five_seconds(given: str, seconds: int) -> None:
    assert headers.wait_seconds(Headers({"Prefer": given})) == seconds


@pytest.mark.parametrize(
    ("given", "same"),
    [('"3"', True), ('"2", "3"', True), ('W/"3"', True), ("*", True), ('"4"', False), ("", False)],
)
def test_if_none_match_compares_weakly(given: str, same: bool) -> None:
    assert headers.unchanged(Headers({"If-None-Match": given}), '"3"') is same


def test_a_sane_request_id_is_echoed_and_any_other_replaced() -> None:
    assert headers.request_id(Headers({"X-Request-Id": "abc-123"})) == "abc-123"
    for bad in ("", "x" * 65, "a b", "<script>", "请求"):
        assert is_id(headers.request_id(Headers({"X-Request-Id": bad})))


@pytest.mark.parametrize("given", ["Basic abc", "Bearer", "Bearer  ", "crm_live_x", ""])
def test_an_authorization_that_is_no_bearer_is_malformed(given: str) -> None:
    with pytest.raises(HttpRefusal) as caught:
        headers.bearer(Headers({"Authorization": given}))

    assert (caught.value.status, caught.value.code) == (401, "credential_malformed")


def test_a_bearer_credential_is_read_whatever_the_case_of_the_scheme() -> None:
    assert headers.bearer(Headers({"Authorization": "bearer  crm_live_x "})) == "crm_live_x"
    assert headers.bearer(Headers()) is None
