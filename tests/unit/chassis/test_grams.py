"""Search by part of a name: whatever is part of a text has its grams among the text's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Text, column
from sqlalchemy.dialects import postgresql

from chassis.grams import fold, grams, matches


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢＣ　Ｃo.", "abc co."), ("  Straße  ", "strasse"), ("客户", "客户"), ("", ""),
        ("A\tB\nC", "a b c"), ("①", "1"),
    ],
)  # fmt: skip
def test_text_is_folded_as_it_is_compared(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("华东机械",), ["东机", "华", "华东", "机械"]),
        (("Ab",), ["a", "ab"]),
        (("a", "A"), ["a"]),
        ((None, ""), []),
        (("ab cd", "abx"), ["a", "ab", "bx", "c", "cd"]),
    ],
)
def test_grams_are_first_characters_and_pairs_within_words(
    texts: tuple[str | None, ...], expected: list[str]
) -> None:
    assert grams(*texts) == expected


@given(text=st.text(min_size=2, max_size=30), data=st.data())
def test_the_pairs_of_any_part_are_among_the_pairs_of_the_whole(
    text: str, data: st.DataObject
) -> None:
    folded = fold(text)
    start = data.draw(st.integers(0, len(folded)))
    part = folded[start : start + data.draw(st.integers(2, 8))]

    pairs = {gram for gram in grams(part) if len(gram) == 2}

    assert pairs <= set(grams(text))


@given(st.text(max_size=50))
def test_folding_twice_is_folding_once_for_what_is_stored(text: str) -> None:
    assert fold(fold(text)) == fold(fold(fold(text)))


def test_a_very_long_text_has_grams_of_its_beginning_only() -> None:
    assert len(grams("".join(chr(0x4E00 + n) for n in range(2000)))) <= 401


def sql(wanted: str) -> str:
    condition = matches(column("grams", postgresql.ARRAY(Text)), wanted, column("name", Text))
    compiled = condition.compile(
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )
    return str(compiled)


def test_every_word_of_a_search_must_be_part_of_the_text() -> None:
    found = sql("华东 ab%")

    assert found.count("@>") == 2 and found.count("ILIKE") == 2
    assert "/%%" in found or "/%" in found  # What LIKE takes as a wildcard is escaped.


@pytest.mark.parametrize("wanted", ["", "   ", "\u3000"])
def test_a_search_for_nothing_finds_nothing(wanted: str) -> None:
    assert sql(wanted) == "false"
