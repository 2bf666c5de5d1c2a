"""Looking for things in bytes, in every form that somebody might have written them in."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from api.lab.attack.candidate import HASHES

_ENDING: Final = 8
_LEAST: Final = 4
_DIGEST_PART: Final = 16
_ENCODINGS: Final = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")


class ByteSearch:
    """Byte strings to look for, each with the name of what it is; all are found in one pass."""

    def __init__(self) -> None:
        self._long: defaultdict[bytes, dict[bytes, str]] = defaultdict(dict)
        self._short: dict[bytes, str] = {}

    def __len__(self) -> int:
        return len(self._short) + sum(map(len, self._long.values()))

    def add(self, name: str, content: bytes) -> None:
        """Look for ``content``.

        Raises:
            ValueError: it is so short that it would stand anywhere by chance.
        """
        if len(content) < _LEAST:
            raise ValueError(f"{name} is too short to look for")
        near = self._long[content[-_ENDING:]] if len(content) >= _ENDING else self._short
        near[content] = name

    def add_bytes(self, name: str, content: bytes) -> None:
        """Look for bytes as they are and in hexadecimal digits."""
        self.add(name, content)
        self.add(f"{name} in hexadecimal", content.hex().encode())
        self.add(f"{name} in capital hexadecimal", content.hex().upper().encode())

    def add_text(self, name: str, text: str) -> None:
        """Look for a text in the encodings there are, and in hexadecimal digits."""
        for encoding in _ENCODINGS:
            self.add(f"{name} in {encoding}", text.encode(encoding))
        self.add(f"{name} in hexadecimal", text.encode().hex().encode())
        self.add(f"{name} in capital hexadecimal", text.encode().hex().upper().encode())

    def add_hashes(self, name: str, content: bytes) -> None:
        """Look for hashes of ``content`` without a salt, whole or cut to 16 or 20 bytes from either end."""
        for hashed, digest in HASHES.items():
            whole = digest(content)
            self.add(f"{hashed} of {name}", whole[:_DIGEST_PART])
            self.add(f"end of {hashed} of {name}", whole[-_DIGEST_PART:])

    def add_name(self, name: str, text: str) -> None:
        """Look for a text in all its forms: itself, in lower and upper case, and hashes of it."""
        for form in dict.fromkeys((text, text.lower(), text.upper())):
            self.add_text(name, form)
            for encoding in _ENCODINGS:
                self.add_hashes(f"{name} in {encoding}", form.encode(encoding))
            self.add_hashes(f"{name} in hexadecimal", form.encode().hex().encode())

    def add_id(self, name: str, content: bytes) -> None:
        """Look for an id in all its forms, and hashes of it."""
        self.add_bytes(name, content)
        self.add_hashes(name, content)
        self.add_hashes(f"{name} in hexadecimal", content.hex().encode())
        self.add_hashes(f"{name} in hexadecimal with 0x", b"0x" + content.hex().encode())

    def found_in(self, data: bytes) -> set[str]:
        """Return the names of all that ``data`` holds."""
        return {*self._long_in(data), *(name for content, name in self._short.items() if content in data)}

    def _long_in(self, data: bytes) -> Iterator[str]:
        index = self._long
        for at in range(_ENDING, len(data) + 1):
            near = index.get(data[at - _ENDING : at])
            if near is not None:
                yield from (name for content, name in near.items() if data.endswith(content, 0, at))
