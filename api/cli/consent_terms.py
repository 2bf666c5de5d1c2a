"""Options that commands about consents share, and the terms that they stand for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from api.catalogue.datatype import schemas
from api.cli.id_prefix import whole_id
from api.client.client import Client
from api.client.consent import purpose_of
from api.client.spending import OfferedSpendKey
from ledger_node import clock
from ledger_node.domain.claim import Claim
from ledger_node.domain.consent import ConsentRequest
from ledger_node.domain.consent_scope import MAX_USES, whole_minute
from ledger_node.domain.consent_text import Language, language_named
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.reason import Reason

_DAY = 86_400
QuestionOption = Annotated[
    list[str],
    typer.Option(
        help="A question, such as 'tax_payment.paid_amount >= 500000 CNY'; several as one: 'any(…; …)', "
        "'all(…; …)', '2 of (…; …; …)'."
    ),
]
LanguageOption = Annotated[
    str | None, typer.Option(help="The language you read it in, zh or en; without it the text is Chinese.")
]


def words_in(language: str | None) -> Language:
    """Return the language of a consent's text: the one that was named, or Chinese.

    Raises:
        InvalidInputError: ``request_invalid``; there is no such language.
    """
    return Language.CHINESE if language is None else language_named(language)


@dataclass(frozen=True, slots=True)
class TermOptions:
    """What a bank may ask for: the options of commands that write terms."""

    purpose: Annotated[str, typer.Option(help="For what; credence purposes lists what there is.")] = "loan_application"
    days: Annotated[int, typer.Option(min=1, help="For how many days.")] = 30
    uses: Annotated[int, typer.Option(min=1, max=MAX_USES, help="How often the bank may ask.")] = 3
    data_from: Annotated[str, typer.Option(help="First day of data that counts (YYYY-MM-DD; default: any).")] = ""
    data_to: Annotated[str, typer.Option(help="Last day of data that counts (YYYY-MM-DD; default: any).")] = ""
    retention_days: Annotated[int, typer.Option(min=0, help="For how many days the bank may store the answers.")] = 30
    language: LanguageOption = None

    def request(
        self, client: Client, questions: Sequence[str], *, subject: bytes, bank: tuple[bytes, str], key: OfferedSpendKey
    ) -> ConsentRequest:
        """Return what the options ask for, from now on. ``bank``: its id and name; ``key``: that spends its uses.

        Raises:
            InvalidInputError: a question cannot be read, or the consortium has no such purpose or language.
        """
        now = whole_minute(clock.now())
        asked = ConsentRequest(
            subject=subject,
            grantee=bank[0],
            grantee_name=bank[1],
            purpose=self.purpose,
            purpose_text=purpose_of(client, self.purpose).text(words_in(self.language)),
            questions=tuple(Claim.parse(text, schemas()).text(schemas()) for text in questions),
            departments=(),
            data_from=self.data_from,
            data_to=self.data_to,
            not_before=now,
            expires_at=now + self.days * _DAY,
            max_uses=self.uses,
            retention_days=self.retention_days,
            spend_key=key.address,
            salt=key.salt,
        )
        # the reader is stricter than the constructor
        return ConsentRequest.from_json(asked.to_json())


def bank_named(client: Client, wanted: str) -> tuple[bytes, str]:
    """Return the id and the name of the bank that has this name, or an id that begins so.

    Raises:
        InvalidInputError: ``member_unknown``: there is none; ``value_malformed``: several ids begin so.
    """
    banks = {one["id"]: str(one["name"]) for one in client.get("/v1/members")["members"] if "bank" in one["roles"]}
    found = next((bank for bank, name in banks.items() if name == wanted), None)
    if found is None and wanted.startswith("0x"):
        found = whole_id(wanted, "bank", lambda: banks, Reason.MEMBER_UNKNOWN)
    if found not in banks:
        raise InvalidInputError(Reason.MEMBER_UNKNOWN, f"there is no bank called '{wanted[:64]}' in this consortium")
    return from_hex(found, "bank"), banks[found]
