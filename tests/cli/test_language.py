"""The command line speaks Chinese by its environment or by --language, and English otherwise."""

import json
import re

import pytest
from typer.testing import CliRunner

from api.cli import access, attest, consent, notification
from api.cli.code_word import word
from api.cli.language import choose, gettext, moment, padded, spoken
from api.cli.main import app
from api.cli.verify import why_text
from ledger_node.domain.consent_text import Language
from ledger_node.domain.reason import Reason
from tests.kit.evidence import TRUSTS, data_of

CHINESE = re.compile(r"[\u4e00-\u9fff]")
STATE = {"state": "done", "reason": None, "lines_read": 3, "next_line": 4, "issued": 1, "batches": 1, "unchanged": 0}
HELD = {
    "state": "live",
    "uses": 1,
    "bounds": {"max_uses": 3},
    "terms": {"purpose": "loan_application", "purpose_text": "贷款申请审批", "grantee_name": "北方银行"},
}


@pytest.fixture(autouse=True)
def _afterwards():
    yield
    choose(None)


def refused(*before, after=(), **environment):
    env = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "C.UTF-8", **environment}
    return CliRunner().invoke(app, [*before, "erase", "--as", "tax-bureau", "--code", "1", *after], env=env)


@pytest.mark.parametrize(
    ("before", "after", "environment"),
    [
        ([], [], {"LANG": "zh_CN.UTF-8"}),
        ([], [], {"LC_ALL": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}),
        (["--language", "zh"], [], {}),
        ([], ["--language", "zh"], {}),
    ],
)
def test_a_refusal_is_said_in_chinese_with_its_code_and_what_to_do(before, after, environment):
    done = refused(*before, after=after, **environment)
    assert done.exit_code == 2
    assert done.stderr.startswith("已拒绝 request_invalid：提交的内容不符合要求。请改正标出的内容后重新提交。")
    assert not done.stdout


@pytest.mark.parametrize(
    ("before", "environment"), [([], {}), ([], {"LANG": "de_DE.UTF-8"}), (["--language", "en"], {"LANG": "zh_CN"})]
)
def test_it_is_said_in_english_otherwise(before, environment):
    done = refused(*before, **environment)
    assert done.stderr.startswith("refused request_invalid: ")
    assert not CHINESE.search(done.stderr)


def test_a_language_that_there_is_not_is_refused():
    done = refused("--language", "xx")
    assert done.exit_code == 2
    assert "refused request_invalid" in done.stderr


def test_a_language_chosen_once_is_not_that_of_the_next_command():
    refused("--language", "zh")
    assert refused().stderr.startswith("refused ")


def test_a_report_of_an_upload_is_said_in_chinese(capsys):
    choose(Language.CHINESE)
    rejected = [{"line": 2, "field": "amount", "message": "no number", "reason": "value_malformed"}]
    attest._report({**STATE, "rejected": 1, "heading": True, "blank": 0}, rejected)
    told = capsys.readouterr().err
    assert "已出具 1 份，共 1 批；0 行未变，1 行有误（3 行，含表头）" in told
    assert "第 2 行, amount：有一项内容的写法不对。（value_malformed）" in told


def test_a_table_of_consents_has_words_for_states_and_purposes():
    assert consent._line(HELD) == "live       1/3 uses  loan_application  北方银行"
    choose(Language.CHINESE)
    assert consent._line(HELD) == "有效       已用 1/3 次  贷款申请审批  北方银行"


def test_a_notification_has_its_time_in_beijing_and_its_kind_in_words():
    told = {"time": 1_795_696_500, "kind": "consent.withdrawn", "data": {"consent": "0x12"}}
    assert notification._line(told) == "2026-11-26T12:35:00Z  consent.withdrawn  consent 0x12"
    choose(Language.CHINESE)
    assert notification._line(told) == "2026-11-26 20:35:00  授权撤回  consent 0x12"


def test_a_verdict_says_in_chinese_why_and_what_to_do():
    choose(Language.CHINESE)
    assert word("cannot_tell") == "无法判断"
    assert why_text(Reason.REVOKED, "x") == "revoked：部门已撤销这条数据凭证。它不再有效，原因请问部门。"


def test_a_moment_is_written_as_its_language_writes_it():
    choose(Language.CHINESE)
    assert moment(1_795_696_500) == "2026 年 11 月 26 日 20:35（北京时间）"
    choose(Language.ENGLISH)
    assert moment(1_795_696_500) == "2026-11-26T12:35:00Z"


def test_a_question_is_asked_in_chinese():
    choose(Language.CHINESE)
    assert gettext("Do you grant this?") == "同意授权吗？"
    assert spoken() is Language.CHINESE
    assert access.word("waits") == "待上账本"


def test_chinese_letters_take_two_columns():
    assert padded("是", 4) == "是  "
    assert padded("yes", 4) == "yes "


def test_evidence_is_checked_in_chinese_step_by_step(tmp_path):
    (tmp_path / "evidence.json").write_bytes(data_of("two_claims"))
    (tmp_path / "trust.json").write_text(json.dumps(TRUSTS["t1"]), "utf-8")
    files = [str(tmp_path / "evidence.json"), "--trust", str(tmp_path / "trust.json")]
    done = CliRunner().invoke(app, ["evidence", "verify", *files, "--language", "zh"])
    assert done.exit_code == 1
    lines = done.stderr.splitlines()
    assert lines[0].startswith("信任文件    ")
    assert sum(" 通过 " in line for line in lines) == 11
    assert any(line.startswith("是 ") for line in lines)
    assert any(line.startswith("否 ") for line in lines)
    shown = CliRunner().invoke(app, ["trust", "show", files[-1], "--language", "zh"])
    assert shown.stderr.startswith("校验码")
