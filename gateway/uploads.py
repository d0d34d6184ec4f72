"""Files that clients upload: stored by the HTTP process, read by the job that imports them."""

import hashlib
from typing import IO

from chassis.actor import Actor
from chassis.db import Tx
from chassis.errors import Invalid
from chassis.ids import new_id
from gateway.database import DATABASE
from gateway.persistence import uploads

MAX_BYTES = 50_000_000
PIECE = 1 << 20


def store(actor: Actor, file_name: str, stream: IO[bytes]) -> str:
    """Store a file and return the id of the upload; whole or not at all.

    The same file sent again by the same person is the same upload, so that a repeat of an import
    with the same idempotency key is the same request.

    Raises:
        Invalid: `invalid_request` naming `empty_file` or `file_too_large` at `#/file`.
    """
    upload_id = new_id()

    def work(tx: Tx) -> str:
        # The stream is read once: an attempt after a serialisation failure would see its end, but
        # plain inserts of fresh keys never fail that way.
        uploads.add_upload(
            tx,
            upload_id,
            file_name=file_name,
            size=0,
            sha256="",
            created_at=tx.now,
            created_by=actor.id,
        )
        digest, size, number = hashlib.sha256(), 0, 0
        while piece := stream.read(PIECE):
            size += len(piece)
            if size > MAX_BYTES:
                raise Invalid.field("#/file", "file_too_large", maximum=MAX_BYTES)
            digest.update(piece)
            uploads.add_chunk(tx, upload_id, number, piece)
            number += 1
        if size == 0:
            raise Invalid.field("#/file", "empty_file")
        earlier = uploads.find_same(tx, actor.id, file_name, digest.hexdigest())
        if earlier is not None:
            uploads.remove(tx, upload_id)
            uploads.renew(tx, earlier)  # Its days begin again, and nobody purges it meanwhile.
            return earlier
        uploads.complete(tx, upload_id, size=size, sha256=digest.hexdigest())
        return upload_id

    return DATABASE.run(work, actor, what="store_upload")
