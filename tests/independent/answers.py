"""Checks 8 and 9: the subject and the answers (rules 1 to 7 and 13 to 16 of clause 18)."""

from . import claim as c
from . import fieldproof, statement
from .attestation import Attestation, check_place
from .claims import Part, Shown
from .errors import RefusedError, need
from .facts import Facts
from .form import Bundle
from .schema import Schema
from .state import TO_ATTEST
from .trust import Trust

DAY = 86400


class Answers:
    """The rules about attestations and claims, on the facts of a bundle's block."""

    def __init__(self, bundle: Bundle, trust: Trust, facts: Facts) -> None:
        self.bundle, self.trust, self.facts = bundle, trust, facts
        self.now = bundle.block.time
        self.questions = set(bundle.consent.terms.questions)

    def attestation(self, one: Attestation, name: str) -> Schema:
        """Rules 1 to 7."""
        header, anchor, facts = one.header, one.anchor, self.facts
        schema = self.bundle.schemas.get(header.schema_id)
        need(schema is not None and schema.name == name, "schema_mismatch")
        assert schema is not None
        network = (self.trust.chain_id, self.trust.address("AnchorRegistry"))
        need((header.chain_id, header.anchor_registry) == network, "other_network")
        check_place(one)
        need(anchor.stream == 0 and facts.anchored[anchor.batch()] == anchor.digest(), "not_anchored")
        need(header.issuer == anchor.member, "issuer_mismatch")
        start, until = facts.may_issue[header.issuer, header.schema_id]
        need(start <= anchor.anchored_at < until, "issuer_not_allowed")
        facts.keys[anchor.member, anchor.key].check(anchor.anchored_at, TO_ATTEST)
        need(not facts.status[anchor.member, 0, one.position()], "revoked")
        need(not facts.status[anchor.member, 1, one.position()], "superseded")
        return schema

    def subject(self) -> None:
        """Rule 13."""
        subject = self.bundle.subject
        one = subject.registration
        schema = self.attestation(one, "subject_registration")
        need(self.now < one.header.valid_until, "attestation_expired")
        need(one.opens_to(subject.credit_code), "subject_mismatch")
        field = schema.by_name.get("subject_id")
        need(field is not None, "schema_mismatch")
        assert field is not None
        reveal = statement.Statement("reveal")
        shown = fieldproof.check(subject.proof, reveal, field, schema, one.header.fields_root)
        need(shown.value == "0x" + self.bundle.consent.terms.subject.hex(), "subject_mismatch")

    def all(self) -> None:
        """Check 9: rules of every claim, then the verdicts, then what stands beside them."""
        judged = [self._judge(shown) for shown in self.bundle.claims]
        for shown, (outcome, _) in zip(self.bundle.claims, judged, strict=True):
            need(shown.verdict == outcome, "field_proof_failed")
        for shown, (outcome, reason) in zip(self.bundle.claims, judged, strict=True):
            need(shown.reason == reason, "answer_differs")
            need(outcome == "cannot_tell" or shown.message is None, "answer_differs")
            need(reason != "needs_disclosure" or self._could_disclose(shown), "answer_differs")
            if self.bundle.receipt is None:
                self._without_receipt(shown)

    def _judge(self, shown: Shown) -> tuple[str, str | None]:
        """The outcome of a claim and the reason that it must give."""
        try:
            outcome = self._outcome(shown)
        except RefusedError as refused:
            if shown.verdict == "cannot_tell" and not shown.parts:
                return "cannot_tell", refused.reason
            raise
        if outcome != "cannot_tell":
            return outcome, None
        if shown.parts and not shown.claim.combined:
            return outcome, "value_absent"
        return outcome, shown.reason or "no_attestation"

    def _outcome(self, shown: Shown) -> str:
        """Rules 14 to 16."""
        need(shown.claim.text in self.questions, "question_not_consented")
        need(shown.parts or shown.verdict == "cannot_tell", "opening_malformed")
        found = []
        for part in shown.parts:
            one = self.bundle.attestations.get(part.attestation)
            need(one is not None, "no_attestation")
            assert one is not None
            found.append(self._part(part, one))
        return c.outcome(shown.claim, found)

    def _part(self, part: Part, one: Attestation) -> str:
        question, header, terms = part.question, one.header, self.bundle.consent.terms
        schema = self.attestation(one, question.schema)
        need(not terms.departments or header.issuer in terms.departments, "consent_other_department")
        need(terms.covers(header.period_from, header.period_to), "consent_other_period")
        need(one.opens_to(self.bundle.subject.credit_code), "subject_mismatch")
        need(self.now < header.valid_until, "attestation_expired")
        age = self.bundle.receipt.max_age_days if self.bundle.receipt else None
        need(age is None or self.now // DAY - header.as_of <= age, "attestation_too_old")
        need(question.period in (None, (header.period_from, header.period_to)), "period_mismatch")
        statement.means_the_same(question, self.bundle.newest[question.schema], schema)
        need(question.issuer in (None, header.issuer), "department_mismatch")
        self._per(part, one, schema)
        field = schema.by_name[question.field]
        asked = statement.of(question, field, header.as_of)
        shown = fieldproof.check(part.proof, asked, field, schema, header.fields_root)
        if shown.outcome == "does_not_hold" and field.mode == "plain":
            need(c.reveal_text(question, self.bundle.newest) in self.questions, "needs_disclosure")
        return shown.outcome

    def _per(self, part: Part, one: Attestation, schema: Schema) -> None:
        """Each value that the question names is shown."""
        need(len(part.per) == len(part.question.per), "opening_malformed")
        for proof, (name, value) in zip(part.per, part.question.per, strict=True):
            field = schema.by_name[name]
            asked = statement.equals(field, value)
            shown = fieldproof.check(proof, asked, field, schema, one.header.fields_root)
            need(shown.outcome == "holds", "kind_mismatch")

    def _could_disclose(self, shown: Shown) -> bool:
        """A part asks *equals* of a plain field whose `reveal` the consent does not list."""
        newest = self.bundle.newest
        return any(
            part.op == "equals"
            and newest[part.schema].by_name[part.field].mode == "plain"
            and c.reveal_text(part, newest) not in self.questions
            for part in shown.claim.parts
        )

    def _without_receipt(self, shown: Shown) -> None:
        """What no proof shows needs a receipt (`receipt_missing`)."""
        absent = shown.reason == "value_absent" and shown.parts and not shown.claim.combined
        need(shown.verdict != "cannot_tell" or absent, "receipt_missing")
        need(shown.message is None, "receipt_missing")
        for part in shown.parts:
            schema = self.bundle.schemas[self.bundle.attestations[part.attestation].header.schema_id]
            named = part.question.issuer is not None or len(self.bundle.consent.terms.departments) == 1
            need(part.question.period and named and (part.question.per or not schema.per), "receipt_missing")
