"""The public pages: the documentation that works offline, and a page per problem type."""

from flask import Blueprint, Flask, Response, redirect
from flask_swagger_ui import get_swaggerui_blueprint
from werkzeug.wrappers import Response as BaseResponse

from gateway.http.catalogue import page
from gateway.http.refusals import HttpRefusal

DOCS = "/docs"


def register(app: Flask) -> None:
    """Serve the pages; the app leaves `PUBLIC` open."""
    app.register_blueprint(
        get_swaggerui_blueprint(
            DOCS,
            "/openapi.json",
            config={
                "app_name": "Omnibus CRM API",
                "oauth2RedirectUrl": "",
                "persistAuthorization": True,
                "docExpansion": "none",
                "validatorUrl": None,
            },
        )
    )
    pages = Blueprint("pages", __name__)
    pages.add_url_rule("/", view_func=_home)
    pages.add_url_rule("/v1/errors/<code>", view_func=_error_page)
    app.register_blueprint(pages)


PUBLIC = frozenset({"pages._home", "pages._error_page", "swagger_ui.show", "api-docs.openapi_json"})
"""Endpoints that need no credential."""


def _home() -> BaseResponse:
    return redirect(f"{DOCS}/")


def _error_page(code: str) -> Response:
    html = page(code)
    if html is None:
        raise HttpRefusal(404, "path_not_found")
    return Response(html, mimetype="text/html")
