"""Rows of a file become leads once, with one verdict each (L16)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from chassis.errors import CRMError, Forbidden, Invalid, NotFound, Refused
from chassis.ids import new_id
from services.leads.persistence.tables import metadata
from services.leads.service import LeadsService
from services.leads.use_cases.imports import KEEP_TRIALS
from tests.fixtures.leads import (
    LIU,
    SUN,
    a_lead,
    add_leads,
    admin,
    ask,
    call,
    count_leads,
    he,
    lead_facts,
    liu,
    outbox,
    partner,
)
from tests.fixtures.races import together


def _row(row: int, **lead: Any) -> dict[str, Any]:
    return {"row": row, "lead": {"company": f"公司{row}", "phone": f"138001380{row:02}", **lead}}


def _chunk(*rows: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"job_id": new_id(), "chunk": 0, "dry_run": False, "rows": list(rows), **options}


def _verdicts(service: LeadsService, chunk: dict[str, Any], actor: Any = liu) -> list[str]:
    answer = ask(service.import_rows, chunk, actor)
    return [item["verdict"] for item in answer["verdicts"]]


def test_l16_rows_become_leads_in_the_pool_with_an_event_each(service: LeadsService) -> None:
    row = _row(2, source_channel="展会", budget="12,000.5", level="A", email="A@Example.com")

    [verdict] = ask(service.import_rows, _chunk(row), liu)["verdicts"]

    lead = ask(service.get_lead, {"id": verdict["lead_id"]}, liu)
    assert (lead["source_channel"], lead["level"], lead["status"]) == ("exhibition", "a", "new")
    assert lead["budget"] == {"amount": "12000.50", "currency": "CNY"}
    assert (lead["phone_e164"], lead["created_by"]) == ("+8613800138002", LIU)
    [event] = outbox(service)
    assert (event["type"], event["data"]["after"]) == ("lead_created", lead)
    assert ask(service.list_leads, {"q": "公司2"}, liu)["items"] == [lead]


def test_l16_partial_success_is_told_row_by_row(service: LeadsService) -> None:
    chunk = _chunk(
        _row(2),
        _row(3, phone="keine", colour="red"),
        _row(4, phone=None),
        _row(5, company="公司2", phone="+86 138-0013-8002"),
        {"row": 6, "lead": {}},
    )

    answer = ask(service.import_rows, chunk, liu)["verdicts"]

    assert [item["verdict"] for item in answer] == [
        "created", "invalid", "invalid", "duplicate", "invalid",
    ]  # fmt: skip
    assert {(e["pointer"], e["code"]) for e in answer[1]["errors"]} == {
        ("#/phone", "phone_malformed"),
        ("#/colour", "unknown_field"),
    }
    assert [e["code"] for e in answer[2]["errors"]] == ["contact_method_required"]
    assert (answer[3]["of_row"], answer[3]["lead_id"]) == (2, answer[0]["lead_id"])
    assert [e["code"] for e in answer[4]["errors"]] == [
        "name_required",
        "contact_method_required",
    ]
    assert count_leads(service) == 1


def test_l16_a_repeated_chunk_gets_identical_verdicts(service: LeadsService) -> None:
    chunk = _chunk(_row(2), _row(3, phone="keine"), _row(4))

    first = ask(service.import_rows, chunk, liu)
    again = ask(service.import_rows, chunk, liu)
    longer = ask(service.import_rows, {**chunk, "rows": [*chunk["rows"], _row(5)]}, liu)

    assert again == first
    assert longer["verdicts"][:3] == first["verdicts"]
    assert longer["verdicts"][3]["verdict"] == "created"
    assert (count_leads(service), len(outbox(service))) == (3, 3)


def test_l16_ten_equal_chunks_at_once_make_each_lead_once(service: LeadsService) -> None:
    chunk = _chunk(*(_row(n) for n in range(2, 12)))

    keyed = [lambda: call(service.import_rows, chunk, liu, key="c").reply] * 5
    found = together([*keyed, *[lambda: ask(service.import_rows, chunk, liu)] * 5])

    assert all(answer == found[0] for answer in found)
    assert count_leads(service) == 10


def test_l16_the_same_file_twice_creates_nothing_new(service: LeadsService) -> None:
    rows = [
        _row(2),
        _row(3, external_id="7", source_system="erp"),
        _row(4, phone="", email="a@b.cn"),
    ]
    created = ask(service.import_rows, _chunk(*rows), liu)["verdicts"]

    again = ask(service.import_rows, _chunk(*rows), liu)["verdicts"]

    assert [item["verdict"] for item in again] == ["duplicate"] * 3
    assert [item["matched"] for item in again] == ["phone", "external_id", "email"]
    assert [item["lead_id"] for item in again] == [item["lead_id"] for item in created]
    assert count_leads(service) == 3


def test_l16_two_files_at_once_do_not_double_a_row(service: LeadsService) -> None:
    files = [_chunk(*(_row(n) for n in range(2, 22))) for _ in range(4)]

    together([lambda file=file: ask(service.import_rows, file, liu) for file in files])

    assert count_leads(service) == 20


def test_l16_an_external_id_without_a_system_belongs_to_its_sender(service: LeadsService) -> None:
    rows = [_row(2, external_id="7"), _row(3, external_id="7", phone="13900000000")]

    [first, second] = ask(service.import_rows, _chunk(*rows), liu)["verdicts"]
    other = _verdicts(service, _chunk(_row(4, external_id="7")), he)

    lead = ask(service.get_lead, {"id": first["lead_id"]}, liu)
    assert (lead["source_system"], lead["external_id"]) == (f"file:{LIU}", "7")
    assert (second["verdict"], second["matched"]) == ("duplicate", "external_id")
    assert other == ["created"]


def test_the_same_phone_under_another_name_is_another_lead(service: LeadsService) -> None:
    add_leads(service, a_lead(company="公司2", phone="x", phone_e164="+8613800138002"))

    assert _verdicts(service, _chunk(_row(2, company="公司二"))) == ["created"]
    assert _verdicts(service, _chunk(_row(2, company="公司２"))) == ["duplicate"]


def test_a_duplicate_names_the_lead_only_to_who_sees_it(service: LeadsService) -> None:
    add_leads(service, a_lead(company="公司2", phone_e164="+8613800138002", owner_id=SUN))

    [hidden] = ask(service.import_rows, _chunk(_row(2)), liu)["verdicts"]
    [seen] = ask(service.import_rows, _chunk(_row(2)), he)["verdicts"]

    assert (hidden["verdict"], "lead_id" in hidden) == ("duplicate", False)
    assert "lead_id" in seen


def test_l16_a_dry_run_says_the_same_and_stores_nothing(service: LeadsService) -> None:
    ask(service.create_lead, lead_facts(company="公司2", phone="13800138002"), liu)
    chunk = _chunk(
        _row(2), _row(3), _row(4, phone="keine"), _row(5, company="公司3", phone="13800138003")
    )

    tried = _verdicts(service, {**chunk, "dry_run": True})

    assert tried == ["duplicate", "created", "invalid", "duplicate"]
    assert count_leads(service) == 1
    assert _verdicts(service, chunk) == tried
    assert count_leads(service) == 2


@pytest.mark.parametrize("dry_run", [True, False], ids=["dry", "for good"])
def test_l16_what_a_file_repeats_is_found_across_its_chunks(
    service: LeadsService, dry_run: bool
) -> None:
    one = _chunk(_row(2), _row(3, external_id="7"), dry_run=dry_run)
    two = {**one, "chunk": 1, "rows": [
        _row(502, company="公司2", phone="138 0013 8002"),
        _row(503, external_id="7", phone="13900000000"),
        _row(504),
    ]}  # fmt: skip

    first = ask(service.import_rows, one, liu)["verdicts"]
    found = ask(service.import_rows, two, liu)

    assert [(item["verdict"], item.get("of_row")) for item in found["verdicts"]] == [
        ("duplicate", 2), ("duplicate", 3), ("created", None),
    ]  # fmt: skip
    assert [item.get("lead_id") for item in found["verdicts"][:2]] == [
        item.get("lead_id") for item in first
    ]
    assert ask(service.import_rows, two, liu) == found
    assert count_leads(service) == (0 if dry_run else 3)


@pytest.mark.parametrize("dry_run", [True, False], ids=["dry", "for good"])
def test_l16_chunks_of_one_job_at_once_do_not_overlook_each_other(
    service: LeadsService, dry_run: bool
) -> None:
    job = _chunk(dry_run=dry_run)
    chunks = [
        {**job, "chunk": n, "rows": [
            {**_row(row), "row": 100 * n + row} for row in range(2, 22)
        ]}
        for n in range(4)
    ]  # fmt: skip

    answers = together([lambda c=c: ask(service.import_rows, c, liu) for c in chunks])

    verdicts = [item["verdict"] for answer in answers for item in answer["verdicts"]]
    assert (verdicts.count("created"), verdicts.count("duplicate")) == (20, 60)


def test_m1_a_dry_run_over_several_chunks_foretells_every_verdict(service: LeadsService) -> None:
    add_leads(service, a_lead(company="公司5", phone="x", phone_e164="+8613800138005"))
    chunks = [
        [_row(2), _row(3), _row(4, phone="keine")],
        [{**_row(3), "row": 5}, {**_row(5), "row": 6}, {**_row(7), "row": 7}],
        [
            {**_row(7), "row": 8},
            {**_row(2), "row": 9, "lead": {"company": "公司2", "email": "a@b"}},
        ],
    ]

    def passage(dry_run: bool) -> list[tuple[Any, ...]]:
        job = _chunk(dry_run=dry_run)
        return [
            (item["row"], item["verdict"], item.get("matched"), item.get("of_row"))
            for n, rows in enumerate(chunks)
            for item in ask(service.import_rows, {**job, "chunk": n, "rows": rows}, liu)["verdicts"]
        ]

    foretold = passage(dry_run=True)

    assert passage(dry_run=False) == foretold
    assert [verdict for _, verdict, _, _ in foretold] == [
        "created", "created", "invalid", "duplicate", "duplicate", "created", "duplicate",
        "invalid",
    ]  # fmt: skip


def test_old_dry_runs_are_forgotten_and_receipts_are_not(service: LeadsService) -> None:
    dry, real = _chunk(_row(2), dry_run=True), _chunk(_row(2))
    ask(service.import_rows, dry, liu)
    kept = ask(service.import_rows, real, liu)
    tables = [metadata.tables["import_rows"], metadata.tables["import_keys"]]

    with service.database.transaction(admin) as tx:
        for table in tables:
            tx.execute(update(table).values(created_at=tx.now - KEEP_TRIALS - timedelta(days=1)))
        service.purge_trials(tx)
        counts = [len(tx.rows(select(table.c.job_id))) for table in tables]

    assert counts == [1, 0]
    assert ask(service.import_rows, real, liu) == kept


def test_an_external_id_taken_meanwhile_makes_a_duplicate(
    service: LeadsService, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.leads.persistence import imports as stored

    taken = a_lead(source_system="erp", external_id="7", phone_e164="+8613900000000")
    look = stored.find_twins

    def look_then_lose(tx: Any, **keys: Any) -> Any:
        found = look(tx, **keys)
        add_leads(service, taken)
        return found

    monkeypatch.setattr(stored, "find_twins", look_then_lose)
    rows = [_row(2, source_system="erp", external_id="7"), _row(3)]

    answer = ask(service.import_rows, _chunk(*rows), liu)["verdicts"]

    assert [item["verdict"] for item in answer] == ["duplicate", "created"]
    assert answer[0]["lead_id"] == taken.id
    assert len(outbox(service)) == 1


def test_l5_a_chunk_for_an_owner_is_taken_whole_or_not_at_all(service: LeadsService) -> None:
    add_leads(service, *(a_lead(owner_id=SUN, status="working") for _ in range(98)))
    three = _chunk(_row(2), _row(3), _row(4), owner_id=SUN)

    with pytest.raises(Refused) as refused:
        ask(service.import_rows, three, he)
    two = _verdicts(service, _chunk(_row(2), _row(3), owner_id=SUN), he)

    assert refused.value.code == "owner_at_capacity"
    assert two == ["created", "created"]
    assert count_leads(service) == 100


def test_who_imports_and_where_to(service: LeadsService) -> None:
    [verdict] = ask(service.import_rows, _chunk(_row(2)), partner)["verdicts"]
    assert ask(service.get_lead, {"id": verdict["lead_id"]}, partner)["created_by"] == partner.id
    for options, refusal in (
        ({"owner_id": LIU}, Forbidden),
        ({"pool_id": new_id()}, NotFound),
    ):
        with pytest.raises(refusal):
            ask(service.import_rows, _chunk(_row(3), **options), partner)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        "x",
        [{"row": 2}],
        [{"row": True, "lead": {}}],
        [{"row": 2, "lead": []}],
        [_row(2), _row(2)],
        [_row(n) for n in range(501)],
    ],
    ids=["none", "text", "no lead", "no number", "no object", "twice", "too many"],
)
def test_a_malformed_chunk_is_refused(service: LeadsService, rows: Any) -> None:
    with pytest.raises(CRMError) as refused:
        ask(service.import_rows, {"job_id": new_id(), "rows": rows}, admin)

    assert isinstance(refused.value, Invalid)
    assert refused.value.details["errors"][0]["code"] == "rows_malformed"


def test_odd_values_in_cells_never_break_a_chunk(service: LeadsService) -> None:
    odd: list[Any] = [7, 1.5, True, [1], {"a": 1}, "\0", "\ud800", " ", "x" * 10_000, "'); --"]
    fields = ("company", "phone", "email", "budget", "source_channel", "level", "next_contact_at")
    rows = [
        _row(n, **{field: value})
        for n, (field, value) in enumerate((f, v) for f in fields for v in odd)
    ]

    verdicts = _verdicts(service, _chunk(*rows))

    assert len(verdicts) == len(rows)
    assert set(verdicts) <= {"created", "invalid", "duplicate"}
