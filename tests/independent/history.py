"""Who controls a subject at a time, and whether it is held (rule 9, clause 18)."""

from dataclasses import dataclass
from typing import Any

from .errors import RefusedError, need
from .strict import integer, items, members, octets, rising

ROTATED, RECOVERED = 1, 2
HOLD = 14 * 86_400
MANY, MAX_ENTRY = 1024, 2**32 - 1
Key = tuple[bytes, bytes]


@dataclass(frozen=True)
class Asked:
    """Which entries, beginnings of entries, holds, and keys of registrars a bundle proves."""

    entries: list[int]
    begins: list[int]
    holds: list[int]
    keys: list[Key]


@dataclass(frozen=True)
class Entry:
    """An entry of controllers."""

    commitment: bytes
    key: bytes
    since: int
    kind: int
    link: int
    registrar: bytes


def read(value: Any) -> Asked:
    """The JSON of what is asked for."""
    members(value, "entries begins holds keys")
    entries, begins = (_numbers(value[name], 0) for name in ("entries", "begins"))
    holds, keys = _numbers(value["holds"], 1), []
    for item in items(value["keys"], MANY):
        members(item, "member key")
        keys.append((octets(item["member"], 32), octets(item["key"], 20)))
    rising(keys)
    return Asked(entries, begins, holds, keys)


def _numbers(value: Any, low: int) -> list[int]:
    found = [integer(item, low, MAX_ENTRY) for item in items(value, MANY)]
    rising(found)
    return found


@dataclass
class History:
    """What is proven of a subject, and from when on each key counts as compromised (0: never)."""

    entries: dict[int, Entry]
    begins: dict[int, int]
    holds: dict[int, int]
    compromised: dict[Key, int]

    def _last(self, time: int) -> int:
        """The last entry that began by a time, -1 for none; the next one must be known to be later, or not there."""
        known = {**self.begins, **{place: entry.since for place, entry in self.entries.items()}}
        last = max((place for place, since in known.items() if 0 < since <= time), default=-1)
        need(last + 1 in known, "state_proof_missing")
        return last

    def _counts(self, root: Entry) -> bool:
        key = root.registrar, root.key
        need(key in self.compromised, "state_proof_missing")
        return not self.compromised[key] or root.since < self.compromised[key]

    def _entry(self, place: int, reason: str) -> Entry:
        need(place in self.entries, reason)
        return self.entries[place]

    def _way(self, time: int) -> tuple[set[int], tuple[Entry, Entry] | None]:
        """All entries on the way back, and the one in force with its root."""
        place, seen, reason = self._last(time), set[int](), "state_proof_missing"
        while place >= 0:
            entry = self._entry(place, reason)
            root_at = entry.link if entry.kind == ROTATED else place
            root = self._entry(root_at, "state_proof_missing")
            seen |= {place, root_at}
            if self._counts(root):
                return seen, (entry, root)
            if root.kind != RECOVERED or root.link >= root_at:
                break
            place, reason = root.link, "key_compromised"
        return seen, None

    def in_force(self, time: int) -> bytes:
        """The commitment of those in force."""
        found = self._way(time)[1]
        need(found, "controllers_none_count")
        assert found is not None
        return found[0].commitment

    def _last_hold(self, time: int) -> int:
        last = max((number for number, since in self.holds.items() if 0 < since <= time), default=0)
        need(last + 1 in self.holds, "state_proof_missing")
        return last

    def held(self, time: int) -> bool:
        """Whether a hold is on: for 14 days, or until a recovery that counts."""
        number = self._last_hold(time)
        since = self.holds.get(number, 0)
        if not number or since + HOLD <= time:
            return False
        found = self._way(time)[1]
        return found is None or found[1].kind != RECOVERED or found[1].since <= since

    def check(self, commitment: bytes, time: int) -> None:
        """Rule 9."""
        need(self.in_force(time) == commitment, "controllers_mismatch")
        need(not self.held(time), "subject_on_hold")

    def exact(self, asked: Asked, times: list[int]) -> None:
        """What is proven is just what these times take."""
        entries, begins, holds = set[int](), set[int](), set[int]()
        for time in times:
            entries |= self._way(time)[0]
            begins.add(self._last(time) + 1)
            holds |= {self._last_hold(time), self._last_hold(time) + 1} - {0}
        roots = [self.entries[place] for place in entries if self.entries[place].kind != ROTATED]
        keys = sorted({(one.registrar, one.key) for one in roots})
        found = Asked(sorted(entries), sorted(begins - entries), sorted(holds), keys)
        if found != asked:
            raise RefusedError("state_proof_unneeded")
