"""One run of all attacks."""

import time
from collections.abc import Sequence

from api.lab.attack.bank_view import BankView
from api.lab.attack.corpus import Corpus
from api.lab.attack.ground_truth import GroundTruth
from api.lab.attack.guess import guess_inputs_of, guess_subjects, guess_values
from api.lab.attack.hidden import guess_hidden, keys_of
from api.lab.attack.leak_search import listen
from api.lab.attack.linkage import link_by_equality, link_consents, link_registrations, link_requests
from api.lab.attack.order import attack_order
from api.lab.attack.report import Finding, Report


def attack_all(corpus: Corpus, shown: BankView, codes: Sequence[str], truth: GroundTruth | None) -> Report:
    """Try everything; without the truth, what needs it to be scored is left out."""
    began = time.monotonic()
    seen, keys = guess_inputs_of(corpus, shown, codes), keys_of(corpus, shown)
    findings: list[Finding] = [
        *listen(corpus, shown, codes, truth),
        *guess_subjects(seen, truth),
        *guess_values(seen, truth),
        *guess_hidden(seen, shown, keys),
        link_by_equality(corpus),
        link_registrations(corpus),
    ]
    if truth is not None:
        findings += link_consents(corpus, shown, truth)
        findings += link_requests(corpus, truth)
        findings += attack_order(truth, codes)
    looked_at = {
        "blocks": corpus.blocks,
        "transactions": len(corpus.transactions),
        "consents": sum(1 for _ in corpus.events("ConsentGranted")),
        "chain_words": len(corpus.words),
        "storage_words": corpus.storage_words,
        "answer_words": len(shown.words),
        "proofs": len(shown.asked),
        "credit_codes": len(codes),
        "public_salts": len(seen.publics),
        "keys": len(keys),
    }
    return Report(findings, looked_at, time.monotonic() - began)
