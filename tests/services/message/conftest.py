"""A small instance that sends messages to a firm."""

import pytest

from api.services.message.address import ContactChannel
from api.services.message.contact import Contacts
from api.services.message.delivery import MessageDeliveries
from api.services.message.seal import SubjectSeal
from api.services.one_time_code.code import OneTimeCodes
from ledger_node.domain.consent_text import Language
from tests.kit.portal import TakingChannel
from tests.kit.small_instance import REGISTRAR


class Post:
    """What belongs to messages: the channels, the addresses, and sending."""

    def __init__(self, instance):
        self.instance = instance
        self.channels = {kind: TakingChannel() for kind in ContactChannel}
        self.email, self.phone = self.channels[ContactChannel.EMAIL], self.channels[ContactChannel.PHONE]
        kek = instance.departments[REGISTRAR].kek
        self.seals = SubjectSeal(instance.store, instance.keys, kek)
        self.codes = OneTimeCodes(instance.store, kek.keyed_digest, instance.now)
        self.contacts = Contacts(instance.store, self.seals, self.codes, self.channels, code_s=3_600)
        self.deliveries = MessageDeliveries(instance.store, self.seals, self.channels, instance.now)

    def send(self):
        """Send what is due, and return what left: (kind, to)."""
        before = {kind: len(channel.taken) for kind, channel in self.channels.items()}
        self.deliveries.deliver_due()
        new = [letter for kind, channel in self.channels.items() for letter in channel.taken[before[kind] :]]
        return [(letter.kind, letter.to) for letter in new]

    def code(self):
        """Send what is due, and return the code in the newest letter."""
        self.deliveries.deliver_due()
        letters = [
            letter for channel in self.channels.values() for letter in channel.taken if letter.kind == "contact.code"
        ]
        return letters[-1].text.partition("notices: ")[2].partition(".")[0]

    def confirmed(self, firm, address, language=Language.ENGLISH):
        """Add and confirm an address, and return what is shown of it."""
        self.contacts.add(firm.subject, address, language, now=self.instance.now())
        shown = self.contacts.confirm(firm.subject, self.code(), now=self.instance.now())
        self.deliveries.deliver_due()
        return shown


@pytest.fixture
def post(instance):
    return Post(instance)


@pytest.fixture
def firm(instance):
    return instance.new_firm()
