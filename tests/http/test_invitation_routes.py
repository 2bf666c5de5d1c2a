"""A firm is invited, brings keys and is confirmed over HTTP; a program alone, or one person twice, registers nobody."""

import pytest

from api.catalogue.synthetic import credit_code
from api.client.staff import invite_staff
from ledger_node.domain.json_object import from_hex
from ledger_node.domain.staff_release import StaffAct, StaffRelease
from ledger_node.domain.subject import signature_to_json
from tests.kit.canary import plant
from tests.kit.portal import new_phone
from tests.kit.served import SEED
from tests.kit.staff import new_device
from tests.kit.subject import refused

NOBODY = "0x" + "ab" * 16
SIGNER = "Wang Xiaohong"


def person(inside, *roles):
    """Return the key of a person of the registrar whom its own key invited."""
    key = inside.served.home.read_key("market-regulator")
    device = new_device()
    invited = invite_staff(inside.regulator, key, f"Person {device.authenticator.scalar}", roles)
    inside.served.instance.roster.enrol(invited["code"], device.credential, device.passkey, is_synced=False)
    return device


@pytest.fixture(scope="module")
def clerk(inside):
    return person(inside, "clerk")


@pytest.fixture(scope="module")
def approver(inside):
    return person(inside, "approver", "clerk")


@pytest.fixture(scope="module")
def registrar(inside):
    return from_hex(inside.regulator.get("/v1/me")["id"], "member")


def invite(inside, **changes):
    code = credit_code(inside.fresh(), SEED)
    plant("a credit code", code)
    wanted = {"credit_code": code, "name": "王记面包房", "signers": [SIGNER], "threshold": 1, "by_post": False}
    return inside.regulator.post("/v1/invitations", {**wanted, **changes})


def give_code(inside, invited):
    return inside.regulator.post(f"/v1/invitations/{invited['id']}/codes", {"person": 1})["code"]


def made_key(inside, code, phone, origin=None):
    """Return the body that brings a new passkey."""
    welcome = inside.anybody("/v1/invitations/welcome", {"code": code})
    made = phone.registration(from_hex(welcome["challenge"], "challenge"), origin=origin or welcome["origin"])
    parts = {name: f"0x{value}" for name, value in made.items()}
    return {"code": code, "token": welcome["token"], **parts}


def bring(inside, code, phone, origin=None):
    return inside.anybody("/v1/invitations/passkeys", made_key(inside, code, phone, origin))


def shown(inside, invited):
    return next(one for one in inside.regulator.get("/v1/invitations")["invitations"] if one["id"] == invited["id"])


def signed(inside, registrar, content, device, number):
    release = StaffRelease(registrar, StaffAct.REGISTER_SUBJECT, from_hex(content, "content"), number)
    return signature_to_json(device.assertion(inside.served.instance.releases.digest(release)))


@pytest.fixture(scope="module", autouse=True)
def anybody(inside):
    """Let anybody post, signed in or not."""
    client = inside.http()

    def post(path, body):
        answer = client.post(path, json=body)
        assert answer.status_code < 400, answer.json()["reason"]
        return answer.json()

    inside.anybody = post


def why(act):
    """Return why a post of nobody was refused."""
    with pytest.raises(AssertionError) as caught:
        act()
    return str(caught.value).split("\n")[0]


def test_two_people_confirm_what_a_program_opened(inside, registrar, clerk, approver):
    invited, phone = invite(inside), new_phone()
    code = give_code(inside, invited)
    assert code not in str(inside.regulator.get("/v1/invitations"))
    body = made_key(inside, code, phone)
    came = inside.anybody("/v1/invitations/passkeys", body)
    # the same key again is answered the same
    assert inside.anybody("/v1/invitations/passkeys", body)["digits"] == came["digits"]
    ready = shown(inside, invited)
    (key,) = ready["signers"][0]["keys"]
    assert (ready["state"], key["digits"], key["passkey"]) == ("ready", came["digits"], phone.passkey.to_json())
    path = f"/v1/invitations/{invited['id']}/confirmation"

    def confirm(number, by, prepared=None):
        content = ready["content"]
        body = {"number": number, "signature": signed(inside, registrar, content, by, number)}
        if prepared is not None:
            body["prepared"] = signed(inside, registrar, content, prepared, number)
        return inside.regulator.post(path, body)

    assert refused(lambda: confirm(1, approver)) == (403, "not_allowed")
    assert refused(lambda: confirm(1, clerk, clerk))[1] == "signer_not_controller"
    assert refused(lambda: confirm(1, approver, approver)) == (403, "release_by_preparer")
    assert refused(lambda: confirm(1, new_device(), clerk))[1] == "signer_not_controller"
    done = confirm(1, approver, clerk)
    assert done["state"] == "registered"
    assert inside.regulator.get(f"/v1/subjects/{done['subject']}")["controllers"]["keys"] == [
        {"person": 1, "passkey": phone.passkey.to_json()}
    ]
    assert refused(lambda: confirm(2, approver, clerk)) == (409, "release_not_waiting")
    release = next(one for one in inside.regulator.get("/v1/releases")["releases"] if one["act"] == "register_subject")
    assert release["content"] == ready["content"]
    assert None not in {release["staff"], release["prepared_by"]}


def test_what_is_wrong_with_a_code_or_a_key_is_said(inside):
    invited = invite(inside)
    code = give_code(inside, invited)
    assert why(lambda: bring(inside, "00000-00000", new_phone())) == "code_unknown"
    assert why(lambda: bring(inside, code, new_phone(), origin="https://evil.example")) == "origin_mismatch"
    first, second = (made_key(inside, code, new_phone()) for _ in range(2))
    inside.anybody("/v1/invitations/passkeys", first)
    assert why(lambda: inside.anybody("/v1/invitations/welcome", {"code": code})) == "code_used"
    assert why(lambda: inside.anybody("/v1/invitations/passkeys", second)) == "enrolment_void"
    # neither counts
    assert (shown(inside, invited)["state"], shown(inside, invited)["signers"][0]["keys"]) == ("open", [])


def test_a_code_asked_for_again_under_one_key_is_a_new_one_and_is_kept_nowhere(inside):
    invited, client = invite(inside), inside.http("market-regulator")
    path, headers = f"/v1/invitations/{invited['id']}/codes", {"Idempotency-Key": '"once"'}
    # the second address is the same one to a server: a letter is written as its number
    answers = [
        client.post(one, json={"person": 1}, headers=headers) for one in (path, path.replace("codes", "code%73"))
    ]
    first, second = (answer.json()["code"] for answer in answers)
    assert first != second
    assert not any("idempotent-replayed" in answer.headers for answer in answers)


def test_an_invitation_that_ended_says_nothing_any_more(inside):
    invited = invite(inside)
    code = give_code(inside, invited)
    assert inside.regulator.post(f"/v1/invitations/{invited['id']}/cancellation", {}) == {"invitations": []}
    ended = shown(inside, invited)
    assert (ended["state"], ended["content"]) == ("void", None)
    assert why(lambda: bring(inside, code, new_phone())) == "code_expired"
    assert refused(lambda: inside.regulator.post(f"/v1/invitations/{NOBODY}/cancellation", {})) == (404, "not_found")
    assert refused(lambda: inside.bank.get("/v1/invitations")) == (403, "not_allowed")


def test_an_invitation_that_makes_no_sense_is_refused(inside):
    assert refused(lambda: invite(inside, threshold=2)) == (422, "value_out_of_range")
    assert refused(lambda: invite(inside, signers=[SIGNER] * 2)) == (422, "value_out_of_range")
    assert refused(lambda: invite(inside, recovers=True))[1] == "subject_unknown"
    assert refused(lambda: invite(inside, by_post="no"))[1] == "type_wrong"
