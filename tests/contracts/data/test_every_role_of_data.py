"""Every function of the registries of subjects and consents, called as every role: only the right key gets in.

Each call is complete and well signed, but by the caller's own key where another's is asked for.
"""

import pytest

from tests.kit.consent_set import SIGNATURE_WRONG, Consent, Request
from tests.kit.contract_set import REGISTRAR, RELAYER, Member, Refused, artifact, events, word
from tests.kit.storage_root import root_on
from tests.kit.subject_set import Controllers, Device, Subject, people

OTHERS = {"MemberKeyUnknown", "MemberLacksRole"}
"""How the member registry refuses who has not the role, or is nobody."""


class Scene:
    """A firm with a consent, a request and a pending recovery, and one more member of the roles that matter."""

    def __init__(self, world):
        self.world, chain = world, world.chain
        self.relayer_2 = world.admit(Member(word("relayer 2"), RELAYER, chain.accounts[8]))
        self.registrar_2 = world.admit(Member(word("registrar 2"), REGISTRAR, chain.accounts[7]))
        self.subject = Subject(world, "firm", people("old")).register()
        self.consent, self.paused, self.request = (
            Consent.of(world, "live"),
            Consent.of(world, "paused"),
            Request(world, "asked"),
        )
        chain.send(self.consent.grant(), world.relayer.key)
        chain.send(self.paused.grant(), world.relayer.key)
        chain.send(self.paused.pause(), world.relayer.key)
        chain.send(self.request.ask(), world.relayer.key)
        chain.send(self.subject.request(people("new")), world.registrar.key)
        self.callers = {
            **{member.id: member.key for member in (*world.cast, self.relayer_2, self.registrar_2)},
            b"governor": world.governor,
            b"stranger": world.stranger,
        }

    def call(self, function, key):
        """The call of a function that ``key`` signs wherever a signature is asked for."""
        consent, request, subject = self.consent, self.request, self.subject
        own = Controllers((Device(1, key),), 1, "old")
        mine = people("mine")
        return {
            "request": lambda: Request(self.world, "another").ask(),
            "refuse": lambda: request.refuse(key=key),
            "grant": lambda: Consent.of(self.world, "another").grant(key=key),
            "pause": lambda: consent.pause(key=key),
            "resume": lambda: self.paused.resume(key=key),
            "withdrawBySteward": lambda: consent.withdraw_by_steward(key=key),
            "withdraw": lambda: consent.withdraw(secret=word("guessed")),
            "recordUse": lambda: consent.calls.recordUse(consent.use(key=key)),
            "recordUses": lambda: consent.calls.recordUses([consent.use(key=key)]),
            "followFreeze": consent.calls.followFreeze,
            "register": lambda: subject.calls.register(mine.commitment, word("id")),
            "rotate": lambda: subject.rotate(mine, shown=own),
            "requestRecovery": lambda: subject.request(mine, number=2),
            "cancelRecovery": lambda: subject.cancel(people("new"), shown=own),
            "abandonRecovery": subject.abandon,
            "completeRecovery": subject.complete,
            "hold": lambda: subject.hold(shown=own),
            "holdByRegistrar": subject.hold_by_registrar,
            "nameRegistrar": lambda: subject.calls.nameRegistrar(subject.id, self.registrar_2.id),
        }[function]()


@pytest.fixture
def scene(world):
    return Scene(world)


BY_SIGNATURE = {
    "refuse": "RequestSignatureWrong",
    "pause": "ConsentSignatureWrong",
    "resume": "ConsentSignatureWrong",
    "withdrawBySteward": "ConsentSignatureWrong",
    "withdraw": "ConsentWrongSecret",
    "rotate": "SubjectControllersWrong",
    "cancelRecovery": "SubjectControllersWrong",
    "hold": "SubjectControllersWrong",
    "nameRegistrar": "OwnableUnauthorizedAccount",
}
"""What everybody hears, whatever its role: nobody's role gives these powers."""
BY_RELAYER = {"request": None, "grant": "ConsentSignatureWrong"}
"""What a relayer's role opens, and what stops it then."""
BY_REGISTRAR = {"requestRecovery", "abandonRecovery", "completeRecovery", "holdByRegistrar"}
"""What only the subject's own registrar may do."""
SAYS_NOTHING = {"recordUse", "recordUses", "followFreeze"}
"""What everybody may call, and what has no effect without the right signature."""
REGISTERS = {"register"}


def writing(name):
    return {
        e["name"] for e in artifact(name)["abi"] if e["type"] == "function" and e["stateMutability"] == "nonpayable"
    }


def test_every_writing_function_is_called():
    called = {*BY_SIGNATURE, *BY_RELAYER, *BY_REGISTRAR, *SAYS_NOTHING, *REGISTERS}
    owned = {"transferOwnership", "renounceOwnership"}
    assert called == (writing("ConsentRegistry") | writing("SubjectRegistry")) - owned


@pytest.mark.parametrize("function", sorted(BY_SIGNATURE))
def test_no_role_stands_in_for_a_signature(scene, chain, function):
    for key in scene.callers.values():
        chain.refuses(BY_SIGNATURE[function], scene.call(function, key), sender=key)


@pytest.mark.parametrize("function", sorted(BY_RELAYER))
def test_only_a_relayer_records_what_nobody_else_signed(scene, chain, function):
    for member, key in scene.callers.items():
        call = scene.call(function, key)
        if member not in {scene.world.relayer.id, scene.relayer_2.id}:
            with pytest.raises(Refused) as refused:
                chain.read(call, key)
            assert refused.value.name in OTHERS
        elif (name := BY_RELAYER[function]) is not None:
            chain.refuses(name, call, sender=key)
        else:
            chain.read(call, key)


@pytest.mark.parametrize("function", sorted(BY_REGISTRAR))
def test_only_its_own_registrar_acts_for_a_subject(scene, chain, function):
    for member, key in scene.callers.items():
        call = scene.call(function, key)
        if member == scene.registrar_2.id:
            chain.refuses("SubjectRegistrarForeign", call, sender=key)
        elif member != scene.world.registrar.id:
            with pytest.raises(Refused) as refused:
                chain.read(call, key)
            assert refused.value.name in OTHERS


def test_only_registrars_register(scene, chain):
    for member, key in scene.callers.items():
        call = scene.call("register", key)
        if member in {scene.world.registrar.id, scene.registrar_2.id}:
            chain.read(call, key)
        else:
            with pytest.raises(Refused) as refused:
                chain.read(call, key)
            assert refused.value.name in OTHERS


@pytest.mark.parametrize("function", sorted(SAYS_NOTHING))
def test_what_everybody_may_call_changes_nothing_without_the_spend_key(scene, chain, function):
    before = root_on(chain, scene.world.consents)
    for key in scene.callers.values():
        receipt = chain.send(scene.call(function, key), key)
        refused = events(scene.world.consents, receipt, "UseRefused")
        assert [one["reason"] for one in refused] == ([] if function == "followFreeze" else [SIGNATURE_WRONG])
    assert root_on(chain, scene.world.consents) == before
