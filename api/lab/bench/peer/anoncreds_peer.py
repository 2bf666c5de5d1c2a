"""AnonCreds: prove and verify one ``>=`` predicate and one revealed attribute. Prints one JSON line."""

import json
import statistics
import sys
import time
from collections.abc import Callable

from anoncreds import (
    Credential,
    CredentialDefinition,
    CredentialOffer,
    CredentialRequest,
    Presentation,
    PresentationRequest,
    PresentCredentials,
    Schema,
    create_link_secret,
    generate_nonce,
)

_ISSUER = "did:example:issuer"
_SCHEMA, _DEFINITION = "did:example:schema", "did:example:definition"
_VALUES = {"paid": "1286400", "grade": "2", "sales": "18600000", "months": "12", "code": "1"}
_ROUNDS = 9


def main() -> None:
    """Measure and print."""
    schema = Schema.create("tax", "1.0", _ISSUER, list(_VALUES))
    public, private, correctness = CredentialDefinition.create(
        _SCHEMA, schema, _ISSUER, "tag", "CL", support_revocation=False
    )
    secret = create_link_secret()
    offer = CredentialOffer.create(_SCHEMA, _DEFINITION, correctness)
    request, metadata = CredentialRequest.create("entropy", None, public, secret, "default", offer)
    credential = Credential.create(public, private, offer, request, _VALUES).process(metadata, secret, public)
    asked = PresentationRequest.load(
        {
            "nonce": generate_nonce(),
            "name": "bench",
            "version": "1.0",
            "requested_attributes": {"code": {"name": "code"}},
            "requested_predicates": {"paid": {"name": "paid", "p_type": ">=", "p_value": 500_000}},
        }
    )
    schemas, definitions = {_SCHEMA: schema}, {_DEFINITION: public}

    def prove() -> Presentation:
        chosen = PresentCredentials()
        chosen.add_attributes(credential, "code", reveal=True)
        chosen.add_predicates(credential, "paid")
        return Presentation.create(asked, chosen, {}, secret, schemas, definitions)

    shown = prove()
    figures = {
        "anoncreds_prove_ms": _median_ms(prove),
        "anoncreds_verify_ms": _median_ms(lambda: shown.verify(asked, schemas, definitions)),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def _median_ms(run: Callable[[], object]) -> float:
    times = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - began))
    return round(statistics.median(times), 1)


if __name__ == "__main__":
    main()
