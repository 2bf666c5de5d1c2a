"""Changes of signers on pages: what is signed is the lines, persons count, and one change waits at a time."""

import pytest
from sqlalchemy import select

from api.services.control.rotation import RotationService
from api.services.signer.rotation_draft import NamedController, RotationDrafts
from api.storage import table
from ledger_node.domain.consent_text import Language
from ledger_node.domain.controller_act import SIGNING_TIME_S, Rotation
from ledger_node.domain.reason import Reason
from ledger_node.domain.rotation_text import KeyName
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import Controller
from tests.kit.signer import erase_key, seals_of
from tests.kit.small_control import rotate_here
from tests.kit.small_instance import controllers_of, refused

NEW, OTHER = b"n" * 32, b"m" * 32


@pytest.fixture
def drafts(instance):
    rotations = RotationService(instance.ledger, instance.history, instance.consents)
    return RotationDrafts(instance.store, instance.ledger, instance.history, rotations, seals_of(instance))


@pytest.fixture
def two(instance):
    """A firm of which both of two persons sign."""
    return instance.new_firm(controllers=2, threshold=2)


@pytest.fixture
def start(instance, drafts):
    """Draw up the change that takes the key ``new`` in, as one of another person."""

    def call(firm, new=NEW, language=Language.CHINESE):
        keys = [address_of(key) for key in (*firm.keys, new)]
        wanted = [
            NamedController(Controller(number, key), KeyName(f"P{number}", "phone"))
            for number, key in enumerate(keys, start=1)
        ]
        return drafts.start(firm.subject, wanted, len(firm.keys), {}, language, now=instance.now())

    return call


@pytest.fixture
def put(instance, drafts):
    def call(firm, draft, key):
        return drafts.sign(firm.subject, draft.id, sign(draft.digest, key), now=instance.now())

    return call


def test_what_is_signed_is_the_lines(instance, firm, drafts, start, put):
    draft = start(firm)
    rotation = draft.rotation
    bare = Rotation(rotation.subject, rotation.entry, rotation.controllers, rotation.deadline)
    wrong = sign(bare.digest(instance.ledger.subject_domain), firm.keys[0])
    call = refused(drafts.sign, firm.subject, draft.id, wrong, now=instance.now())
    assert call is Reason.SIGNER_NOT_CONTROLLER
    done = put(firm, draft, firm.keys[0])
    assert done.is_done
    current = instance.history.current(firm.subject)
    assert (current.entry, current.controllers) == (1, rotation.controllers)
    assert drafts.find(firm.subject, now=instance.now()) is None
    assert refused(put, firm, draft, firm.keys[0]) is Reason.DRAFT_UNKNOWN


def test_k23_persons_count_and_each_signs_once(instance, two, drafts, start, put):
    draft = start(two)
    first = put(two, draft, two.keys[0])
    assert (first.is_done, first.draft.signed, first.draft.needed) == (False, (1,), 2)
    assert refused(put, two, draft, two.keys[0]) is Reason.SIGNER_REPEATED
    assert drafts.find(two.subject, now=instance.now()).signed == (1,)
    assert put(two, draft, two.keys[1]).is_done
    assert instance.history.current(two.subject).entry == 1


def test_after_the_first_signature_there_is_this_one_change(two, drafts, instance, start, put):
    unsigned = start(two)
    draft = start(two, OTHER)
    assert refused(put, two, unsigned, two.keys[0]) is Reason.DRAFT_UNKNOWN
    put(two, draft, two.keys[0])
    assert refused(start, two) is Reason.ROTATION_WAITING
    drafts.cancel(two.subject, draft.id, now=instance.now())
    assert refused(put, two, draft, two.keys[1]) is Reason.DRAFT_UNKNOWN
    assert start(two).signed == ()


def test_a_change_that_changes_nothing_is_not_drawn_up(instance, firm, drafts):
    wanted = [NamedController(Controller(1, address_of(firm.keys[0])), KeyName("P", "phone"))]
    call = refused(drafts.start, firm.subject, wanted, 1, {}, Language.ENGLISH, now=instance.now())
    assert call is Reason.CONTROLLERS_UNCHANGED


def test_a_change_is_over_after_its_time_or_when_others_sign(instance, firm, drafts, start, put):
    late = start(firm)
    instance.chain.pass_time(SIGNING_TIME_S + 60)
    assert refused(put, firm, late, firm.keys[0]) is Reason.DRAFT_UNKNOWN
    draft = start(firm)
    rotate_here(instance, firm, controllers_of(OTHER))
    assert refused(put, firm, draft, firm.keys[0]) is Reason.DRAFT_UNKNOWN
    assert drafts.find(firm.subject, now=instance.now()) is None


def test_k24_a_held_firm_changes_nobody(instance, firm, start, put):
    draft = start(firm)
    instance.ledger.hold_by_registrar(firm.subject, 1)
    assert refused(put, firm, draft, firm.keys[0]) is Reason.SUBJECT_ON_HOLD


def test_what_a_killed_process_sent_is_not_sent_twice(instance, firm, drafts, start, put, monkeypatch):
    draft = start(firm)
    with monkeypatch.context() as patch:
        patch.setattr(instance.store, "write", _fails_on_done(instance.store.write))
        with pytest.raises(RuntimeError):
            put(firm, draft, firm.keys[0])
    assert instance.history.current(firm.subject).entry == 1
    assert drafts.find(firm.subject, now=instance.now()) is None


def _fails_on_done(write):
    def call(statement, values=None):
        if "rotation_draft" in str(statement):
            raise RuntimeError("killed")
        return write(statement, values)

    return call


def test_names_lie_sealed_and_are_gone_with_the_firm(instance, firm, drafts, start, put):
    draft = start(firm)
    put(firm, draft, firm.keys[0])
    (row,) = instance.store.rows(select(table.rotation_draft))
    assert b"P1" not in row.sealed
    assert instance.history.current(firm.subject).lines == ()
    assert [name.person for name in drafts.names(firm.subject).values()] == ["P1", "P2"]
    erase_key(instance, firm.subject)
    assert refused(drafts.names, firm.subject) is Reason.ERASED
