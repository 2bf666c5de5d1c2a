"""Secrets in files: theirs alone who own them, and text."""

import pytest

from api.files.private import read_private_text
from ledger_node.domain.error import InvalidInputError
from ledger_node.domain.reason import Reason


def private(folder, content, mode=0o600):
    file = folder / "secret"
    file.write_bytes(content)
    file.chmod(mode)
    return file


def test_the_text_of_a_secret_has_no_space_around_it(tmp_path):
    assert read_private_text(private(tmp_path, " 12 34é \n".encode())) == "12 34é"


@pytest.mark.parametrize(("content", "mode"), [(b"12\xff34", 0o600), (b"1234", 0o640)])
def test_what_is_no_text_or_for_others_is_refused_and_not_shown(tmp_path, content, mode):
    with pytest.raises(InvalidInputError) as refused:
        read_private_text(private(tmp_path, content, mode))
    assert refused.value.reason is Reason.CONFIGURATION
    assert "34" not in refused.value.message
    assert refused.value.__cause__ is None


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidInputError) as refused:
        read_private_text(tmp_path / "none")
    assert refused.value.reason is Reason.CONFIGURATION
