"""Who works with the sample data: teams along paths, managers who approve, two partners."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    """One person; `manager` is the key of who is above."""

    key: str
    name: str
    team_path: str
    role: str
    manager: str | None = None
    locale: str = "zh"

    @property
    def email(self) -> str:
        """Return the address, by which a person of an earlier attempt is found again."""
        return f"{self.key.replace('_', '.')}@omnibus.example"


CAST = (
    Member("zhou_min", "周敏", "/", "manager"),
    Member("wang_jianguo", "王建国", "/cn/", "manager"),
    Member("chen_jing", "陈静", "/cn/east/", "manager", "wang_jianguo"),
    Member("li_ming", "李明", "/cn/east/sales/", "rep", "chen_jing"),
    Member("liu_fang", "刘芳", "/cn/east/sales/", "rep", "chen_jing"),
    Member("zhao_qiang", "赵强", "/cn/north/", "manager", "wang_jianguo"),
    Member("zhang_wei", "张伟", "/cn/north/sales/", "rep", "zhao_qiang"),
    Member("ma_xiaodong", "马晓东", "/cn/northwest/", "manager", "wang_jianguo"),
    Member("bai_xue", "白雪", "/cn/northwest/sales/", "rep", "ma_xiaodong"),
    Member("huang_jiayi", "黄佳怡", "/cn/south/", "manager", "wang_jianguo"),
    Member("he_lei", "何磊", "/cn/south/sales/", "rep", "huang_jiayi"),
    Member("emma_clarke", "Emma Clarke", "/intl/", "manager", None, "en"),
    Member("james_miller", "James Miller", "/intl/sales/", "rep", "emma_clarke", "en"),
    Member("partner_yunqiao", "云桥渠道（合作伙伴）", "/partners/yunqiao/", "partner"),
    Member(
        "partner_northwind", "Northwind Referrals", "/partners/northwind/", "partner", None, "en"
    ),
)

FINANCE = "zhou_min"
"""Records receipts for everybody."""

PARTNERS = ("partner_yunqiao", "partner_northwind")

_TEAMS = {
    "华东": (("li_ming", "liu_fang"), "chen_jing"),
    "华北": (("zhang_wei",), "zhao_qiang"),
    "西北": (("bai_xue",), "ma_xiaodong"),
    "华南": (("he_lei",), "huang_jiayi"),
    "西南": (("he_lei",), "huang_jiayi"),
    "华中": (("liu_fang",), "chen_jing"),
}
_ABROAD = (("james_miller",), "emma_clarke")


def reps_of(region: str) -> tuple[str, ...]:
    """Return the keys of who sells in a region."""
    return _TEAMS.get(region, _ABROAD)[0]


def approver_of(region: str) -> str:
    """Return the key of who approves what the reps of a region write."""
    return _TEAMS.get(region, _ABROAD)[1]
