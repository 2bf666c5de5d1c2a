"""The options that name a set of controllers: whose keys they are, and how many persons must sign."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from api.files.evidence import read_file
from api.home.home import Home
from ledger_node.domain.canonical import decode
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.passkey import Passkey
from ledger_node.domain.reason import Reason
from ledger_node.domain.signature import address_of, parse_address
from ledger_node.domain.subject import MAX_CONTROLLERS, MAX_PERSON, Controller, ControllerKey

_KEY = "an address (0x…), a passkey's JSON file, or the name of a key in this folder"
ControllerOption = Annotated[list[str] | None, typer.Option(help=f"A person with one key: {_KEY}; one option each.")]
PersonOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="N=KEY",
        help=f"A key of person number N: {_KEY}. A person with two devices is in two options, and signs once.",
    ),
]
ThresholdOption = Annotated[int, typer.Option(min=1, max=MAX_CONTROLLERS, help="How many persons must sign.")]


@dataclass(frozen=True, slots=True)
class WantedControllers:
    """Keys that ``--controller`` names, each of a person of its own, and those of numbered persons."""

    controller: ControllerOption = None
    person: PersonOption = None
    threshold: ThresholdOption = 1

    @property
    def is_empty(self) -> bool:
        """Whether no key is named."""
        return not self.controller and not self.person

    def keys(self, folder: Home, *, default: str | None = None) -> tuple[Controller, ...]:
        """Return the keys and who holds them. ``default``: the name of a key, if none is named here.

        Raises:
            InvalidInputError: ``configuration``; one names no key or no person.
        """
        numbered = [_numbered(folder, raw) for raw in self.person or ()]
        alone = self.controller or ([default] if default is not None and self.is_empty else [])
        taken = {each.person for each in numbered}
        free = (number for number in range(1, MAX_PERSON + 1) if number not in taken)
        return (*numbered, *(Controller(next(free), _key_named(folder, raw)) for raw in alone))


def _numbered(folder: Home, raw: str) -> Controller:
    number, _, key = raw.partition("=")
    if not number.isascii() or not number.isdecimal() or not 1 <= int(number[:4]) <= MAX_PERSON or not key:
        raise InvalidInputError(
            Reason.CONFIGURATION,
            f"name a person by number and key, such as --person 1=alice; '{raw}' is none",
            field="person",
        )
    return Controller(int(number), _key_named(folder, key))


def _key_named(folder: Home, raw: str) -> ControllerKey:
    """Return the key that an address, a passkey's file or the name of a key stands for.

    Raises:
        InvalidInputError: ``configuration``; it is none of these.
    """
    if raw.startswith("0x"):
        return parse_address(raw, "controller")
    path = Path(raw)
    if path.is_file():
        return Passkey.from_json(decode(read_file(path)))
    if not folder.has_key(raw):
        raise InvalidInputError(
            Reason.CONFIGURATION,
            f"'{raw}' is no address, no file, and no key of {folder.path}; make a key: credence key new {raw}",
            field="controller",
        )
    return address_of(folder.read_key(raw))
