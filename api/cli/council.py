"""``credence council``: what is proposed, in words, and the votes of a governor whose key is in this folder."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Final

import typer

from api.cli.command import (
    ONLINE,
    HomeOption,
    Output,
    RpcUrlOption,
    command,
    command_group,
    home_of,
    node_url,
)
from api.cli.console import ExitCode, JsonOption, YesOption, confirm, printable, require_answerer, say
from api.cli.language import iso_time
from api.home.home import Home
from api.services.council.decoded_call import duration_text
from api.services.council.proposal import CouncilService, ProposalStatus, ShownProposal
from ledger_node.chain.port import DelayClass
from ledger_node.domain.canonical import JSON
from ledger_node.domain.json_object import from_hex, to_hex

_VOTING: Final = ONLINE | {ExitCode.NO: "you said no"}
_SHORT: Final = 10
_CLASSES: Final = {
    DelayClass.UNKNOWN: "no rule, so it waits longest",
    DelayClass.GIVE: "gives power",
    DelayClass.CHANGE: "changes the council",
    DelayClass.TAKE: "takes power",
    DelayClass.TAKE_ONE: "takes; a second one soon after waits",
    DelayClass.TAKE_FORWARD: "takes; with a time before now it waits",
    DelayClass.TAKE_IF_TRUE: "takes if true, gives if false",
}
council = command_group(
    "The council: what is proposed, and the votes on it.",
    "credence council list --home shop",
    "credence council show 7",
    "credence council approve 7 0x2c1e…\n    --key governor",
    codes=_VOTING,
)
NumberArgument = Annotated[int, typer.Argument(min=1, help="The proposal's number.")]


@dataclass(frozen=True, slots=True)
class Reader:
    """Where the council is read."""

    rpc_url: RpcUrlOption = None
    home: HomeOption = None

    @property
    def folder(self) -> Home:
        """Return the folder that the options or the environment name."""
        return home_of(self.home).require()

    def service(self, key_name: str | None = None) -> CouncilService:
        """Return what reads the council, and votes with a key of the folder if one is named.

        Raises:
            InvalidInputError: ``configuration``; there is no such key, no network, or no node.
        """
        from ledger_node.chain.rpc import Rpc
        from ledger_node.chain.sender import Sender
        from ledger_node.chain.web3_ledger import Web3Council, Web3Ledger

        folder = self.folder
        book = folder.address_book()
        rpc = Rpc(node_url(folder, self.rpc_url), book=book)
        governor = None if key_name is None else Sender(rpc, book.chain_id, folder.read_key(key_name))
        return CouncilService(Web3Council(book, rpc, governor=governor), Web3Ledger(book, rpc), book)


@dataclass(frozen=True, slots=True)
class Governor(Reader):
    """Whose key votes."""

    key: Annotated[str, typer.Option(help="The governor's key (a name in keys/).")] = "governor"

    def voting(self) -> CouncilService:
        """Return what reads the council and votes; raises like ``service``."""
        return self.service(self.key)


@command(council, "credence council list --home shop", "credence council list --all --json", name="list")
def list_proposals(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also what was executed, cancelled or ran out.")] = False,
    reader: Reader,
) -> Output:
    """List proposals, the newest first, with what each waits for."""
    service = reader.service()
    standing = service.standing()
    shown = list(service.proposals(also_over=everything))
    governors: list[JSON] = [to_hex(one) for one in standing.governors]
    delays: dict[str, JSON] = {"give": standing.delays.give, "change": standing.delays.change}
    data: dict[str, JSON] = {
        "governors": governors,
        "threshold": standing.threshold,
        "recovery": standing.recovery,
        "delays": delays,
        "proposals": [one.to_json() for one in shown],
    }
    told = (
        f"{standing.threshold} of {len(governors)} governors decide; what gives power waits "
        f"{duration_text(standing.delays.give)}, what changes the council {duration_text(standing.delays.change)}"
    )
    return Output(data, rows=[(_summary(one), str(one.proposal.number)) for one in shown], told=told)


@command(council, "credence council show 7 --home shop", "credence council show 7 --json")
def show(number: NumberArgument, *, reader: Reader) -> Output:
    """Show a proposal: each call in words, how long it waits, who voted, and the digest that an approval names."""
    shown = reader.service().proposal(number)
    return Output(shown.to_json(), to_hex(shown.proposal.digest), told="\n".join(_words(shown)))


@command(council, "credence council approve 7 0x2c1e… --key governor", codes=_VOTING)
def approve(
    *,
    number: NumberArgument,
    digest: Annotated[str, typer.Argument(help="The digest that credence council show prints.")],
    governor: Governor,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> Output:
    """Show a proposal, check that it has this digest, ask, and approve it."""
    named = from_hex(digest, "digest")

    def vote(service: CouncilService) -> ShownProposal:
        return service.approve(number, named)

    return _vote("approve", number, governor, vote, digest=named, yes=yes, as_json=as_json)


@command(council, "credence council disapprove 7 --key governor", codes=_VOTING)
def disapprove(
    *,
    number: NumberArgument,
    governor: Governor,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> Output:
    """Take back your vote on a proposal."""
    return _vote(
        "take back your vote on", number, governor, lambda one: one.disapprove(number), yes=yes, as_json=as_json
    )


@command(council, "credence council cancel 7 --key governor", codes=_VOTING)
def cancel(
    *,
    number: NumberArgument,
    governor: Governor,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> Output:
    """Vote to cancel a proposal; it ends once as many do as could block it."""
    return _vote("vote to cancel", number, governor, lambda one: one.cancel(number), yes=yes, as_json=as_json)


@command(council, "credence council execute 7 --key governor", codes=_VOTING)
def execute(
    *,
    number: NumberArgument,
    governor: Governor,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> Output:
    """Make the calls of a proposal that is decided and has waited."""
    return _vote("execute", number, governor, lambda one: one.execute(number), yes=yes, as_json=as_json)


def _vote(
    what: str,
    number: int,
    governor: Governor,
    vote: Callable[[CouncilService], ShownProposal],
    *,
    digest: bytes | None = None,
    yes: bool,
    as_json: bool,
) -> Output:
    require_answerer(yes=yes, as_json=as_json)
    service = governor.voting()
    shown = service.proposal(number)
    for line in _words(shown):
        say(line)
    if digest is not None:
        shown.require_digest(digest)
    confirm(f"Do you {what} proposal {number} as {governor.key}?", yes=yes)
    after = vote(service)
    return Output(after.to_json(), after.status.value, told=f"done: {_state(after)}")


def _words(shown: ShownProposal) -> Iterator[str]:
    """Yield the lines of a proposal for people."""
    held = shown.proposal
    yield f"proposal {held.number}: {_state(shown)}"
    for place, call in enumerate(shown.calls, 1):
        yield f"  {place}. {call.words} ({_CLASSES[call.delay_class]})"
        yield f"     {printable(call.line)}"
    yield f"wait      {duration_text(held.wait_s)} from the moment it is decided"
    yield f"opened    {iso_time(held.opened_at)} by {to_hex(held.proposer)}, ends {iso_time(held.expires_at)}"
    yield f"approve   {_names(shown.approvals)} ({len(shown.approvals)} of {shown.council.threshold})"
    yield f"cancel    {_names(shown.opposed)} ({len(shown.opposed)} of {shown.council.blocking})"
    yield f"digest    {to_hex(held.digest)}"


def _state(shown: ShownProposal) -> str:
    match shown.status:
        case ProposalStatus.NEEDS_APPROVALS:
            missing = max(1, shown.council.threshold - len(shown.approvals))
            return f"needs {missing} more approval{'s' if missing > 1 else ''}"
        case ProposalStatus.WAITS:
            return f"decided; can be executed from {iso_time(shown.proposal.ready_at)} on"
        case ProposalStatus.READY:
            return "can be executed now"
        case ProposalStatus.BLOCKED:
            return "blocked: so many governors vote to cancel that it cannot be executed"
        case ProposalStatus.EXPIRED:
            return "its time is over"
        case ProposalStatus.EXECUTED | ProposalStatus.CANCELLED:
            return shown.status.value


def _summary(shown: ShownProposal) -> str:
    words = "; ".join(call.words for call in shown.calls)
    return f"{words} - {_state(shown)}, digest {to_hex(shown.proposal.digest)[:_SHORT]}…"


def _names(governors: list[bytes]) -> str:
    return ", ".join(map(to_hex, governors)) or "nobody"
