"""Bodies: JSON objects only, strictly read.

orjson reads what services get; the standard library reads it once more, only to notice a key that
is given twice, which orjson would silently drop.
"""

import json
from typing import Any

import orjson
from flask import Request

from chassis.errors import Invalid
from gateway.http.refusals import HttpRefusal

MAX_BYTES = 1_000_000
"""Largest JSON body; files go to `/v1/imports`."""
_MAX_DEPTH = 32
_JSON = ("application/json", "application/merge-patch+json")


def read_object(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request; no body at all is an empty object.

    Raises:
        HttpRefusal: `unsupported_media_type` (415), `malformed_json` (400).
        Invalid: `body_not_an_object`.
    """
    raw = request.get_data(cache=False)
    if not raw:
        return {}
    if request.mimetype not in _JSON or request.headers.get("Content-Encoding", "identity") != (
        "identity"
    ):
        raise HttpRefusal(415, "unsupported_media_type", expected=_JSON[0])
    return parse_object(raw)


def parse_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object that bytes hold.

    Raises:
        HttpRefusal: `malformed_json` (400), `duplicate_key` (400), `nested_too_deeply` (400).
        Invalid: `body_not_an_object`.
    """
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise HttpRefusal(400, "malformed_json", line=error.lineno, column=error.colno) from None
    if _depth(body) > _MAX_DEPTH:
        raise HttpRefusal(400, "nested_too_deeply", maximum=_MAX_DEPTH)
    json.loads(raw, object_pairs_hook=_unique)
    if not isinstance(body, dict):
        raise Invalid("body_not_an_object")
    return body


def _unique(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise HttpRefusal(400, "duplicate_key", name=twice[:100])


def _depth(value: Any) -> int:
    """Return the nesting depth, without recursion: the input may be a thousand levels deep."""
    level, deepest = [value], 0
    while level:
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        deepest += 1
        level = [item for item in inner if isinstance(item, (dict, list))]
    return deepest
