"""A consent on a ledger of either kind with its keys, and what each of them signs."""

from dataclasses import dataclass, field, replace

from ledger_node.domain.consent import Bounds, Consent, ConsentRequest, Terms
from ledger_node.domain.consent_act import ChangeKind, SignedAct, withdrawal_hash
from ledger_node.domain.consent_order import AnswerOrder, ChangeOrder, GrantOrder, SecretOrder, ShownConsentId
from ledger_node.domain.signature import address_of, sign
from ledger_node.domain.subject import Controllers, each_person
from ledger_node.domain.ticket import SignedUse, use_digest
from ledger_node.randomness import random_bytes

LATE = 2**40 - 1
CONTROLLER = b"\x11" * 32
CONTROLLERS = Controllers(each_person([address_of(CONTROLLER)]), 1, bytes(32))


def asked(world, **changes):
    """What a bank could ask for now, for an hour."""
    now = world.now()
    return ConsentRequest(
        **{
            "subject": random_bytes(32),
            "grantee": random_bytes(32),
            "grantee_name": "Bank",
            "purpose": "loan_application",
            "purpose_text": "Decide",
            "questions": ("q",),
            "departments": (),
            "not_before": now,
            "expires_at": now + 3600,
            "max_uses": 3,
            "retention_days": 1,
            "spend_key": address_of(random_bytes(32)),
            "salt": random_bytes(32),
        }
        | changes
    )


@dataclass(frozen=True)
class Granted:
    """A consent, its keys, and its orders for the ledger of a world; granted or not yet."""

    world: object = field(repr=False)
    spend: bytes
    steward: bytes
    secret: bytes
    consent: Consent

    @classmethod
    def of(cls, world, **changes):
        spend, steward, secret = (random_bytes(32) for _ in range(3))
        limits = {name: changes.pop(name) for name in ("grant_before", "withdrawal_hash") if name in changes}
        request = asked(world, **{"spend_key": address_of(spend)} | changes)
        bounds = Bounds.accepting(
            request,
            **{
                "grant_before": world.now() + 1800,
                "steward_key": address_of(steward),
                "withdrawal_hash": withdrawal_hash(secret),
            }
            | limits,
        )
        return cls(world, spend, steward, secret, Consent(Terms.accepting(request, "en", bytes(32), bytes(32)), bounds))

    @property
    def domain(self):
        return self.world.ledger.consent_domain

    @property
    def id(self):
        return self.consent.digest(self.domain)

    @property
    def signatures(self):
        return [sign(self.id, CONTROLLER)]

    def bounded(self, **changes):
        """The same terms in other bounds."""
        return replace(self, consent=replace(self.consent, bounds=replace(self.consent.bounds, **changes)))

    def order(self, *, steward=None, answer=None):
        return GrantOrder.sign(self.consent, self.signatures, steward or self.steward, self.domain, answer=answer)

    def granted(self):
        """Record the grant; the consent again."""
        self.world.ledger.grant(self.order())
        return self

    def change(self, kind, number, act=None, *, steward=None):
        return ChangeOrder.sign(self.consent, kind, number, act, steward or self.steward, self.domain)

    def pause(self, number=1, **options):
        return self.change(ChangeKind.PAUSE, number, **options)

    def resume(self, number=2, **options):
        return self.change(ChangeKind.RESUME, number, **{"act": WORD} | options)

    def withdrawal(self, number=1, **options):
        return self.change(ChangeKind.WITHDRAW, number, **options)

    def by_secret(self, secret=None):
        return SecretOrder(ShownConsentId.of(self.consent, self.domain), self.secret if secret is None else secret)

    def use(self, number=1, *, ticket=None, not_after=LATE, key=None):
        ticket = random_bytes(32) if ticket is None else ticket
        digest = use_digest(self.id, number, ticket, not_after, self.domain)
        return SignedUse(self.id, number, ticket, not_after, sign(digest, key or self.spend))


WORD = SignedAct(CONTROLLERS, (sign(b"\x01" * 32, CONTROLLER),))


@dataclass(frozen=True)
class Asked:
    """A request and its answer key."""

    world: object = field(repr=False)
    request: ConsentRequest
    answer_key: bytes = field(repr=False)

    @classmethod
    def of(cls, world, **changes):
        return cls(world, asked(world, **changes), random_bytes(32))

    @property
    def id(self):
        return self.request.digest(address_of(self.answer_key), self.world.ledger.consent_domain)

    def answer(self, **options):
        """The refusal, or with ``consent`` the answer by it."""
        return AnswerOrder.sign(self.request, self.answer_key, self.world.ledger.consent_domain, **options)
