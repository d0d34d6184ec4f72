"""Jobs as their owners see them: progress, cancellation, the end, who may (L16)."""

import io
from dataclasses import replace

import pytest
from sqlalchemy import select

from chassis.errors import Forbidden, Invalid, NotFound, Refused
from gateway import uploads
from gateway.persistence.tables import metadata
from tests.fixtures.gateway import admin, ann, ask, bo, partner, wait_for
from tests.fixtures.imports import a_table, ended, job_of, queue


def test_the_job_is_done_as_the_one_who_asked(service, leads, start):
    start()
    ended(service, queue(service, a_table(1), actor=partner), actor=partner)

    assert leads.sent[0][1] == partner


def test_progress_is_seen_while_it_runs_and_never_goes_back(service, leads, start):
    seen = []
    job_id = queue(service, a_table(50))
    leads.before = lambda chunk: seen.append(job_of(service, job_id)["progress"]["done"])
    start()

    ended(service, job_id)

    assert seen == sorted(seen)
    assert len(set(seen)) > 2


def test_a_wrong_mapping_is_refused_before_anything_is_queued(service):
    with pytest.raises(Invalid):
        queue(service, a_table(1), mapping={"姓名": "nonsense"})


def test_a_cancelled_job_stops_and_what_is_done_stays_done(service, leads, start):
    job_id = queue(service, a_table(500))

    def cancel(chunk):
        if chunk == 3:
            ask(service.cancel_job, {"id": job_id}, ann)

    leads.before = cancel
    start()
    job = ended(service, job_id)
    wait_for(lambda: leads.sent)

    assert job["state"] == "cancelled"
    assert job["progress"]["done"] == 30
    assert len(leads.made) < 100
    with pytest.raises(Refused, match="job_already_ended"):
        ask(service.cancel_job, {"id": job_id}, ann)


def test_the_end_of_a_job_is_an_event(service, start):
    start()
    job = ended(service, queue(service, a_table(3), dry_run=True))

    table = metadata.tables["outbox"]
    with service.database.transaction(admin) as tx:
        event = tx.rows(select(table.c.body).where(table.c.type == "job_finished"))[0].body
    assert event["subject"] == f"job/{job['id']}"
    assert event["actor"] == ann.id
    assert "samples" not in event["data"]["after"]["result"]


def test_jobs_and_uploads_belong_to_whoever_made_them(service):
    job_id = queue(service, a_table(1))

    for method in (service.get_job, service.list_job_rows, service.cancel_job):
        with pytest.raises(NotFound):
            ask(method, {"id": job_id}, bo)
    assert ask(service.list_jobs, {}, bo)["items"] == []
    assert [job["id"] for job in ask(service.list_jobs, {}, ann)["items"]] == [job_id]
    upload_id = uploads.store(ann, "x.csv", io.BytesIO(b"name\nA\n"))
    with pytest.raises(NotFound):
        ask(service.start_import, {"upload_id": upload_id}, bo)


def test_a_key_without_the_scope_imports_nothing(service):
    narrow = replace(ann, scopes=("leads:read", "jobs:write"))

    with pytest.raises(Forbidden, match="missing_scope"):
        queue(service, a_table(1), actor=narrow)


def test_verdicts_are_paged(service, start):
    start()
    job_id = ended(service, queue(service, a_table(30)))["id"]

    rows, cursor = [], None
    while True:
        page = ask(service.list_job_rows, {"id": job_id, "limit": 7, "cursor": cursor}, ann)
        rows += [row["row"] for row in page["items"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break

    assert rows == list(range(2, 32))
    with pytest.raises(Invalid, match="cursor_mismatch"):
        ask(service.list_job_rows, {"id": job_id, "cursor": "AAAA"}, ann)
