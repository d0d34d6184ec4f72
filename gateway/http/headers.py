"""What the headers of a request say, and nothing that a header can not say."""

import re

from werkzeug.datastructures import Headers

from chassis.errors import Invalid
from chassis.ids import new_id
from gateway.http.refusals import HttpRefusal

LANGUAGES = ("en", "zh")
MAX_WAIT_SECONDS = 5
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}\Z")
_ETAG = re.compile(r'"(\d{1,9})"\Z|(\d{1,9})\Z')
_MAX_KEY = 255


def request_id(headers: Headers) -> str:
    """Return the caller's `X-Request-Id` if it is a plain token, else a fresh id."""
    given = headers.get("X-Request-Id", "")
    return given if _REQUEST_ID.match(given) else new_id()


def language(accept: str | None, fallback: str = "en") -> str:
    """Return the best language of an `Accept-Language` header that texts exist in.

    Args:
        accept: Such as `zh-CN,zh;q=0.9,en;q=0.5`; an equal quality keeps the order given.
        fallback: For a header that is absent or names none of ours.
    """
    best, best_quality = "", 0.0
    for part in (accept or "").split(","):
        tag, _, parameter = part.strip().partition(";")
        name = tag.strip().lower().split("-")[0]
        quality = _quality(parameter)
        if name in LANGUAGES and quality > best_quality:
            best, best_quality = name, quality
    if best:
        return best
    return fallback if fallback in LANGUAGES else LANGUAGES[0]


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def etag(version: object) -> str:
    """Return the strong tag of a record's version."""
    return f'"{version}"'


def expected_version(headers: Headers, *, required: bool) -> int | None:
    """Return the version that `If-Match` names; None for `*` or, if not required, none at all.

    A weak tag never matches, because `If-Match` compares strongly: it counts as version 0.

    Raises:
        HttpRefusal: `if_match_required` (428), `if_match_malformed` (400).
    """
    given = headers.get("If-Match", "").strip()
    if not given:
        if required:
            raise HttpRefusal(428, "if_match_required")
        return None
    if given == "*":
        return None
    if given.startswith("W/"):
        return 0
    found = _ETAG.match(given)
    if not found:
        raise HttpRefusal(400, "if_match_malformed")
    return int(found.group(1) or found.group(2))


def unchanged(headers: Headers, tag: str) -> bool:
    """Return whether `If-None-Match` names the present tag; it compares weakly."""
    given = headers.get("If-None-Match", "").strip()
    if not given:
        return False
    return given == "*" or tag in {part.strip().removeprefix("W/") for part in given.split(",")}


def idempotency_key(headers: Headers, *, required: bool) -> str | None:
    """Return the `Idempotency-Key`, whether sent as a structured string or plain.

    Raises:
        HttpRefusal: `idempotency_key_required` (400).
        Invalid: `key_malformed`.
    """
    given = headers.get("Idempotency-Key", "").strip()
    if len(given) >= 2 and given.startswith('"') and given.endswith('"'):
        given = given[1:-1]
    if not given:
        if required:
            raise HttpRefusal(400, "idempotency_key_required")
        return None
    if len(given) > _MAX_KEY or not given.isascii() or not given.isprintable():
        raise Invalid("key_malformed", maximum=_MAX_KEY)
    return given


def wait_seconds(headers: Headers) -> int:
    """Return how long `Prefer: wait=<seconds>` (RFC 7240) lets an answer be held, at most 5."""
    for preference in headers.get("Prefer", "").split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "wait" and value.strip().isdecimal():
            return min(int(value.strip()[:4]), MAX_WAIT_SECONDS)
    return 0


def bearer(headers: Headers) -> str | None:
    """Return the credential of `Authorization: Bearer …`, or None if there is no such header.

    Raises:
        HttpRefusal: `credential_malformed` (401): another scheme, or nothing behind it.
    """
    given = headers.get("Authorization")
    if given is None:
        return None
    scheme, _, credential = given.strip().partition(" ")
    if scheme.lower() != "bearer" or not credential.strip():
        raise HttpRefusal(401, "credential_malformed", credential="Authorization")
    return credential.strip()
