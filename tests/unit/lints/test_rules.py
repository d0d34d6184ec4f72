"""Each rule finds what is planted and leaves what is right alone."""

from pathlib import Path

import pytest

from lints.checkout import Checkout, Source
from lints.rules import RULES


def findings(**files: str) -> list[str]:
    """Return the rules that a checkout of these files breaks, one name per finding."""
    sources = {path: Source(path, text) for path, text in files.items()}
    checkout = Checkout(Path(), sources)
    return sorted(finding.rule for rule in RULES for finding in rule(checkout))


POOL = "services/leads/use_cases/pool.py"
BUS = "chassis/bus.py"
TEST = "tests/unit/leads/test_pool.py"
OPEN = "TO" + "DO"
HOME = "/ho" + "me/ann/omnibus"

PLANTED = {
    "a commit in a use case": ("commit", POOL, "tx.connection.commit()"),
    "the time of the machine": ("clock", POOL, "from time import time\nimport time\ntime.time()"),
    "a naive now": ("clock", POOL, "datetime.datetime.now(UTC)"),
    "an old utcnow": ("clock", POOL, "datetime.utcnow()"),
    "the machine's date": ("clock", POOL, "date.today()"),
    "the database's clock in a decision": ("clock", POOL, "select(func.now())"),
    "a float literal beside money": ("float", "services/finance/domain/receipts.py", "half = 0.5"),
    "a conversion to float": ("float", "services/deals/persistence/a.py", "float(amount)"),
    "a float in the money module": ("float", "chassis/money.py", "share = 1.0 * amount"),
    "work left without an issue": ("todo", POOL, f"x = 1  # {OPEN}: later"),
    "work left in a manifest": ("todo", "deploy/a.yaml", f"kind: Job  # {OPEN} name it"),
    "an acknowledgement without points": (
        "crash-point",
        BUS,
        "def ack(channel):\n    channel.basic_ack(1)",
    ),
    "a publish without the second point": (
        "crash-point",
        BUS,
        "def send(c):\n    crash.point('before', 'x')\n    c.basic_publish('', 'q', b'')",
    ),
    "points in another function": (
        "crash-point",
        BUS,
        "def a():\n    crash.point('b', '')\n    f = lambda: c.basic_ack(1)\n    crash.point()",
    ),
    "a confirmed publish without points": (
        "crash-point",
        BUS,
        "def park(self):\n    self._publisher.publish('', 'q', b'', None, done)",
    ),
    "a long file": ("size", POOL, "x = 1\n" * 401),
    "a module for anything": ("name", "services/leads/utils.py", ""),
    "a package for anything": ("name", "chassis/core/__init__.py", ""),
    "SQL from an f-string": ("sql", POOL, "text(f'select {column} from leads')"),
    "SQL from a sum": ("sql", POOL, "text('select * from ' + table)"),
    "SQL from a format": ("sql", POOL, "tx.execute('select {}'.format(column))"),
    "SQL from a percent sign": ("sql", POOL, "connection.exec_driver_sql('select %s' % column)"),
    "a path of one machine": ("place", "docs/a.md", f"See {HOME}/README.md"),
    "an address of one network": ("place", "deploy/a.yaml", "host: 192.168." + "7.20"),
    "a registry of one network": ("place", "scripts/a", "pip install --ind" + "ex-url x"),
    "a test that is a word": ("test-name", TEST, "def test_claim(): ..."),
    "a test that is a number": ("test-name", TEST, "def test_claim_2(): ..."),
    "a use case without a test": (
        "tested",
        POOL,
        "class Pool:\n    @command(request=X, allow=None)\n    def claim_lead(self, tx): ...",
    ),
    "a variable that nobody explains": (
        "setting",
        "chassis/settings.py",
        "timeout = env.float('DB_TIMEOUT', 2)",
    ),
    "a variable read past the settings": (
        "setting",
        "gateway/gunicorn_conf.py",
        "bind = os.environ['GATEWAY_BIND']",
    ),
    "an event without a golden file": (
        "golden",
        "schemas/leads/events.py",
        "EVENTS = EventCatalogue('leads', {'lead_claimed': EventType(State(), subject='lead')})",
    ),
}


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED.values(), ids=list(PLANTED))
def test_a_planted_violation_is_found(rule: str, path: str, text: str) -> None:
    assert findings(**{path: text}) == [rule]


RIGHT = {
    "the chassis commits": (
        "chassis/db.py",
        "crash.point('b', '')\nc.commit()\ncrash.point('a', '')",
    ),
    "the chassis' clock": (POOL, "clock.now()\nclock.today()"),
    "a duration": (POOL, "import time\ntime.monotonic()"),
    "a database's default": (POOL, "Column('created_at', Instant, server_default=func.now())"),
    "a float where no money is": ("chassis/settings.py", "timeout = 2.0"),
    "work with its issue": (POOL, f"x = 1  # {OPEN}(#12): the second page"),
    "points on both sides": (
        BUS,
        "def ack(c):\n    crash.point('b', 'x')\n    c.basic_ack(1)\n    crash.point('a', 'x')",
    ),
    "a file of the full length": (POOL, "x = 1\n" * 400),
    "bound parameters": (POOL, "text('select name from leads where id = :id')"),
    "SQL from a constant": (POOL, "text(f'notify {CHANNEL}')"),
    "a text over two lines": (POOL, "text('select 1 ' 'from leads')"),
    "a path below the checkout": ("docs/a.md", "See docs/architecture.md and .local/log/leads.log"),
    "an address of the machine itself": ("docs/a.md", "http://127.0.0.1:8080/docs"),
    "a test that is a sentence": (TEST, "def test_claim_is_refused_at_capacity(): ..."),
}


@pytest.mark.parametrize(("path", "text"), RIGHT.values(), ids=list(RIGHT))
def test_what_is_right_is_left_alone(path: str, text: str) -> None:
    assert findings(**{path: text}) == []


def test_a_comment_with_a_reason_excuses_one_line() -> None:
    excused = "guard.commit()  # commit: the lock is taken before Alembic begins\n"

    assert findings(**{POOL: excused}) == []
    assert findings(**{POOL: excused + "\n\nguard.commit()"}) == ["commit"]


def test_a_comment_without_a_reason_excuses_nothing() -> None:
    assert findings(**{POOL: "guard.commit()  # commit:"}) == ["commit"]


def test_a_use_case_named_by_an_integration_test_of_its_service_is_tested() -> None:
    use_case = "class Pool:\n    @every(60)\n    def recycle_leads(self, tx): ..."
    own, foreign = (f"tests/integration/{name}/test_pool.py" for name in ("leads", "deals"))
    test = "def test_a_stale_lead_goes_back(service):\n    service.recycle_leads(tx)"

    assert findings(**{POOL: use_case, own: test}) == []
    assert findings(**{POOL: use_case, foreign: test}) == ["tested"]


def test_a_variable_that_operations_explains_may_be_read() -> None:
    reading = "workers = int(os.environ.get('GATEWAY_WORKERS', '2'))"
    explained = "| `GATEWAY_WORKERS` | 2 | of gunicorn |"

    assert findings(**{"gateway/a.py": reading, "docs/operations.md": explained}) == []


def test_an_event_with_its_golden_file_is_found() -> None:
    events = "EVENTS = EventCatalogue('leads', {'lead_claimed': EventType(S(), subject='lead')})"
    golden = "tests/schemas/golden/leads/lead_claimed.json"

    assert findings(**{"schemas/leads/events.py": events, golden: "{}"}) == []


@pytest.mark.parametrize(
    "raised",
    [
        "raise Refused('owner_at_capacity', limit=3)",
        "raise Conflict('a_b' if late else 'owner_at_capacity')",
        "raise Invalid.field('#/owner_id', 'owner_at_capacity')",
        "Database('leads', metadata, EVENTS, conflicts={'uq_leads': 'owner_at_capacity'})",
    ],
)
def test_a_code_must_stand_in_the_catalogue_of_errors(raised: str) -> None:
    known = "a_b:\n  status: 409\nowner_at_capacity:\n  status: 409\n"

    assert findings(**{POOL: raised, "gateway/errors.yaml": known}) == []
    assert findings(**{POOL: raised, "gateway/errors.yaml": "a_b:\n  status: 409\n"}) == [
        "error-code"
    ]
