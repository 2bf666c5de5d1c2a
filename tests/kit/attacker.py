"""D2's attacker: true record, chain, every backup decrypted, passphrase, keystores, and today's key ledger."""

import sqlite3
import zlib
from binascii import a2b_base64
from hashlib import sha256
from itertools import permutations

from api.services.attestation.commitment_pool import committer_of
from api.vault.cipher import KeyEncryptionKey, VaultRecord, joint_key, unseal
from ledger_node.domain.commitment import subject_key, subject_tag
from ledger_node.domain.error import CredenceError
from ledger_node.domain.hashing import hmac_sha256
from tests.kit.backup import decrypted, rows_of

_WRAPPED = 12 + 32 + 16


class Attacker:
    """``proves``: whether an attestation of a firm in some backup can be opened and committed to anew."""

    def __init__(self, life, backups, ledgers):
        home = life.place.home
        slugs = [member.slug for member in home.members() if (home.path / f"keys/{member.slug}.vault.json").is_file()]
        self._keks = [KeyEncryptionKey(home.read_key(f"{slug}.vault")) for slug in slugs]
        self._opened = [decrypted(life, backup) for backup in backups]
        self.data_keys, others = self._every_key(ledgers)
        self.keys = self.data_keys | others

    def rows(self, table):
        return [
            {name: a2b_base64(value) if name in BINARY and value is not None else value for name, value in row.items()}
            for opened in self._opened
            for row in rows_of(opened, table)
        ]

    def _every_key(self, ledgers):
        """Return every data key that can be unwrapped from anything found, and everything that is as long as one."""
        blobs = set()
        for path in ledgers:
            with sqlite3.connect(path) as ledger:
                blobs.update(bytes(row[0]) for row in ledger.execute("SELECT wrapped FROM data_key"))
            ledger.close()
        for opened in self._opened:
            for name in opened:
                if name.startswith("store/"):
                    for row in rows_of(opened, name.split("/")[1]):
                        blobs.update(_bytes_in(row))
        keys, others = set(), {blob for blob in blobs if len(blob) == 32}
        for blob in blobs:
            for kek in self._keks if len(blob) == _WRAPPED else ():
                try:
                    keys.add(kek.unwrap(blob))
                except CredenceError:
                    continue
        return keys, others

    def attestations_of(self, code):
        """Return rows about a firm: whoever has a department's key finds them by the blind index."""
        indices = {kek.blind_index(code) for kek in self._keks}
        return [row for row in self.rows("attestation") if row["subject_index"] in indices]

    def proves(self, row, code, values):
        """Open a row and commit to the true record: True if the commitment is the one on the chain."""
        for key in self.keys:
            try:
                record = VaultRecord.from_bytes(unseal(key, row["sealed"], row["digest"]))
            except CredenceError:
                continue
            if record.credit_code != code or values not in {None, tuple(record.values)}:
                continue
            root = committer_of(row["schema_id"]).commit(record.seed, record.values).root
            tag = subject_tag(subject_key(record.seed), record.credit_code)
            if (root, tag) == (row["fields_root"], row["subject_tag"]):
                return True
        return False

    def confirms_by_tag(self, row, candidates):
        """Tell whether a guess at the whole row is confirmed by its tag, under any key or department's key."""
        keys = [*self.keys, *(kek.keyed_digest(b"") for kek in self._keks)]
        tags = {hmac_sha256(key, b"credence/vault/row" + row["schema_id"] + one) for key in keys for one in candidates}
        tags |= {kek.keyed_digest(one) for kek in self._keks for one in candidates}
        return row["row_tag"] in tags

    def confirms_upload(self, file):
        """Tell whether a guess at a whole upload is confirmed by what is kept of calls."""
        kept = {row["body"] for row in self.rows("idempotent_call")}
        digest = sha256(file).digest()
        tried = {kek.keyed_digest(b"body" + some + digest) for kek in self._keks for some in (b"", *self.keys)}
        tried |= {kek.keyed_digest(b"body" + kek.keyed_digest(b"") + digest) for kek in self._keks}
        return bool(kept & tried)

    def opens_evidence(self, row):
        """Open a kept bundle with any pair, or any one, of the keys."""
        for some in (*((key,) for key in self.keys), *permutations(self.data_keys, 2)):
            try:
                return zlib.decompress(unseal(joint_key(some, b"credence/evidence"), row["sealed"], row["use"]))
            except CredenceError:
                continue
        return None

    def opens_answer(self, row):
        """Open a kept answer with its own key and any pair, or any one, of the others."""
        for own in [kek.derive_key(b"credence/answer") for kek in self._keks]:
            for some in ((), *((key,) for key in self.keys), *permutations(self.data_keys, 2)):
                try:
                    return unseal(joint_key([own, *some], b"credence/answer"), row["sealed"], row["id"])
                except CredenceError:
                    continue
        return None


def _bytes_in(row):
    for value in row.values():
        if isinstance(value, str):
            try:
                yield a2b_base64(value)
            except ValueError:
                continue


BINARY = {
    "digest", "member", "schema_id", "subject_index", "kind_index", "row_tag", "fields_root", "subject_tag",
    "supersedes", "data_key", "sealed", "path", "id", "route", "body", "seed", "owner", "subject", "data_keys",
    "use", "bank",
}  # fmt: skip
