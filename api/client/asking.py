"""What a bank's program does to ask: it signs a use for just its questions, and anew where the number was taken."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from api.catalogue.datatype import schemas
from api.client.client import ApiError, Client
from api.client.consent import signing_domain
from api.client.spending import Spending, new_spend_seed
from api.files.own_file import new_file
from api.files.private import read_private_text
from api.home.home import Home
from ledger_node import clock
from ledger_node.domain.canonical import JSON
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import Terms
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import parse_address
from ledger_node.domain.spending import SpendSeed
from ledger_node.randomness import random_bytes

_TRIES: Final = 10
_SUFFIX: Final = ".spend-seed"


def spend_seed(folder: Home, name: str) -> SpendSeed:
    """Return the seed of a bank in its folder, drawn where there is none yet; nobody but its owner may read it.

    Raises:
        InvalidInputError: ``configuration``; the file cannot be read, or holds no seed.
    """
    path = folder.path / "keys" / (name + _SUFFIX)
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # the first of several programs that start at once draws it
        with suppress(FileExistsError), new_file(path, wait=True) as file:
            file.write((new_spend_seed().to_text() + "\n").encode())
    text = read_private_text(path)
    try:
        return SpendSeed.from_text(text)
    except InvalidInputError as error:
        raise InvalidInputError(
            Reason.CONFIGURATION, f"{path} holds no spend seed: bring it back from a copy; a new one spends nothing old"
        ) from error


class Asker:
    """Asks under one consent of a bank, as often as it likes; what never changes of it is read once."""

    def __init__(self, client: Client, seed: SpendSeed, consent: str) -> None:
        self._client = client
        self._consent = consent
        held, ledger = client.get(f"/v1/consents/{consent}"), client.get("/v1/ledger")
        self._free: list[int] = held["free_numbers"]
        self._spending = Spending.of(
            seed,
            from_hex(consent, "consent"),
            Terms.from_json(held["terms"]),
            parse_address(held["bounds"]["spend_key"], "spend_key"),
            answering=from_hex(ledger["answers"], "answers"),
            domain=signing_domain(ledger),
        )

    def ask(self, claims: Sequence[JSON], **options: Any) -> Any:  # noqa: ANN401 - JSON of the route
        """Ask claims, in text or JSON form, and return the whole answer; ``options``: of ``Client.verify``.

        Raises:
            InvalidInputError: a claim cannot be read.
            ApiError: the instance refuses.
        """
        asked = [_claim(item) for item in claims]
        number = self._next()
        for _ in range(_TRIES - 1):
            try:
                return self._send(claims, asked, number, options)
            except ApiError as error:
                if error.reason is not Reason.USE_NUMBER_TAKEN or error.free_number is None:
                    raise
                # another program of the bank was faster
                number = error.free_number
        return self._send(claims, asked, number, options)

    def body(self, claims: Sequence[JSON], number: int) -> dict[str, JSON]:
        """Return the body of a request whose use is signed, for whoever sends it in a way of its own."""
        order = self._spending.sign([_claim(item) for item in claims], number, now=clock.now())
        return {"consent": self._consent, "claims": list(claims), "use": order.to_json()}

    def _send(self, claims: Sequence[JSON], asked: Sequence[Claim], number: int, options: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON of the route
        order = self._spending.sign(asked, number, now=clock.now())
        return self._client.verify(self._consent, claims, order.to_json(), **options)

    def _next(self) -> int:
        """Return a number that is probably free: any of them, so that programs seldom take the same one."""
        if not self._free:
            return 1
        return self._free.pop(int.from_bytes(random_bytes(4), "big") % len(self._free))


def _claim(item: JSON) -> Claim:
    return Claim.parse(item, schemas()) if isinstance(item, str) else Claim.from_json(item, schemas())
