"""No exception is made once and raised again and again: each raise adds its frames, which keep what they held."""

import ast
import builtins
import importlib
import pkgutil
from pathlib import Path

import pytest

import api
import ledger_node

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted(path for name in ("api", "ledger_node", "contracts") for path in (ROOT / name).rglob("*.py"))
_BUILT_IN = {
    name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)
}


def is_made(call):
    """Whether a call makes an exception."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in _BUILT_IN or name.endswith(("Error", "Exception", "Warning"))


def at_import(node):
    """Yield what runs when a module is imported: everything but the bodies of functions, defaults included."""
    for child in ast.iter_child_nodes(node):
        yield child
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for default in (*child.args.defaults, *child.args.kw_defaults):
                if default is not None:
                    yield default
                    yield from at_import(default)
        else:
            yield from at_import(child)


def kept(tree):
    """Return the lines on which an exception is kept for the life of the process."""
    raised = {id(node.exc) for node in ast.walk(tree) if isinstance(node, ast.Raise)}
    made = [node for node in at_import(tree) if isinstance(node, ast.Call) and is_made(node) and id(node) not in raised]
    # what an object keeps lives as long as it; our services live as long as the process
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            made += [
                one.value
                for one in ast.walk(node)
                if isinstance(one, ast.Assign | ast.AnnAssign)
                and isinstance(one.value, ast.Call)
                and is_made(one.value)
                and any(isinstance(target, ast.Attribute) for target in _targets(one))
            ]
    return [node.lineno for node in made]


def _targets(assignment):
    return assignment.targets if isinstance(assignment, ast.Assign) else [assignment.target]


def constants(tree):
    """Return the lines on which a constant is raised."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name) and node.exc.id.isupper()
    ]


def test_l5_no_source_keeps_an_exception_for_the_life_of_the_process():
    found = []
    for path in SOURCES:
        tree = ast.parse(path.read_text("utf-8"))
        found += [f"{path.relative_to(ROOT)}:{line}" for line in (*kept(tree), *constants(tree))]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "_GONE: Final = InvalidInputError(1)",
        "class Service:\n    gone = ValueError()",
        "REASONS = {1: (ChainError(2),)}",
        "def read(default=KeyError()):\n    pass",
        "class Service:\n    def __init__(self):\n        self.gone = StoreError(1)",
        "def read():\n    raise _GONE",
    ],
)
def test_l5_the_search_for_shared_exceptions_finds_them(source):
    tree = ast.parse(source)
    assert [*kept(tree), *constants(tree)]


def test_l5_no_module_or_class_holds_an_exception():
    held = []
    for package in (api, ledger_node):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if found.name.startswith("api.lab.bench.peer"):
                continue  # what it compares with is not installed
            module = importlib.import_module(found.name)
            owners = [module, *(value for value in vars(module).values() if isinstance(value, type))]
            held += [
                f"{found.name}:{name}"
                for owner in owners
                for name, value in vars(owner).items()
                if isinstance(value, BaseException)
            ]
    assert held == []
