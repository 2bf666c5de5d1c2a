"""Who controls a subject, naively and only from format.md, clause 8. No ledger_node here.

An entry is ``{"commitment", "key", "since", "kind", "link", "registrar"}``; kinds are 0 registered, 1 rotated and
2 recovered. ``marks`` are the times from which keys are compromised, by (registrar, key); 0 for none.
"""

from dataclasses import dataclass, field

from tests.vectors.naive import require

HOLD_TIME = 14 * 86_400
ROTATED, RECOVERED = 1, 2


@dataclass
class History:
    """Entries by index, when others begin (0 for one that there is not), and holds by number from 1."""

    entries: dict[int, dict]
    begins: dict[int, int] = field(default_factory=dict)
    holds: dict[int, int] = field(default_factory=dict)
    marks: dict[tuple[bytes, bytes], int] = field(default_factory=dict)

    def last(self, time: int) -> int | None:
        """The last entry that began by then; that the next one did not has to be known."""
        begins = {**self.begins, **{index: entry["since"] for index, entry in self.entries.items()}}
        begun = [index for index, since in begins.items() if 0 < since <= time]
        last = max(begun, default=None)
        require((0 if last is None else last + 1) in begins, "state_proof_missing")
        return last

    def way(self, time: int) -> list[tuple[int, int]]:
        """(entry, its root) from the last entry back to the first that counts, which may be missing."""
        index, way = self.last(time), []
        while index is not None:
            # an entry that the bundle did not need, before a later statement marked a key
            require(index in self.entries or not way, "key_compromised")
            require(index in self.entries, "state_proof_missing")
            root = self.entries[index]["link"] if self.entries[index]["kind"] == ROTATED else index
            require(root in self.entries, "state_proof_missing")
            way.append((index, root))
            if self.counts(root):
                break
            entry = self.entries[root]
            index = entry["link"] if entry["kind"] == RECOVERED and entry["link"] < root else None
        return way

    def counts(self, root: int) -> bool:
        entry = self.entries[root]
        require((entry["registrar"], entry["key"]) in self.marks, "state_proof_missing")
        mark = self.marks[entry["registrar"], entry["key"]]
        return not mark or entry["since"] < mark

    def in_force(self, time: int) -> tuple[int, int] | None:
        way = self.way(time)
        return way[-1] if way and self.counts(way[-1][1]) else None

    def last_hold(self, time: int) -> int:
        last = max((number for number, since in self.holds.items() if 0 < since <= time), default=0)
        require(last + 1 in self.holds, "state_proof_missing")
        return last

    def is_held(self, time: int) -> bool:
        number = self.last_hold(time)
        if not number or time >= self.holds[number] + HOLD_TIME:
            return False
        found = self.in_force(time)
        if found is None:
            return True
        root = self.entries[found[1]]
        return root["kind"] != RECOVERED or root["since"] <= self.holds[number]

    def query(self, times: list[int]) -> dict[str, list]:
        """Which entries, beginnings, holds and keys of registrars tell all of that at these times."""
        entries, begins, holds = set(), set(), set()
        for time in times:
            entries |= {index for step in self.way(time) for index in step}
            last, hold = self.last(time), self.last_hold(time)
            begins.add(0 if last is None else last + 1)
            holds |= {hold, hold + 1} - {0}
        asked = [self.entries[index] for index in entries]
        keys = {(entry["registrar"], entry["key"]) for entry in asked if entry["kind"] != ROTATED}
        return {
            "entries": sorted(entries),
            "begins": sorted(begins - entries),
            "holds": sorted(holds),
            "keys": sorted(keys),
        }
