"""Problem bodies (RFC 9457): every refusal leaves the gateway in this one shape."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response, g, request
from werkzeug.exceptions import HTTPException

from chassis import tracing
from chassis.errors import CRMError, InternalError
from gateway.http import headers
from gateway.http.catalogue import entry
from gateway.http.refusals import HttpRefusal, status_of

MEDIA_TYPE = "application/problem+json"
_OWN = frozenset(
    {
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "code",
        "errors",
        "request_id",
        "trace_id",
    }
)
_HTTP_CODES = {
    400: "bad_request",
    404: "path_not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}


def body_of(
    error: CRMError, language: str, *, instance: str, request_id: str, trace_id: str
) -> dict[str, Any]:
    """Return the body of a refusal in one language."""
    known = entry(error.code)
    body: dict[str, Any] = {
        "type": f"/v1/errors/{error.code}",
        "title": known.title(language),
        "status": status_of(error),
        "detail": known.detail(language, error.details),
        "instance": instance,
        "code": error.code,
    }
    errors = error.details.get("errors")
    if isinstance(errors, list):
        body["errors"] = [field_error(item, language) for item in errors]
    body["request_id"] = request_id
    body["trace_id"] = trace_id
    body.update({key: value for key, value in error.details.items() if key not in _OWN})
    return body


def field_error(item: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return one wrong field with its text in a language."""
    code = str(item.get("code", "invalid_field"))
    meta = item.get("meta") or {}
    return {
        "pointer": item.get("pointer", "#"),
        "code": code,
        "detail": entry(code).detail(language, meta),
        "meta": meta,
    }


def callers_language() -> str:
    """Return the language in which the request at hand is answered."""
    return headers.language(request.headers.get("Accept-Language"), getattr(g, "locale", "en"))


def answer(error: CRMError) -> Response:
    """Return the response of a refusal to the request at hand."""
    language = callers_language()
    status = status_of(error)
    body = body_of(
        error,
        language,
        instance=request.path,
        request_id=getattr(g, "request_id", ""),
        trace_id=tracing.current_trace_id(),
    )
    response = Response(orjson.dumps(body, default=str), status, mimetype=MEDIA_TYPE)
    response.headers["Content-Language"] = language
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="omnibus"'
    if status == 503 or "retry_after" in error.details:
        response.headers["Retry-After"] = str(error.details.get("retry_after", 1))
    return response


def from_http(error: HTTPException) -> CRMError:
    """Return the refusal behind one of the framework's own exceptions."""
    status = error.code or 500
    if status >= 500:
        # The framework's last resort, for what failed outside of any operation.
        return InternalError()
    details: dict[str, Any] = {}
    if status == 405:
        details["allowed"] = sorted(getattr(error, "valid_methods", None) or [])
    return HttpRefusal(status, _HTTP_CODES.get(status, "bad_request"), **details)
