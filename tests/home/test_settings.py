"""Settings of HTTP are read from the environment, and wrong ones are named."""

import pytest

from api.home.message_settings import MessageSettings
from api.home.settings import (
    PORTAL_VARIABLES,
    HttpSettings,
    PortalSettings,
    Rate,
    WatchSettings,
    http_settings,
    message_settings,
    portal_settings,
    watch_settings,
)
from ledger_node.domain.error import InvalidInputError


def test_without_settings_the_usual_ones_hold(monkeypatch):
    rates = ("RATE_READS", "RATE_VERIFICATIONS", "RATE_EFFECTS", "RATE_ANONYMOUS")
    for name in (*rates, "BODY_PAUSE", "CORS_ORIGINS", "VERIFICATIONS_AT_ONCE"):
        monkeypatch.delenv(f"CREDENCE_{name}", raising=False)
    assert http_settings() == HttpSettings()


def test_settings_are_read(monkeypatch):
    monkeypatch.setenv("CREDENCE_RATE_VERIFICATIONS", "0.5/7")
    monkeypatch.setenv("CREDENCE_BODY_PAUSE", "3")
    monkeypatch.setenv("CREDENCE_CORS_ORIGINS", "https://portal.example http://127.0.0.1:8080")
    monkeypatch.setenv("CREDENCE_VERIFICATIONS_AT_ONCE", "48/8")
    made = http_settings()
    assert (made.at_once, made.beside_others) == (48, 8)
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
        ("VERIFICATIONS_AT_ONCE", "64"),
        ("VERIFICATIONS_AT_ONCE", "64/0"),
        ("VERIFICATIONS_AT_ONCE", "2/64"),
        ("VERIFICATIONS_AT_ONCE", "many/2"),
        ("VERIFICATIONS_AT_ONCE", "9" * 5000 + "/2"),
        ("RATE_READS", "5/" + "9" * 5000),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(monkeypatch, name, value):
    monkeypatch.setenv(f"CREDENCE_{name}", value)
    with pytest.raises(InvalidInputError) as refused:
        http_settings()
    assert refused.value.reason == "configuration"
    assert f"CREDENCE_{name}" in refused.value.message


def test_how_an_instance_is_watched_is_read(monkeypatch, tmp_path):
    for name in ("METRICS_TOKEN_FILE", "READY_AGE", "LOG_SLOW"):
        monkeypatch.delenv(f"CREDENCE_{name}", raising=False)
    assert watch_settings() == WatchSettings()
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_bytes(b"ab" * 20 + b"\n")
    monkeypatch.setenv("CREDENCE_METRICS_TOKEN_FILE", str(token))
    monkeypatch.setenv("CREDENCE_READY_AGE", "90")
    monkeypatch.setenv("CREDENCE_LOG_SLOW", "0.25")
    assert watch_settings() == WatchSettings(b"ab" * 20, 90, 0.25)


@pytest.mark.parametrize(
    ("content", "mode"),
    [(b"short", 0o600), (b"", 0o600), (b"with a space " * 4, 0o600), (b"ab" * 20, 0o644), (None, 0)],
)
def test_a_token_that_is_none_or_that_others_can_read_is_refused(monkeypatch, tmp_path, content, mode):
    token = tmp_path / "token"
    if content is not None:
        token.touch(mode=mode)
        token.write_bytes(content)
    monkeypatch.setenv("CREDENCE_METRICS_TOKEN_FILE", str(token))
    with pytest.raises(InvalidInputError) as refused:
        watch_settings()
    assert refused.value.reason == "configuration"
    assert str(token) in refused.value.message
    assert not content or content.decode() not in refused.value.message


@pytest.mark.parametrize("name", ["READY_AGE", "LOG_SLOW"])
def test_a_time_that_makes_no_sense_is_named(monkeypatch, name):
    monkeypatch.setenv(f"CREDENCE_{name}", "soon")
    with pytest.raises(InvalidInputError) as refused:
        watch_settings()
    assert f"CREDENCE_{name}" in refused.value.message


@pytest.fixture
def portal_variables(monkeypatch):
    for variable in PORTAL_VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)


def test_every_wait_of_the_portal_has_a_variable():
    assert set(PORTAL_VARIABLES) == set(PortalSettings.__slots__)


@pytest.mark.usefixtures("portal_variables")
def test_waits_of_the_portal_are_a_day_unless_they_are_set(monkeypatch):
    assert portal_settings() == PortalSettings()
    assert PortalSettings().first_wait_s == PortalSettings().file_wait_s == PortalSettings().counter_wait_s == 86_400
    assert PortalSettings().shortened == ()
    monkeypatch.setenv("CREDENCE_FIRST_WAIT", "0")
    monkeypatch.setenv("CREDENCE_DRAFT_LIFETIME", "5m")
    monkeypatch.setenv("CREDENCE_FILE_WAIT", "2d")
    made = portal_settings()
    assert (made.first_wait_s, made.draft_s, made.file_wait_s) == (0, 300, 172_800)
    assert made.shortened == ("first_wait_s",)


@pytest.mark.usefixtures("portal_variables")
@pytest.mark.parametrize("text", ["", "soon", "-1", "1.5h", "9999999d", "1w", "1 h", "²"])
def test_a_wait_that_makes_no_sense_is_named(monkeypatch, text):
    monkeypatch.setenv("CREDENCE_FIRST_WAIT", text)
    with pytest.raises(InvalidInputError) as refused:
        portal_settings()
    assert refused.value.reason == "configuration"
    assert "CREDENCE_FIRST_WAIT" in refused.value.message


@pytest.mark.usefixtures("portal_variables")
def test_a_code_that_never_holds_good_is_refused(monkeypatch):
    monkeypatch.setenv("CREDENCE_HANDOVER_LIFETIME", "0")
    with pytest.raises(InvalidInputError) as refused:
        portal_settings()
    assert refused.value.reason == "configuration"


MESSAGES = ("SMTP_URL", "SMTP_SENDER", "MESSAGE_HOOK", "MESSAGE_HOOK_SECRET_FILE")


@pytest.fixture
def message_variables(monkeypatch):
    for name in MESSAGES:
        monkeypatch.delenv(f"CREDENCE_{name}", raising=False)


@pytest.mark.usefixtures("message_variables")
def test_by_what_firms_are_told_is_read(monkeypatch, tmp_path):
    assert message_settings() == MessageSettings()
    (tmp_path / "secret").touch(mode=0o600)
    (tmp_path / "secret").write_text("whsec_abc\n", "utf-8")
    values = ("smtp://u:pass@mail.example", "a@b.example", "https://gateway.example", str(tmp_path / "secret"))
    for name, value in zip(MESSAGES, values, strict=True):
        monkeypatch.setenv(f"CREDENCE_{name}", value)
    made = message_settings()
    assert made == MessageSettings(*values[:3], "whsec_abc")
    assert "pass" not in repr(made)
    assert "whsec" not in repr(made)


@pytest.mark.usefixtures("message_variables")
@pytest.mark.parametrize("name", MESSAGES)
def test_of_two_settings_that_belong_together_one_is_refused(monkeypatch, name):
    monkeypatch.setenv(f"CREDENCE_{name}", "anything")
    with pytest.raises(InvalidInputError) as refused:
        message_settings()
    assert refused.value.reason == "configuration"
    assert f"CREDENCE_{name}" in refused.value.message
