"""What becomes of a file: verdicts, dry runs, mappings, files that can not be read (L16)."""

import io

import openpyxl
import pytest

from chassis.errors import Refused
from tests.fixtures.gateway import ann, ask
from tests.fixtures.imports import a_table, ended, queue


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


def test_the_same_file_twice_creates_nothing_new(service, leads, start):
    start()
    ended(service, queue(service, a_table(30)))
    job = ended(service, queue(service, a_table(30)))

    assert (job["result"]["created"], job["result"]["duplicate"]) == (0, 30)


def test_a_mapping_chooses_columns_and_unknown_ones_are_reported(service, leads, start):
    start()
    mapping = {"甲": "name", "乙": "phone", "地区": None}
    job = ended(service, queue(service, "甲,乙,地区,星座\nA,1,x,狮子\n", mapping=mapping))

    assert job["result"]["columns"] == {"甲": "name", "乙": "phone"}
    assert job["result"]["unknown_columns"] == ["星座"]
    assert leads.sent[0][0]["rows"][0]["lead"] == {"name": "A", "phone": "1"}


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
