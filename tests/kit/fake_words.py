"""Words of storage slots as far as the pipeline reads them before it builds answers, out of a fake ledger's state."""

from collections.abc import Mapping

from ledger_node.domain.evidence.slot import consent_slots, entry_slots, hold_slot


class FactWords(Mapping):
    """The words of consents, and of entries and holds of subjects, at one block; zero where nothing is."""

    def __init__(self, ledger, slots, at):
        state = ledger.chain.state(at)
        self._slots = [(contract, slot) for contract, listed in slots.items() for slot in listed]
        self._words = {}
        for consent, record in state.consents.items():
            self._words |= dict(zip(consent_slots(consent), consent_words(record), strict=True))
        for subject, entries in state.entries.items():
            for index, entry in enumerate(entries):
                self._words |= dict(zip(entry_slots(subject, index), entry_words(entry), strict=True))
        for subject, holds in state.holds.items():
            for number, hold in enumerate(holds, start=1):
                self._words[hold_slot(subject, number)] = hold[0]

    def __getitem__(self, slot):
        return self._words.get(slot, 0)

    def __iter__(self):
        return iter(self._slots)

    def __len__(self):
        return len(self._slots)


def packed(*parts):
    """Return numbers of so many bits each as one word, from the low end."""
    word = shift = 0
    for value, bits in parts:
        word |= int(value) << shift
        shift += bits
    return word


def consent_words(record):
    number = int.from_bytes
    times = ((record.granted_at, 40), (record.not_before, 40), (record.expires_at, 40))
    changes = ((record.max_uses, 8), (record.changes, 24), (record.changed_at, 40))
    return (
        packed((record.state, 8), *times, *changes),
        packed((number(record.spend_key), 160), (record.used, 96)),
        number(record.uses_digest),
        number(record.grant_digest),
        number(record.word_digest),
    )


def entry_words(entry):
    number = int.from_bytes
    origin = packed((number(entry.key), 160), (entry.since, 40), (entry.kind, 8), (entry.link, 32))
    return number(entry.commitment), origin, number(entry.registrar)
