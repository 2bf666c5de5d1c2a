"""ConsentRegistry's storage from its events alone (K17), by the interface's prose."""

from eth_abi import encode
from eth_utils import keccak

from tests.kit.consent_set import GRANTED, LIVE, OPEN, PAUSED, REFUSED, WITHDRAWN
from tests.kit.contract_set import ZERO
from tests.kit.storage_root import at, number, packed

CONSENTS, REQUESTS, USES_FROZEN = 2, 3, 4


class Replay:
    """What events have told so far."""

    def __init__(self):
        self.consents, self.requests, self.frozen = {}, {}, False

    def take(self, name, told):
        """Apply the next event."""
        getattr(self, f"_{name}")(told)

    def _ConsentRequested(self, told):  # noqa: N802 - the event's name
        self.requests[told["requestId"]] = OPEN

    def _RequestGranted(self, told):  # noqa: N802 - the event's name
        self.requests[told["requestId"]] = GRANTED

    def _RequestRefused(self, told):  # noqa: N802 - the event's name
        self.requests[told["requestId"]] = REFUSED

    def _ConsentGranted(self, told):  # noqa: N802 - the event's name
        self.consents[told["id"]] = {
            **told["bounds"],
            "state": LIVE,
            "grantedAt": told["grantedAt"],
            "usesDigest": told["id"],
            "grantDigest": keccak(told["bounds"]["withdrawalHash"] + told["signaturesDigest"]),
        }

    def _changed(self, told, state, time):
        consent = self.consents.setdefault(told["id"], {})
        consent |= {"state": state, "changedAt": told[time]}
        if told["change"]:
            consent |= {"changes": told["change"], "wordDigest": told["wordDigest"]}

    def _ConsentPaused(self, told):  # noqa: N802 - the event's name
        self._changed(told, PAUSED, "pausedAt")

    def _ConsentResumed(self, told):  # noqa: N802 - the event's name
        self._changed(told, LIVE, "resumedAt")

    def _ConsentWithdrawn(self, told):  # noqa: N802 - the event's name
        self._changed(told, WITHDRAWN, "withdrawnAt")

    def _UseRecorded(self, told):  # noqa: N802 - the event's name
        consent = self.consents[told["consent"]]
        consent["used"] = consent.get("used", 0) | 1 << told["number"] - 1
        values = [consent["usesDigest"], told["number"], told["ticket"], told["usedAt"]]
        consent["usesDigest"] = keccak(encode(["bytes32", "uint256", "bytes32", "uint256"], values))

    def _UseRefused(self, told):  # noqa: N802 - the event's name
        """Nothing changes."""

    def _UsesFrozenChanged(self, told):  # noqa: N802 - the event's name
        self.frozen = told["frozen"]

    def slots(self):
        """Every slot that is stored."""
        made = {USES_FROZEN: self.frozen}
        made |= {at(request, REQUESTS): state for request, state in self.requests.items()}
        for consent_id, consent in self.consents.items():
            place = at(consent_id, CONSENTS)
            widths = (("state", 8), ("grantedAt", 40), ("notBefore", 40), ("expiresAt", 40), ("maxUses", 8))
            widths += (("changes", 24), ("changedAt", 40))
            made[place] = packed(*((consent.get(name, 0), bits) for name, bits in widths))
            made[place + 1] = packed((consent.get("spendKey", 0), 160), (consent.get("used", 0), 96))
            for offset, name in ((2, "usesDigest"), (3, "grantDigest"), (4, "wordDigest")):
                made[place + offset] = number(consent.get(name, ZERO))
        return made
