"""Closed lists of words about leads, with the labels that people read and write in files."""

CHANNELS: dict[str, tuple[str, str]] = {
    "api": ("接口", "API"),
    "file_import": ("文件导入", "File import"),
    "manual": ("手工录入", "Manual entry"),
    "web_form": ("官网", "Web form"),
    "campaign": ("市场活动", "Campaign"),
    "exhibition": ("展会", "Exhibition"),
    "referral": ("转介绍", "Referral"),
    "phone": ("电话", "Phone"),
    "chat": ("微信", "Chat"),
    "advertisement": ("广告", "Advertisement"),
    "partner": ("合作伙伴", "Partner"),
    "other": ("其他", "Other"),
}
"""How a lead came, with its Chinese and English label."""

KINDS: dict[str, tuple[str, str]] = {
    "organisation": ("企业", "Organisation"),
    "person": ("个人", "Person"),
}

STATUSES: dict[str, tuple[str, str]] = {
    "new": ("新线索", "New"),
    "working": ("跟进中", "Working"),
    "converting": ("转化中", "Converting"),
    "converted": ("已转化", "Converted"),
    "closed": ("已关闭", "Closed"),
}

INTENTS: dict[str, tuple[str, str]] = {
    "high": ("高", "High"),
    "medium": ("中", "Medium"),
    "low": ("低", "Low"),
}

LEVELS: dict[str, tuple[str, str]] = {
    "a": ("A级", "A"),
    "b": ("B级", "B"),
    "c": ("C级", "C"),
    "d": ("D级", "D"),
}


def by_label(words: dict[str, tuple[str, str]]) -> dict[str, str]:
    """Return label (either language, lower case) → word; the words are labels of themselves."""
    labels = {word: word for word in words}
    for word, names in words.items():
        labels.update({name.casefold(): word for name in names})
    return labels
