"""The files of a checkout, read and parsed once for all rules."""

import ast
import io
import os
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

_LEFT_OUT = frozenset({"__pycache__", "node_modules", "build", "dist", "venv"})
_LARGEST = 1_000_000


@dataclass(frozen=True)
class Finding:
    """One broken rule; `path` is relative to the checkout."""

    path: str
    line: int
    rule: str
    message: str


@dataclass
class Source:
    """One text file."""

    path: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """Return the lines without their ends."""
        return self.text.splitlines()

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the path's parts: `("services", "leads", "service.py")`."""
        return tuple(self.path.split("/"))

    @property
    def is_python(self) -> bool:
        """Return whether it is a Python module."""
        return self.path.endswith(".py")

    @cached_property
    def tree(self) -> ast.Module:
        """Return the syntax tree; an unreadable module is empty, since ruff names it already."""
        try:
            return ast.parse(self.text)
        except SyntaxError:
            return ast.Module(body=[], type_ignores=[])

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Return all nodes of the tree."""
        return list(ast.walk(self.tree))

    @cached_property
    def comments(self) -> dict[int, str]:
        """Return the comments of a Python module by line."""
        found = {}
        try:
            for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
                if token.type == tokenize.COMMENT:
                    found[token.start[0]] = token.string
        except (tokenize.TokenError, SyntaxError):
            pass
        return found

    def excused(self, rule: str, first: int, last: int | None = None) -> bool:
        """Return whether a comment `# <rule>: <reason>` stands at these lines or right above."""
        wanted = re.compile(rf"#\s*{re.escape(rule)}:\s*\S")
        return any(
            wanted.search(self.comments.get(line, ""))
            for line in range(first - 1, (last or first) + 1)
        )

    def find(self, rule: str, node: ast.AST, message: str) -> Iterator[Finding]:
        """Yield a finding at a node unless a comment excuses it."""
        first = getattr(node, "lineno", 1)
        if not self.excused(rule, first, getattr(node, "end_lineno", None)):
            yield Finding(self.path, first, rule, message)


@dataclass
class Checkout:
    """All text files below a folder."""

    root: Path
    sources: dict[str, Source] = field(default_factory=dict)

    def python(self, *folders: str) -> Iterator[Source]:
        """Yield the Python modules below some top-level folders, or all of them."""
        for source in self.sources.values():
            if source.is_python and (not folders or source.parts[0] in folders):
                yield source

    def matching(self, pattern: str) -> Iterator[Source]:
        """Yield the files whose whole path matches a regular expression."""
        wanted = re.compile(pattern)
        return (source for path, source in self.sources.items() if wanted.fullmatch(path))


def read_checkout(root: Path) -> Checkout:
    """Return the text files of a checkout; caches, environments and local state are left out."""
    checkout = Checkout(root)
    for folder, names, files in os.walk(root):
        names[:] = sorted(
            name
            for name in names
            if name not in _LEFT_OUT
            and not name.endswith(".egg-info")
            and (not name.startswith(".") or name in (".ci", ".github"))
        )
        for name in sorted(files):
            path = Path(folder, name)
            if path.is_symlink() or path.stat().st_size > _LARGEST:
                continue
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            relative = path.relative_to(root).as_posix()
            checkout.sources[relative] = Source(relative, text)
    return checkout


def called(node: ast.Call) -> str:
    """Return the last name of what is called: `commit` for `connection.commit()`."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def owner(node: ast.Call) -> str:
    """Return the name in front of the call: `clock` for `clock.now()`, `` for a plain name."""
    if not isinstance(node.func, ast.Attribute):
        return ""
    value = node.func.value
    if isinstance(value, ast.Attribute):
        return value.attr
    return value.id if isinstance(value, ast.Name) else "?"
