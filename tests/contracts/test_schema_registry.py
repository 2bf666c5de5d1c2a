import pytest

from tests.kit.contract_set import FOREVER, ZERO, events, word

SCHEMA = word("schema")


@pytest.fixture
def schemas(consortium):
    return consortium.schemas.functions


def test_a_schema_is_registered_once(consortium, chain, schemas):
    assert chain.read(schemas.schemaOf(SCHEMA)) == [0, ""]
    receipt = consortium.govern(schemas.register(SCHEMA, "tax payment 1"))
    assert events(consortium.schemas, receipt, "SchemaRegistered") == [
        {"schemaId": SCHEMA, "registeredAt": chain.time_of(receipt), "name": "tax payment 1"}
    ]
    assert chain.read(schemas.schemaOf(SCHEMA)) == [chain.time_of(receipt), "tax payment 1"]
    consortium.council_refuses("SchemaExists", schemas.register(SCHEMA, "other"), SCHEMA)
    consortium.council_refuses("SchemaIdZero", schemas.register(ZERO, "none"))


def test_only_the_council_writes(consortium, chain, schemas):
    for function in (
        schemas.register(SCHEMA, ""),
        schemas.allowIssuer(SCHEMA, consortium.tax.id),
        schemas.disallowIssuer(SCHEMA, consortium.tax.id),
        schemas.setDocument(word("purposes"), word("digest")),
    ):
        chain.refuses("OwnableUnauthorizedAccount", function, sender=consortium.tax.key)


def test_an_issuer_is_allowed_for_one_period(consortium, chain, schemas):
    tax = consortium.tax.id
    consortium.govern(schemas.register(SCHEMA, "s"))
    assert chain.read(schemas.issuerPeriod(SCHEMA, tax)) == [0, 0]

    allowed = consortium.govern(schemas.allowIssuer(SCHEMA, tax))
    start = chain.time_of(allowed)
    assert events(consortium.schemas, allowed, "IssuerAllowed") == [{"schemaId": SCHEMA, "member": tax, "from": start}]
    assert chain.read(schemas.issuerPeriod(SCHEMA, tax)) == [start, FOREVER]
    consortium.council_refuses("IssuerPeriodExists", schemas.allowIssuer(SCHEMA, tax))

    ended = consortium.govern(schemas.disallowIssuer(SCHEMA, tax))
    assert events(consortium.schemas, ended, "IssuerDisallowed") == [
        {"schemaId": SCHEMA, "member": tax, "until": chain.time_of(ended)}
    ]
    assert chain.read(schemas.issuerPeriod(SCHEMA, tax)) == [start, chain.time_of(ended)]
    consortium.council_refuses("IssuerNotAllowed", schemas.disallowIssuer(SCHEMA, tax), SCHEMA, tax)
    consortium.council_refuses("IssuerPeriodExists", schemas.allowIssuer(SCHEMA, tax), SCHEMA, tax)


def test_an_issuer_needs_a_schema_and_an_id(consortium, schemas):
    tax = consortium.tax.id
    consortium.council_refuses("SchemaUnknown", schemas.allowIssuer(SCHEMA, tax), SCHEMA)
    consortium.council_refuses("IssuerNotAllowed", schemas.disallowIssuer(SCHEMA, tax))
    consortium.govern(schemas.register(SCHEMA, "s"))
    consortium.council_refuses("IssuerZero", schemas.allowIssuer(SCHEMA, ZERO))


def test_the_newest_document_of_a_name_is_in_force(consortium, chain, schemas):
    name = word("purposes")
    assert chain.read(schemas.documentOf(name)) == ZERO
    for digest in (word("first"), word("second"), ZERO):
        receipt = consortium.govern(schemas.setDocument(name, digest))
        assert events(consortium.schemas, receipt, "DocumentSet") == [{"name": name, "digest": digest}]
        assert chain.read(schemas.documentOf(name)) == digest
    assert chain.read(schemas.documentOf(word("other"))) == ZERO
    consortium.council_refuses("DocumentNameZero", schemas.setDocument(ZERO, word("digest")))
