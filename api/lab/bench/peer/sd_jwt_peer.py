"""SD-JWT: verify a presentation that reveals 5 of 16 fields (ES256). Prints one JSON line."""

import json
import statistics
import sys
import time

from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

_ROUNDS, _FIELDS, _SHOWN = 200, 16, 5


def main() -> None:
    """Measure and print."""
    key = JWK.generate(kty="EC", crv="P-256")
    issued = SDJWTIssuer({SDObj(f"field_{i}"): i for i in range(_FIELDS)}, key)
    holder = SDJWTHolder(issued.sd_jwt_issuance)
    holder.create_presentation({f"field_{i}": True for i in range(_SHOWN)}, None, None, None)
    times = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        SDJWTVerifier(holder.sd_jwt_presentation, lambda *_: key, None, None)
        times.append(1000 * (time.perf_counter() - began))
    sys.stdout.write(json.dumps({"sd_jwt_verify_ms": round(statistics.median(times), 3)}) + "\n")


if __name__ == "__main__":
    main()
