"""Uploading a file of leads (L16)."""

from io import BytesIO
from typing import Any

from tests.fixtures.gateway_http import LEAD_ID, Door

JOB = {"id": LEAD_ID, "state": "queued", "version": 1}


def _upload(door: Door, **form: Any) -> Any:
    form.setdefault("file", (BytesIO("姓名,电话\n".encode("gb18030")), "客户.csv"))
    return door.client.post("/v1/imports", data=form, headers=door.headers)


def test_a_file_is_stored_and_becomes_a_job(door: Door) -> None:
    door.rpc.answer("gateway", "start_import", JOB)

    response = _upload(door, resource="leads", dry_run="true", mapping='{"姓名": "name"}')

    assert response.status_code == 202
    assert response.headers["Location"] == f"/v1/jobs/{LEAD_ID}"
    assert door.uploads.stored == [("客户.csv", "姓名,电话\n".encode("gb18030"))]
    assert door.rpc.last.payload == {
        "upload_id": LEAD_ID,
        "resource": "leads",
        "dry_run": True,
        "mapping": {"姓名": "name"},
    }


def test_an_earlier_upload_is_imported_for_good_by_its_id(door: Door) -> None:
    door.rpc.answer("gateway", "start_import", JOB)

    response = door.post("/v1/imports", {"upload_id": LEAD_ID}, Idempotency_Key="i-1")

    assert response.status_code == 202
    assert door.uploads.stored == []
    assert door.rpc.last.key == "i-1"


def test_a_form_without_a_file_names_every_fault(door: Door) -> None:
    response = door.client.post(
        "/v1/imports",
        data={"dry_run": "maybe", "mapping": "{", "pool": "x"},
        headers={**door.headers, "Content-Type": "multipart/form-data"},
    )

    assert response.status_code == 422
    found = {(e["pointer"], e["code"]) for e in response.json["errors"]}
    assert found == {
        ("#/file", "required"),
        ("#/pool", "unknown_field"),
        ("#/dry_run", "not_a_choice"),
        ("#/mapping", "malformed_json"),
    }
    assert door.rpc.calls == []


def test_the_senders_path_is_cut_off_the_file_name(door: Door) -> None:
    door.rpc.answer("gateway", "start_import", JOB)

    _upload(door, file=(BytesIO(b"x"), "..\\..\\etc/leads\x00.csv"))

    assert door.uploads.stored[0][0] == "leads.csv"


def test_a_file_may_be_larger_than_a_json_body(door: Door) -> None:
    door.rpc.answer("gateway", "start_import", JOB)

    response = _upload(door, file=(BytesIO(b"x" * 3_000_000), "big.csv"))

    assert response.status_code == 202
    assert len(door.uploads.stored[0][1]) == 3_000_000
