"""Batches, changes of status and marks of contract set 2, signed by whatever key a test hands over."""

from eth_abi import encode
from eth_utils import keccak

BATCH_FIELDS = (
    ("member", "bytes32"),
    ("stream", "uint8"),
    ("number", "uint64"),
    ("root", "bytes32"),
    ("size", "uint32"),
    ("previousRoot", "bytes32"),
    ("supersededDigest", "bytes32"),
    ("deadline", "uint64"),
)
STATUS_CHANGE_FIELDS = (
    ("member", "bytes32"),
    ("number", "uint64"),
    ("plane", "uint8"),
    ("changesDigest", "bytes32"),
    ("reason", "uint16"),
    ("deadline", "uint64"),
)
MARK_TYPES = ("bytes32", "uint8", "uint64", "uint16", "bytes32", "uint64", "bytes32", "address")
NO_LONGER_USED, ERASED = 1, 2
NO_DEADLINE = 2**64 - 1


def lists_digest(words, masks):
    """What is signed of a list of changes."""
    return keccak(encode(["uint256[]", "uint256[]"], [list(words), list(masks)]))


def mark_of(event):
    """The mark that a StatusChanged event tells of, as the tuple that the contract takes."""
    digest = lists_digest(event["words"], event["masks"])
    head = tuple(event[name] for name in ("member", "plane", "number", "reason"))
    return (*head, digest, event["markedAt"], event["actor"], event["key"])


def mark_digest(mark):
    """What is stored of a mark."""
    return keccak(encode(MARK_TYPES, mark))


class AnchorCalls:
    """What a contract set asks of its AnchorRegistry."""

    def batch(self, member, number=1, stream=0, size=100, previous=bytes(32), words=(), masks=(), deadline=NO_DEADLINE):
        """A batch of a member whose root stands for its number."""
        return {
            "member": member.id,
            "stream": stream,
            "number": number,
            "root": keccak(text=f"root {number}"),
            "size": size,
            "previousRoot": previous,
            "supersededDigest": lists_digest(words, masks) if words else bytes(32),
            "deadline": deadline,
        }

    def sign_batch(self, batch, key, contract=None, **domain):
        """The signature of a key under the registry's domain, or another one."""
        typed = self.typed(contract or self.anchors, "Batch", BATCH_FIELDS, batch, **domain)
        return bytes(key.sign_message(typed).signature)

    def anchor(self, batch, key, words=(), masks=(), signature=None):
        """The call that anchors a batch, signed by a key."""
        signature = self.sign_batch(batch, key) if signature is None else signature
        return self.anchors.functions.anchor(tuple(batch.values()), signature, list(words), list(masks))

    def change(self, member, words, masks, number=1, plane=0, reason=NO_LONGER_USED, deadline=NO_DEADLINE):
        """A change of a member's statuses."""
        return {
            "member": member.id,
            "number": number,
            "plane": plane,
            "changesDigest": lists_digest(words, masks),
            "reason": reason,
            "deadline": deadline,
        }

    def sign_change(self, change, key, contract=None, **domain):
        """The signature of a key under the registry's domain, or another one."""
        typed = self.typed(contract or self.anchors, "StatusChange", STATUS_CHANGE_FIELDS, change, **domain)
        return bytes(key.sign_message(typed).signature)

    def change_status(self, change, key, words, masks, signature=None):
        """The call that changes a status, signed by a key."""
        signature = self.sign_change(change, key) if signature is None else signature
        return self.anchors.functions.changeStatus(tuple(change.values()), signature, list(words), list(masks))
