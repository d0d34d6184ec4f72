"""The catalogue: every code that is raised, in two languages, with its page and document."""

import re
from pathlib import Path

from gateway.http import catalogue
from gateway.http.refusals import HttpRefusal, status_of
from tests.fixtures.raised_codes import ROOT, raised_codes

_CJK = re.compile(r"[\u4e00-\u9fff]")


def test_every_code_raised_anywhere_is_in_the_catalogue() -> None:
    known = catalogue.catalogue()

    assert {code: file for code, file in raised_codes().items() if code not in known} == {}


def test_every_entry_has_a_title_and_a_detail_in_english_and_chinese() -> None:
    for entry in catalogue.catalogue().values():
        for text in (entry.titles["en"], entry.details["en"]):
            assert text, entry.code
            assert not _CJK.search(text), entry.code
        for text in (entry.titles["zh"], entry.details["zh"]):
            assert _CJK.search(text) or "MM-DD" in text, entry.code


def test_both_languages_name_the_same_facts() -> None:
    facts = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")
    for entry in catalogue.catalogue().values():
        english, chinese = (set(facts.findall(entry.details[lang])) for lang in ("en", "zh"))
        assert english == chinese, entry.code


def test_every_status_is_one_that_the_gateway_gives() -> None:
    allowed = {"400", "401", "403", "404", "405", "409", "410", "412", "413", "415", "422"}
    allowed |= {"428", "500", "503", "field", "job"}
    statuses = {entry.code: entry.status for entry in catalogue.catalogue().values()}

    assert {code: status for code, status in statuses.items() if status not in allowed} == {}
    assert status_of(HttpRefusal(428, "if_match_required")) == int(statuses["if_match_required"])


def test_the_document_of_errors_is_current() -> None:
    written = Path(ROOT / "docs" / "errors.md").read_text(encoding="utf-8")

    assert written == catalogue.document(), "run: python -m gateway.http.catalogue"


def test_each_code_has_a_page_and_an_unknown_one_has_none() -> None:
    html = catalogue.page("stale_version")

    assert html is not None
    assert "记录已被修改" in html
    assert catalogue.page("<script>") is None
