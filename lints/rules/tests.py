"""Tests are named by what they prove, and every use case has one."""

import ast
import re
from collections.abc import Iterator

from lints.checkout import Checkout, Finding, Source, called

_USE_CASES = r"(services/\w+|gateway)/use_cases/.*\.py"
_DECORATORS = frozenset({"command", "query", "on_event", "every"})
_WORDS = 3


def sentences(checkout: Checkout) -> Iterator[Finding]:
    """Yield every test whose name is not a sentence: fewer than three words after `test_`."""
    for source in checkout.python("tests", "bench"):
        for node in source.nodes:
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            if not node.name.startswith("test_"):
                continue
            words = re.findall(r"[a-z]+", node.name.removeprefix("test_"))
            if len(words) < _WORDS:
                message = f"{node.name} is no sentence: say what holds, and when"
                yield from source.find("test-name", node, message)


def use_cases_tested(checkout: Checkout) -> Iterator[Finding]:
    """Yield every use case that no integration or component test of its service names."""
    for source in checkout.matching(_USE_CASES):
        service = source.parts[1] if source.parts[0] == "services" else source.parts[0]
        words = _words_of_tests(checkout, service)
        for node in _use_cases(source):
            if node.name not in words:
                message = f"no test in tests/integration or tests/component calls {node.name}"
                yield from source.find("tested", node, message)


def _use_cases(source: Source) -> Iterator[ast.FunctionDef]:
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef) and any(
            isinstance(decorator, ast.Call) and called(decorator) in _DECORATORS
            for decorator in node.decorator_list
        ):
            yield node


def _words_of_tests(checkout: Checkout, service: str) -> set[str]:
    sources: list[Source] = [
        source
        for source in checkout.python("tests")
        if len(source.parts) > 2
        and source.parts[1] in ("integration", "component")
        # The gateway's tests lie in two folders: its HTTP side and its own service.
        and source.parts[2].startswith(service)
    ]
    return {word for source in sources for word in re.findall(r"\w+", source.text)}
