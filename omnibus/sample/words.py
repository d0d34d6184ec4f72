"""Words that sample records are made of; everybody and everything in them is invented."""

from typing import NamedTuple


class Place(NamedTuple):
    """A city of China with what an address and a credit code there begin with."""

    region: str
    province: str
    city: str
    code: str
    area_code: str
    street: str


PLACES = (
    Place("华东", "上海市", "上海", "310115", "021", "浦东新区张江路"),
    Place("华东", "浙江省", "杭州", "330106", "0571", "西湖区文三路"),
    Place("华东", "江苏省", "苏州", "320505", "0512", "工业园区星湖街"),
    Place("华东", "江苏省", "南京", "320104", "025", "秦淮区中山南路"),
    Place("华东", "安徽省", "合肥", "340104", "0551", "蜀山区望江西路"),
    Place("华东", "山东省", "青岛", "370202", "0532", "市南区香港中路"),
    Place("华北", "北京市", "北京", "110108", "010", "海淀区中关村大街"),
    Place("华北", "天津市", "天津", "120104", "022", "南开区卫津路"),
    Place("华北", "河北省", "石家庄", "130104", "0311", "桥西区裕华西路"),
    Place("华北", "山西省", "太原", "140105", "0351", "小店区长治路"),
    Place("西北", "陕西省", "西安", "610113", "029", "雁塔区科技路"),
    Place("西北", "甘肃省", "兰州", "620102", "0931", "城关区天水北路"),
    Place("西北", "宁夏回族自治区", "银川", "640104", "0951", "兴庆区解放东街"),
    Place("西北", "新疆维吾尔自治区", "乌鲁木齐", "650102", "0991", "天山区友好南路"),
    Place("华南", "广东省", "深圳", "440305", "0755", "南山区科苑路"),
    Place("华南", "广东省", "广州", "440106", "020", "天河区体育东路"),
    Place("华南", "福建省", "厦门", "350203", "0592", "思明区软件园二期"),
    Place("西南", "四川省", "成都", "510107", "028", "武侯区天府大道"),
    Place("西南", "重庆市", "重庆", "500112", "023", "渝北区金开大道"),
    Place("华中", "湖北省", "武汉", "420111", "027", "洪山区珞喻路"),
)


class Abroad(NamedTuple):
    """A city outside China: where it lies, how it phones and pays."""

    region: str
    city: str
    street: str
    phone: str
    currency: str
    locale: str


ABROAD = (
    Abroad("EMEA", "London", "Marlow Street", "+44 20 7946 0{n:03d}", "GBP", "en"),
    Abroad("EMEA", "Berlin", "Lindenallee", "+49 30 2312 5{n:03d}", "EUR", "en"),
    Abroad("APAC", "Singapore", "Keppel Walk", "+65 6123 4{n:03d}", "SGD", "en"),
    Abroad("APAC", "Osaka", "Nakanoshima", "+81 6 6555 0{n:03d}", "JPY", "en"),
    Abroad("Americas", "Chicago", "Harbor Avenue", "+1 312 555 0{n:03d}", "USD", "en"),
)

BRANDS = (
    ("云帆", "yunfan"), ("启衡", "qiheng"), ("锐恒", "ruiheng"), ("晨曜", "chenyao"),
    ("博远", "boyuan"), ("天翊", "tianyi"), ("瑞澜", "ruilan"), ("星禾", "xinghe"),
    ("鼎越", "dingyue"), ("嘉木", "jiamu"), ("恒川", "hengchuan"), ("致谷", "zhigu"),
    ("海纳", "haina"), ("卓屿", "zhuoyu"), ("明汐", "mingxi"), ("君合", "junhe"),
    ("远山", "yuanshan"), ("青禾", "qinghe"), ("凌霄", "lingxiao"), ("维拓", "weituo"),
    ("泽润", "zerun"), ("弘毅", "hongyi"), ("思齐", "siqi"), ("百川", "baichuan"),
)  # fmt: skip

TRADES = (
    ("智能制造", "精密机械", "Manufacturing"), ("医疗健康", "医疗器械", "Healthcare"),
    ("新能源", "新能源科技", "Energy"), ("物流运输", "供应链", "Logistics"),
    ("零售连锁", "商贸", "Retail"), ("信息技术", "信息技术", "Software"),
    ("教育培训", "教育科技", "Education"), ("建筑工程", "建设工程", "Construction"),
    ("食品饮料", "食品", "Food and drink"), ("金融服务", "金融信息服务", "Finance"),
    ("现代农业", "农业发展", "Agriculture"), ("环保", "环境科技", "Environment"),
)  # fmt: skip
"""Industry, its word in a company's name, industry in English."""

ENGLISH_BRANDS = (
    "Alderbrook", "Northfell", "Kestrel Bay", "Halcyon Ridge", "Tidewater", "Marrow & Pine",
    "Redgate", "Larkspur", "Ironbridge", "Silverlake", "Quayside", "Westhaven",
)  # fmt: skip
ENGLISH_SUFFIXES = ("Ltd", "GmbH", "Pte. Ltd.", "K.K.", "Inc.")
"""In the order of `ABROAD`."""

SURNAMES = (
    ("王", "wang"), ("李", "li"), ("张", "zhang"), ("刘", "liu"), ("陈", "chen"), ("杨", "yang"),
    ("赵", "zhao"), ("黄", "huang"), ("周", "zhou"), ("吴", "wu"), ("徐", "xu"), ("孙", "sun"),
    ("马", "ma"), ("朱", "zhu"), ("胡", "hu"), ("郭", "guo"), ("何", "he"), ("林", "lin"),
    ("高", "gao"), ("罗", "luo"), ("欧阳", "ouyang"),
)  # fmt: skip
GIVEN_NAMES = (
    ("伟", "wei", "male"), ("芳", "fang", "female"), ("秀英", "xiuying", "female"),
    ("敏", "min", "female"), ("静", "jing", "female"), ("强", "qiang", "male"),
    ("磊", "lei", "male"), ("洋", "yang", "male"), ("艳", "yan", "female"),
    ("志强", "zhiqiang", "male"), ("建华", "jianhua", "male"), ("雪梅", "xuemei", "female"),
    ("子轩", "zixuan", "male"), ("雨桐", "yutong", "female"), ("浩然", "haoran", "male"),
    ("思远", "siyuan", "male"), ("佳怡", "jiayi", "female"), ("文博", "wenbo", "male"),
)  # fmt: skip
ENGLISH_NAMES = (
    ("Oliver", "Hayes"), ("Amelia", "Novak"), ("Liam", "Fischer"), ("Chloe", "Tan"),
    ("Noah", "Sato"), ("Grace", "Okafor"), ("Ethan", "Murphy"), ("Isla", "Bennett"),
    ("Lucas", "Weber"), ("Mia", "Lim"), ("Henry", "Dubois"), ("Zoe", "Carter"),
)  # fmt: skip

JOBS = (
    ("采购总监", "Head of purchasing", "purchaser", "采购部"),
    ("总经理", "Managing director", "decider", "总经办"),
    ("信息化负责人", "IT director", "influencer", "信息中心"),
    ("财务经理", "Finance manager", "gatekeeper", "财务部"),
    ("运营经理", "Operations manager", "user", "运营部"),
    ("技术总监", "CTO", "influencer", "技术部"),
)

PRODUCTS = (
    ("客户管理平台 企业版", "CRM-ENT", 68_000), ("客户管理平台 标准版", "CRM-STD", 26_800),
    ("数据分析模块", "BI-MOD", 18_600), ("移动端套件", "MOB-KIT", 9_800),
    ("实施服务（人天）", "SVC-DAY", 2_600), ("年度运维服务", "SVC-YEAR", 36_000),
    ("接口开发包", "API-PACK", 15_000), ("培训课程（天）", "TRN-DAY", 4_500),
)  # fmt: skip
"""Name, code, price in CNY."""

ENGLISH_PRODUCTS = {
    "CRM-ENT": "CRM platform, enterprise", "CRM-STD": "CRM platform, standard",
    "BI-MOD": "Analytics module", "MOB-KIT": "Mobile kit",
    "SVC-DAY": "Consulting, per day", "SVC-YEAR": "Yearly maintenance",
    "API-PACK": "Integration pack", "TRN-DAY": "Training, per day",
}  # fmt: skip

RATES = {"CNY": 1, "USD": 7, "EUR": 8, "GBP": 9, "SGD": 5, "JPY": 0.05}
"""How many CNY one unit is worth, roughly: sample prices need no better."""

COMPETITORS = ("蓝鲸软件", "博睿通", "Fernway CRM", "OakSuite")

FOLLOW_UPS = (
    ("call", "电话沟通需求，对方希望下周看演示。", "Called about their needs; demo next week."),
    (
        "visit",
        "上门拜访，与信息中心负责人确认了接口范围。",
        "Visited; scope of integration agreed.",
    ),
    ("wechat", "微信发送了产品资料，客户表示正在内部讨论预算。", "Sent the brochure by chat."),
    (
        "meeting",
        "产品演示会，5 人参加，关注数据安全与报表。",
        "Demo for five; security matters most.",
    ),
    ("email", "已发送报价单 V2，优惠 5%，等待回复。", "Sent quote V2 with 5 % off; waiting."),
    ("call", "催款电话：财务确认本周安排付款。", "Called about the open invoice; paid this week."),
    ("other", "客户介绍了同行业的两家企业。", "They referred two companies of their trade."),
)
"""Kind, Chinese text, English text."""

CAMPAIGNS = (
    "2026 春季发布会",
    "华东制造业数字化论坛",
    "行业展 A12 展位",
    "Webinar: CRM in 90 days",
)
HOBBIES = ("摄影", "登山", "围棋", "马拉松", "茶道", "钓鱼")
OCCUPATIONS = ("医生", "教师", "律师", "自由职业", "工程师", "个体经营")
