"""Imports: a file comes in, a job works on it (L16)."""

from typing import Any

import orjson
from flask import Flask, Response, g, request
from flask_smorest import Blueprint
from werkzeug.datastructures import FileStorage

from chassis.actor import Actor
from chassis.errors import Invalid
from gateway.http import bodies, headers, queries
from gateway.http.document import REFUSED, Api
from gateway.http.engine import json_response
from gateway.http.operations import CALL_SECONDS
from gateway.parts import Parts
from schemas import gateway as schemas

MAX_FILE_BYTES = 50_000_000
PERMISSION = "leads:import"
_FORM_BYTES = 100_000
_FIELDS = ("resource", "dry_run", "mapping", "pool_id")


def register(app: Flask, api: Api, parts: Parts) -> None:
    """Serve and document the upload."""

    def start_import() -> Response:
        actor: Actor = g.actor
        actor.check(PERMISSION)
        queries.check_parameters(request.args, ())
        key = headers.idempotency_key(request.headers, required=False)
        if request.mimetype == "multipart/form-data":
            file, payload = _read_form()
            payload["upload_id"] = parts.store_upload(actor, _file_name(file), file.stream)
        else:
            payload = bodies.read_object(request)
        pending = parts.rpc.send(
            "gateway",
            "start_import",
            payload,
            actor,
            timeout=CALL_SECONDS,
            key=key,
            request_id=g.request_id,
        )
        job = pending.result()
        response = json_response(job, 202)
        response.headers["Location"] = f"/v1/jobs/{job['id']}"
        response.headers["Retry-After"] = "1"
        if pending.replayed:
            response.headers["Idempotent-Replayed"] = "true"
        return response

    start_import._apidoc = {"manual_doc": _describe()}  # type: ignore[attr-defined]
    blueprint = Blueprint("imports", __name__, description="Imports 导入")
    blueprint.add_url_rule("/v1/imports", view_func=start_import, methods=["POST"])
    api.register_blueprint(blueprint)


def _read_form() -> tuple[FileStorage, dict[str, Any]]:
    """Return the file and the fields of the form.

    Raises:
        Invalid: Every wrong field at once; a file that is too large is refused by the framework.
    """
    request.max_content_length = MAX_FILE_BYTES + _FORM_BYTES
    request.max_form_memory_size = _FORM_BYTES
    errors: list[dict[str, Any]] = []
    file = request.files.get("file")
    if file is None or not file.filename:
        errors.append(_error("file", "required"))
    for name in [*request.form, *request.files]:
        if name not in (*_FIELDS, "file"):
            errors.append(_error(name[:100], "unknown_field"))
    payload: dict[str, Any] = {}
    for name in _FIELDS:
        if name in request.form:
            payload[name] = _value(name, request.form[name], errors)
    if errors or file is None:
        raise Invalid.fields(errors)
    return file, payload


def _value(name: str, text: str, errors: list[dict[str, Any]]) -> Any:
    if name == "dry_run":
        if text not in ("true", "false"):
            errors.append(_error(name, "not_a_choice", choices=["true", "false"]))
        return text == "true"
    if name == "mapping":
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            errors.append(_error(name, "malformed_json"))
            return None
    return text


def _file_name(file: FileStorage) -> str:
    """Return the last part of the name that the sender gave; it is shown, never opened."""
    name = (file.filename or "").replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in name if char.isprintable())[:200] or "upload"


def _error(name: str, code: str, **meta: Any) -> dict[str, Any]:
    return {"pointer": f"#/{name}", "code": code, "meta": meta}


def _describe() -> dict[str, Any]:
    form = {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {
                "type": "string",
                "format": "binary",
                "description": "CSV (UTF-8 or GB18030) or XLSX, at most 50 MB",
            },
            "resource": {"type": "string", "enum": list(schemas.IMPORT_RESOURCES)},
            "dry_run": {"type": "string", "enum": ["true", "false"]},
            "mapping": {"type": "string", "description": "JSON: column heading → field or null"},
            "pool_id": {"type": "string", "format": "uuid"},
        },
    }
    answer = {"application/json": {"schema": schemas.Job}}
    return {
        "operationId": "start_import",
        "summary": "Import a file of leads as a job",
        "description": "Follow the job at `Location`; `dry_run=true` tells what would happen. Send"
        " the file as a form; to import it for good after a dry run, send its `upload_id` as JSON."
        f"\n\nPermission `{PERMISSION}`; API keys need the scope `leads:write`.",
        "parameters": [
            {
                "in": "header",
                "name": "Idempotency-Key",
                "required": False,
                "description": "makes a repeat of the same import harmless",
                "schema": {"type": "string"},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": form},
                "application/json": {"schema": schemas.StartImport},
            },
        },
        "responses": {
            "202": {"description": "Queued", "content": answer},
            **{str(status): REFUSED for status in (400, 401, 403, 409, 413, 415, 422, 503)},
        },
    }
