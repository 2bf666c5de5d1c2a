"""Settings of HTTP are read from the environment, and wrong ones are named."""

import pytest

from api.settings import HttpSettings, Rate, http_settings
from ledger_node.domain.error import InvalidInputError


def test_without_settings_the_usual_ones_hold(monkeypatch):
    for name in ("RATE_READS", "RATE_VERIFICATIONS", "RATE_EFFECTS", "RATE_ANONYMOUS", "BODY_PAUSE", "CORS_ORIGINS"):
        monkeypatch.delenv(f"CREDENCE_{name}", raising=False)
    assert http_settings() == HttpSettings()


def test_settings_are_read(monkeypatch):
    monkeypatch.setenv("CREDENCE_RATE_VERIFICATIONS", "0.5/7")
    monkeypatch.setenv("CREDENCE_BODY_PAUSE", "3")
    monkeypatch.setenv("CREDENCE_CORS_ORIGINS", "https://portal.example http://127.0.0.1:8080")
    made = http_settings()
    assert made.verifications == Rate(0.5, 7)
    assert made.body_pause_s == 3
    assert made.origins == ("https://portal.example", "http://127.0.0.1:8080")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATE_READS", "many"),
        ("RATE_READS", "5"),
        ("RATE_READS", "5/0"),
        ("RATE_READS", "0/5"),
        ("RATE_READS", "nan/5"),
        ("RATE_READS", "inf/5"),
        ("RATE_READS", "-1/5"),
        ("RATE_READS", "1/²"),
        ("BODY_PAUSE", "soon"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://a.example/path"),
        ("CORS_ORIGINS", "null"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(monkeypatch, name, value):
    monkeypatch.setenv(f"CREDENCE_{name}", value)
    with pytest.raises(InvalidInputError) as refused:
        http_settings()
    assert refused.value.reason == "configuration"
    assert f"CREDENCE_{name}" in refused.value.message
