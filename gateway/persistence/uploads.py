"""Uploaded files, kept in pieces until the jobs that read them are long over."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from chassis.db import Tx
from gateway.persistence.tables import jobs, upload_chunks, uploads


def add_chunk(tx: Tx, upload_id: str, number: int, data: bytes) -> None:
    """Store one piece; its upload must be there."""
    tx.execute(insert(upload_chunks).values(upload_id=upload_id, number=number, data=data))


def add_upload(tx: Tx, upload_id: str, **values: Any) -> None:
    """Insert an upload."""
    tx.execute(insert(uploads).values(id=upload_id, **values))


def complete(tx: Tx, upload_id: str, *, size: int, sha256: str) -> None:
    """Write what is known of an upload once all its pieces are stored."""
    tx.execute(update(uploads).where(uploads.c.id == upload_id).values(size=size, sha256=sha256))


def get_upload(tx: Tx, upload_id: str, created_by: str) -> Row[Any] | None:
    """Return an upload of a person, locked against being purged; None if there is none."""
    statement = select(uploads).where(uploads.c.id == upload_id, uploads.c.created_by == created_by)
    return tx.row(statement.with_for_update(key_share=True))


def find_same(tx: Tx, created_by: str, file_name: str, sha256: str) -> str | None:
    """Return the id of the latest whole upload of the same file by the same person."""
    statement = select(uploads.c.id).where(
        uploads.c.created_by == created_by,
        uploads.c.file_name == file_name,
        uploads.c.sha256 == sha256,
    )
    found: str | None = tx.value(statement.order_by(uploads.c.created_at.desc()).limit(1))
    return found


def renew(tx: Tx, upload_id: str) -> None:
    """Let an upload count as made now."""
    tx.execute(update(uploads).where(uploads.c.id == upload_id).values(created_at=tx.now))


def remove(tx: Tx, upload_id: str) -> None:
    """Delete an upload with its pieces."""
    tx.execute(delete(uploads).where(uploads.c.id == upload_id))


def find_chunk_numbers(tx: Tx, upload_id: str) -> list[int]:
    """Return the numbers of an upload's pieces, in order."""
    statement = select(upload_chunks.c.number).where(upload_chunks.c.upload_id == upload_id)
    return [row.number for row in tx.rows(statement.order_by(upload_chunks.c.number))]


def get_chunk(tx: Tx, upload_id: str, number: int) -> bytes:
    """Return one piece."""
    data: bytes = tx.value(
        select(upload_chunks.c.data).where(
            upload_chunks.c.upload_id == upload_id, upload_chunks.c.number == number
        )
    )
    return data


def delete_old(tx: Tx, before: datetime, open_states: Iterable[str]) -> int:
    """Delete uploads older than an instant that no open job needs; returns how many."""
    needed = select(jobs.c.upload_id).where(jobs.c.state.in_(list(open_states)))
    statement = delete(uploads).where(uploads.c.created_at < before, uploads.c.id.not_in(needed))
    return tx.execute(statement).rowcount
