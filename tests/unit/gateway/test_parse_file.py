"""Reading files in any of the encodings and forms that arrive (L16)."""

import datetime
import io
import zipfile

import openpyxl
import pytest

from gateway.imports import parse_file
from gateway.imports.parse_file import Unreadable, cell_text, parse

TABLE = "姓名,公司,手机\n张三,上海云帆有限公司,13800138000\n\n李四,,13900139000\n"


def rows_of(data, mapping=None, chunk_rows=500):
    head, *chunks, end = parse(data, mapping, chunk_rows)
    assert end == {"end": True}
    return head, [row for chunk in chunks for row in chunk["rows"]]


def sheet(*rows):
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_a_table_is_read_whatever_its_encoding(encoding):
    head, rows = rows_of(TABLE.encode(encoding))

    assert head["total"] == 2
    assert rows[0] == {
        "row": 2,
        "lead": {"name": "张三", "company": "上海云帆有限公司", "phone": "13800138000"},
    }


def test_row_numbers_are_those_a_person_sees_in_the_file():
    _, rows = rows_of(TABLE.encode())

    assert [row["row"] for row in rows] == [2, 4]


def test_traditional_characters_in_big5_are_not_taken_for_gb18030():
    head, rows = rows_of("電話,公司名稱\n02-1234,台灣有限公司\n".encode("big5"))

    assert head["encoding"] == "big5"
    assert rows[0]["lead"]["company"] == "台灣有限公司"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter):
    _, rows = rows_of(f"name{delimiter}phone\nAnn{delimiter}1\n".encode())

    assert rows[0]["lead"] == {"name": "Ann", "phone": "1"}


def test_quoted_cells_may_hold_delimiters_and_line_breaks():
    _, rows = rows_of(b'name,notes\n"Ann, B.","one\ntwo"\nBo,x\n')

    assert rows[0]["lead"] == {"name": "Ann, B.", "notes": "one\ntwo"}
    assert rows[1]["row"] == 3


def test_a_spreadsheet_is_read_with_numbers_as_people_see_them():
    _, rows = rows_of(sheet([], ["姓名", "手机", "预算"], ["王五", 13800138000, 1200.5]))

    assert rows == [
        {"row": 3, "lead": {"name": "王五", "phone": "13800138000", "budget": "1200.5"}}
    ]


def test_external_ids_without_a_system_get_one():
    _, rows = rows_of("姓名,外部编号\n张三,7\n李四,\n".encode())

    assert rows[0]["lead"]["source_system"] == "file"
    assert "source_system" not in rows[1]["lead"]


def test_chunks_are_full_but_for_the_last():
    lines = "".join(f"n{i},1\n" for i in range(7))
    _, *chunks, _ = parse(f"name,phone\n{lines}".encode(), None, 3)

    assert [(chunk["chunk"], len(chunk["rows"])) for chunk in chunks] == [(0, 3), (1, 3), (2, 1)]


@pytest.mark.parametrize(
    ("data", "mapping", "code"),
    [
        (b"", None, "no_rows"),
        (b"name,phone\n", None, "no_rows"),
        (b"name,phone\n,\n", None, "no_rows"),
        (b"foo,bar\n1,2\n", None, "no_known_column"),
        (b"name\nAnn\n", {"phone": "phone"}, "column_missing"),
        (b"PK\x03\x04 this is no archive", None, "spreadsheet_unreadable"),
        (b"\xd0\xcf\x11\xe0 this is no workbook", None, "spreadsheet_unreadable"),
        (",".join(f"c{i}" for i in range(300)).encode(), None, "too_many_columns"),
    ],
    ids=[
        "empty", "only a heading", "blank rows", "no known heading", "mapped column missing",
        "broken xlsx", "broken xls", "too wide",
    ],
)  # fmt: skip
def test_a_file_that_can_not_be_used_says_why(data, mapping, code):
    with pytest.raises(Unreadable) as refused:
        list(parse(data, mapping, 500))

    assert refused.value.code == code


def test_a_spreadsheet_that_unpacks_to_too_much_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(parse_file, "MAX_UNPACKED", 1_000_000)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000_000)

    with pytest.raises(Unreadable, match="file_too_complex"):
        list(parse(bomb.getvalue(), None, 500))


def test_a_file_with_too_many_rows_is_refused(monkeypatch):
    monkeypatch.setattr(parse_file, "MAX_ROWS", 2)

    with pytest.raises(Unreadable, match="too_many_rows"):
        list(parse(b"name\na\nb\nc\n", None, 500))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""), (" x ", "x"), (1.0, "1"), (1.25, "1.25"), (True, "true"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.datetime(2026, 1, 2, 3, 4), "2026-01-02 03:04:00"),  # noqa: DTZ001
    ],
)  # fmt: skip
def test_cells_become_text(cell, text):
    assert cell_text(cell) == text
