"""A grant of a consent on its way: shown, checked, asked about, signed and sent; or exported for others to sign."""

import json

from api.cli.command import Caller, Output
from api.cli.console import confirm, require_answerer, say
from api.cli.language import gettext as _
from api.cli.signing import Signing
from api.client.consent import accept as accept_terms
from api.client.consent import require_grantable, signing_domain, wording_of_council
from api.client.unsigned_act import unsigned_grant
from api.home.home import Home, write_private
from ledger_node import clock
from ledger_node.domain.consent import Consent, ConsentRequest
from ledger_node.domain.consent_text import Language
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.signature import address_of
from ledger_node.randomness import random_bytes


class GrantAct:
    """One grant, of whoever calls."""

    def __init__(self, caller: Caller, signing: Signing, *, yes: bool, as_json: bool) -> None:
        self._caller = caller
        self._name = caller.name
        self._signing = signing
        # what is only exported is asked about where it is signed
        self._yes = yes or signing.export is not None
        require_answerer(yes=self._yes, as_json=as_json)
        self.client = caller.client()

    def run(self, asked: ConsentRequest, words: Language, request: bytes | None = None) -> Output | None:
        """Grant what was asked for, in these words; ``request``: that it answers. None where it is only exported."""
        client, folder = self.client, self._caller.folder
        secret = random_bytes(32)
        consent, text = accept_terms(client, asked, words, secret, now=clock.now())
        say(text)
        signers = None
        if self._signing.export is None:
            signers = [address_of(folder.read_key(name)) for name in self._signing.names(self._caller)]
        require_grantable(client, consent, signers, now=clock.now())
        wording = wording_of_council(client, consent.terms.wording)
        draft = unsigned_grant(signing_domain(client.get("/v1/ledger")), consent, wording, request)
        confirm(_("Do you grant this?"), yes=self._yes)
        # the secret is stored before anything is granted, so that a grant can always be withdrawn
        _write_secret(folder, draft.digest, consent, secret)
        granted = self._signing.send(self._caller, client, draft)
        if granted is None:
            return None
        return Output(
            granted,
            granted["id"],
            told=_("granted; withdraw at any time: credence consent withdraw {consent} --as {name}").format(
                consent=granted["id"], name=self._name
            ),
        )


def _write_secret(folder: Home, consent_id: bytes, consent: Consent, secret: bytes) -> None:
    consents = folder.path / "consents"
    consents.mkdir(mode=0o700, exist_ok=True)
    # all that any node of the consortium needs to withdraw it, whether this instance helps or not
    kept = {
        "terms_hash": to_hex(consent.terms.struct_hash),
        "bounds": consent.bounds.to_json(),
        "secret": to_hex(secret),
    }
    write_private(consents / f"{consent_id.hex()}.json", json.dumps(kept) + "\n", secret=True)
