"""The HTTP app: `create_app()` is what gunicorn serves.

A request passes through here once: it gets an id and a trace, its credential is checked, its
operation runs, and whatever happens it leaves as JSON or as a problem.
"""

import logging
from typing import Any

import orjson
from flask import Flask, Response, g, request
from flask.json.provider import JSONProvider
from werkzeug.exceptions import HTTPException

from chassis import clock, tracing
from chassis.errors import CRMError, InternalError
from gateway import resources
from gateway.auth import Authenticator
from gateway.http import access_log, bodies, document, headers, metrics, pages, problems
from gateway.http.engine import Engine
from gateway.parts import Parts

log = logging.getLogger("gateway.http")


class OrjsonProvider(JSONProvider):
    """Flask's JSON by orjson."""

    def dumps(self, obj: Any, **_: Any) -> str:
        """Return JSON text."""
        return orjson.dumps(obj, default=str).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """Return the value of JSON text."""
        return orjson.loads(s)


def create_app(parts: Parts | None = None) -> Flask:
    """Return the app.

    Args:
        parts: Its collaborators; None makes the real ones, which connect in `parts.begin()`.
    """
    if parts is None:
        from gateway.wiring import real_parts

        parts = real_parts()
    app = Flask("gateway", static_folder=None)
    app.json = OrjsonProvider(app)
    app.config["MAX_CONTENT_LENGTH"] = bodies.MAX_BYTES
    # A path is one resource or none: no redirect that a client would have to follow with a body.
    app.url_map.strict_slashes = False
    app.extensions["parts"] = parts
    _frame(app, Authenticator(parts.find_key, parts.actor_of))
    pages.register(app)
    api = document.make_api(app)
    engine = Engine(parts.rpc)
    for resource in resources.ALL:
        document.register(api, engine, resource)
    for register in resources.VIEWS:
        register(app, api, parts)
    return app


def _frame(app: Flask, authenticator: Authenticator) -> None:
    """Install what surrounds every operation."""

    # PERF: each access through the proxies `request` and `g` costs as much as a dictionary look-up
    # in a dozen; these functions run for every request and fetch the objects once.
    def begin() -> None:
        now, asked = current(g), current(request)
        now.started = clock.monotonic()
        metrics.IN_FLIGHT.inc()
        incoming = asked.headers
        now.request_id = headers.request_id(incoming)
        now.span = tracing.span("http", incoming.get("traceparent"))
        now.span.__enter__()
        if asked.method == "OPTIONS" or asked.endpoint in pages.PUBLIC:
            return
        now.actor = actor = authenticator.authenticate(asked)
        now.locale = actor.locale

    def finish(response: Response) -> Response:
        now, asked = current(g), current(request)
        out = response.headers
        out["X-Request-Id"] = now.request_id
        out["X-Content-Type-Options"] = "nosniff"
        if asked.path.startswith("/v1/"):
            out["Cache-Control"] = "no-store"
        rule = asked.url_rule
        route = rule.rule if rule is not None else "unmatched"
        seconds = clock.monotonic() - now.started
        metrics.observe(route, asked.method, response.status_code, seconds)
        actor = now.get("actor")
        access_log.write(
            method=asked.method,
            route=route,
            status=response.status_code,
            seconds=seconds,
            request_id=now.request_id,
            client=actor.client_id if actor is not None else "",
        )
        return response

    def end(_error: BaseException | None) -> None:
        span = g.pop("span", None)
        if span is not None:
            span.__exit__(None, None, None)
            metrics.IN_FLIGHT.dec()

    app.before_request(begin)
    app.after_request(finish)
    app.teardown_request(end)
    app.register_error_handler(CRMError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _failed)


def current(proxy: Any) -> Any:
    """Return the object behind one of Flask's proxies."""
    return proxy._get_current_object()


def _refused(error: CRMError) -> Response:
    response = problems.answer(error)
    if response.status_code == 503:
        metrics.SHED.labels(error.code).inc()
    elif response.status_code == 500:
        log.error("peer_failed", extra={"code": error.code, "request_id": g.request_id})
    return response


def _http_error(error: HTTPException) -> Response:
    if error.code is not None and 300 <= error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    response = problems.answer(problems.from_http(error))
    if error.code == 405:
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or []))
    return response


def _failed(error: Exception) -> Response:
    """Answer for a defect of ours: the log gets the text, the caller gets an id to ask about."""
    log.error("request_failed", exc_info=error, extra={"request_id": g.get("request_id", "")})
    return problems.answer(InternalError())
