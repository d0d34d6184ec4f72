"""Uploaded files: whole or not at all."""

import hashlib
import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from chassis import clock
from chassis.entrypoints import Tick
from chassis.errors import Invalid
from gateway import uploads
from gateway.persistence import uploads as stored
from gateway.persistence.tables import upload_chunks
from gateway.persistence.tables import uploads as table
from tests.fixtures.gateway import admin, ann, ask, bo


def test_a_file_is_stored_in_pieces_that_add_up(service):
    data = bytes(range(256)) * 10_000

    upload_id = uploads.store(ann, "大文件.csv", io.BytesIO(data))

    with service.database.transaction(admin) as tx:
        numbers = stored.find_chunk_numbers(tx, upload_id)
        again = b"".join(stored.get_chunk(tx, upload_id, number) for number in numbers)
        row = tx.row(select(table))
    assert again == data
    assert (row.size, row.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (row.file_name, row.created_by) == ("大文件.csv", ann.id)


@pytest.mark.parametrize(
    ("data", "code"), [(b"", "empty_file"), (b"x" * 2_000_001, "file_too_large")]
)
def test_a_file_that_is_refused_leaves_nothing(service, monkeypatch, data, code):
    monkeypatch.setattr(uploads, "MAX_BYTES", 2_000_000)

    with pytest.raises(Invalid) as refusal:
        uploads.store(ann, "x.csv", io.BytesIO(data))

    assert refusal.value.details["errors"][0]["code"] == code
    with service.database.transaction(admin) as tx:
        assert tx.value(select(func.count()).select_from(upload_chunks)) == 0
        assert tx.value(select(func.count()).select_from(table)) == 0


def test_the_same_file_of_the_same_person_is_the_same_upload(service):
    one, again, other = (
        uploads.store(actor, "x.csv", io.BytesIO(b"name\nA\n")) for actor in (ann, ann, bo)
    )

    assert one == again != other


def test_files_whose_time_is_over_are_deleted_unless_a_job_needs_them(service, monkeypatch):
    needed, idle = (
        uploads.store(ann, "x.csv", io.BytesIO(f"name\n{name}\n".encode())) for name in "AB"
    )
    ask(service.start_import, {"upload_id": needed}, ann)
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)

    assert service.purge_uploads(Tick())

    with service.database.transaction(admin) as tx:
        left = [row.id for row in tx.rows(select(table.c.id))]
    assert left == [needed]
    assert idle not in left
