"""Imports of files as jobs: dry run, verdicts, progress, resumption, cancellation (L16)."""

import io
import os
import signal
import threading
from dataclasses import replace

import openpyxl
import pytest
from sqlalchemy import select, update

from chassis.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Unavailable
from chassis.ids import new_id
from gateway import uploads
from gateway.imports import file_reader, runner
from gateway.imports.runner import ImportRunner
from gateway.persistence.tables import jobs, metadata
from tests.fixtures.gateway import admin, ann, ask, bo, partner, wait_for


class FakeLeads:
    """Leads, as an import sees it: idempotent by key, and known phones are duplicates.

    Attributes:
        made: Phone → id of the lead.
        before: Called with the number of every chunk, in the thread that waits for it.
    """

    def __init__(self):
        self.made, self.answers, self.sent = {}, {}, []
        self.before = lambda chunk: None
        self.lock = threading.Lock()

    def send(self, service, method, payload, actor, *, timeout, key=None):
        assert (service, method) == ("leads", "import_rows")
        self.sent.append((payload, actor, key))
        return FakeImport(self, payload, key)

    def judge(self, payload, key):
        with self.lock:
            if key not in self.answers:
                self.answers[key] = [
                    self._verdict(item, payload["dry_run"]) for item in payload["rows"]
                ]
            return {"verdicts": self.answers[key]}

    def _verdict(self, item, dry_run):
        phone = item["lead"].get("phone")
        if phone is None:
            errors = [{"pointer": "#/phone", "code": "contact_method_required", "meta": {}}]
            return {"row": item["row"], "verdict": "invalid", "errors": errors}
        if phone in self.made:
            return {"row": item["row"], "verdict": "duplicate", "lead_id": self.made[phone]}
        if not dry_run:
            self.made[phone] = new_id()
        return {"row": item["row"], "verdict": "created", "lead_id": self.made.get(phone)}


class FakeImport:
    """A chunk on its way."""

    def __init__(self, leads, payload, key):
        self.leads, self.payload, self.key = leads, payload, key

    def result(self):
        self.leads.before(self.payload["chunk"])
        return self.leads.judge(self.payload, self.key)


def spawn(function, *args):
    threading.Thread(target=function, args=args, daemon=True).start()


@pytest.fixture
def leads():
    return FakeLeads()


@pytest.fixture
def start(service, leads, monkeypatch):
    """Return a function that starts a runner; all are stopped in the end."""
    monkeypatch.setattr(runner, "CHUNK_ROWS", 10)
    monkeypatch.setattr(runner, "SWEEP_SECONDS", 0.1)
    monkeypatch.setattr(runner, "_BACKOFF", (0.02,))
    started = []

    def begin():
        made = ImportRunner(service, leads, spawn)
        made.start()
        started.append(made)
        return made

    yield begin
    for one in started:
        one.stop()


def a_table(rows, first=0):
    lines = "".join(f"张三{i},138{i:08d},上海\n" for i in range(first, first + rows))
    return f"姓名,手机,地区\n{lines}"


def queue(service, data, actor=ann, **options):
    data = data.encode() if isinstance(data, str) else data
    upload_id = uploads.store(actor, "线索.csv", io.BytesIO(data))
    return ask(service.start_import, {"upload_id": upload_id, **options}, actor)["id"]


def job_of(service, job_id, actor=ann):
    return ask(service.get_job, {"id": job_id}, actor)


def ended(service, job_id, actor=ann):
    def look():
        job = job_of(service, job_id, actor)
        return job if job["state"] not in ("queued", "running") else None

    return wait_for(look)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_file_becomes_leads_and_every_row_has_a_verdict(service, leads, start, encoding):
    start()
    text = a_table(25) + "无电话,,\n" + a_table(1).splitlines()[1]

    job = ended(service, queue(service, text.encode(encoding)))

    assert job["state"] == "partially_succeeded"
    assert job["progress"] == {"done": 27, "total": 27, "unit": "rows", "percent": 100}
    assert {name: job["result"][name] for name in ("created", "duplicate", "invalid", "rows")} == {
        "created": 25, "duplicate": 1, "invalid": 1, "rows": 27,
    }  # fmt: skip
    assert len(leads.made) == 25
    wrong = ask(service.list_job_rows, {"id": job["id"], "verdict": "invalid"}, ann)["items"]
    assert [(row["row"], row["errors"][0]["code"]) for row in wrong] == [
        (27, "contact_method_required")
    ]


def test_a_spreadsheet_becomes_leads(service, leads, start):
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["姓名", "手机"])
    book.active.append(["李四", 13900000001])
    book.save(file)
    start()

    job = ended(service, queue(service, file.getvalue()))

    assert job["state"] == "succeeded"
    assert list(leads.made) == ["13900000001"]


def test_a_dry_run_tells_what_would_happen_and_changes_nothing(service, leads, start):
    start()
    leads.made["13800000003"] = "known"

    job = ended(service, queue(service, a_table(70) + "x,,\n", dry_run=True))

    assert len(leads.made) == 1
    samples = job["result"]["samples"]
    assert (job["result"]["created"], len(samples["created"])) == (69, 50)
    assert [row["row"] for row in samples["duplicate"]] == [5]
    assert samples["invalid"][0]["errors"]


def test_the_job_is_done_as_the_one_who_asked(service, leads, start):
    start()
    ended(service, queue(service, a_table(1), actor=partner), actor=partner)

    assert leads.sent[0][1] == partner


def test_the_same_file_twice_creates_nothing_new(service, leads, start):
    start()
    ended(service, queue(service, a_table(30)))
    job = ended(service, queue(service, a_table(30)))

    assert (job["result"]["created"], job["result"]["duplicate"]) == (0, 30)


def test_progress_is_seen_while_it_runs_and_never_goes_back(service, leads, start):
    seen = []
    job_id = queue(service, a_table(50))
    leads.before = lambda chunk: seen.append(job_of(service, job_id)["progress"]["done"])
    start()

    ended(service, job_id)

    assert seen == sorted(seen)
    assert len(set(seen)) > 2


def test_a_mapping_chooses_columns_and_unknown_ones_are_reported(service, leads, start):
    start()
    mapping = {"甲": "name", "乙": "phone", "地区": None}
    job = ended(service, queue(service, "甲,乙,地区,星座\nA,1,x,狮子\n", mapping=mapping))

    assert job["result"]["columns"] == {"甲": "name", "乙": "phone"}
    assert job["result"]["unknown_columns"] == ["星座"]
    assert leads.sent[0][0]["rows"][0]["lead"] == {"name": "A", "phone": "1"}


def test_a_wrong_mapping_is_refused_before_anything_is_queued(service):
    with pytest.raises(Invalid):
        queue(service, a_table(1), mapping={"姓名": "nonsense"})


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"foo\n1\n", "no_known_column"), (b"PK\x03\x04junk", "spreadsheet_unreadable")],
)
def test_a_file_that_can_not_be_read_fails_with_its_reason(service, start, data, code):
    start()
    job = ended(service, queue(service, data))

    assert (job["state"], job["error"]["code"]) == ("failed", code)


def test_a_refusal_of_the_whole_chunk_fails_the_job_with_its_code(service, leads, start):
    def refuse(chunk):
        raise Refused("owner_at_capacity", limit=3)

    leads.before = refuse
    start()
    job = ended(service, queue(service, a_table(5)))

    assert job["error"] == {"code": "owner_at_capacity", "details": {"limit": 3}}


def test_a_service_that_is_away_for_a_while_delays_but_does_not_fail(service, leads, start):
    failures = iter([Unavailable("service_unreachable"), Conflict("request_in_flight")] * 2)

    def sometimes(chunk):
        failure = next(failures, None)
        if failure:
            raise failure

    leads.before = sometimes
    start()

    assert ended(service, queue(service, a_table(30)))["state"] == "succeeded"
    assert len(leads.made) == 30


def test_a_job_is_resumed_when_the_child_that_reads_the_file_is_killed(
    service, leads, start, monkeypatch
):
    readers = []

    class Watched(file_reader.FileReader):
        def __enter__(self):
            readers.append(self)
            return super().__enter__()

    monkeypatch.setattr(runner, "FileReader", Watched)
    monkeypatch.setattr(runner, "CHUNK_ROWS", 500)
    chunks = []

    def kill_the_first_reader(chunk):
        chunks.append(chunk)
        if chunk == 2 and len(readers) == 1:
            os.kill(readers[0].pid, signal.SIGKILL)

    leads.before = kill_the_first_reader
    start()

    # Large enough that the pipe holds but a part of it when the child dies.
    job = ended(service, queue(service, a_table(20_000)))

    assert job["state"] == "succeeded"
    assert job["result"]["created"] == 20_000
    assert len(readers) == 2
    assert chunks.count(0) == chunks.count(1) == 1


def test_a_file_that_always_kills_its_reader_fails(service, start, monkeypatch):
    class Doomed(file_reader.FileReader):
        def __enter__(self):
            entered = super().__enter__()
            os.kill(self.pid, signal.SIGKILL)
            return entered

    monkeypatch.setattr(runner, "FileReader", Doomed)
    start()

    assert ended(service, queue(service, a_table(1)))["error"]["code"] == "file_too_complex"


def test_another_process_goes_on_where_a_dead_one_stopped(service, leads, start):
    job_id = queue(service, a_table(50))
    dead, reached = ImportRunner(service, leads, spawn), threading.Event()

    def die_at_the_third(chunk):
        if chunk == 2:
            reached.set()
            threading.Event().wait()  # As a killed process: it neither goes on nor gives back.

    leads.before = die_at_the_third
    dead.start()
    reached.wait(10)
    dead._stopped = True  # Its lease is renewed no more.
    leads.before = lambda chunk: None
    with service.database.transaction(admin) as tx:
        past = tx.now.replace(year=2020)
        tx.execute(update(jobs).where(jobs.c.id == job_id).values(lease_until=past))
    start()

    job = ended(service, job_id)

    assert job["result"]["created"] == 50
    keys = [key for _, _, key in leads.sent]
    assert keys.count(f"{job_id}:0") == keys.count(f"{job_id}:1") == 1
    assert len(leads.made) == 50


def test_a_process_that_ends_gives_its_jobs_back(service, leads, start):
    reached, go_on = threading.Event(), threading.Event()

    def pause(chunk):
        reached.set()
        go_on.wait(10)

    leads.before = pause
    job_id = queue(service, a_table(100))
    first = start()
    reached.wait(10)
    spawn(go_on.set)
    first.stop()

    with service.database.transaction(admin) as tx:
        row = tx.row(select(jobs.c.state, jobs.c.lease_until).where(jobs.c.id == job_id))
    assert (row.state, row.lease_until) == ("running", None)
    start()
    assert ended(service, job_id)["result"]["created"] == 100


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
