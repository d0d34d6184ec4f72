"""The house's own lints: rules that ruff, mypy and import-linter can not express.

`python -m lints` prints `path:line: message [rule]` and exits with 1 if there is anything to print.
Each rule is a function in `lints/rules/`. An exception is made at the line itself, with a comment
that names the rule and gives the reason: `# commit: the lock must be taken before Alembic begins`.
"""
