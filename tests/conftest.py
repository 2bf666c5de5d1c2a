from hypothesis import Phase, is_hypothesis_test, settings

import ledger_node  # noqa: F401 - chooses py-evm's hash function, which must be before anything of it is imported

FEW = 25

# For scripts/mutate: the same examples every time, and none made smaller, since a mutant need only fail.
settings.register_profile(
    "mutation", max_examples=FEW, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate]
)


def pytest_addoption(parser):
    parser.addoption("--chaos", action="store_true", default=False, help="kill at hundreds of moments, not at dozens")


def pytest_collection_modifyitems(config, items):
    """For scripts/mutate: tests by example come first, as most mutants fail one at once; the others try few."""
    if config.getoption("--hypothesis-profile") != "mutation":
        return
    items.sort(key=lambda item: is_hypothesis_test(item.obj))
    for item in items:
        if is_hypothesis_test(item.obj):
            own = item.obj._hypothesis_internal_use_settings
            item.obj._hypothesis_internal_use_settings = settings(own, max_examples=min(own.max_examples, FEW))
