"""Which rows of a file become leads (L16)."""

from services.leads.domain.imports import Draft, Earlier, Key, Known, judge

PHONE: Key = ("phone", "+8613800138000", "明远")
EMAIL: Key = ("email", "a@b.cn", "明远")
EXTERNAL: Key = ("external_id", "erp", "7")


def _answers(drafts: list[Draft], known: dict[Key, Known] | None = None) -> list[dict[str, object]]:
    return [verdict.answer() for verdict in judge(drafts, known or {}, {})]


def test_a_new_row_is_created_and_a_wrong_one_is_not() -> None:
    error = {"pointer": "#/phone", "code": "phone_malformed", "meta": {}}

    found = _answers([Draft(2, {}, keys=[PHONE]), Draft(3, {}, [error])])

    assert found == [
        {"row": 2, "verdict": "created"},
        {"row": 3, "verdict": "invalid", "errors": [error]},
    ]


def test_a_row_that_exists_is_a_duplicate_and_names_what_matched() -> None:
    known = {PHONE: Known("L1"), EXTERNAL: Known(None)}

    found = _answers([Draft(2, {}, keys=[PHONE]), Draft(3, {}, keys=[EXTERNAL, PHONE])], known)

    assert found == [
        {"row": 2, "verdict": "duplicate", "lead_id": "L1", "matched": "phone"},
        {"row": 3, "verdict": "duplicate", "matched": "external_id"},
    ]


def test_the_first_of_equal_rows_is_created() -> None:
    drafts = [
        Draft(2, {}, keys=[PHONE]),
        Draft(3, {}, keys=[EMAIL, PHONE]),
        Draft(4, {}, keys=[EMAIL]),
    ]

    found = _answers(drafts)

    assert [answer["verdict"] for answer in found] == ["created", "duplicate", "created"]
    assert (found[1]["of_row"], found[1]["matched"]) == (2, "phone")


def test_a_wrong_row_does_not_make_the_next_a_duplicate() -> None:
    wrong = Draft(2, {}, [{"pointer": "#/name", "code": "x", "meta": {}}], keys=[PHONE])

    assert _answers([wrong, Draft(3, {}, keys=[PHONE])])[1]["verdict"] == "created"


def test_a_row_of_an_earlier_chunk_is_told_by_its_row_and_lead() -> None:
    earlier = {PHONE: Earlier(2, "L2"), EMAIL: Earlier(3)}
    drafts = [Draft(9, {}, keys=[PHONE]), Draft(10, {}, keys=[EMAIL])]

    found = [verdict.answer() for verdict in judge(drafts, {}, earlier)]

    assert found == [
        {"row": 9, "verdict": "duplicate", "lead_id": "L2", "matched": "phone", "of_row": 2},
        {"row": 10, "verdict": "duplicate", "matched": "email", "of_row": 3},
    ]


def test_a_lead_that_was_there_before_the_file_comes_first() -> None:
    [verdict] = judge([Draft(9, {}, keys=[PHONE])], {PHONE: Known("L1")}, {PHONE: Earlier(2)})

    assert (verdict.lead_id, verdict.of_row) == ("L1", None)
