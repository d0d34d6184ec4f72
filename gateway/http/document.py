"""The API's own document: OpenAPI 3.1, made from the same rows that serve the requests."""

from functools import cache
from typing import Any

from flask_smorest import Api as SmorestApi
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from chassis import validation
from chassis.validation import ReplySchema
from gateway.http.engine import Engine
from gateway.http.operations import Operation, Resource
from gateway.http.problems import MEDIA_TYPE

_INFO = """The HTTP API of Omnibus CRM.

**Credential**: `Authorization: Bearer <API key>`.
**Money**: `{"amount": "12.30", "currency": "CNY"}`; amounts are decimal strings, never numbers.
**Time**: instants are RFC 3339 in UTC, business days `YYYY-MM-DD`.
**Lists**: `{"items": [], "next_cursor": null, "has_more": false}`, `limit` 50, at most 200; pass
`next_cursor` back as `cursor` with the same filters. Filters: `status=new,working` (any of),
`created_at.gte=`, `name.contains=`, `owner_id=me`; `fields=id,name` thins an answer out.
**Writing**: POST accepts `Idempotency-Key` (finance requires it); PATCH is JSON Merge Patch
(absent = leave, null = clear) and requires `If-Match` with the `ETag` of the record.
**Errors**: `application/problem+json`; branch on `code`. Texts follow `Accept-Language` (en, zh).
Unknown fields and parameters are refused. Enumerations may grow: treat unknown values as such."""

_PROBLEMS = {
    "GET": (401, 403, 404, 422, 503),
    "POST": (400, 401, 403, 404, 409, 412, 413, 415, 422, 503),
    "PATCH": (400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
}
_PARAMETERS = {
    "text": {"type": "string"},
    "id": {
        "type": "string",
        "description": "one id or several, comma-separated; `me` is you",
    },
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "decimal": {"type": "string", "format": "decimal"},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
}


class FieldProblem(ReplySchema):
    """One wrong field or parameter."""

    pointer = fields.String(metadata={"description": "`#/phone` in the body, or `query:limit`"})
    code = fields.String()
    detail = fields.String()
    meta = fields.Dict()


class Problem(ReplySchema):
    """A refusal (RFC 9457)."""

    type = fields.String(metadata={"format": "uri-reference"})
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    instance = fields.String()
    code = fields.String(metadata={"description": "stable; branch on this"})
    errors = fields.List(fields.Nested(FieldProblem))
    request_id = fields.String()
    trace_id = fields.String()


class Api(SmorestApi):
    """flask-smorest's document without its request parsing and its plain-JSON errors."""

    ERROR_SCHEMA = Problem

    def _register_responses(self) -> None:
        content = {MEDIA_TYPE: {"schema": Problem}}
        self.spec.components.response(
            self.DEFAULT_ERROR_RESPONSE_NAME,
            {"description": "Refused", "content": content},
            lazy=True,
        )

    def _register_error_handlers(self) -> None:
        """Leave errors to the app: one place makes problems."""


REFUSED = Api.DEFAULT_ERROR_RESPONSE_NAME
"""Reference to the response of every refusal."""


def make_api(app: Any) -> Api:
    """Return the document of an app, still without paths."""
    app.config.update(
        API_TITLE="Omnibus CRM",
        API_VERSION="1.0.0",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={"info": {"description": _INFO}, "security": [{"apiKey": []}]},
    )
    api = Api(app)
    for field, kind, form in (
        (validation.DecimalText, "string", "decimal"),
        (validation.MoneyField, "object", None),
        (validation.InstantField, "string", "date-time"),
        (validation.DateField, "string", "date"),
    ):
        api.register_field(field, kind, form)
    api.ma_plugin.converter.add_attribute_function(_null_among_choices)
    api.spec.components.security_scheme("apiKey", {"type": "http", "scheme": "bearer"})
    return api


def _null_among_choices(
    _converter: Any, field: fields.Field[Any], ret: dict[str, Any], **_: Any
) -> dict[str, Any]:
    """Name null among the choices of a field that may be null, or JSON Schema refuses it."""
    if field.allow_none and "enum" in ret and None not in ret["enum"]:
        return {"enum": [*ret["enum"], None]}
    return {}


def register(api: Api, engine: Engine, resource: Resource) -> None:
    """Serve and document every operation of a resource."""
    blueprint = Blueprint(resource.name, __name__, description=resource.title)
    for operation in resource.operations:
        view = engine.view(operation)
        view._apidoc = {"manual_doc": describe(operation)}  # type: ignore[attr-defined]
        blueprint.add_url_rule(
            operation.path,
            endpoint=operation.name or operation.method,
            view_func=view,
            methods=[operation.verb],
        )
    api.register_blueprint(blueprint)


def describe(operation: Operation) -> dict[str, Any]:
    """Return the OpenAPI form of an operation."""
    described: dict[str, Any] = {
        "operationId": operation.name or operation.method,
        "summary": operation.summary,
        "parameters": [*_query_parameters(operation), *_header_parameters(operation)],
        "responses": _responses(operation),
    }
    notes = [operation.description] if operation.description else []
    if operation.allow:
        resource, _, verb = operation.allow.partition(":")
        scope = f"{resource}:{'read' if verb == 'read' else 'write'}"
        notes.append(f"Permission `{operation.allow}`; API keys need the scope `{scope}`.")
    described["description"] = "\n\n".join(notes)
    body = body_schema(operation)
    if operation.verb != "GET" and body is not None:
        declared = operation.free.values()
        described["requestBody"] = {
            "required": any(one.required for one in declared),
            "content": {"application/json": {"schema": body}},
        }
    return described


@cache
def _narrowed(request: type[Schema], hidden: frozenset[str]) -> type[Schema]:
    base: Any = request.Meta
    meta = type("Meta", (base,), {"exclude": tuple(sorted(hidden)), "register": False})
    return type(
        f"{request.__name__}Body",
        (request,),
        {"Meta": meta, "__doc__": request.__doc__},
    )


def body_schema(operation: Operation) -> type[Schema] | None:
    """Return the schema of the body: the request without what path and headers give."""
    if not operation.free:
        return None
    hidden = operation.given.intersection(operation.request._declared_fields)
    return _narrowed(operation.request, hidden) if hidden else operation.request


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    if operation.verb != "GET":
        return []
    found: dict[str, dict[str, Any]] = {}
    if operation.listing is not None:
        spec = operation.listing
        found = {
            "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
            "cursor": {"type": "string"},
            "sort": {
                "type": "string",
                "description": "of " + ", ".join(spec.sorts) + "; `-` in front: descending",
                "default": spec.default_sort,
            },
            "count": {
                "type": "string",
                "enum": ["exact"],
                "description": "adds `total`",
            },
        }
        if spec.search:
            found["q"] = {
                "type": "string",
                "description": "part of a name, in any script",
            }
        for name, kind in spec.parameters().items():
            found[name] = _filter_schema(kind)
    else:
        found = {name: _plain_schema(one) for name, one in operation.free.items()}
    if operation.reply is not None:
        found["fields"] = {
            "type": "string",
            "description": "such as `id,name`; no ETag then",
        }
    return [
        {"in": "query", "name": name, "required": False, "schema": schema}
        for name, schema in found.items()
    ]


def _filter_schema(kind: str) -> dict[str, Any]:
    name, _, choices = kind.partition(":")
    if name == "enum":
        listed = ", ".join(choices.split("|"))
        return {"type": "string", "description": f"any of {listed}; comma-separated"}
    return dict(_PARAMETERS[name])


def _plain_schema(one: fields.Field[Any]) -> dict[str, Any]:
    if isinstance(one, fields.Integer):
        return {"type": "integer"}
    if isinstance(one, fields.Boolean):
        return {"type": "boolean"}
    schema: dict[str, Any] = {"type": "string"}
    if "enum" in one.metadata:
        schema["enum"] = one.metadata["enum"]
    return schema


def _header_parameters(operation: Operation) -> list[dict[str, Any]]:
    wanted: list[tuple[str, bool, str]] = []
    if operation.if_match:
        wanted.append(("If-Match", operation.if_match == "required", 'the ETag, such as `"3"`'))
    if operation.verb == "POST":
        wanted.append(("Idempotency-Key", operation.key_required, "makes a repeat harmless"))
    return [
        {
            "in": "header",
            "name": name,
            "required": required,
            "description": text,
            "schema": {"type": "string"},
        }
        for name, required, text in wanted
    ]


def _responses(operation: Operation) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done"}
    answer = _page_of(operation.reply) if operation.paged else operation.reply
    if answer is not None:
        good["content"] = {"application/json": {"schema": answer}}
    headers: dict[str, Any] = {}
    if operation.tagged and not operation.paged and "version" in operation.reply_fields:
        headers["ETag"] = {"schema": {"type": "string"}}
    if operation.location:
        headers["Location"] = {"schema": {"type": "string", "format": "uri-reference"}}
    if operation.paged:
        headers["Link"] = {"schema": {"type": "string"}, "description": "rel=next"}
    if headers:
        good["headers"] = headers
    responses = {str(operation.status): good}
    if operation.status == 202:
        responses["200"] = good
    responses.update({str(status): REFUSED for status in _PROBLEMS[operation.verb]})
    return responses


def _page_of(reply: type[Schema] | None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["items", "next_cursor", "has_more"],
        "properties": {
            "items": {"type": "array", "items": reply or {"type": "object"}},
            "next_cursor": {"type": ["string", "null"]},
            "has_more": {"type": "boolean"},
            "total": {"type": "integer"},
        },
    }
