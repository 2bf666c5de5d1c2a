def pytest_addoption(parser):
    parser.addoption("--chaos", action="store_true", default=False, help="kill at hundreds of moments, not at dozens")
