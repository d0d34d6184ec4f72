"""The child process that reads a file: `python -m gateway.imports.parse_file`.

Standard input: one line of JSON (`mapping`, `chunk_rows`), then the bytes of the file. Standard
output: one line of JSON each: a head (`columns`, `unknown_columns`, `total`, `encoding`), chunks
(`chunk`, `rows`), an `end`; or an `error` with a code. It runs apart from everything because a
file from outside can make a parser slow, hungry or dead.
"""

import contextlib
import csv
import datetime
import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any

import orjson

from gateway.imports.headings import assign

MAX_ROWS = 1_000_000
MAX_COLUMNS = 200
MAX_UNPACKED = 500_000_000
"""Bytes that a spreadsheet may have when unpacked: more is an attack or a mistake."""

_MEMORY = 2 << 30
_CPU_SECONDS = 300
_SAMPLE = 1 << 16
_DELIMITERS = ",;\t|"
_DEFAULT_SYSTEM = "file"
"""The source system of external ids in a file that names none: the two go together."""


class Unreadable(Exception):
    """The file is not what it should be; the code says how."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code, self.details = code, details


Row = list[Any]
Rows = Callable[[], Iterable[Row]]


def main() -> None:
    """Read the request and the file, write the chunks."""
    _limit_resources()
    head = json.loads(sys.stdin.buffer.readline())
    out = sys.stdout.buffer
    try:
        for message in parse(sys.stdin.buffer.read(), head["mapping"], head["chunk_rows"]):
            _write(out, message)
    except Unreadable as error:
        _write(out, {"error": error.code, "details": error.details})
    except MemoryError:
        _write(out, {"error": "file_too_complex", "details": {}})
    out.flush()


def _write(out: IO[bytes], message: Mapping[str, Any]) -> None:
    out.write(orjson.dumps(message) + b"\n")
    out.flush()


def _limit_resources() -> None:
    import resource

    for kind, limit in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (limit, limit))


def parse(
    data: bytes, mapping: Mapping[str, str | None] | None, chunk_rows: int
) -> Iterator[dict[str, Any]]:
    """Yield the messages about a file.

    Raises:
        Unreadable: `encoding_unknown`, `spreadsheet_unreadable`, `file_too_complex`,
            `too_many_rows`, `too_many_columns`, `no_rows`, `no_known_column`, `column_missing`.
    """
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        rows, encoding = _spreadsheet(data), None
    else:
        rows, encoding = _text_table(data, mapping)
    heading_at, headings = _headings(rows())
    columns, unknown = assign(headings, mapping)
    missing = _missing(headings, mapping)
    if missing:
        raise Unreadable("column_missing", columns=missing)
    if not columns:
        raise Unreadable("no_known_column", columns=headings[:50])
    total = sum(1 for row in _records(rows(), heading_at, columns))
    if total == 0:
        raise Unreadable("no_rows")
    if total > MAX_ROWS:
        raise Unreadable("too_many_rows", maximum=MAX_ROWS)
    yield {
        "columns": {headings[number].strip(): field for number, field in columns.items()},
        "unknown_columns": unknown,
        "total": total,
        "encoding": encoding,
    }
    number, chunk = 0, []
    for record in _records(rows(), heading_at, columns):
        chunk.append(record)
        if len(chunk) == chunk_rows:
            yield {"chunk": number, "rows": chunk}
            number, chunk = number + 1, []
    if chunk:
        yield {"chunk": number, "rows": chunk}
    yield {"end": True}


def _headings(rows: Iterable[Row]) -> tuple[int, list[str]]:
    """Return the number of the first line that is not blank, and its cells."""
    for number, row in enumerate(rows, 1):
        cells = [cell_text(cell) for cell in row]
        if any(cells):
            while cells and not cells[-1]:
                cells.pop()
            if len(cells) > MAX_COLUMNS:
                raise Unreadable("too_many_columns", maximum=MAX_COLUMNS)
            return number, cells
    raise Unreadable("no_rows")


def _missing(headings: list[str], mapping: Mapping[str, str | None] | None) -> list[str]:
    from gateway.imports.headings import fold

    there = {fold(heading) for heading in headings}
    return [heading for heading in mapping or {} if fold(heading) not in there]


def _records(
    rows: Iterable[Row], heading_at: int, columns: Mapping[int, str]
) -> Iterator[dict[str, Any]]:
    """Yield `{"row": line, "lead": {field: text}}` for every line that has anything to say."""
    wants_system = "external_id" in columns.values() and "source_system" not in columns.values()
    for number, row in enumerate(rows, 1):
        if number <= heading_at:
            continue
        lead = {}
        for column, field in columns.items():
            if column < len(row):
                text = cell_text(row[column])
                if text:
                    lead[field] = text
        if lead:
            if wants_system and "external_id" in lead:
                lead["source_system"] = _DEFAULT_SYSTEM
            yield {"row": number, "lead": lead}


def cell_text(cell: Any) -> str:
    """Return what a person sees in a cell; a telephone number stays a number without `.0`."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ")
    return "" if cell is None else str(cell)


def _spreadsheet(data: bytes) -> Rows:
    """Return the rows of the first sheet that has any."""
    from python_calamine import CalamineError, CalamineWorkbook

    if data.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                unpacked = sum(entry.file_size for entry in archive.infolist())
        except (zipfile.BadZipFile, ValueError, OverflowError):
            raise Unreadable("spreadsheet_unreadable") from None
        if unpacked > MAX_UNPACKED:
            raise Unreadable("file_too_complex", maximum=MAX_UNPACKED)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name in book.sheet_names:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            if rows:
                return lambda: rows
    except (CalamineError, ValueError, OSError):
        raise Unreadable("spreadsheet_unreadable") from None
    raise Unreadable("no_rows")


def _text_table(data: bytes, mapping: Mapping[str, str | None] | None) -> tuple[Rows, str]:
    encoding = find_encoding(data, mapping)
    try:
        text = data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        raise Unreadable("encoding_unknown") from None
    text = text.removeprefix("\ufeff")
    csv.field_size_limit(1 << 20)
    delimiter = _delimiter(text)

    def rows() -> Iterable[Row]:
        try:
            yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        except csv.Error:
            raise Unreadable("table_unreadable") from None

    return rows, encoding


def _delimiter(text: str) -> str:
    line = next((line for line in text[:_SAMPLE].splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=line.count)


def find_encoding(data: bytes, mapping: Mapping[str, str | None] | None) -> str:
    """Return the encoding of a text file.

    UTF-8 is sure of itself. Of the others each decodes the text of the rest into nonsense without
    an error, so the one that makes known headings of the first line wins; only without any is it a
    matter of statistics.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        data.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        pass
    first = next((line for line in data[:_SAMPLE].splitlines() if line.strip()), b"")
    for encoding in ("gb18030", "big5"):
        try:
            line = first.decode(encoding)
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        headings = next(csv.reader([line], delimiter=_delimiter(line)), [])
        if assign(headings, mapping)[0]:
            return encoding
    from charset_normalizer import from_bytes

    best = from_bytes(data[: data.rfind(b"\n", 0, _SAMPLE) + 1] or data[:_SAMPLE]).best()
    if best is None:
        raise Unreadable("encoding_unknown")
    return best.encoding


if __name__ == "__main__":
    main()
