"""Every module of the services is imported by a test of its own kind: neither e2e nor chaos, which start processes."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SLOW = {"e2e", "chaos"}


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


SERVICES = sorted(module_name(path) for path in (ROOT / "api" / "services").rglob("*.py") if path.name != "__init__.py")


def imported_by(path):
    """Return the names of modules, and of what may be modules, that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@pytest.fixture(scope="module")
def tested():
    """What tests import themselves; what a kit imports may be untested."""
    tests = [path for path in (ROOT / "tests").rglob("test_*.py") if not SLOW & set(path.parts)]
    return set().union(*map(imported_by, tests))


@pytest.mark.parametrize("module", SERVICES)
def test_a_service_is_imported_by_a_test_without_processes(tested, module):
    assert module in tested, f"write a test of {module} in tests/services, on the fake ledger"
