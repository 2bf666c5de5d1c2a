"""Contract set 2 on a chain in memory: one consortium, and custom errors by their names."""

import ast
import json
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from importlib import resources

import pytest
import rlp
from eth.vm.forks.cancun import CancunVM
from eth_abi import decode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from eth_utils import keccak, to_canonical_address, to_checksum_address
from web3 import Web3
from web3.logs import DISCARD
from web3.providers.eth_tester import EthereumTesterProvider

from tests.kit.contract_anchor import AnchorCalls

NAMES = (
    "Council",
    "MemberRegistry",
    "SchemaRegistry",
    "AnchorRegistry",
    "SubjectRegistry",
    "ConsentRegistry",
    "DisputeVerifier",
)
GENESIS_TIME = 1_800_000_000
GAS = 25_000_000
FOREVER = 2**64 - 1
ZERO = bytes(32)
NOBODY = "0x" + "00" * 20
DAY = 86_400
NO_DELAYS, DELAYS = (0, 0), (3 * DAY, 7 * DAY)

DEPARTMENT, BANK, REGISTRAR, RELAYER = 1, 2, 4, 8
ACTIVE, SUSPENDED, LEFT = 1, 2, 3


class Purpose(IntEnum):
    """What a key is for, as bits of a mask."""

    ATTEST = 1
    STATUS = 2
    ERASE = 4
    LOG = 8
    RECEIPT = 16
    RELAY = 32
    REGISTER = 64
    SIGN_IN = 128
    ALL = 255


class Rule(IntEnum):
    """How long the council's call of a function waits."""

    UNKNOWN = 0
    GIVE = 1
    CHANGE = 2
    TAKE = 3
    TAKE_ONE = 4
    TAKE_FORWARD = 5
    TAKE_IF_TRUE = 6


# every function that only the council may call; what is not here waits longest
RULES = {
    "MemberRegistry": {
        "addMember": Rule.GIVE,
        "addRoles": Rule.GIVE,
        "removeRoles": Rule.TAKE,
        "suspend": Rule.TAKE,
        "reactivate": Rule.GIVE,
        "retire": Rule.TAKE,
        "setSuccessor": Rule.GIVE,
        "setServiceUrl": Rule.GIVE,
        "addKey": Rule.GIVE,
        "endKey": Rule.TAKE,
        "markCompromised": Rule.TAKE_FORWARD,
        "addValidator": Rule.GIVE,
        "removeValidator": Rule.TAKE_ONE,
        "setFrozen": Rule.TAKE_IF_TRUE,
    },
    "SchemaRegistry": {
        "register": Rule.GIVE,
        "allowIssuer": Rule.GIVE,
        "disallowIssuer": Rule.TAKE,
        "setDocument": Rule.GIVE,
    },
    "AnchorRegistry": {"changeStatusFor": Rule.GIVE, "restore": Rule.GIVE},
    "SubjectRegistry": {"nameRegistrar": Rule.GIVE},
}
# what anyone may call; with a rule it goes into the proposal that freezes, and does not hold it up
ALSO_RULED = {"ConsentRegistry": {"followFreeze": Rule.TAKE}}


@cache
def artifact(name):
    """The compiled contract of this name."""
    return json.loads(resources.files("contracts").joinpath(f"artifacts/{name}.json").read_text("utf-8"))


def deployed_code(name):
    """The code of a contract as it stands on a chain, its immutables left zero."""
    made = artifact(name)
    return bytes.fromhex(made["bytecode"][2:])[made["deployedAt"] :]


@cache
def errors():
    """Every custom error of the set, by its selector."""
    return {
        keccak(text=f"{entry['name']}({','.join(map(type_of, entry['inputs']))})")[:4]: entry
        for name in NAMES
        for entry in artifact(name)["abi"]
        if entry["type"] == "error"
    }


def type_of(parameter):
    """The canonical type of an ABI parameter, tuples spelled out."""
    kind = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(type_of, parameter['components']))}){kind[5:]}"


def selectors(name):
    """The selector of each function of a contract, by its name."""
    return {
        entry["name"]: keccak(text=f"{entry['name']}({','.join(map(type_of, entry['inputs']))})")[:4]
        for entry in artifact(name)["abi"]
        if entry["type"] == "function"
    }


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
        entry = errors().get(data[:4])
        if entry is None:
            return cls(f"unknown {data.hex()}", ())
        values = decode([type_of(i) for i in entry["inputs"]], data[4:])
        if entry["name"] == "CouncilCallFailed" and values[1][:4] in errors():
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

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Nothing runs that has to end."""

    @property
    def next_time(self):
        """The time of the block that the next transaction or call is in."""
        return self.w3.eth.get_block("pending")["timestamp"]

    def at(self, time):
        """Let the next transaction or call be at exactly this time."""
        self.tester.time_travel(time)

    def wait(self, seconds):
        """Let the next transaction or call be so much later."""
        self.at(self.next_time + seconds)

    def snapshot(self):
        """Remember everything as it is now."""
        return self.tester.take_snapshot()

    def revert(self, snapshot):
        """Let everything be as it was then."""
        self.tester.revert_to_snapshot(snapshot)

    def next_address(self, ahead=0):
        """The address of the contract that the first account deploys next, or `ahead` transactions later."""
        sender = self.accounts[0].address
        nonce = self.w3.eth.get_transaction_count(sender) + ahead
        return to_checksum_address(keccak(rlp.encode([to_canonical_address(sender), nonce]))[12:])

    def deploy(self, name, *args):
        made = artifact(name)
        factory = self.w3.eth.contract(abi=made["abi"], bytecode=made["bytecode"])
        receipt = self.send(factory.constructor(*args), data=factory.constructor(*args).data_in_transaction)
        return self.w3.eth.contract(address=receipt["contractAddress"], abi=made["abi"])

    def send(self, function, sender=None, data=None):
        """Send a transaction; its receipt.

        Raises:
            Refused: it reverted.
        """
        sent_from = {"from": (sender or self.accounts[0]).address}
        sent = function.transact({**sent_from, "gas": GAS})
        receipt = self.receipt(sent)
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
            assert refused.value.values == tuple(map(plain, values))
        sent = function.transact({"from": (sender or self.accounts[0]).address, "gas": GAS})
        assert self.receipt(sent)["status"] == 0

    def receipt(self, sent):
        """The receipt of a transaction that was just sent."""
        return self.w3.eth.get_transaction_receipt(sent)

    def time_of(self, receipt):
        return self.w3.eth.get_block(receipt["blockNumber"])["timestamp"]

    def slot(self, contract, where):
        """A storage slot of a contract, as a number."""
        return int.from_bytes(self.w3.eth.get_storage_at(contract.address, where))

    def refusal(self, error):
        """Turn eth-tester's text, ``execution reverted: b'…'``, into a refusal."""
        head, _, literal = str(error.args[0]).partition("execution reverted: ")
        if head or not literal.startswith(("b'", 'b"')):
            return error
        return Refused.of(ast.literal_eval(literal))


def plain(value):
    """An argument of an error as it is decoded: addresses in lower case."""
    return value.lower() if isinstance(value, str) and value.startswith("0x") else value


def events(contract, receipt, name):
    """The arguments of the events of this name, in their order."""
    found = contract.events[name]().process_receipt(receipt, errors=DISCARD)
    return [dict(log["args"]) for log in found if log["address"] == contract.address]


@dataclass
class Member:
    """A member, and the key that does everything for it."""

    id: bytes
    roles: int
    key: object = field(repr=False)


class ContractSet(AnchorCalls):
    """The whole set, founded by its first account, and a member for each part that is played."""

    def __init__(self, chain, *, governors=None, threshold=1, recovery=0, delays=NO_DELAYS, names=NAMES):
        self.chain = chain
        self.governor, *keys = chain.accounts
        self.stranger = keys[8]
        self.governors = governors or [self.governor]
        self.address = {name: chain.next_address(ahead) for ahead, name in enumerate(names)}
        self.contract = {}
        self._founding = ([g.address for g in self.governors], threshold, recovery, delays, self.rules())
        for name in names:
            self.contract[name] = chain.deploy(name, *self._arguments(name))
            assert self.contract[name].address == self.address[name]
        self.council, self.members, self.schemas, self.anchors, self.subjects, self.consents, self.disputes = (
            self.contract.get(name) for name in NAMES
        )
        self.tax = Member(word("tax"), DEPARTMENT, keys[0])
        self.court = Member(word("court"), DEPARTMENT, keys[1])
        self.bank = Member(word("bank"), BANK, keys[2])
        self.registrar = Member(word("registrar"), REGISTRAR, keys[3])
        self.relayer = Member(word("relayer"), RELAYER, keys[4])
        self.cast = (self.tax, self.court, self.bank, self.registrar, self.relayer)

    def rules(self):
        """The council's table, for the contracts that are there."""
        return [
            (self.address[name], selectors(name)[function], rule)
            for name, functions in (RULES | ALSO_RULED).items()
            for function, rule in functions.items()
            if name in self.address
        ]

    def _arguments(self, name):
        """What a constructor takes, by the names of its parameters: other contracts of the set."""
        if name == "Council":
            return self._founding
        constructor = next((e for e in artifact(name)["abi"] if e["type"] == "constructor"), {"inputs": []})
        known = {
            "council": "Council",
            "members": "MemberRegistry",
            "schemas": "SchemaRegistry",
            "anchors": "AnchorRegistry",
            "subjects": "SubjectRegistry",
        }
        return [self.address[known[i["name"].rstrip("_")]] for i in constructor["inputs"]]

    def with_members(self):
        """Add everybody who plays a part, with a key for every purpose; the set again."""
        for member in self.cast:
            self.admit(member)
        return self

    def admit(self, member, purposes=Purpose.ALL):
        """Let the council add a member and its key."""
        self.govern(
            self.members.functions.addMember(member.id, member.roles, "name", "https://service"),
            self.members.functions.addKey(member.id, member.key.address, purposes, 0, FOREVER),
        )
        return member

    def add_key(self, member, key, purposes=Purpose.ALL):
        """Let the council give a member another key."""
        self.govern(self.members.functions.addKey(member.id, key.address, purposes, 0, FOREVER))
        return key

    def proposal(self, *functions):
        """The proposal of these calls, executed at once."""
        return self.council.functions.proposeAndExecute([call_of(function) for function in functions])

    def govern(self, *functions):
        return self.chain.send(self.proposal(*functions))

    def council_refuses(self, name, function, *values):
        """Assert that the call is refused although it is the council that makes it."""
        self.chain.refuses(name, self.proposal(function), *values)

    def typed(self, contract, name, fields, message, chain_id=None, version="1"):
        """The EIP-712 message under a contract's domain, as eth-account encodes it."""
        domain = {
            "name": "Credence",
            "version": version,
            "chainId": chain_id or self.chain.w3.eth.chain_id,
            "verifyingContract": getattr(contract, "address", contract),
        }
        types = {name: [{"name": n, "type": t} for n, t in fields]}
        return encode_typed_data(domain, types, message)
