"""The words of finance: what is stored, and how it reads in Chinese and English."""

RECEIVABLE_STATUSES = {
    "open": ("未收", "Open"),
    "partial": ("部分收款", "Partly paid"),
    "settled": ("已结清", "Settled"),
    "overdue": ("已逾期", "Overdue"),
}

METHODS = {
    "bank": ("银行转账", "Bank transfer"),
    "cash": ("现金", "Cash"),
    "alipay": ("支付宝", "Alipay"),
    "wechat": ("微信支付", "WeChat Pay"),
    "cheque": ("支票", "Cheque"),
    "other": ("其他", "Other"),
}

REFUND_STATUSES = {
    "requested": ("待审批", "Requested"),
    "approved": ("已批准", "Approved"),
    "rejected": ("已驳回", "Rejected"),
}

REFUND_REASONS = {
    "goods_returned": ("退货", "Goods returned"),
    "service_failure": ("服务未达约定", "Service failed"),
    "overpayment": ("多付", "Overpaid"),
    "duplicate_payment": ("重复付款", "Paid twice"),
    "contract_cancelled": ("合同取消", "Contract cancelled"),
    "price_adjustment": ("价格调整", "Price adjusted"),
    "other": ("其他", "Other"),
}

MOVEMENTS = {
    "billed": ("应收", "Billed"),
    "received": ("收款", "Received"),
    "allocated": ("核销", "Allocated"),
    "refunded": ("退款", "Refunded"),
}
