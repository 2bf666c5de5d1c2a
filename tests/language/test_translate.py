"""scripts/translate: what is marked is collected, what was translated stays, and faults are named."""

import importlib.machinery
import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "translate"


@pytest.fixture
def translate(monkeypatch, tmp_path):
    loader = importlib.machinery.SourceFileLoader("translate_script", str(SCRIPT))
    spec = importlib.util.spec_from_loader("translate_script", loader)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "PO", tmp_path / "credence.po")
    monkeypatch.setattr(module, "MO", tmp_path / "credence.mo")
    monkeypatch.setattr(sys, "argv", ["translate"])
    (tmp_path / "api" / "portal" / "template" / "firm").mkdir(parents=True)
    (tmp_path / "api" / "one.py").write_text('print(_("Hello {name}"), ngettext("one", "many", 2))\n')
    page = "<p>{% trans %}\n  Good\n  day\n{% endtrans %}{{ pgettext('verb', 'Record') }}</p>"
    (tmp_path / "api" / "portal" / "template" / "firm" / "home.html").write_text(page)
    return module


def fill(translate, **texts):
    body = translate.PO.read_text()
    for msgid, string in texts.items():
        head, tail = body.split(f'msgid "{msgid}', 1)
        rest = tail.split('""', 1)
        body = f'{head}msgid "{msgid}{rest[0]}"{string}"{rest[1]}'
    translate.PO.write_text(body)


def check(translate, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["translate", "--check"])
    code = translate.main()
    monkeypatch.setattr(sys, "argv", ["translate"])
    return code


def test_texts_of_code_and_templates_are_collected(translate):
    assert translate.main() == 0
    body = translate.PO.read_text()
    assert 'msgid "Hello {name}"' in body
    assert 'msgid_plural "many"' in body
    assert 'msgid "Good day"' in body
    assert 'msgctxt "verb"' in body


def test_a_text_without_chinese_fails_the_check(translate, monkeypatch, capsys):
    translate.main()
    assert check(translate, monkeypatch) == 1
    assert "no Chinese for 'Good day' (api/portal/template/firm/home.html)" in capsys.readouterr().err


def test_other_placeholders_fail_the_check(translate, monkeypatch, capsys):
    translate.main()
    fill(translate, Hello="您好 {nam}", one="多", Good="您好", Record="记录")
    translate.main()
    assert check(translate, monkeypatch) == 1
    assert "other placeholders in the Chinese of 'Hello {name}'" in capsys.readouterr().err


def test_a_whole_catalogue_passes_and_is_written_the_same_again(translate, monkeypatch):
    translate.main()
    fill(translate, Hello="您好 {name}", one="多", Good="您好", Record="记录")
    translate.main()
    before = translate.MO.read_bytes()
    assert check(translate, monkeypatch) == 0
    translate.main()
    assert translate.MO.read_bytes() == before


def test_marks_of_a_conflict_are_dropped_and_the_translated_entry_of_two_stays(translate, monkeypatch):
    translate.main()
    fill(translate, Hello="您好 {name}", one="多", Good="您好", Record="记录")
    entry = '#: api/portal/template/firm/home.html\nmsgid "Good day"\nmsgstr ""\n'
    ours = translate.PO.read_text()
    translate.PO.write_text(f"<<<<<<< HEAD\n{entry}=======\n>>>>>>> theirs\n{ours}")
    translate.main()
    assert check(translate, monkeypatch) == 0
    assert 'msgstr "您好"' in translate.PO.read_text()


def test_entries_that_a_merge_glued_together_are_read(translate, monkeypatch):
    translate.main()
    fill(translate, Hello="您好 {name}", one="多", Good="您好", Record="记录")
    translate.PO.write_text(translate.PO.read_text().replace("\n\n#", "\n#"))
    translate.main()
    assert check(translate, monkeypatch) == 0


@pytest.mark.parametrize("line", ["""print(f'{_("hidden")}')""", """print(_(f"made {1}"))"""])
def test_a_text_that_cannot_be_collected_fails_the_check(translate, monkeypatch, capsys, line):
    (translate.ROOT / "api" / "two.py").write_text(line)
    translate.main()
    assert check(translate, monkeypatch) == 1
    assert "api/two.py:1: a marked text stands in an f-string" in capsys.readouterr().err
