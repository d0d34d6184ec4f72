"""Query strings: strict, and every fault at once."""

import pytest
from werkzeug.datastructures import MultiDict

from chassis.errors import Invalid
from chassis.listing import ListSpec
from gateway.http import queries

SPEC = ListSpec(
    fields={"status": "enum:new|old", "amount": "decimal", "name": "text"}, sorts=("created_at",)
)


def _errors(caught: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in caught.value.details["errors"]]


def test_page_parameters_and_filters_are_told_apart() -> None:
    payload = queries.list_payload(
        MultiDict(
            [("limit", "5"), ("sort", "-created_at"), ("status", "new"), ("amount.gte", "1.50")]
        ),
        SPEC,
    )

    assert payload == {
        "limit": 5,
        "sort": "-created_at",
        "filters": {"status": "new", "amount.gte": "1.50"},
    }


def test_every_wrong_parameter_is_named_at_once_with_a_suggestion() -> None:
    with pytest.raises(Invalid) as caught:
        queries.list_payload(
            MultiDict(
                [("stauts", "new"), ("limit", "500"), ("name", "a"), ("name", "b"), ("q", "a\0")]
            ),
            SPEC,
        )

    assert _errors(caught) == [
        ("query:stauts", "unknown_parameter"),
        ("query:name", "repeated_parameter"),
        ("query:q", "control_character"),
        ("query:limit", "limit_out_of_range"),
    ]
    assert caught.value.details["errors"][0]["meta"] == {"did_you_mean": "status"}


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.5", "abc", "٣", "99999999999999999999"])
def test_a_limit_outside_one_to_two_hundred_is_refused_not_lowered(limit: str) -> None:
    with pytest.raises(Invalid) as caught:
        queries.list_payload(MultiDict([("limit", limit)]), SPEC)

    assert _errors(caught) == [("query:limit", "limit_out_of_range")]


def test_only_an_exact_count_is_known() -> None:
    with pytest.raises(Invalid) as caught:
        queries.list_payload(MultiDict([("count", "estimated")]), SPEC)

    assert _errors(caught) == [("query:count", "not_a_choice")]


def test_an_operation_without_parameters_takes_none() -> None:
    with pytest.raises(Invalid) as caught:
        queries.check_parameters(MultiDict([("force", "1")]), ())

    assert _errors(caught) == [("query:force", "unknown_parameter")]


def test_sparse_fields_keep_named_and_nested_members() -> None:
    paths = queries.sparse_fields("id,owner.name,owner.id", ("id", "owner", "name"))

    assert paths is not None
    record = {"id": "1", "name": "x", "owner": {"id": "2", "name": "李娜", "team": "/"}}
    assert queries.prune(record, paths) == {"id": "1", "owner": {"id": "2", "name": "李娜"}}
    assert queries.prune({"id": "1", "owner": None}, paths) == {"id": "1", "owner": None}
    assert queries.sparse_fields(None, ("id",)) is None


def test_a_sparse_field_that_does_not_exist_is_refused_with_a_suggestion() -> None:
    with pytest.raises(Invalid) as caught:
        queries.sparse_fields("nmae", ("id", "name"))

    assert caught.value.details["errors"][0]["meta"] == {"name": "nmae", "did_you_mean": "name"}


def test_the_next_link_keeps_every_other_parameter() -> None:
    link = queries.next_link("/v1/leads", MultiDict([("q", "云 帆"), ("cursor", "a")]), "b=")

    assert link == '</v1/leads?q=%E4%BA%91+%E5%B8%86&cursor=b%3D>; rel="next"'
