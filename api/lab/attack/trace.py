"""What the chain shows of each consent and each request over its life, as numbers that links may be guessed from."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from api.lab.attack.corpus import Corpus, Event, Transaction

_ID: Final = {
    "ConsentPaused": "id",
    "ConsentResumed": "id",
    "ConsentWithdrawn": "id",
    "UseRecorded": "consent",
    "UseRefused": "consent",
}
_NOT_BEFORE, _EXPIRES_AT, _MAX_USES, _GRANT_BEFORE = range(4)
"""Where the bounds of a consent lie in its grant's event."""


@dataclass(slots=True)
class SeenRequest:
    """A request: where it stands in the order of transactions, and where its answer, if it has one."""

    place: int
    transaction: Transaction
    answered: int | None = None
    is_granted: bool = False

    def features(self) -> dict[str, float]:
        """Return what the chain shows of it."""
        shown = {"order of asking": float(self.place), "gas": float(self.transaction.gas)}
        if self.answered is not None:
            shown |= {"wait for the answer": float(self.answered - self.place), "answer": float(self.is_granted)}
        return shown


@dataclass(slots=True)
class Trace:
    """A consent: its grant, the request that it answers, and where what happened to it, by name of event.

    ``relayer``: which member recorded it, counted in the order in which the chain first shows them.
    """

    place: int
    grant: Transaction
    args: dict[str, Any]
    relayer: int = 0
    asked: SeenRequest | None = None
    later: defaultdict[str, list[tuple[int, Transaction, Event]]] = field(default_factory=lambda: defaultdict(list))

    @property
    def places(self) -> list[int]:
        """Where in the order of transactions this consent is touched."""
        asked = [] if self.asked is None else [self.asked.place]
        return [*asked, self.place, *(place for steps in self.later.values() for place, _, _ in steps)]

    def features(self) -> dict[str, float]:
        """Return what the chain shows of it; only what happened to it has a number."""
        bounds, grant, asked, uses = self.args["bounds"], self.grant, self.asked, self.later["UseRecorded"]
        paused, resumed, withdrawn = (self.later[f"Consent{name}"] for name in ("Paused", "Resumed", "Withdrawn"))
        shown: dict[str, float] = {
            "order of granting": self.place,
            "gas": grant.gas,
            "size of calldata, zero bytes": len(grant.data) * 1000 + grant.data.count(0),
            "length of validity": bounds[_EXPIRES_AT] - bounds[_NOT_BEFORE],
            "number of uses": bounds[_MAX_USES],
            "delay from signing to block": grant.time - bounds[_NOT_BEFORE],
            "time left to grant": bounds[_GRANT_BEFORE] - grant.time,
            "relayer": self.relayer,
            "uses recorded": len(uses),
            "uses refused": len(self.later["UseRefused"]),
        }
        if uses:
            shown |= {
                "wait for the first use": uses[0][1].block - grant.block,
                "order of the first use": uses[0][0],
                "order of the last use": uses[-1][0],
                "number of the first use": uses[0][2].args["number"],
            }
        if len(uses) > 1:
            shown["time between uses"] = (uses[-1][0] - uses[0][0]) / (len(uses) - 1)
        shown["whether it was asked for"] = asked is not None
        if asked is not None:
            shown |= {"order of its request": asked.place, "wait from its request": self.place - asked.place}
        if paused:
            shown["order of the first pause"] = paused[0][0]
        if paused and resumed:
            shown["length of the first pause"] = resumed[0][0] - paused[0][0]
        if withdrawn:
            shown |= {
                "order of the withdrawal": withdrawn[0][0],
                "life until the withdrawal": withdrawn[0][0] - self.place,
                "way of withdrawing": withdrawn[0][2].args["change"] == 0,
            }
        return {name: float(value) for name, value in shown.items()}


@dataclass(frozen=True, slots=True)
class Traces:
    """All consents and requests by id, in the order of the chain."""

    consents: dict[bytes, Trace]
    requests: dict[bytes, SeenRequest]


def traces(corpus: Corpus) -> Traces:
    """Follow every consent and every request through the chain."""
    consents: dict[bytes, Trace] = {}
    requests: dict[bytes, SeenRequest] = {}
    answers: dict[bytes, bytes] = {}
    relayers: dict[bytes, int] = {}
    for place, transaction in enumerate(corpus.transactions):
        for event in transaction.events:
            match event.name:
                case "ConsentGranted":
                    relayer = relayers.setdefault(event.args["relayer"], len(relayers))
                    consents[event.args["id"]] = Trace(place, transaction, event.args, relayer)
                case "ConsentRequested":
                    requests[event.args["requestId"]] = SeenRequest(place, transaction)
                case "RequestGranted" | "RequestRefused":
                    asked = requests[event.args["requestId"]]
                    asked.answered, asked.is_granted = place, event.name == "RequestGranted"
                    answers |= {event.args["id"]: event.args["requestId"]} if asked.is_granted else {}
                case name if name in _ID and event.args[_ID[name]] in consents:
                    consents[event.args[_ID[name]]].later[name].append((place, transaction, event))
                case _:
                    pass
    for consent, request in answers.items():
        consents[consent].asked = requests[request]
    return Traces(consents, requests)
