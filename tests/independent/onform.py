"""The one form of a bundle: nothing that nothing needs, and claims in their order (clause 16)."""

from typing import TYPE_CHECKING

from .claims import Shown
from .strict import one_form, rising

if TYPE_CHECKING:
    from .form import Bundle


def check(bundle: "Bundle") -> None:
    """What is listed is exactly what is needed."""
    _parts(bundle.claims)
    if bundle.receipt is None:
        rising([shown.claim.text for shown in bundle.claims])
    referred = {part.attestation for shown in bundle.claims for part in shown.parts}
    one_form(set(bundle.attestations) <= referred, "an attestation that no claim shows")
    _schemas(bundle)
    everything = bundle.all_attestations()
    wanted = {bundle.consent.terms.grantee}
    for one in everything:
        wanted |= {one.header.issuer, one.anchor.member}
    wanted |= {member for member, _ in bundle.asked.keys}
    if bundle.receipt:
        wanted.add(bundle.receipt.member)
    one_form(set(bundle.members) == wanted, "members")
    one_form({b.id for b in bundle.batches} == {a.anchor.batch() for a in everything}, "batches")


def _parts(claims: list[Shown]) -> None:
    """Parts by rising number, each once, no more than decide the claim."""
    for shown in claims:
        rising([part.number for part in shown.parts])
        if not shown.claim.combined:
            continue
        total, needed = len(shown.claim.parts), shown.claim.needed
        most = {"holds": needed, "does_not_hold": total - needed + 1}.get(shown.verdict, 0)
        one_form(len(shown.parts) <= most, "more parts than decide")


def _schemas(bundle: "Bundle") -> None:
    names = {part.schema for shown in bundle.claims for part in shown.claim.parts} | {"subject_registration"}
    wanted = {bundle.newest[name].id for name in names}
    wanted |= {one.header.schema_id for one in bundle.all_attestations()}
    one_form(set(bundle.schemas) <= wanted, "a schema that nothing needs")
