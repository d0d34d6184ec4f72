"""Rows: what they say about a request, and the schema of the body that is left."""

from dataclasses import replace

from marshmallow import fields

from chassis.actor import Actor
from chassis.validation import IdField, ReplySchema, RequestSchema, Whole
from gateway.http.document import body_schema, describe
from gateway.http.operations import Rows, with_subject


class Thing(ReplySchema):
    """A thing."""

    id = fields.String()
    version = fields.Integer()


class PaintThing(RequestSchema):
    """Give a thing a colour."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)
    colour = fields.String(required=True)


class DropThing(RequestSchema):
    """Let it fall."""

    id = IdField(required=True)
    expected_version = Whole(load_default=None, allow_none=True)


ROWS = Rows("/v1/things", "stock", "thing", Thing, allow="things")
PAINT = ROWS.act("paint", "paint_thing", PaintThing, "Paint it")


def test_path_and_headers_leave_the_rest_of_the_request_to_the_body() -> None:
    schema = body_schema(PAINT)

    assert schema is not None
    assert list(schema().fields) == ["colour"]
    assert body_schema(ROWS.act("drop", "drop_thing", DropThing, "Drop it")) is None


def test_a_row_says_what_it_needs_by_convention() -> None:
    change = ROWS.change("paint_thing", PaintThing)

    assert (PAINT.path, PAINT.allow, PAINT.if_match) == (
        "/v1/things/<id>/paint",
        "things:paint",
        "accepted",
    )
    assert (change.verb, change.path, change.if_match) == ("PATCH", "/v1/things/<id>", "required")
    assert ROWS.create("make_thing", PaintThing).location == "/v1/things/{id}"


def test_preset_and_renamed_fields_are_not_asked_for_in_the_body() -> None:
    row = replace(PAINT, preset={"colour": "red"}, rename={"id": "thing_id"})

    assert "colour" not in row.free
    assert "id" in row.free


def test_a_description_names_permission_and_scope() -> None:
    described = describe(PAINT)

    assert "`things:paint`" in described["description"]
    assert "`things:write`" in described["description"]
    assert described["requestBody"]["required"] is True


def test_the_word_of_an_owner_travels_in_the_actor() -> None:
    actor = with_subject(Actor(id="p"), {"subject": "lead/1", "customer_id": None})

    assert (actor.subject, actor.subject_customer_id) == ("lead/1", "")
