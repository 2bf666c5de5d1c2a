import pytest


@pytest.fixture(scope="session")
def founded(deployed):
    """The whole set and its snapshot, on the engine that --engine names."""
    return deployed


@pytest.fixture
def world(consortium):
    """The set as it was founded, with a member for each part."""
    return consortium
