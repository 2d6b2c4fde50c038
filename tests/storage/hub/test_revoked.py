"""Whoever was revoked and may come again comes by a new code, and by nothing that was lost before."""

from __future__ import annotations

from tests.hubs import Rig, Writer, said


def test_a_new_code_does_not_bring_a_lost_token_back(rig: Rig) -> None:
    stolen = rig.join("ana", writer=Writer("ana", seed=1))
    rig.revoke(person="ana")
    ana = rig.join("ana", writer=Writer("ana", seed=2))
    assert ana.hello()["user"] == "ana"
    assert said(stolen.ask("GET", "/v1/hello")) == (401, "token")
    assert said(stolen.send([stolen.writer.write()])) == (401, "token")


def test_a_new_code_does_not_bring_a_lost_code_back(rig: Rig) -> None:
    lost = rig.code("ana")
    rig.revoke(person="ana")
    rig.code("ana")
    assert said(rig.spend(lost, Writer("eve").device)) == (410, "code_used")


def test_a_new_code_leaves_the_tokens_of_who_was_never_revoked(rig: Rig) -> None:
    ana, ben = rig.join("ana"), rig.join("ben")
    waiting = rig.code("ana")
    rig.revoke(person="ben")
    rig.code("ana", "commander")
    assert ana.hello()["role"] == "commander"
    assert rig.spend(waiting, Writer("ana", seed=2).device).status == 201
    rig.code("ben")
    assert ana.hello()["user"] == "ana"
    assert said(ben.ask("GET", "/v1/hello")) == (401, "token")


def test_a_revoked_device_stays_so_when_its_owner_comes_back(rig: Rig) -> None:
    ana, other = rig.join("ana", writer=Writer("ana", seed=1)), rig.join("ana", writer=Writer("ana", seed=2))
    rig.revoke(device=ana.writer.device)
    rig.code("ana")
    assert said(ana.ask("GET", "/v1/hello")) == (403, "revoked")
    entry = ana.writer.write()
    assert other.why([entry]) == [("quarantined", "its device or its owner was revoked")]
