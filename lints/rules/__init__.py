"""One file per group of rules; `RULES` is what `python -m lints` runs."""

from lints.rules.clocks import clocks
from lints.rules.commits import commits
from lints.rules.crash_points import crash_points
from lints.rules.floats import floats
from lints.rules.layout import long_files, module_names
from lints.rules.places import places
from lints.rules.published_language import error_codes, golden_files
from lints.rules.settings import settings_documented
from lints.rules.sql import built_sql
from lints.rules.tests import sentences, use_cases_tested
from lints.rules.todos import todos

RULES = (
    built_sql,
    clocks,
    commits,
    crash_points,
    error_codes,
    floats,
    golden_files,
    long_files,
    module_names,
    places,
    sentences,
    settings_documented,
    todos,
    use_cases_tested,
)
