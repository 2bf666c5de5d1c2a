"""The evidence of an answer to four claims: how large it is, and what checking it costs."""

import gzip
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from api.catalogue.synthetic import credit_code
from api.client.asking import Asker, spend_seed
from api.lab.bench.timing import median_ms
from api.lab.demo.actor import attest_all, grant, register
from api.lab.demo.server import InstanceProcess
from api.lab.demo.story import BANK, BANK_SLUG, SHOP
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.trust_read import read_trust
from ledger_node.domain.evidence.check import examine

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
    with InstanceProcess(folder) as served:
        attest_all(served, folder.parent, _ROWS, 1)
        register(served.client("market-regulator"), served.home, SHOP, credit_code(_FIRM, 1))
        seed = spend_seed(served.home, BANK_SLUG)
        consent, _secret = grant(served.client(SHOP), served.home.read_key(SHOP), BANK, _CLAIMS, seed=seed)
        bank = served.client(BANK_SLUG)
        bundle = bank.evidence(Asker(bank, seed, consent).ask(list(_CLAIMS))["use"]["id"])
        trust = read_trust(served.home.address_book(), Rpc(served.node()["url"]))
    claims = examine(bundle, trust).require().verdicts
    say(", ".join(f"{verdict.outcome}" for verdict in claims))
    # processor time: what else runs on this machine does not count
    verify_ms = median_ms(lambda: examine(bundle, trust), 50 if quick else 500, time.process_time)
    return {
        "verify_ms": round(verify_ms, 2),
        "bytes": len(bundle),
        "bytes_gzip": len(gzip.compress(bundle)),
        "claims": len(claims),
    }
