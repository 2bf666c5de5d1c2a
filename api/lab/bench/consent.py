"""What consents cost: uses recorded before revealing, how cost grows with their number, and that none is overspent."""

import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from eth_account import Account
from typing_extensions import override

from api.catalogue.synthetic import credit_code
from api.lab.demo.actor import attest, export_of, grant, register
from api.lab.demo.server import InstanceProcess
from api.lab.demo.story import BANK, SHOP
from api.services.verification.use_recorder import RecordedUse, Use, UseRecorder
from api.work.batching import GroupWork
from ledger_node import clock
from ledger_node.chain.artifact import artifact
from ledger_node.chain.rpc import Rpc, TransactionReceipt
from ledger_node.chain.sender import Sender
from ledger_node.chain.web3_ledger import Web3Ledger
from ledger_node.domain.consent import NO_REQUEST
from ledger_node.domain.consent_act import withdrawal_hash
from ledger_node.domain.json_object import to_hex
from ledger_node.domain.proof import Outcome
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
            self._steps.setdefault(name, []).append((done.mined.gas_used, 1000 * seconds))

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


class _Registry:
    """The ConsentRegistry of a served instance, written to beside it by its own relaying account."""

    def __init__(self, served: InstanceProcess) -> None:
        book = served.home.address_book()
        self._rpc = Rpc(served.node()["url"])
        self._relayer = served.home.read_key("operator")
        self._sender = Sender(self._rpc, book.chain_id, self._relayer)
        self._chain_id = book.chain_id
        self._to = book.contracts["ConsentRegistry"]
        self._ledger = Web3Ledger(book, self._rpc, relayer=self._sender)
        self._count = 0

    def uses_per_s(self, total: int) -> float:
        """Record uses from many callers at once, each of whom waits for its own."""
        consents = [self._grant()[0] for _ in range(_CALLERS)]
        groups: GroupWork[Use, RecordedUse] = GroupWork(
            UseRecorder(self._ledger).record, name="uses", threads=1, most=512
        )
        groups.start()
        began = time.monotonic()
        with ThreadPoolExecutor(_CALLERS) as callers:
            uses = (Use(consents[n % _CALLERS], random_bytes(32), {}) for n in range(total))
            results = list(callers.map(lambda use: groups.submit(use).result(), uses))
        seconds = time.monotonic() - began
        groups.stop()
        if not all(recorded.result.recorded for recorded in results):
            raise RuntimeError("a use of a live consent was refused")
        return total / seconds

    def fill(self, level: int) -> None:
        """Grant until there are ``level`` consents, many transactions at a time."""
        nonce = int(self._rpc.request("eth_getTransactionCount", to_hex(self._sender.address), "latest"), 16)
        calls = artifact("ConsentRegistry")
        while self._count < level:
            group = min(_SENT_AT_ONCE, level - self._count)
            signed = [
                Account.sign_transaction(
                    {
                        "chainId": self._chain_id,
                        "nonce": nonce + n,
                        "gas": _GAS // 10,
                        "gasPrice": 0,
                        "value": 0,
                        "to": self._to,
                        "data": calls.encode("grant", *_bounds(random_bytes(32))),
                    },
                    self._relayer,
                )
                for n in range(group)
            ]
            self._rpc.batch([("eth_sendRawTransaction", [to_hex(one.raw_transaction)]) for one in signed])
            while self._rpc.request("eth_getTransactionReceipt", to_hex(signed[-1].hash)) is None:
                time.sleep(0.01)
            nonce, self._count = nonce + group, self._count + group
        self._sender = Sender(self._rpc, self._chain_id, self._relayer)

    def life(self) -> Iterator[tuple[str, TransactionReceipt]]:
        """Grant, use and withdraw one more consent."""
        secret = random_bytes(32)
        identity, receipt = self._grant(secret)
        yield "grant", receipt
        yield "use", self._send("recordUses", [identity], [random_bytes(32)])
        yield "withdraw", self._send("withdraw", identity, secret)

    def _grant(self, secret: bytes | None = None) -> tuple[bytes, TransactionReceipt]:
        identity = random_bytes(32)
        self._count += 1
        return identity, self._send("grant", *_bounds(identity, secret))

    def _send(self, function: str, *args: object) -> TransactionReceipt:
        return self._sender.send(self._to, artifact("ConsentRegistry").encode(function, *args), gas=_GAS)


def _bounds(identity: bytes, secret: bytes | None = None) -> tuple[object, ...]:
    now = clock.now()
    return (identity, now - 60, now + 86_400, 2**31, withdrawal_hash(secret or random_bytes(32)), NO_REQUEST)


def _timed(steps: Iterator[tuple[str, TransactionReceipt]]) -> Iterator[tuple[tuple[str, TransactionReceipt], float]]:
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
    asked, _ = grant(
        served.client(SHOP), key, BANK, [_QUESTION], purpose="post_loan_monitoring", uses=_MOST, days=31 * _MOST
    )

    def ask(_: int) -> bool:
        claim = served.client("demo-bank").verify(asked, [_QUESTION])["presentation"]["claims"][0]
        return bool(claim["verdict"] != Outcome.CANNOT_TELL.value)

    with ThreadPoolExecutor(_CALLERS) as callers:
        return sum(callers.map(ask, range(_ASKED)))
