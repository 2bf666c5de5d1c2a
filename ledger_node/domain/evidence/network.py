"""Which network evidence is of."""

from ledger_node.domain.error import VerificationError
from ledger_node.domain.evidence.trust import Trust
from ledger_node.domain.reason import Reason


def require_network(chain_id: int, genesis: bytes, trust: Trust) -> None:
    """Require that a file is of the network of the trust file.

    Raises:
        VerificationError: ``other_network``.
    """
    if (chain_id, genesis) != (trust.chain_id, trust.genesis):
        raise VerificationError(Reason.OTHER_NETWORK, "this is of another network than the trust file")
