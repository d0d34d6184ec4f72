"""L18, C1: when two records are the same customer."""

import pytest

from services.customers.domain.identity import Prospect, best_match, name_key, strength
from tests.fixtures.customers import a_customer

CODE = "91110000600037341L"
OTHER_CODE = "91310000132260094T"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阿里巴巴（中国）有限公司", "阿里巴巴(中国) 有限公司"),
        ("华为技术有限公司", "华为技术"),
        ("ＡＢＣ Trading Co., Ltd.", "abc trading"),
        ("Acme, Inc.", "ACME Incorporated"),
        ("上海云帆信息技术股份有限公司", "上海云帆信息技术有限公司"),
    ],
    ids=["brackets", "legal form", "width and case", "punctuation", "kind of company"],
)
def test_names_that_mean_one_company_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阿里巴巴（中国）有限公司", "阿里巴巴（杭州）有限公司"),
        ("Zinc Ltd", "Z Inc"),
        ("有限公司", "公司"),
    ],
    ids=["what the bracket says", "inc inside a word", "nothing but a legal form"],
)
def test_names_that_mean_two_companies_have_two_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_a_name_of_signs_alone_still_has_a_key() -> None:
    assert name_key("（）") == "()"


@pytest.mark.parametrize(
    ("prospect", "expected"),
    [
        (Prospect(kind="organisation", name="别的", credit_code=CODE), 4),
        (Prospect(kind="organisation", name="别的", phone_e164="+862188888888"), 3),
        (Prospect(kind="organisation", name="别的", email="Info@Yunfan.example"), 2),
        (Prospect(kind="organisation", name="上海云帆信息技术"), 1),
        (Prospect(kind="organisation", name="别的"), 0),
        (Prospect(kind="person", name="别的", phone_e164="+862188888888"), 0),
        (
            Prospect(
                kind="organisation", name="上海云帆信息技术", credit_code=OTHER_CODE,
                phone_e164="+862188888888",
            ),
            0,
        ),
    ],
    ids=["credit code", "phone", "e-mail", "name", "nothing", "other kind", "other credit code"],
)  # fmt: skip
def test_match_keys_have_an_order(prospect: Prospect, expected: int) -> None:
    known = a_customer(credit_code=CODE, phone_e164="+862188888888", email="info@yunfan.example")

    assert strength(prospect, known) == expected


def test_a_person_is_never_matched_by_name_alone() -> None:
    known = a_customer(kind="person", name="张伟", phone_e164="+8613800138000")

    assert strength(Prospect(kind="person", name="张伟"), known) == 0
    assert strength(Prospect(kind="person", name="张", phone_e164="+8613800138000"), known) == 3


def test_the_surest_match_wins_and_of_equals_the_oldest() -> None:
    by_name = a_customer()
    by_phone = a_customer(name="别的", phone_e164="+862188888888")
    younger = a_customer(name="又一家", phone_e164="+862188888888")
    prospect = Prospect(kind="organisation", name="上海云帆信息技术", phone_e164="+862188888888")

    assert best_match(prospect, [younger, by_name, by_phone]) is by_phone
    assert best_match(prospect, []) is None
