"""A chain in memory with the six contracts of a small consortium, and custom errors by their names."""

import ast
import json
from dataclasses import dataclass, field
from importlib import resources

import pytest
from eth.vm.forks.cancun import CancunVM
from eth_abi import decode, encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from eth_utils import keccak
from web3 import Web3
from web3.logs import DISCARD
from web3.providers.eth_tester import EthereumTesterProvider

NAMES = (
    "Council",
    "MemberRegistry",
    "SchemaRegistry",
    "AnchorRegistry",
    "ConsentRegistry",
    "SubjectRegistry",
)
ARTIFACTS = {
    name: json.loads(resources.files("contracts").joinpath(f"artifacts/{name}.json").read_text("utf-8"))
    for name in NAMES
}
GENESIS_TIME = 1_800_000_000
GAS = 25_000_000
FOREVER = 2**64 - 1
ZERO = bytes(32)

DEPARTMENT, BANK, REGISTRAR, RELAYER = 1, 2, 4, 8
ACTIVE, SUSPENDED, LEFT = 1, 2, 3

ERRORS = {
    keccak(text=f"{entry['name']}({','.join(i['type'] for i in entry['inputs'])})")[:4]: entry
    for artifact in ARTIFACTS.values()
    for entry in artifact["abi"]
    if entry["type"] == "error"
}

BATCH_FIELDS = (
    ("member", "bytes32"),
    ("stream", "uint8"),
    ("number", "uint64"),
    ("root", "bytes32"),
    ("size", "uint32"),
    ("previousRoot", "bytes32"),
    ("supersededDigest", "bytes32"),
)
STATUS_CHANGE_FIELDS = (
    ("member", "bytes32"),
    ("number", "uint64"),
    ("plane", "uint8"),
    ("changesDigest", "bytes32"),
    ("reason", "uint16"),
)


def word(text):
    """A bytes32 that stands for a name."""
    return keccak(text=text)


def call_of(function):
    """A contract function as a call of the council."""
    return (function.address, function._encode_transaction_data())


class Refused(Exception):  # noqa: N818 - what it is: a refusal of the contract
    """A call that reverted: the name of the custom error and its arguments."""

    def __init__(self, name, values):
        super().__init__(name, values)
        self.name, self.values = name, values

    @classmethod
    def of(cls, data):
        """Decode revert data; the error of a failed council call is the one inside."""
        entry = ERRORS.get(data[:4])
        if entry is None:
            return cls(f"unknown {data.hex()}", ())
        values = decode([i["type"] for i in entry["inputs"]], data[4:])
        if entry["name"] == "CouncilCallFailed" and values[1][:4] in ERRORS:
            return cls.of(values[1])
        return cls(entry["name"], values)


class Chain:
    """One block a transaction, one second a block; nothing here reads the real clock."""

    failures = (TransactionFailed,)

    def __init__(self):
        genesis = PyEVMBackend.generate_genesis_params({"timestamp": GENESIS_TIME})
        self.tester = EthereumTester(PyEVMBackend(genesis_parameters=genesis, vm_configuration=((0, CancunVM),)))
        self.w3 = Web3(EthereumTesterProvider(self.tester))
        self.accounts = [Account.from_key(key.to_bytes()) for key in self.tester.backend.account_keys]

    @property
    def next_time(self):
        """The time of the block that the next transaction or call is in."""
        return self.w3.eth.get_block("pending")["timestamp"]

    def at(self, time):
        """Let the next transaction or call be at exactly this time."""
        self.tester.time_travel(time)

    def snapshot(self):
        """Remember everything as it is now."""
        return self.tester.take_snapshot()

    def revert(self, snapshot):
        """Let everything be as it was then."""
        self.tester.revert_to_snapshot(snapshot)

    def deploy(self, name, *args):
        artifact = ARTIFACTS[name]
        factory = self.w3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        receipt = self.send(factory.constructor(*args), data=factory.constructor(*args).data_in_transaction)
        return self.w3.eth.contract(address=receipt["contractAddress"], abi=artifact["abi"])

    def send(self, function, sender=None, data=None):
        """Send a transaction; its receipt.

        Raises:
            Refused: it reverted.
        """
        sent_from = {"from": (sender or self.accounts[0]).address}
        sent = function.transact({**sent_from, "gas": GAS})
        receipt = self.w3.eth.get_transaction_receipt(sent)
        if receipt["status"] != 1:
            if data is not None:
                self.revert_data({**sent_from, "data": data, "gas": GAS})
            self.read(function, sender)
            raise AssertionError("the transaction failed, but the call after it does not")
        return receipt

    def revert_data(self, transaction):
        """Make a plain call and raise what it reverts with."""
        try:
            self.w3.eth.call(transaction, "pending")
        except self.failures as error:
            raise self.refusal(error) from None

    def read(self, function, sender=None):
        """Call as if it were the next transaction.

        Raises:
            Refused: it reverted.
        """
        try:
            return function.call({"from": (sender or self.accounts[0]).address, "gas": GAS}, block_identifier="pending")
        except self.failures as error:
            raise self.refusal(error) from None

    def refuses(self, name, function, *values, sender=None):
        """Assert that the next transaction is refused with this error (and these arguments, if given)."""
        with pytest.raises(Refused) as refused:
            self.read(function, sender)
        assert refused.value.name == name, refused.value
        if values:
            assert refused.value.values == values
        sent = function.transact({"from": (sender or self.accounts[0]).address, "gas": GAS})
        assert self.w3.eth.get_transaction_receipt(sent)["status"] == 0

    def time_of(self, receipt):
        return self.w3.eth.get_block(receipt["blockNumber"])["timestamp"]

    def refusal(self, error):
        """Turn eth-tester's text, ``execution reverted: b'…'``, into a refusal."""
        head, _, literal = str(error.args[0]).partition("execution reverted: ")
        if head or not literal.startswith(("b'", 'b"')):
            return error
        return Refused.of(ast.literal_eval(literal))


def events(contract, receipt, name):
    """The arguments of the events of this name, in their order."""
    found = contract.events[name]().process_receipt(receipt, errors=DISCARD)
    return [dict(log["args"]) for log in found if log["address"] == contract.address]


@dataclass
class Member:
    id: bytes
    roles: int
    key: object = field(repr=False)


class Consortium:
    """Six contracts, one governor, and a member for each part that is played."""

    def __init__(self, chain):
        self.chain = chain
        self.governor, *keys = chain.accounts
        self.stranger = keys[8]
        self.council = chain.deploy("Council", [self.governor.address], 1)
        self.members = chain.deploy("MemberRegistry", self.council.address)
        self.schemas = chain.deploy("SchemaRegistry", self.council.address)
        self.anchors = chain.deploy("AnchorRegistry", self.members.address)
        self.consents = chain.deploy("ConsentRegistry", self.members.address)
        self.subjects = chain.deploy("SubjectRegistry", self.members.address)
        self.tax = Member(word("tax"), DEPARTMENT, keys[0])
        self.court = Member(word("court"), DEPARTMENT, keys[1])
        self.bank = Member(word("bank"), BANK, keys[2])
        self.registrar = Member(word("registrar"), REGISTRAR, keys[3])
        self.relayer = Member(word("relayer"), RELAYER, keys[4])
        for member in (self.tax, self.court, self.bank, self.registrar, self.relayer):
            self.govern(
                self.members.functions.addMember(member.id, member.roles, "name", "https://service"),
                self.members.functions.addKey(member.id, member.key.address, 0, FOREVER),
            )

    def proposal(self, *functions):
        """The proposal of these calls, executed at once."""
        return self.council.functions.proposeAndExecute([call_of(function) for function in functions])

    def govern(self, *functions):
        return self.chain.send(self.proposal(*functions))

    def council_refuses(self, name, function, *values):
        """Assert that the call is refused although it is the council that makes it."""
        self.chain.refuses(name, self.proposal(function), *values)

    def typed(self, name, fields, message, chain_id=None, contract=None):
        """The EIP-712 message as eth-account encodes it."""
        domain = {
            "name": "Credence",
            "version": "1",
            "chainId": chain_id or self.chain.w3.eth.chain_id,
            "verifyingContract": contract or self.anchors.address,
        }
        types = {name: [{"name": n, "type": t} for n, t in fields]}
        return encode_typed_data(domain, types, message)

    def batch(self, member, number=1, stream=0, size=100, previous=ZERO, words=(), masks=()):
        """A batch of a member whose root stands for its number."""
        return {
            "member": member.id,
            "stream": stream,
            "number": number,
            "root": word(f"root {number}"),
            "size": size,
            "previousRoot": previous or ZERO,
            "supersededDigest": lists_digest(words, masks) if words else ZERO,
        }

    def sign_batch(self, batch, key, **domain):
        return bytes(key.sign_message(self.typed("Batch", BATCH_FIELDS, batch, **domain)).signature)

    def anchor(self, batch, key, words=(), masks=(), signature=None):
        """The call that anchors a batch, signed by a key."""
        signature = self.sign_batch(batch, key) if signature is None else signature
        return self.anchors.functions.anchor(tuple(batch.values()), signature, list(words), list(masks))

    def change(self, member, words, masks, number=1, plane=0, reason=1):
        return {
            "member": member.id,
            "number": number,
            "plane": plane,
            "changesDigest": lists_digest(words, masks),
            "reason": reason,
        }

    def sign_change(self, change, key, **domain):
        typed = self.typed("StatusChange", STATUS_CHANGE_FIELDS, change, **domain)
        return bytes(key.sign_message(typed).signature)

    def change_status(self, change, key, words, masks, signature=None):
        """The call that changes a status, signed by a key."""
        signature = self.sign_change(change, key) if signature is None else signature
        return self.anchors.functions.changeStatus(tuple(change.values()), signature, words, masks)


def lists_digest(words, masks):
    return keccak(encode(["uint256[]", "uint256[]"], [list(words), list(masks)]))
