"""N1 for controllers: whoever is killed between store and ledger finds everything finished at the next start, once."""

import asyncio

import pytest

from api.catalogue.synthetic import credit_code
from api.home.home import Home
from api.ingestion.reader import Format
from api.instance.embedded import found_instance
from api.instance.wiring import open_instance
from api.services.consent.lifecycle import ConsentService
from api.services.control.recovery import RecoveryService
from api.services.control.rotation import RotationService
from api.services.issuing.job import show_job
from api.services.subject.controller_history import ControllerHistory
from api.work.resumable import PendingWork, Resumable
from ledger_node import clock
from ledger_node.chain.port import RECOVERY_DELAY_S, Role
from ledger_node.chain.rpc import ContractRevertError
from ledger_node.domain.consent import Bounds, Consent, ConsentRequest
from ledger_node.domain.consent_act import withdrawal_hash
from ledger_node.domain.consent_scope import whole_minute
from ledger_node.domain.consent_text import Language
from ledger_node.domain.controller_act import MAX_DEADLINE, Rotation
from ledger_node.domain.controller_rule import controller_query, entry_in_force
from ledger_node.domain.error import ChainError, CredenceError, InvalidInputError
from ledger_node.domain.fact import FactQuery
from ledger_node.domain.reason import Reason
from ledger_node.domain.shown_text import accept
from ledger_node.domain.signature import address_of
from ledger_node.domain.subject import each_person
from ledger_node.randomness import random_bytes
from tests.kit.clock import AheadNode
from tests.kit.postgres import usual_database
from tests.kit.served import write_rows
from tests.kit.subject import controllers_of, new_key

NOW = 1_800_000_000


class Killed(BaseException):
    """The process ends here."""


class Interrupted:
    """A ledger at whose ``method`` the process is killed, before or after it is done; or which does not answer."""

    def __init__(self, ledger, method, *, done, how):
        self._ledger, self._method, self._done, self._how = ledger, method, done, how

    def __getattr__(self, name):
        real = getattr(self._ledger, name)
        if name != self._method:
            return real

        def interrupted(*arguments, **options):
            if self._done:
                real(*arguments, **options)
            raise self._how

        return interrupted


class Services:
    """The services of one life of the process."""

    def __init__(self, instance, ledger):
        history = ControllerHistory(instance.store, ledger)
        keys = instance.consents.keys
        consents = ConsentService(instance.store, ledger, instance.subjects, history, instance.consents.rules, keys)
        self.history = history
        self.consents = consents
        self.rotations = RotationService(ledger, history, consents)
        self.recoveries = RecoveryService(instance.store, ledger, history, consents)

    def start(self):
        """Try everything that waits, and return which kinds of it wait on."""
        parts = {"grants": self.consents, "changes": self.history, "recoveries": self.recoveries}
        kinds = [Resumable(kind, part.waiting, part.resume) for kind, part in parts.items()]
        pending = PendingWork(kinds, look=lambda: None, monotonic=clock.monotonic)
        pending.resume_all()
        return [one.kind for one in pending.waiting if one.count]


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("kill") / "credence")
    database_url, keys_url = usual_database(), usual_database()
    found_instance(home, database_url=database_url, keys_url=keys_url)
    made = AheadNode(home)
    made.home, made.database_url, made.keys_url = home, database_url, keys_url
    yield made
    made.stop()


@pytest.fixture(scope="module")
def instance(node):
    made = open_instance(node.home, [node.url], processes=1, database_url=node.database_url, keys_url=node.keys_url)
    yield made
    made.store.dispose()


@pytest.fixture
def key():
    return new_key()


@pytest.fixture
def subject(instance, key):
    number = int.from_bytes(random_bytes(3), "big")
    return instance.subjects.register(credit_code(number, 5), each_person([key.controller]), 1, now=NOW).id


def life(instance, method=None, *, done=False, how=None):
    """Return the services of a new process, which ends at ``method`` if one is named."""
    ledger = instance.ledger
    return Services(instance, Interrupted(ledger, method, done=done, how=how or Killed()) if method else ledger)


def entries(instance, subject):
    """Return the commitments that the ledger holds of a subject."""
    found = []
    while (entry := instance.ledger.controller_entry(subject, len(found))) is not None:
        found.append(entry.commitment)
    return found


def rotate(services, instance, subject, key, heirs, entry=1):
    made = Rotation(subject, entry, heirs, MAX_DEADLINE)
    signatures = (key.sign(made.digest(instance.ledger.subject_domain)),)
    return services.rotations.rotate(made, signatures, now=NOW)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("again", ["next start", "asked again"])
def test_n1_a_rotation_is_finished_once(instance, subject, key, done, again):
    heirs = controllers_of([new_key()])
    with pytest.raises(Killed):
        rotate(life(instance, "rotate", done=done), instance, subject, key, heirs)
    services = life(instance)
    # who is in force only the ledger says
    assert services.history.current(subject).entry == int(done)
    if again == "next start":
        services.start()
    else:
        rotate(services, instance, subject, key, heirs)
    present = services.history.current(subject)
    assert (present.entry, present.controllers) == (1, heirs)
    assert entries(instance, subject)[1:] == [heirs.commitment]
    services.start()
    assert len(entries(instance, subject)) == 2


@pytest.mark.parametrize("done", [False, True])
def test_n1_while_a_rotation_is_not_known_to_be_made_nobody_acts_for_the_subject(instance, subject, key, done):
    """The old key might be the reason for the rotation; the new ones are not in force before the ledger says so."""
    heirs = controllers_of([new_key()])
    with pytest.raises(Killed):
        rotate(life(instance, "rotate", done=done), instance, subject, key, heirs)
    silent = life(instance, "controller_entry", how=ChainError(Reason.LEDGER_UNAVAILABLE, "no answer"))
    with pytest.raises(ChainError) as refusal, silent.history.locked(subject):
        pytest.fail("somebody had a turn")
    assert refusal.value.reason is Reason.LEDGER_UNAVAILABLE
    with life(instance).history.locked(subject) as present:
        assert (present.entry, present.controllers) == (1, heirs)


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("again", ["next start", "asked again"])
def test_n1_a_request_for_recovery_is_made_once(instance, subject, done, again):
    heirs = controllers_of([new_key()])
    with pytest.raises(Killed):
        life(instance, "request_recovery", done=done).recoveries.request(subject, heirs)
    services = life(instance)
    if again == "next start":
        services.start()
    held = services.recoveries.request(subject, heirs)
    state = instance.ledger.recovery(subject)
    assert (held.number, state.number, state.commitment) == (1, 1, heirs.commitment)
    assert held.completable_at == state.completable_at


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("again", ["next start", "asked again"])
def test_n1_a_completion_is_made_once(node, instance, subject, done, again):
    heirs = controllers_of([new_key()])
    life(instance).recoveries.request(subject, heirs)
    node.pass_time(RECOVERY_DELAY_S)
    with pytest.raises(Killed):
        life(instance, "complete_recovery", done=done).recoveries.complete(subject, 1)
    services = life(instance)
    if again == "next start":
        services.start()
    completed = services.recoveries.complete(subject, 1)
    assert (completed.entry, completed.recovery, completed.controllers) == (1, 1, heirs)
    assert entries(instance, subject)[1:] == [heirs.commitment]


def test_n1_a_completion_that_came_too_early_leaves_nothing_behind(instance, subject):
    heirs = controllers_of([new_key()])
    services = life(instance)
    services.recoveries.request(subject, heirs)
    with pytest.raises(Killed):
        life(instance, "complete_recovery").recoveries.complete(subject, 1)
    services.start()
    assert services.history.current(subject).entry == 0
    assert [control.entry for control in services.history.of(subject)] == [0]
    assert instance.ledger.recovery(subject).commitment == heirs.commitment


def test_a_recovery_whose_completion_was_begun_can_still_be_cancelled(instance, subject):
    services = life(instance)
    services.recoveries.request(subject, controllers_of([new_key()]))
    with pytest.raises(Killed):
        life(instance, "complete_recovery").recoveries.complete(subject, 1)
    services.recoveries.abandon(subject, 1)
    assert instance.ledger.recovery(subject).commitment is None
    with pytest.raises(InvalidInputError) as gone:
        services.recoveries.complete(subject, 1)
    assert gone.value.reason is Reason.RECOVERY_NOT_PENDING


def consent_of(instance, subject):
    """Return a consent that the bank of this instance could be granted."""
    bank = next(member for member in instance.ledger.members() if Role.BANK in member.roles)
    now = whole_minute(instance.ledger.head().time)
    asked = ConsentRequest(
        subject=subject,
        grantee=bank.id,
        grantee_name=bank.name,
        purpose="loan_application",
        purpose_text=instance.purposes.named("loan_application").text(Language.CHINESE),
        questions=("tax_credit_rating.grade in {A, B}",),
        departments=(),
        not_before=now - 60,
        expires_at=now + 86_400,
        max_uses=3,
        retention_days=30,
        spend_key=address_of(random_bytes(32)),
        salt=random_bytes(32),
    )
    terms, _ = accept(asked, asked.expires_at, instance.wording.in_language(Language.CHINESE))
    bounds = Bounds.accepting(
        asked,
        grant_before=asked.expires_at,
        steward_key=address_of(instance.consents.keys.steward(terms)),
        withdrawal_hash=withdrawal_hash(random_bytes(32)),
    )
    return Consent(terms, bounds)


def grant(services, instance, consent, key):
    digest = consent.digest(instance.ledger.consent_domain)
    now = instance.ledger.head().time
    return services.consents.grant(consent, (key.sign(digest),), now=now)


def judged_by(instance, consent):
    """Return the commitment that rule 9 holds the consent against."""
    subject = consent.terms.subject
    granted_at = instance.ledger.consents([consent.digest(instance.ledger.consent_domain)])[0][0].granted_at
    history = instance.ledger.controller_history(subject)
    keys = instance.ledger.facts(FactQuery(keys=history.keys)).keys
    facts = instance.ledger.facts(FactQuery(subject=controller_query(subject, history, keys, [granted_at])))
    return entry_in_force(facts, granted_at).entry.commitment


@pytest.mark.parametrize("done", [False, True])
def test_n1_a_grant_that_waits_for_the_ledger_is_recorded_before_its_signers_hand_over(instance, subject, key, done):
    consent, first = consent_of(instance, subject), life(instance).history.current(subject)
    with pytest.raises(Killed):
        grant(life(instance, "grant", done=done), instance, consent, key)
    services = life(instance)
    rotate(services, instance, subject, key, controllers_of([new_key()]))
    assert services.consents.find(consent.digest(instance.ledger.consent_domain)).on_ledger
    assert judged_by(instance, consent) == first.controllers.commitment


def test_a_grant_of_the_very_second_before_a_rotation_stays_good(instance, subject, key):
    services = life(instance)
    for entry in range(3):
        before = services.history.current(subject)
        consent = consent_of(instance, subject)
        grant(services, instance, consent, key)
        rotate(services, instance, subject, key, controllers_of([key, new_key()]), entry + 1)
        assert judged_by(instance, consent) == before.controllers.commitment


def test_terms_that_the_ledger_refused_under_the_predecessors_are_granted_by_the_present_controllers(
    instance, subject, key
):
    consent, refusing = consent_of(instance, subject), ContractRevertError("ConsentExpired", {})
    early = life(instance, "grant", how=refusing)
    with pytest.raises(ContractRevertError):
        grant(early, instance, consent, key)
    heirs = controllers_of([key, new_key()])
    rotate(early, instance, subject, key, heirs)
    late = life(instance)
    late.start()
    assert not late.consents.find(consent.digest(instance.ledger.consent_domain)).on_ledger
    held = grant(late, instance, consent, key)
    assert (held.on_ledger, held.entry) == (True, 1)
    assert judged_by(instance, consent) == heirs.commitment


@pytest.mark.parametrize("done", [False, True])
def test_n1_a_registration_is_finished_at_the_next_start(instance, key, done):
    number = int.from_bytes(random_bytes(3), "big")
    code = credit_code(number, 6)
    subjects = instance.subjects
    real = subjects._ledger
    subjects._ledger = Interrupted(real, "register_subject", done=done, how=Killed())
    try:
        with pytest.raises(Killed):
            subjects.register(code, each_person([key.controller]), 1, now=NOW)
    finally:
        subjects._ledger = real
    for waiting in subjects.waiting():
        subjects.resume(waiting, NOW)
    found = subjects.register(code, each_person([key.controller]), 1, now=NOW)
    present = instance.controllers.current(found.id)
    assert present.since == instance.ledger.controller_entry(found.id, 0).since
    assert entries(instance, found.id) == [present.controllers.commitment]


@pytest.mark.parametrize("done", [False, True])
def test_n1_an_erasure_that_was_cut_off_is_finished_by_asking_again_and_revokes_once(instance, key, done):
    code = credit_code(int.from_bytes(random_bytes(3), "big"), 7)
    subject = instance.subjects.register(code, each_person([key.controller]), 1, now=NOW)
    member = next(member.id for member in instance.ledger.members() if Role.REGISTRAR in member.roles)
    erasures, before = instance.erasures, instance.ledger.status_number(member)
    changes = instance.issuers[member].status_changes
    real = changes._ledger
    changes._ledger = Interrupted(real, "change_status", done=done, how=Killed())
    try:
        with pytest.raises(Killed):
            erasures.erase(member, credit_code=code, schema=None)
    finally:
        changes._ledger = real
    erased = erasures.erase(member, credit_code=code, schema=None)
    assert (erased.attestations, erased.mined is None) == ((subject.registration,), done)
    assert instance.ledger.status_number(member) == before + 1
    assert instance.subjects.find(subject.id) is None


def test_a_job_is_done_though_its_key_cannot_be_removed_yet_and_the_key_goes_later(
    node, instance, tmp_path, monkeypatch
):
    async def body():
        yield write_rows(
            tmp_path / "rows.csv", "tax_payment", [(int.from_bytes(random_bytes(3), "big"), {})]
        ).read_bytes()

    member = next(member.id for member in node.home.members() if member.slug == "tax-bureau")
    jobs = instance.jobs
    job = asyncio.run(jobs.uploads.receive(member, "tax_payment", Format.CSV, body(), max_bytes=10_000))
    row = jobs._next()
    with monkeypatch.context() as patched:
        patched.setattr(instance.keys, "delete", busy)
        assert jobs._step()
        assert show_job(instance.store, job, member)["state"] == "done"
        with pytest.raises(CredenceError) as refusal:
            jobs._next()
        assert refusal.value.reason is Reason.KEY_LEDGER_BUSY
    assert instance.keys.get([row.data_key]) != {}
    assert jobs._next() is None
    assert instance.keys.get([row.data_key]) == {}


def busy(*_, **__):
    raise CredenceError(Reason.KEY_LEDGER_BUSY, "what was deleted is still being read; ask again")
