"""The API's own document: valid, complete, and true to the services."""

import importlib
import json
import re
from typing import Any

import pytest
from openapi_spec_validator import validate

from chassis.entrypoints import specs
from gateway import resources
from gateway.http.operations import Operation
from gateway.http.pages import PUBLIC
from gateway.resources import imports
from tests.fixtures.gateway_http import Door

ROWS = [row for resource in resources.ALL for row in resource.operations]


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    """Return the served document."""
    from tests.fixtures.gateway_http import a_door

    return json.loads(a_door().client.get("/openapi.json").data)


def test_the_document_is_valid_openapi_3_1(spec: dict[str, Any]) -> None:
    assert spec["openapi"] == "3.1.0"
    validate(spec)


def test_every_route_is_documented_and_every_documented_one_exists(
    door: Door, spec: dict[str, Any]
) -> None:
    routes = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in door.app.url_map.iter_rules()
        if rule.endpoint not in PUBLIC
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    documented = {
        (path, method)
        for path, item in spec["paths"].items()
        for method in item
        if method != "parameters"
    }

    assert routes == documented


def test_every_operation_has_its_own_id_a_summary_and_says_how_it_is_refused(
    spec: dict[str, Any],
) -> None:
    operations = [
        operation
        for item in spec["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    ]
    ids = [operation["operationId"] for operation in operations]

    assert len(set(ids)) == len(ids)
    for operation in operations:
        assert operation["summary"]
        refused = operation["responses"]["default"]["$ref"]
        assert refused == "#/components/responses/DEFAULT_ERROR"
    problem = spec["components"]["responses"]["DEFAULT_ERROR"]["content"]
    assert list(problem) == ["application/problem+json"]


def test_money_is_documented_as_a_decimal_string_never_a_number(spec: dict[str, Any]) -> None:
    amount = spec["components"]["schemas"]["RecordReceipt"]["properties"]["amount"]

    assert amount["properties"]["amount"]["type"] == "string"


def _service_class(name: str) -> type:
    place = "gateway.service" if name == "gateway" else f"services.{name}.service"
    module = importlib.import_module(place)
    return next(
        member
        for member in vars(module).values()
        if isinstance(member, type) and member.__module__ == place and hasattr(member, "database")
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name or row.method)
def test_a_row_and_its_use_case_agree_on_permission_and_schemas(row: Operation) -> None:
    use_case = specs(_service_class(row.service))[row.method]

    assert use_case.allow == row.allow
    assert type(use_case.request) is row.request
    assert use_case.kind == ("query" if row.verb == "GET" else "command")
    if use_case.reply is not None:
        assert type(use_case.reply) is row.reply


def test_the_upload_asks_for_the_permission_of_its_use_case() -> None:
    use_case = specs(_service_class("gateway"))["start_import"]

    assert use_case.allow == imports.PERMISSION


def test_the_docs_page_needs_nothing_from_outside(door: Door) -> None:
    page = door.client.get("/docs/")

    assert page.status_code == 200
    assert not re.findall(r"(?:src|href)=\"https?://", page.text)
    assert door.client.get("/docs/swagger-ui-bundle.js").status_code == 200
