"""What consents cost: uses recorded before revealing, how cost grows with their number, and that none is overspent."""

import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from eth_account import Account
from typing_extensions import override

from api.catalogue.synthetic import credit_code
from api.client.asking import Asker, spend_seed
from api.lab.demo.actor import attest, export_of, grant, register
from api.lab.demo.server import InstanceProcess
from api.lab.demo.story import BANK, BANK_SLUG, SHOP
from api.services.verification.use_recorder import RecordedUse, Use, UseRecorder
from api.work.batching import GroupWork
from ledger_node import clock
from ledger_node.chain.port import MAX_USES_AT_A_TIME, Mined
from ledger_node.chain.rpc import Rpc
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.chain.web3_ledger.consent_calls import grant_call
from ledger_node.domain.consent import Bounds
from ledger_node.domain.consent_act import grant_digest, withdrawal_hash
from ledger_node.domain.consent_order import GrantOrder, SecretOrder, ShownConsentId
from ledger_node.domain.consent_scope import MAX_USES, whole_minute
from ledger_node.domain.eip712 import SigningDomain
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.proof import Outcome
from ledger_node.domain.signature import SigningKey
from ledger_node.domain.ticket import SignedUse, use_digest
from ledger_node.randomness import random_bytes

_GAS: Final = 2_000_000
_SENT_AT_ONCE: Final = 250
_SAMPLES: Final = 60
_NEVER_S: Final = 3600
_CALLERS: Final = 64
_ASKED: Final = 200
_MOST: Final = 10
_SCHEMA: Final = "tax_credit_rating"
_QUESTION: Final = "tax_credit_rating.grade in {A, B, M, C}"


def consent(folder: Path, *, quick: bool, say: Callable[[str], None]) -> dict[str, float]:
    """Measure on the embedded chain; the growth figures are the dearest of grant, use and withdrawal."""
    with InstanceProcess(folder, access_interval=_NEVER_S) as served:
        accepted = _oversubscribe(served, folder)
        say(f"{_ASKED} verifications at once of a consent with {_MOST} uses: {accepted} answered")
        uses = _Registry(served).uses_per_s(2_000 if quick else 8_000)
        say(f"{uses:.0f} uses/s, each of {_CALLERS} callers waiting for its own")
    gas, time_ = _growth(folder.parent, (10, 200, 2_000) if quick else (10, 1_000, 100_000), say)
    return {
        "uses_per_s": round(uses),
        "growth_gas_ratio": round(gas, 3),
        "growth_time_ratio": round(time_, 2),
        "oversubscribed_accepted": accepted,
    }


def _growth(folder: Path, levels: tuple[int, ...], say: Callable[[str], None]) -> tuple[float, float]:
    """Return how much dearer a step is, in gas and in time, where there are more consents.

    There is one chain a level, and they are measured in turn, round by round, so that whatever else the machine does
    falls on all alike. The first chain is measured at the beginning and at the end of a round, and a time is held
    against the mean of both; what they differ from each other is noise, which is said.
    """
    with ExitStack() as chains:
        registries = []
        for level in levels:
            served = chains.enter_context(InstanceProcess(folder / f"level-{level}", access_interval=_NEVER_S))
            registries.append(_Registry(served))
            registries[-1].fill(level)
        samples = [_Samples() for _ in (*levels, levels[0])]
        for _ in range(_SAMPLES):
            for one, registry in zip(samples, (*registries, registries[0]), strict=True):
                one.add(registry)
    for level, one in zip((*levels, levels[0]), samples, strict=True):
        say(f"{level} consents: {one}")
    first, *later, again = samples
    say(f"the first chain against itself: time {again.slower_than(first):.2f}")
    return max(one.gas_above(first) for one in later), max(one.slower_than(first, again) for one in later)


class _Samples:
    """Gas and milliseconds of each step of a consent's life."""

    def __init__(self) -> None:
        self._steps: dict[str, list[tuple[float, float]]] = {}

    def add(self, registry: "_Registry") -> None:
        """Live one life and note what its steps cost."""
        for (name, done), seconds in _timed(registry.life()):
            self._steps.setdefault(name, []).append((done.gas_used, 1000 * seconds))

    def gas_above(self, first: "_Samples") -> float:
        """Return the largest ratio of median gas."""
        return max(self._median(name, 0) / first._median(name, 0) for name in self._steps)  # noqa: SLF001 - our own

    def slower_than(self, *others: "_Samples") -> float:
        """Return the largest of the steps' ratios of times to the mean of ``others``: the median over the rounds."""
        return max(
            statistics.median(
                own / statistics.mean(other._steps[name][place][1] for other in others)  # noqa: SLF001 - our own
                for place, (_, own) in enumerate(lived)
            )
            for name, lived in self._steps.items()
        )

    def _median(self, name: str, which: int) -> float:
        return statistics.median(sample[which] for sample in self._steps[name])

    @override
    def __str__(self) -> str:
        return ", ".join(
            f"{name} {self._median(name, 0):.0f} gas {self._median(name, 1):.1f} ms" for name in self._steps
        )


@dataclass(frozen=True, slots=True)
class _Held:
    """A consent with its keys, which are fresh ones."""

    order: GrantOrder
    secret: bytes
    spend: SigningKey

    @classmethod
    def fresh(cls, domain: SigningDomain) -> Self:
        """Return one that can be granted now and used as often as there are numbers."""
        spend, steward, secret = SigningKey(random_bytes(32)), SigningKey(random_bytes(32)), random_bytes(32)
        now, terms_hash, signatures = whole_minute(clock.now()), random_bytes(32), random_bytes(32)
        bounds = Bounds(
            not_before=now,
            expires_at=now + 86_400,
            max_uses=MAX_USES,
            grant_before=now + 86_400,
            spend_key=spend.address,
            steward_key=steward.address,
            withdrawal_hash=withdrawal_hash(secret),
        )
        shown = ShownConsentId.from_hash(terms_hash, bounds, domain)
        word = steward.sign(grant_digest(shown.id, signatures, domain))
        return cls(GrantOrder(shown, signatures, word), secret, spend)

    def use(self, number: int, domain: SigningDomain) -> SignedUse:
        """Return a use that the spend key signed."""
        consent, ticket, until = self.order.shown.id, random_bytes(32), clock.now() + 86_400
        signature = self.spend.sign(use_digest(consent, number, ticket, until, domain))
        return SignedUse(consent, number, ticket, until, signature)


class _Registry:
    """The ConsentRegistry of a served instance, written to beside it by its own relaying account."""

    def __init__(self, served: InstanceProcess) -> None:
        self._book = served.home.address_book()
        self._rpc = Rpc(served.node()["url"])
        self._relayer = served.home.read_key("operator")
        self._connect()
        self._count = 0

    def _connect(self) -> None:
        self._sender = Sender(self._rpc, self._book.chain_id, self._relayer)
        self._ledger = Web3Ledger(self._book, self._rpc, relayer=self._sender)
        self._domain = self._ledger.consent_domain

    def uses_per_s(self, total: int) -> float:
        """Record uses from many callers at once, each of whom waits for its own."""
        consents = [self._grant() for _ in range(-(-total // MAX_USES))]
        uses = [held.use(number, self._domain) for number in range(1, MAX_USES + 1) for held in consents][:total]
        groups: GroupWork[Use, RecordedUse] = GroupWork(
            UseRecorder(self._ledger).record, name="uses", threads=1, most=MAX_USES_AT_A_TIME
        )
        groups.start()
        began = time.monotonic()
        with ThreadPoolExecutor(_CALLERS) as callers:
            results = list(callers.map(lambda use: groups.submit(Use(use, {})).result(), uses))
        seconds = time.monotonic() - began
        groups.stop()
        if not all(recorded.refusal is None for recorded in results):
            raise RuntimeError("a use of a live consent was refused")
        return total / seconds

    def fill(self, level: int) -> None:
        """Grant until there are ``level`` consents, many transactions at a time."""
        nonce = int(self._rpc.request("eth_getTransactionCount", to_hex(self._sender.address), "latest"), 16)
        while self._count < level:
            group = min(_SENT_AT_ONCE, level - self._count)
            signed = [
                Account.sign_transaction(
                    {
                        "chainId": self._book.chain_id,
                        "nonce": nonce + n,
                        "gas": _GAS // 5,
                        "gasPrice": 0,
                        "value": 0,
                        "to": self._book.contracts["ConsentRegistry"],
                        "data": grant_call(_Held.fresh(self._domain).order),
                    },
                    self._relayer,
                )
                for n in range(group)
            ]
            self._rpc.batch([("eth_sendRawTransaction", [to_hex(one.raw_transaction)]) for one in signed])
            while self._rpc.request("eth_getTransactionReceipt", to_hex(signed[-1].hash)) is None:
                time.sleep(0.01)
            nonce, self._count = nonce + group, self._count + group
        self._connect()

    def life(self) -> Iterator[tuple[str, Mined]]:
        """Grant, use and withdraw one more consent."""
        held = _Held.fresh(self._domain)
        self._count += 1
        yield "grant", self._ledger.grant(held.order)
        (used,) = self._ledger.record_uses([held.use(1, self._domain)])
        yield "use", used.mined
        yield "withdraw", self._ledger.withdraw(SecretOrder(held.order.shown, held.secret))

    def _grant(self) -> _Held:
        held = _Held.fresh(self._domain)
        self._count += 1
        self._ledger.grant(held.order)
        return held


def _timed(steps: Iterator[tuple[str, Mined]]) -> Iterator[tuple[tuple[str, Mined], float]]:
    began = time.monotonic()
    for step in steps:
        yield step, time.monotonic() - began
        began = time.monotonic()


def _oversubscribe(served: InstanceProcess, folder: Path) -> int:
    """Ask far more often at once than a consent allows; return how many verdicts left."""
    export = export_of(folder.parent, _SCHEMA, 10, 1)
    attest(served.client("tax-bureau"), export, _SCHEMA, lambda _: None)
    register(served.client("market-regulator"), served.home, SHOP, credit_code(0, 1))
    key = served.home.read_key(SHOP)
    seed = spend_seed(served.home, BANK_SLUG)
    asked, _ = grant(
        served.client(SHOP),
        key,
        BANK,
        [_QUESTION],
        seed=seed,
        purpose="post_loan_monitoring",
        uses=_MOST,
        days=31 * _MOST,
    )

    def ask(_: int) -> bool:
        answer = Asker(served.client(BANK_SLUG), seed, asked).ask([_QUESTION])
        claim = answer["presentation"]["claims"][0]
        return bool(claim["verdict"] != Outcome.CANNOT_TELL.value)

    with ThreadPoolExecutor(_CALLERS) as callers:
        return sum(callers.map(ask, range(_ASKED)))
