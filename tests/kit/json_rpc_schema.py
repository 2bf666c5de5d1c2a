"""What the JSON-RPC of Ethereum answers, as JSON Schemas: for each method of the node, its whole result.

Written for this project, after what Ethereum clients answer at Cancun. It is stricter than the public description: an
object has these members and no others, and data has whole bytes. So it also notices what the node adds by mistake.
"""

NULL = {"type": "null"}
BOOLEAN = {"type": "boolean"}
PART = {"type": "number", "minimum": 0, "maximum": 1}


def text(pattern):
    """Return a string that is all of ``pattern``; ``$`` would let a line end follow."""
    return {"type": "string", "pattern": rf"\A(?:{pattern})\Z"}


def octets(count):
    """Return DATA of ``count`` bytes, in small letters."""
    return text(f"0x[0-9a-f]{{{2 * count}}}")


def either(*schemas):
    return {"anyOf": list(schemas)}


def every(schema):
    """Return a list whose members are all of one kind."""
    return {"type": "array", "items": schema}


def members(needed, **optional):
    """Return an object that has the ``needed`` members, may have the ``optional`` ones, and no others."""
    return {
        "type": "object",
        "properties": needed | optional,
        "required": sorted(needed),
        "additionalProperties": False,
    }


def named(names, schema):
    return dict.fromkeys(names.split(), schema)


QUANTITY = text("0x(?:0|[1-9a-f][0-9a-f]{0,63})")
"""A number: no zeros in front, at most 256 bits."""
COUNTER = text("0x(?:0|[1-9a-f][0-9a-f]{0,15})")
"""A number of 64 bits: how many transactions an account has sent (EIP-2681)."""
DATA = text("0x(?:[0-9a-f]{2})*")
HASH, SLOT, BLOOM = octets(32), octets(32), octets(256)
ADDRESS = text("0x[0-9a-fA-F]{40}")
"""In any case, for capitals are a checksum (ERC-55)."""
NOTHING = {"const": "0x0"}

PLACE = "blockNumber blockTimestamp transactionIndex"
MINED = named(PLACE, QUANTITY) | {"blockHash": HASH}
WAITING = named(PLACE + " blockHash", NULL)

ACCESS_LIST = every(members({"address": ADDRESS, "storageKeys": every(SLOT)}))
PARITY = {"enum": ["0x0", "0x1"]}
SIGNED = named("gas value gasPrice chainId r s", QUANTITY) | {
    "nonce": COUNTER,
    "hash": HASH,
    "from": ADDRESS,
    "to": either(ADDRESS, NULL),
    "input": DATA,
}
BY_TYPE = {
    "0x0": {"v": QUANTITY},
    "0x1": {"v": PARITY, "yParity": PARITY, "accessList": ACCESS_LIST},
    "0x2": {"v": PARITY, "yParity": PARITY, "accessList": ACCESS_LIST}
    | named("maxFeePerGas maxPriorityFeePerGas", QUANTITY),
}
"""What a transaction has beside ``SIGNED``, by its type: legacy, access list (EIP-2930), fees (EIP-1559)."""


def transaction(place):
    return either(*(members(SIGNED | own | place | {"type": {"const": kind}}) for kind, own in BY_TYPE.items()))


LOG = members(
    MINED
    | {
        "transactionHash": HASH,
        "logIndex": QUANTITY,
        "address": ADDRESS,
        "topics": every(HASH) | {"maxItems": 4},
        "data": DATA,
        "removed": {"const": False},
    }
)

RECEIPT = members(
    named("blockNumber transactionIndex gasUsed cumulativeGasUsed effectiveGasPrice", QUANTITY)
    | named("blockHash transactionHash", HASH)
    | named("to contractAddress", either(ADDRESS, NULL))
    | {
        "from": ADDRESS,
        "type": {"enum": sorted(BY_TYPE)},
        "status": {"enum": ["0x0", "0x1"]},
        "logs": every(LOG),
        "logsBloom": BLOOM,
    }
)

SEAL = {"sealer": either(ADDRESS, NULL), "seal": DATA}
"""What the node adds to a block: who signed its hash, and the signature."""

BLOCK = members(
    named("number timestamp size gasLimit gasUsed baseFeePerGas blobGasUsed excessBlobGas", QUANTITY)
    | named("hash parentHash sha3Uncles mixHash parentBeaconBlockRoot", HASH)
    | named("stateRoot transactionsRoot receiptsRoot withdrawalsRoot", HASH)
    | named("difficulty totalDifficulty", NOTHING)
    | named("uncles withdrawals", every(False))
    | {
        "miner": ADDRESS,
        "nonce": octets(8),
        "extraData": DATA,
        "logsBloom": BLOOM,
        "transactions": either(every(HASH), every(transaction(MINED))),
    }
    | SEAL
)

FEES = members(
    {"oldestBlock": QUANTITY}
    | named("baseFeePerGas baseFeePerBlobGas", every(QUANTITY))
    | named("gasUsedRatio blobGasUsedRatio", every(PART)),
    reward=every(every(QUANTITY)),
)

PROOF = members(
    {
        "address": ADDRESS,
        "balance": QUANTITY,
        "nonce": COUNTER,
        "codeHash": HASH,
        "storageHash": HASH,
        "accountProof": every(DATA),
        "storageProof": every(members({"key": SLOT, "value": QUANTITY, "proof": every(DATA)})),
    }
)

RESULTS = (
    named("eth_blobBaseFee eth_blockNumber eth_chainId eth_estimateGas eth_gasPrice eth_getBalance", QUANTITY)
    | named("eth_maxPriorityFeePerGas net_peerCount", QUANTITY)
    | named("eth_getBlockTransactionCountByHash eth_getBlockTransactionCountByNumber", either(QUANTITY, NULL))
    | named("eth_getBlockByHash eth_getBlockByNumber", either(BLOCK, NULL))
    | named("eth_call eth_getCode", DATA)
    | named(
        "eth_getTransactionByBlockHashAndIndex eth_getTransactionByBlockNumberAndIndex",
        either(transaction(MINED), NULL),
    )
    | {
        "eth_accounts": every(ADDRESS),
        "eth_coinbase": ADDRESS,
        "eth_feeHistory": FEES,
        "eth_getBlockReceipts": either(every(RECEIPT), NULL),
        "eth_getLogs": every(LOG),
        "eth_getProof": PROOF,
        "eth_getStorageAt": SLOT,
        "eth_getTransactionByHash": either(transaction(MINED), transaction(WAITING), NULL),
        "eth_getTransactionReceipt": either(RECEIPT, NULL),
        "eth_getTransactionCount": COUNTER,
        "eth_sendRawTransaction": HASH,
        "eth_syncing": {"const": False},
        "net_listening": BOOLEAN,
        "net_version": text("0|[1-9][0-9]*"),
        "web3_clientVersion": text("Credence/.+"),
    }
)
"""The result by method; null is "there is none"."""

ID = {"type": ["string", "number", "null"]}
ERROR = members({"code": {"type": "integer"}, "message": {"type": "string", "minLength": 1}}, data=DATA)
ANSWER = either(
    members({"jsonrpc": {"const": "2.0"}, "id": ID, "result": True}),
    members({"jsonrpc": {"const": "2.0"}, "id": ID, "error": ERROR}),
)
"""What is around a result or an error (JSON-RPC 2.0)."""
