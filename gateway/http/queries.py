"""Query strings: strict, all faults named at once.

A list passes its filters on as text, because the service that owns the list knows their types; all
other operations know their parameters here.
"""

import difflib
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from chassis.errors import Invalid
from chassis.listing import MAX_LIMIT, ListSpec

PAGE_PARAMETERS = ("limit", "cursor", "sort", "q", "count", "fields")


def list_payload(query: MultiDict[str, str], spec: ListSpec) -> dict[str, Any]:
    """Return the request of a list: page parameters apart, everything else a filter.

    Raises:
        Invalid: `repeated_parameter`, `invalid_field`, `limit_out_of_range`,
            `unknown_parameter`, all at once.
    """
    known = [*PAGE_PARAMETERS, *spec.parameters()]
    given, errors = _singles(query, known)
    payload: dict[str, Any] = {"filters": {}}
    for name, text in given.items():
        if name == "limit":
            limit = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
            if not 1 <= limit <= MAX_LIMIT:
                errors.append(_error(name, "limit_out_of_range", maximum=MAX_LIMIT))
            payload["limit"] = limit
        elif name == "count" and text != "exact":
            errors.append(_error(name, "not_a_choice", choices=["exact"]))
        elif name in ("cursor", "sort", "q", "count"):
            payload[name] = text
        elif name != "fields":
            payload["filters"][name] = text
    if errors:
        raise Invalid.fields(errors)
    return payload


def check_parameters(query: MultiDict[str, str], known: Collection[str]) -> dict[str, str]:
    """Return the parameters of an operation that is no list.

    Raises:
        Invalid: `unknown_parameter` with the nearest known name, `repeated_parameter`.
    """
    given, errors = _singles(query, known)
    if errors:
        raise Invalid.fields(errors)
    return given


def sparse_fields(text: str | None, known: Collection[str]) -> list[list[str]] | None:
    """Return the paths that `fields=id,name,owner.name` keeps, or None for all.

    Raises:
        Invalid: `unknown_field` for a name that the resource does not have.
    """
    if not text:
        return None
    paths = [path.strip().split(".") for path in text.split(",") if path.strip()]
    errors = [
        _error("fields", "unknown_field", name=path[0], **_near(path[0], known))
        for path in paths
        if path[0] not in known
    ]
    if errors:
        raise Invalid.fields(errors)
    return paths


def prune(record: Mapping[str, Any], paths: list[list[str]]) -> dict[str, Any]:
    """Return a record with nothing but the named fields."""
    kept: dict[str, Any] = {}
    for name, *rest in paths:
        if name not in record:
            continue
        value = record[name]
        if rest and isinstance(value, Mapping):
            inner = prune(value, [rest])
            kept[name] = {**kept.get(name, {}), **inner}
        else:
            kept[name] = value
    return kept


def next_link(path: str, query: MultiDict[str, str], cursor: str) -> str:
    """Return the `Link` header of the following page."""
    following = {**query.to_dict(), "cursor": cursor}
    return f'<{path}?{urlencode(following)}>; rel="next"'


def _singles(
    query: MultiDict[str, str], known: Collection[str]
) -> tuple[dict[str, str], list[dict[str, Any]]]:
    given: dict[str, str] = {}
    errors = []
    for name, values in query.lists():
        if name not in known:
            errors.append(_error(name[:100], "unknown_parameter", **_near(name, known)))
        elif len(values) > 1:
            errors.append(_error(name, "repeated_parameter"))
        elif "\0" in values[0]:
            errors.append(_error(name, "control_character"))
        else:
            given[name] = values[0]
    return given, errors


def _near(name: str, known: Collection[str]) -> dict[str, str]:
    near = difflib.get_close_matches(name[:100], known, 1)
    return {"did_you_mean": near[0]} if near else {}


def _error(parameter: str, code: str, /, **meta: Any) -> dict[str, Any]:
    return {"pointer": f"query:{parameter}", "code": code, "meta": meta}
