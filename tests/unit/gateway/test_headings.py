"""Which column holds which field (L16)."""

import pytest

from gateway.imports.headings import FIELDS, assign, check_mapping
from schemas.leads import IMPORT_FIELDS


def test_files_carry_exactly_the_fields_that_leads_takes():
    assert set(FIELDS) == set(IMPORT_FIELDS)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("姓名", "name"), ("公司名称", "company"), ("手机号码", "phone"), ("邮箱", "email"),
        ("来源", "source_channel"), ("地区", "region"), ("行业", "industry"), ("预算", "budget"),
        ("备注", "notes"), ("外部编号", "external_id"), ("電話", "phone"), ("Phone", "phone"),
        ("E-mail", "email"), ("Company Name", "company"), ("ｎａｍｅ", "name"),
        ("*手机（必填）", "phone"), ("source_channel", "source_channel"),
    ],
)  # fmt: skip
def test_a_heading_in_chinese_or_english_is_understood(heading, field):
    assert assign([heading], None) == ({0: field}, [])


def test_an_unknown_column_is_reported_and_a_blank_one_is_not():
    assert assign(["姓名", "星座", ""], None) == ({0: "name"}, ["星座"])


def test_the_first_of_two_columns_for_one_field_wins_and_the_other_is_reported():
    assert assign(["电话", "手机"], None) == ({0: "phone"}, ["手机"])


def test_a_given_mapping_wins_over_any_guess():
    columns, unknown = assign(["姓名", "电话", "甲方"], {"甲方": "name", "电话": None})

    assert columns == {2: "name"}
    assert unknown == ["姓名"]


def test_a_mapping_is_checked_before_the_file_is_read():
    errors = check_mapping({"a/b": "nonsense", "c": "name", "d": "name", "e": None})

    assert [(error["pointer"], error["code"]) for error in errors] == [
        ("#/mapping/a~1b", "unknown_field"),
        ("#/mapping/d", "mapped_twice"),
    ]
