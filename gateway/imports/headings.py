"""Which column of a file holds which field: guessed from its heading, or told by the sender.

Imports nothing of ours and little else: the child process that reads files must start fast.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

_SYNONYMS = {
    "name": "姓名 名字 联系人 联系人姓名 客户姓名 聯絡人 contact contact_name full_name",
    "company": "公司 公司名 公司名称 公司名稱 企业 企业名称 单位 单位名称 客户名称 company_name"
    " organisation organization account",
    "job_title": "职位 职务 岗位 職位 title position",
    "phone": "电话 手机 手机号 手机号码 联系电话 联系方式 电话号码 移动电话 電話 手機 mobile tel"
    " telephone phone_number mobile_phone cell_phone",
    "email": "邮箱 电子邮箱 电子邮件 邮件 郵箱 電子郵件 mail email_address",
    "chat_id": "微信 微信号 微訊 wechat wechat_id",
    "region": "地区 区域 省份 城市 省市 所在地 所在地区 地區 city province area location",
    "industry": "行业 所属行业 行業 sector",
    "source_channel": "来源 渠道 来源渠道 线索来源 來源 source channel lead_source",
    "source_campaign": "活动 活动名称 campaign",
    "source_referrer": "推荐人 介绍人 referrer referred_by",
    "source_system": "来源系统",
    "external_id": "外部编号 外部id 外部编码 编号 线索编号 外部編號 external_number reference",
    "product_interest": "意向产品 感兴趣产品 感兴趣的产品 产品 需求 產品 product interest products",
    "budget": "预算 预算金额 采购预算 預算 budget_amount",
    "currency": "币种 货币 幣種",
    "intent": "意向 意向度 意向程度 购买意向",
    "level": "级别 等级 线索级别 级別 grade rating",
    "notes": "备注 说明 描述 備註 remark remarks note comment comments description",
    "kind": "类型 客户类型 类别 type",
    "next_contact_at": "下次联系时间",
}
FIELDS = tuple(_SYNONYMS)
"""Fields of a lead that a file can carry."""

_NOISE = re.compile(r"[\s_\-:*#.]+|[（(][^（）()]*[）)]")


def fold(heading: str) -> str:
    """Return a heading as it is compared: no case, width, spaces, marks or bracketed remarks."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", heading).casefold())


_BY_HEADING = {
    fold(word): field for field, words in _SYNONYMS.items() for word in (field, *words.split())
}


def check_mapping(mapping: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the field errors of a mapping that was given; columns are not known yet."""
    errors: list[dict[str, Any]] = []
    seen: set[str] = set()
    for heading, field in mapping.items():
        pointer = f"#/mapping/{heading.replace('~', '~0').replace('/', '~1')}"
        if field is None:
            continue
        if field not in FIELDS:
            errors.append({"pointer": pointer, "code": "unknown_field", "meta": {}})
        elif field in seen:
            errors.append({"pointer": pointer, "code": "mapped_twice", "meta": {"field": field}})
        seen.add(field)
    return errors


def assign(
    headings: Iterable[str], mapping: Mapping[str, str | None] | None
) -> tuple[dict[int, str], list[str]]:
    """Return column number → field, and the headings of columns that are left out unasked.

    A mapping (heading → field, or None to leave a column out) wins over any guess.
    """
    told = {fold(heading): field for heading, field in (mapping or {}).items()}
    columns: dict[int, str] = {}
    unknown: list[str] = []
    named = {field for field in told.values() if field}
    for number, heading in enumerate(headings):
        key = fold(heading)
        if key in told:
            field, asked = told[key], True
        else:
            field, asked = _BY_HEADING.get(key), False
            if field in named:
                field = None
        if field is None or field in columns.values():
            if heading.strip() and not (asked and field is None):
                unknown.append(heading.strip()[:100])
            continue
        columns[number] = field
    return columns, unknown
