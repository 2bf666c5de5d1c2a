"""D1 after the whole suite: nothing that tests planted in instances is where it must not be, whatever they did."""

import pytest

from tests.kit.canary import CODE, MONEY
from tests.kit.search import (
    DERIVED,
    SHOWN_TO_THE_CHAIN,
    UNOPENED,
    Findings,
    Haystack,
    homes,
    planted,
    search_homes,
    words_in,
)

ALL_KINDS = {
    "a credit code",
    "an amount",
    "a controller's key",
    "a sign-in key",
    "an access token",
    "a withdrawal secret",
}


class Noted(dict):
    """Kind -> contents. pytest shows what a test that fails was given, and none of this may be shown."""

    def __repr__(self):
        return str({kind: len(contents) for kind, contents in self.items()})


@pytest.fixture(scope="module")
def noted(left_behind):
    """What the kits planted."""
    kinds = Noted()
    for kind, content in planted(left_behind):
        kinds.setdefault(kind, set()).add(content)
    return kinds


@pytest.fixture(scope="module")
def searched(left_behind, noted, tmp_path_factory):
    """Searches everything once: homes for what was planted and for their own secrets, words for all of it."""
    everywhere, at_rest = Haystack(), Haystack()
    for kind, contents in noted.items():
        for content in contents:
            everywhere.add(kind, content)
            if kind not in SHOWN_TO_THE_CHAIN:
                at_rest.add(kind, content)
    findings = Findings()
    scratch = tmp_path_factory.mktemp("scratch")
    for one, secrets in search_homes(left_behind, homes(left_behind), at_rest, scratch):
        findings.add(one)
        for kind, content in secrets:
            findings.own[kind] += 1
            if kind != UNOPENED and not kind.startswith(DERIVED):
                everywhere.add(kind, content)
    for path in words_in(left_behind):
        findings.search(str(path.relative_to(left_behind)), path, everywhere)
    findings.everywhere = everywhere
    return findings


def test_d1_after_all_tests_no_canary_is_in_a_log_an_error_a_metric_a_report_a_store_or_a_chain(searched):
    assert {kind: sorted(places) for kind, places in searched.found.items()} == {}


def test_d1_the_search_after_all_tests_had_enough_to_look_for_and_to_look_through(searched, noted, left_behind):
    assert set(noted) >= ALL_KINDS
    assert all(CODE.fullmatch(code) for code in noted["a credit code"])
    assert any(MONEY.fullmatch(amount) for amount in noted["an amount"])
    assert searched.own.keys() >= {"a seed", "a data key", "a private key", "a passphrase", "a sign-in key"}
    assert searched.own["a seed"] > 100
    assert searched.own[UNOPENED] < searched.own["a passphrase"] / 2
    names = {path.name for path in words_in(left_behind)}
    assert {"serve.log", "metrics.txt", "errors.log"} <= names
    assert any(name.endswith(".xml") for name in names)
    assert searched.size > 10_000_000


def test_d1_the_search_after_all_tests_finds_one_of_each_kind_wherever_it_is(searched, noted, tmp_path):
    """The control: the same search, on files in which one canary of each kind is planted among other bytes."""
    control = Findings()
    for number, (kind, contents) in enumerate(sorted(noted.items())):
        content = next(iter(contents))
        forms = (
            [content.encode(), content.encode().hex().encode()]
            if isinstance(content, str)
            else [content, content.hex().encode(), content.hex().upper().encode()]
        )
        for form, written in enumerate(forms):
            path = tmp_path / f"{number}-{form}.log"
            path.write_bytes(b'{"event":"\x00' * 1_000 + written + b'"}' * 1_000)
            control.search(f"{kind} {form}", path, searched.everywhere)
            assert f"{kind} {form}" in control.found[kind]
    empty = tmp_path / "empty.log"
    empty.write_bytes(b'{"event":"request","route":"/v1/me"}' * 1_000)
    before = len(control.found)
    control.search("empty", empty, searched.everywhere)
    assert len(control.found) == before
