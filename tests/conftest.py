from hypothesis import Phase, settings

# For scripts/mutate: the same examples every time, and none made smaller, since a mutant need only fail.
settings.register_profile(
    "mutation", max_examples=20, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate]
)


def pytest_addoption(parser):
    parser.addoption("--chaos", action="store_true", default=False, help="kill at hundreds of moments, not at dozens")
