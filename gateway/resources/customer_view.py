"""The customer 360 view and timeline (C20): served by the gateway itself, not by one call.

The view is the hottest route: between the credential and the finished bytes there is no schema, no
parsing and no copy.
"""

from typing import Any

from flask import Flask, Response, g, request
from flask_smorest import Blueprint

from chassis.actor import Actor
from chassis.errors import Invalid, NotFound
from chassis.ids import is_id
from chassis.listing import DEFAULT_LIMIT, MAX_LIMIT
from gateway.http import headers, queries
from gateway.http.document import REFUSED, Api
from gateway.http.engine import json_response
from gateway.parts import Parts
from schemas.sections import SECTIONS

PERMISSION = "customers:read"
_NAMES = frozenset(name for names in SECTIONS.values() for name in names)

_SECTION = {
    "type": "object",
    "required": ["status", "as_of", "version", "data"],
    "properties": {
        "status": {"type": "string", "enum": ["fresh", "stale", "unavailable", "hidden"]},
        "as_of": {"type": ["string", "null"], "format": "date-time"},
        "version": {"type": ["string", "null"]},
        "data": {"description": "null unless fresh or stale"},
    },
}
_VIEW = {
    "type": "object",
    "required": ["customer_id", "as_of", "partial", "sections"],
    "properties": {
        "customer_id": {"type": "string", "format": "uuid"},
        "as_of": {"type": "string", "format": "date-time"},
        "partial": {"type": "boolean", "description": "some section is not fresh"},
        "sections": {
            "type": "object",
            "properties": dict.fromkeys(sorted(_NAMES), _SECTION),
        },
    },
}
_ENTRY = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "seq": {"type": "integer"},
        "time": {"type": "string", "format": "date-time"},
        "type": {"type": "string", "examples": ["lead_claimed"]},
        "source": {"type": "string"},
        "subject": {"type": "string", "examples": ["lead/0197…"]},
        "actor": {"type": "string"},
        "changes": {"type": "object"},
    },
}


def register(app: Flask, api: Api, parts: Parts) -> None:
    """Serve and document the view and the timeline."""

    def read_view(id: str) -> Response:
        asked: Any = request._get_current_object()  # type: ignore[attr-defined]
        incoming = asked.headers
        # The view itself checks id and permission, and finds a cached answer before that.
        sections = _sections() if asked.query_string else None
        no_cache = "no-cache" in incoming.get("Cache-Control", "")
        tag, body = parts.view.read(id, g.actor, sections, no_cache)
        if headers.unchanged(incoming, tag):
            return Response(status=304, headers={"ETag": tag})
        return Response(body, 200, {"ETag": tag}, content_type="application/json")

    def read_timeline(id: str) -> Response:
        actor: Actor = g.actor
        actor.check(PERMISSION)
        if not is_id(id):
            raise NotFound("not_found")
        given = queries.check_parameters(request.args, ("limit", "cursor"))
        limit = given.get("limit", str(DEFAULT_LIMIT))
        if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:9]) <= MAX_LIMIT):
            meta = {"maximum": MAX_LIMIT}
            raise Invalid.fields(
                [{"pointer": "query:limit", "code": "limit_out_of_range", "meta": meta}]
            )
        page = parts.timeline(actor, id, int(limit), given.get("cursor"))
        response = json_response(page)
        if page.get("next_cursor"):
            response.headers["Link"] = queries.next_link(
                request.path, request.args, page["next_cursor"]
            )
        return response

    blueprint = Blueprint("customer-view", __name__, description="Customer 360 客户全景")
    for path, view, described in (
        ("/v1/customers/<id>/360", read_view, _describe_view()),
        ("/v1/customers/<id>/timeline", read_timeline, _describe_timeline()),
    ):
        view._apidoc = {"manual_doc": described}  # type: ignore[attr-defined]
        blueprint.add_url_rule(path, view_func=view, methods=["GET"])
    api.register_blueprint(blueprint)


def _sections() -> list[str] | None:
    """Return the sections that `sections=profile,leads` names.

    Raises:
        Invalid: `unknown_parameter`, `not_a_choice`.
    """
    text = queries.check_parameters(request.args, ("sections",)).get("sections")
    if not text:
        return None
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in _NAMES]
    if unknown:
        meta = {"choices": sorted(_NAMES)}
        raise Invalid.fields([{"pointer": "query:sections", "code": "not_a_choice", "meta": meta}])
    return list(dict.fromkeys(names))


def _described(name: str, summary: str, description: str, schema: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {
        "operationId": name,
        "summary": summary,
        "description": description,
        "responses": {
            "200": {"description": "Done", "content": content},
            **{str(status): REFUSED for status in (401, 403, 404, 422, 503)},
        },
    }


def _describe_view() -> dict[str, Any]:
    described = _described(
        "get_customer_360",
        "Read everything about a customer, from all services",
        "Each section says how fresh it is; a service that does not answer makes its sections"
        " `stale` or `unavailable`, never empty, and never fails the view."
        f"\n\nPermission `{PERMISSION}`; each section needs its own resource's read permission and"
        " is `hidden` without it.",
        _VIEW,
    )
    described["responses"]["304"] = {"description": "Nothing has changed since `If-None-Match`"}
    described["parameters"] = [
        _parameter("query", "sections", "some of " + ", ".join(sorted(_NAMES))),
        _parameter("header", "If-None-Match", "the ETag that you have"),
        _parameter("header", "Cache-Control", "`no-cache` asks the services themselves"),
    ]
    return described


def _describe_timeline() -> dict[str, Any]:
    page = {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": _ENTRY},
            "next_cursor": {"type": ["string", "null"]},
            "has_more": {"type": "boolean"},
        },
    }
    described = _described(
        "get_customer_timeline",
        "Read what happened to a customer, newest first",
        f"Permission `{PERMISSION}`; entries about records that you may not read are left out.",
        page,
    )
    described["parameters"] = [
        _parameter("query", "limit", "at most 200"),
        _parameter("query", "cursor", "the last answer's `next_cursor`"),
    ]
    return described


def _parameter(place: str, name: str, text: str) -> dict[str, Any]:
    return {
        "in": place,
        "name": name,
        "required": False,
        "description": text,
        "schema": {"type": "string"},
    }
