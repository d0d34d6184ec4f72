"""Uploaded files in the gateway's database, as far as a repeated import depends on them (L16)."""

from io import BytesIO

from chassis.actor import Actor
from chassis.ids import new_id
from gateway import uploads


def test_the_same_file_sent_again_by_the_same_person_is_the_same_upload() -> None:
    person, other = Actor(id=new_id()), Actor(id=new_id())
    content = new_id().encode() * 100

    first = uploads.store(person, "leads.csv", BytesIO(content))

    assert uploads.store(person, "leads.csv", BytesIO(content)) == first
    assert uploads.store(person, "leads.csv", BytesIO(content + b"x")) != first
    assert uploads.store(person, "other.csv", BytesIO(content)) != first
    assert uploads.store(other, "leads.csv", BytesIO(content)) != first
