import pytest

from tests.kit.clock import PlaceAhead
from tests.kit.served import Place
from tests.kit.webhook import HOST, Endpoint, Member


@pytest.fixture(scope="session")
def served_place(tmp_path_factory):
    """One served instance for all modules."""
    made = Place(tmp_path_factory.mktemp("served"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def place(served_place):
    """The served instance with a shop whose answers are known; tests grant consents of their own."""
    served_place.require_shop()
    return served_place


@pytest.fixture(scope="session")
def ahead(tmp_path_factory):
    """A served instance whose chain's clock tests set forward."""
    made = PlaceAhead(tmp_path_factory.mktemp("ahead"))
    yield made
    made.close()


@pytest.fixture
def member(tmp_path):
    """A member with a store of its own, for webhooks."""
    made = Member(tmp_path)
    yield made
    made.store.dispose()
    made.keys.dispose()


@pytest.fixture
def endpoint():
    """An HTTP endpoint on loopback."""
    made = Endpoint()
    yield made
    made.close()


@pytest.fixture
def url(endpoint):
    """The endpoint under its name."""
    return f"http://{HOST}:{endpoint.port}/credence?of=bank"
