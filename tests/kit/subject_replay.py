"""SubjectRegistry's storage from its events alone (K17), by the interface's prose."""

from tests.kit.contract_set import NOBODY, ZERO
from tests.kit.storage_root import at, elements, number, packed
from tests.kit.subject_set import RECOVERED, REGISTERED, ROTATED

OWNER, ENTRIES, RECOVERIES, STANDINGS, HOLDS, NAMED = 0, 3, 4, 5, 6, 7
NO_STANDING = {"cancelledAt": 0, "cancellations": 0, "controllerHeldAt": 0, "registrarHeldAt": 0}


class Replay:
    """What events have told so far."""

    def __init__(self, council):
        self.council = council
        self.entries, self.recoveries, self.standings, self.holds, self.named = {}, {}, {}, {}, {}

    def take(self, name, told):
        """Apply the next event; who owns the contract is the council's address from the start."""
        if name != "OwnershipTransferred":
            getattr(self, f"_{name}")(told["subjectId"], told)

    def _SubjectRegistered(self, subject, told):  # noqa: N802 - the event's name
        self.entries[subject] = [(told["commitment"], told["key"], told["since"], REGISTERED, 0, told["registrar"])]
        self.standings[subject], self.holds[subject] = dict(NO_STANDING), []

    def _SubjectRotated(self, subject, told):  # noqa: N802 - the event's name
        self.entries[subject].append((told["commitment"], NOBODY, told["since"], ROTATED, told["root"], ZERO))

    def _SubjectRecoveryRequested(self, subject, told):  # noqa: N802 - the event's name
        self.recoveries[subject] = dict(told)

    def _SubjectRecoveryCancelled(self, subject, told):  # noqa: N802 - the event's name
        self.recoveries[subject]["commitment"] = ZERO
        self.standings[subject] |= {name: told[name] for name in ("cancelledAt", "cancellations")}

    def _SubjectRecoveryAbandoned(self, subject, told):  # noqa: ARG002, N802 - the event's name
        self.recoveries[subject]["commitment"] = ZERO

    def _SubjectRecovered(self, subject, told):  # noqa: N802 - the event's name
        asked = self.recoveries[subject]
        entry = (asked["commitment"], asked["key"], told["since"], RECOVERED, told["link"], asked["registrar"])
        self.entries[subject].append(entry)
        asked["commitment"] = ZERO
        self.standings[subject] = dict(NO_STANDING)

    def _SubjectHeld(self, subject, told):  # noqa: N802 - the event's name
        self.holds[subject].append((told["from"], told["byRegistrar"]))
        self.standings[subject]["registrarHeldAt" if told["byRegistrar"] else "controllerHeldAt"] = told["from"]

    def _SubjectRegistrarNamed(self, subject, told):  # noqa: N802 - the event's name
        self.named[subject] = told["registrar"]

    def slots(self):
        """Every slot that is stored."""
        made = {OWNER: number(self.council)}
        for subject, entries in self.entries.items():
            made[at(subject, ENTRIES)] = len(entries)
            first = elements(at(subject, ENTRIES))
            for index, (commitment, key, since, kind, link, registrar) in enumerate(entries):
                made[first + 3 * index] = number(commitment)
                made[first + 3 * index + 1] = packed((key, 160), (since, 40), (kind, 8), (link, 32))
                made[first + 3 * index + 2] = number(registrar)
            widths = (("cancelledAt", 40), ("cancellations", 8), ("controllerHeldAt", 40), ("registrarHeldAt", 40))
            made[at(subject, STANDINGS)] = packed(*((self.standings[subject][name], bits) for name, bits in widths))
            made[at(subject, HOLDS)] = len(self.holds[subject])
            for index, (start, by_registrar) in enumerate(self.holds[subject]):
                made[elements(at(subject, HOLDS)) + index] = packed((start, 40), (by_registrar, 8))
        for subject, asked in self.recoveries.items():
            place = at(subject, RECOVERIES)
            made[place], made[place + 1] = number(asked["commitment"]), number(asked["registrar"])
            made[place + 2] = packed((asked["key"], 160), (asked["number"], 32), (asked["completableAt"], 40))
        made |= {at(subject, NAMED): number(registrar) for subject, registrar in self.named.items()}
        return made
