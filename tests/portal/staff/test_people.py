"""The people of a member at the pages: two for adding, one for ending, and a key that stays one."""

import re

from api.services.staff.person import StaffState
from api.services.staff.role import StaffRole
from tests.kit.authenticator import AT, BE, UP, UV
from tests.kit.enrolment_page import bring_key, show_code, sign, signed_in
from tests.kit.portal import new_phone
from tests.kit.small_instance import BANK, REGISTRAR

ADMIN, APPROVER = StaffRole.ADMIN, StaffRole.APPROVER


def invite(admin, name="Li Qiang"):
    page = admin.send_form("/staff", {"name": name, "role_officer": "1", "role_clerk": "1"})
    assert page.status_code == 200, page.text
    return re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", page.text)[0]


def person_called(instance, name, member=REGISTRAR):
    return next(one for one in instance.roster.of(member) if one.name == name)


def test_one_admin_invites_another_one_adds_and_one_ends(instance, app, signer):
    first, second, key = signed_in(instance, app, ADMIN), signed_in(instance, app, ADMIN), new_phone()
    code = invite(first)
    assert "Li Qiang" in show_code(signer, code, "/staff/enrol").text
    assert "must add you now" in bring_key(signer, code, key, "/staff/enrol").text
    held = person_called(instance, "Li Qiang")
    assert (held.state, held.roles) == (StaffState.ARRIVED, {StaffRole.OFFICER, StaffRole.CLERK})
    path = f"/staff/people/{held.id.hex()}"
    assert "somebody else must add" in first.get(path).text
    assert "add-data" not in first.get(path).text
    assert sign(second, path, "add-data", f"{path}/add").status_code == 303
    assert signer.sign_in(key).status_code == 303
    assert sign(second, path, "end-data", f"{path}/end").status_code == 303
    assert signer.get("/registrar/invitations").status_code == 303
    assert person_called(instance, "Li Qiang").state is StaffState.ENDED


def test_a_key_that_can_be_copied_is_refused(instance, app, signer):
    code = invite(signed_in(instance, app, ADMIN))
    refused = bring_key(signer, code, path="/staff/enrol", flags=UP | UV | AT | BE)
    assert refused.status_code == 422
    assert "copied" in refused.text
    assert bring_key(signer, code, path="/staff/enrol").status_code == 200


def test_people_of_another_member_are_not_there(instance, app, signer):
    bring_key(signer, invite(signed_in(instance, app, ADMIN)), path="/staff/enrol")
    stranger = signed_in(instance, app, ADMIN, member=BANK)
    held = person_called(instance, "Li Qiang")
    assert stranger.get(f"/staff/people/{held.id.hex()}").status_code == 404
    assert "Li Qiang" not in stranger.get("/staff").text


def test_an_exception_for_programs_takes_two(instance, app):
    first, second = signed_in(instance, app, ADMIN), signed_in(instance, app, APPROVER)
    assert not instance.programs.may_act_alone(REGISTRAR)
    first.send_form("/staff/programs")
    path = re.search(r"/staff/programs/[0-9a-f]{32}", second.get("/staff").text)[0]
    assert sign(first, path, "release-data", path).status_code == 403
    assert sign(second, path, "release-data", path).status_code == 303
    assert instance.programs.may_act_alone(REGISTRAR)


def test_whoever_is_invited_has_a_name_and_a_role(instance, app):
    admin = signed_in(instance, app, ADMIN)
    assert admin.send_form("/staff", {"name": "Li Qiang"}).status_code == 422
    assert admin.send_form("/staff", {"name": " ", "role_clerk": "1"}).status_code == 422


def test_a_code_is_for_one_who_has_not_come(instance, app, signer):
    admin = signed_in(instance, app, ADMIN)
    old = invite(admin)
    path = f"/staff/people/{person_called(instance, 'Li Qiang').id.hex()}"
    fresh = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", admin.send_form(f"{path}/code").text)[0]
    assert show_code(signer, old, "/staff/enrol").status_code == 410
    bring_key(signer, fresh, path="/staff/enrol")
    assert admin.send_form(f"{path}/code").status_code == 409
