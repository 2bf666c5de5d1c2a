import os

import pytest
from hypothesis import Phase, is_hypothesis_test, settings

import ledger_node  # noqa: F401 - chooses py-evm's hash function, which must be before anything of it is imported
from tests.kit import canary as canary_kit
from tests.kit import postgres as postgres_kit

FEW = 25

# For scripts/mutate: the same examples every time, and none made smaller, since a mutant need only fail.
settings.register_profile(
    "mutation", max_examples=FEW, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate]
)


def pytest_addoption(parser):
    parser.addoption("--chaos", action="store_true", default=False, help="kill at hundreds of moments, not at dozens")
    parser.addoption(
        "--execution-apis", help="a folder with the public description of Ethereum's JSON-RPC, to be held to"
    )
    parser.addoption("--left-behind", help="the folder that tests/after searches: what all other tests left behind")
    parser.addoption(
        "--store",
        choices=("sqlite", "postgres"),
        default="sqlite",
        help="where stores of tests are that do not care: run any test on PostgreSQL",
    )


@pytest.fixture(scope="session", autouse=True)
def canary_register(tmp_path_factory):
    """Where kits note what they plant: in the folder that the search after the whole suite is told of."""
    canary_kit.open_register(tmp_path_factory.getbasetemp())


def pytest_configure(config):
    # commands speak English to tests, whoever runs them; what is about another language says so
    os.environ["LC_ALL"] = "C.UTF-8"  # noqa: TID251 - tests say what the terminal is
    # firms that programs register grant at once, but where a test is about the wait
    os.environ.setdefault("CREDENCE_FIRST_WAIT", "0")  # noqa: TID251 - same
    postgres_kit.choose(config.getoption("--store"))


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server."""
    if postgres_kit.programs() is None:
        pytest.skip("the programs of a PostgreSQL server are not installed")
    return postgres_kit.the_server()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request):
    """Where a store of the test's own is: None for a file, and the address of a database in PostgreSQL."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgres").database()


def pytest_sessionfinish():
    postgres_kit.end_the_server()


def pytest_collection_modifyitems(config, items):
    """Leave what takes long to --chaos.

    For scripts/mutate tests by example come first, as most mutants fail one at once; the others try few.
    """
    if not config.getoption("--chaos"):
        skip = pytest.mark.skip(reason="takes some minutes: only with --chaos")
        for item in items:
            if item.get_closest_marker("only_with_chaos"):
                item.add_marker(skip)
    if config.getoption("--hypothesis-profile") != "mutation":
        return
    items.sort(key=lambda item: is_hypothesis_test(item.obj))
    for item in items:
        if is_hypothesis_test(item.obj):
            own = item.obj._hypothesis_internal_use_settings
            item.obj._hypothesis_internal_use_settings = settings(own, max_examples=min(own.max_examples, FEW))


@pytest.fixture(scope="module")
def inside(tmp_path_factory):
    """A place whose instance runs in this process, so that tests can reach inside."""
    from tests.kit.inside import inside_place  # noqa: PLC0415 - few tests need all that it imports

    made = inside_place(tmp_path_factory.mktemp("inside"))
    yield made
    made.close()
