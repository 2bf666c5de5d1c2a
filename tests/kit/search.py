"""Looking for canaries in what a whole run of the tests left behind: where they are, and of what kind."""

import base64
import json
import multiprocessing
import os
import shutil
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from xml.etree import ElementTree as ET

import ahocorasick
from sqlalchemy.exc import DatabaseError

from api.home.home import Home
from ledger_node.domain.error import CredenceError
from tests.e2e.test_d1_leak import secrets_of
from tests.kit.canary import REGISTER, read_register

SECRETS_A_HOME = 6_000
UNOPENED = "an instance that does not open"
DERIVED = ("a salt", "a start", "a bit", "a subject key")
"""Kinds that follow from a seed: they are looked for in the files of their own instance."""
PROCESSES = 2
WORDS = ("*.log", "metrics.txt", "*.xml")
"""What is written for people and programs to read: logs, answers that were refusals, metrics, pytest's reports."""
OUTPUT = frozenset({"system-out", "system-err"})
KEPT_APART = frozenset({"keys", "consents", "passphrase"})
"""Where a home keeps secrets itself."""
SHOWN_TO_THE_CHAIN = frozenset({"a withdrawal secret"})
"""Kinds that whoever holds one may put on the chain."""
_SHARED = []


class Haystack:
    """Finds any number of byte strings in one pass; each has the kind of what it is."""

    def __init__(self):
        self._automaton = ahocorasick.Automaton()
        self._ready = False

    def __len__(self):
        return len(self._automaton)

    def add(self, kind, content):
        """Look for text or bytes, as they are and as people write bytes down."""
        if isinstance(content, str):
            forms = [
                content.encode(),
                content.lower().encode(),
                content.encode("utf-16-le"),
                content.encode().hex().encode(),
            ]
        else:
            coded = base64.urlsafe_b64encode(content).rstrip(b"=")
            forms = [content, content.hex().encode(), content.hex().upper().encode(), coded]
        for form in forms:
            assert len(form) >= 7, f"{kind} is too short to look for"
            self._automaton.add_word(form.decode("latin-1"), kind)
        self._ready = False

    def prepare(self):
        """Make ready to search."""
        if not self._ready:
            self._automaton.make_automaton()
            self._ready = True

    def kinds_in(self, data):
        """Return the kinds of all that ``data`` holds."""
        self.prepare()
        return {kind for _, kind in self._automaton.iter(data.decode("latin-1"))} if len(self) else set()


def planted(folder):
    """Yield (kind, content) of everything that the kits noted."""
    for register in folder.rglob(REGISTER):
        yield from read_register(register)


def homes(folder):
    """Return all instances' folders."""
    return sorted(path.parent for path in folder.rglob("network.json"))


def own_secrets(home, scratch):
    """Yield (kind, content) of what an instance itself keeps secret: seeds and salts, data keys, private keys."""
    copy = scratch / "copy"
    scratch.mkdir(exist_ok=True)
    # a copy, since opening a store folds its write-ahead log away
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns("chain.sqlite3*", "*.log"))
    try:
        opened = Home(copy)
        if (copy / "store.sqlite3").is_file():
            try:
                yield from islice(secrets_of(opened), SECRETS_A_HOME)
            except (CredenceError, DatabaseError):
                # a test has broken it, or left its key ledger away: what it holds can be opened by nobody
                yield UNOPENED, bytes(32)
        for name in ("sealer", "tax-bureau"):
            if opened.has_key(name):
                yield "a private key", opened.read_key(name)
        for path in (copy / "keys").glob("*.jwk"):
            yield "a sign-in key", json.loads(path.read_text("utf-8"))["d"]
        # what was killed while it was made or restored may have none yet
        if (copy / "passphrase").is_file():
            yield "a passphrase", (copy / "passphrase").read_text("ascii").strip()
    finally:
        shutil.rmtree(copy)


def files_of(home):
    """Return the files of an instance in which nothing secret may be."""
    found = (path for path in home.rglob("*") if path.is_file())
    return [path for path in sorted(found) if KEPT_APART.isdisjoint(path.relative_to(home).parts)]


def words_in(folder):
    """Return everything that was written to be read."""
    return sorted({path for pattern in WORDS for path in folder.rglob(pattern) if path.is_file()})


def captured(report):
    """Return what tests wrote and logged, of a report of pytest."""
    elements = ET.parse(report).iter()  # noqa: S314 - pytest wrote it
    return "\n".join(one.text or "" for one in elements if one.tag in OUTPUT).encode()


class Findings:
    """What was searched, and what was found: place and kind, never the canary."""

    def __init__(self):
        self.found = defaultdict(set)
        self.own = Counter()
        self.files = self.size = 0

    def add(self, other):
        """Take over what another search found."""
        for kind, places in other.found.items():
            self.found[kind] |= places
        self.files += other.files
        self.size += other.size

    def search(self, place, path, *haystacks):
        """Search a file; of a report what was written while tests ran, as their names hold amounts of their own."""
        data = captured(path) if path.suffix == ".xml" else path.read_bytes()
        self.files += 1
        self.size += len(data)
        for haystack in haystacks:
            for kind in haystack.kinds_in(data):
                self.found[kind].add(place)


def search_homes(folder, found, at_rest, scratch):
    """Yield (findings, own secrets) of every home; ``at_rest``: what was planted, and may be in no file of any."""
    at_rest.prepare()
    # forked, so that nobody builds the haystack again
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("fork"), _share, (at_rest,)) as pool:
        yield from pool.map(_search_home, found, [folder] * len(found), [scratch] * len(found))


def _share(at_rest):
    _SHARED.append(at_rest)


def _search_home(home, folder, scratch):
    findings, own = Findings(), Haystack()
    secrets = list(own_secrets(home, scratch / str(os.getpid())))
    for kind, content in secrets:
        if kind != UNOPENED:
            own.add(kind, content)
    for path in files_of(home):
        findings.search(f"{home.relative_to(folder)}/{path.name}", path, own, *_SHARED)
    return findings, secrets
