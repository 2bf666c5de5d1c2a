"""The evidence of an answer to four claims: how large it is, and what checking it costs."""

import gzip
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from api.catalogue.synthetic import credit_code, write_export
from api.lab.demo.actor import attest, grant, register
from api.lab.demo.server import InstanceProcess
from api.lab.demo.story import BANK, SHOP
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.trust_read import read_trust
from ledger_node.domain.evidence.check import examine

_ISSUERS: Final = {
    "tax_payment": "tax-bureau",
    "tax_credit_rating": "tax-bureau",
    "penalty_summary": "market-regulator",
}
_CLAIMS: Final = (
    "tax_payment.paid_amount >= 500000 CNY during 2025",
    "tax_payment.sales_income >= 1000000 CNY during 2025",
    "tax_credit_rating.grade in {A, B}",
    "penalty_summary.count_24m < 1",
)
_ROWS: Final = 4096
_FIRM: Final = 0


def evidence(folder: Path, *, quick: bool, say: Callable[[str], None]) -> dict[str, float]:
    """Ask four claims about a firm among 4,096, fetch the evidence, and check it again and again on one core."""
    served = InstanceProcess(folder)
    try:
        for schema, department in _ISSUERS.items():
            file = folder.parent / f"{schema}.csv"
            write_export(file, schema, _ROWS, seed=1)
            attest(served.client(department), file, schema, lambda _: None)
        register(served.client("market-regulator"), served.home, SHOP, credit_code(_FIRM, 1))
        consent, _secret = grant(served.client(SHOP), served.home.read_key(SHOP), BANK, _CLAIMS)
        bank = served.client("demo-bank")
        bundle = bank.evidence(bank.verify(consent, list(_CLAIMS))["use"]["id"])
        trust = read_trust(served.home.address_book(), Rpc(served.node()["url"]))
    finally:
        served.stop()
    claims = examine(bundle, trust).require().verdicts
    say(", ".join(f"{verdict.outcome}" for verdict in claims))
    times = []
    for _ in range(50 if quick else 500):
        # processor time: what else runs on this machine does not count
        began = time.process_time()
        examine(bundle, trust)
        times.append(1000 * (time.process_time() - began))
    return {
        "verify_ms": round(statistics.median(times), 2),
        "bytes": len(bundle),
        "bytes_gzip": len(gzip.compress(bundle)),
        "claims": len(claims),
    }
