import pytest

from tests.kit.contract import ZERO, word


@pytest.fixture
def anchored(consortium, chain):
    """The gas of the first and of the second anchor of a stream, of 4,096 leaves each."""
    tax = consortium.tax
    first = consortium.batch(tax, size=4096)
    second = consortium.batch(tax, 2, size=4096, previous=first["root"])
    return [chain.send(consortium.anchor(b, tax.key))["gasUsed"] for b in (first, second)]


def test_anchoring_4096_attestations_costs_less_than_20_gas_each(anchored):
    _, later = anchored
    assert later < 20 * 4096
    assert later < 77_500, "more than it was; if on purpose, say so here"


def test_a_first_anchor_pays_for_its_two_slots_more(anchored):
    first, later = anchored
    assert later < first < 115_000


def test_a_batch_costs_the_same_whatever_its_size(consortium, chain):
    gas = []
    for member, size in ((consortium.tax, 4096), (consortium.court, 2**24 - 1)):
        batch = consortium.batch(member, size=size)
        gas.append(chain.send(consortium.anchor(batch, member.key))["gasUsed"])
    assert abs(gas[0] - gas[1]) < 200


def test_recording_uses_costs_less_than_10_000_gas_each(consortium, chain):
    consents, relayer = consortium.consents.functions, consortium.relayer.key
    ids = [word(f"consent {i}") for i in range(100)]
    for consent_id in ids:
        chain.send(consents.grant(consent_id, 0, chain.next_time + 1000, 9, word("hash"), ZERO), relayer)
    chain.send(consents.recordUses(ids, ids), relayer)
    assert chain.send(consents.recordUses(ids, ids), relayer)["gasUsed"] / 100 < 10_000


def test_a_grant_costs_less_than_90_000_gas(consortium, chain):
    function = consortium.consents.functions.grant(word("c"), 0, chain.next_time + 1000, 9, word("hash"), ZERO)
    assert chain.send(function, consortium.relayer.key)["gasUsed"] < 90_000


def test_changes_of_controllers_cost_the_same_however_many_there_were(consortium, chain):
    subjects, key = consortium.subjects.functions, consortium.registrar.key
    subject = word("subject")
    chain.send(subjects.register(subject, word("commitment")), key)
    chain.send(subjects.requestRecovery(subject, word("another")), key)

    def round_of(name):
        third = chain.send(subjects.rotate(subject, word(f"{name} rotated")), key)
        asked = chain.send(subjects.requestRecovery(subject, word(f"{name} asked")), key)
        number = chain.read(subjects.recovery(subject))[1]
        cancelled = chain.send(subjects.cancelRecovery(subject, number), consortium.relayer.key)
        chain.send(subjects.requestRecovery(subject, word(f"{name} recovered")), key)
        chain.at(chain.next_time + 72 * 3600)
        completed = chain.send(subjects.completeRecovery(subject, number + 1), key)
        return [receipt["gasUsed"] for receipt in (third, asked, cancelled, completed)]

    first = round_of(0)
    for i in range(1, 8):
        last = round_of(i)
    # the very first rotation also cancels a recovery
    assert all(abs(gas - before) < 200 for gas, before in zip(last[1:], first[1:], strict=True))
    for rotated, asked, cancelled, completed in (first, last):
        assert rotated < 114_000
        assert asked < 68_000
        assert cancelled < 37_500
        assert completed < 110_000


def test_the_first_recovery_of_a_subject_pays_for_its_two_slots(consortium, chain):
    subjects, key = consortium.subjects.functions, consortium.registrar.key
    chain.send(subjects.register(word("subject"), word("commitment")), key)
    assert chain.send(subjects.requestRecovery(word("subject"), word("another")), key)["gasUsed"] < 90_000


def test_a_fresh_status_word_costs_less_than_27_000_gas(consortium, chain):
    """So 900 words, almost a quarter of a million positions, fit into one block of thirty million."""
    tax = consortium.tax
    chain.send(consortium.anchor(consortium.batch(tax, size=900 * 256), tax.key))
    words, masks = list(range(900)), [2**256 - 1] * 900
    change = consortium.change(tax, words, masks)
    gas = chain.send(consortium.change_status(change, tax.key, words, masks))["gasUsed"]
    assert gas / 900 < 27_000
