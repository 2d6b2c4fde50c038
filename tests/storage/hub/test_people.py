"""Who may come: codes, tokens, roles, revocation, and who has what open."""

from __future__ import annotations

import json
import threading

import pytest

from domain.ids import ALPHABET
from domain.times import DAY
from storage.hub import people
from storage.hub.engines import Database
from tests.hubs import INCIDENT, JSON, Rig, Writer, said, told


def test_a_code_is_two_groups_of_what_survives_the_telephone(rig: Rig) -> None:
    codes = {rig.code() for _each in range(50)}
    assert len(codes) == 50
    assert all(len(code) == 11 and code[5] == "-" and set(code.replace("-", "")) <= set(ALPHABET) for code in codes)


def test_a_code_is_good_once(rig: Rig) -> None:
    code = rig.code("ana", "commander")
    given = told(rig.spend(code, Writer("ana").device), 201)
    assert set(given) == {"token", "user", "role", "hub", "epoch"}
    assert (given["user"], given["role"], given["epoch"]) == ("ana", "commander", rig.epoch)
    assert said(rig.spend(code, Writer("ben").device)) == (410, "code_used")


def test_a_code_is_read_as_people_say_it(rig: Rig) -> None:
    code = rig.code().replace("1", "l").replace("0", "o").lower().replace("-", " ")
    assert rig.spend(f" {code} ", Writer("ana").device).status == 201


def test_a_code_grows_old(rig: Rig) -> None:
    code, late = rig.code(), rig.code()
    rig.clock.now += DAY - 1
    assert rig.spend(code, Writer("ana").device).status == 201
    rig.clock.now += 2
    assert said(rig.spend(late, Writer("ana").device)) == (410, "code_used")


def test_a_code_that_nobody_gave(rig: Rig) -> None:
    rig.code()
    for code in ("AAAAA-AAAAA", "x", "'; DROP TABLE code; --", "0" * 200):
        assert said(rig.spend(code, Writer("ana").device)) == (404, "code")


def test_a_code_is_not_spent_by_what_is_refused(rig: Rig) -> None:
    ana = rig.join("ana")
    code = rig.code("ben")
    assert said(rig.spend(code, ana.writer.device)) == (403, "device_taken")
    assert said(rig.spend(code, "no-uuid"))[0] == 400
    assert rig.spend(code, Writer("ben").device).status == 201


def test_a_code_is_spent_by_one_of_many_at_once(rig: Rig) -> None:
    code = rig.code()
    answers: list[int] = []
    devices = [Writer("ana", seed=number).device for number in range(1, 7)]
    threads = [threading.Thread(target=lambda d=d: answers.append(rig.spend(code, d).status)) for d in devices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, *[410] * 5]


def test_a_code_that_is_being_spent_keeps_others_waiting_and_is_then_spent(rig: Rig) -> None:
    code, first, second = rig.code(), Writer("ana", seed=1).device, Writer("ana", seed=2).device
    answers: list[int] = []
    other = threading.Thread(target=lambda: answers.append(rig.spend(code, second).status))
    with rig.database.writing() as connection:
        people.enrol(connection, code, first, "first", rig.clock(), rig.random.getrandbits)
        other.start()
        other.join(0.5)  # it has begun, and cannot go on before this ends
    other.join()
    assert answers == [410]


def test_enrolling_again_ends_the_token_before(rig: Rig) -> None:
    old = rig.join("ana")
    new = rig.join("ana", writer=old.writer)
    assert said(old.ask("GET", "/v1/hello")) == (401, "token")
    assert new.hello()["device"] == old.writer.device


def test_a_device_of_somebody_else_stays_theirs(rig: Rig) -> None:
    ana = rig.join("ana")
    assert said(rig.spend(rig.code("ben"), ana.writer.device)) == (403, "device_taken")
    assert ana.hello()["user"] == "ana"


def test_a_device_known_by_a_relay_may_enrol(rig: Rig) -> None:
    ana, ben = rig.join("ana"), Writer("ben")
    ana.push([ben.write()])
    own = rig.join("ben", writer=ben)
    assert own.push([ben.write()]) == ["ok"]
    assert said(rig.spend(rig.code("ana"), ben.device)) == (403, "device_taken")


def test_the_revoked_are_told_and_come_back_by_a_new_code(rig: Rig) -> None:
    ana, other = rig.join("ana"), rig.join("ana", writer=Writer("ana", seed=3))
    rig.revoke(device=ana.writer.device)
    for method, path in (("GET", "/v1/hello"), ("GET", "/v1/entries"), ("POST", "/v1/entries"), ("POST", "/v1/have")):
        assert said(ana.ask(method, path)) == (403, "revoked")
    assert other.hello()["user"] == "ana"
    rig.revoke(person="ana")
    assert said(other.ask("GET", "/v1/hello")) == (403, "revoked")
    again = rig.join("ana", writer=ana.writer)
    assert again.hello()["user"] == "ana"


def test_a_code_given_before_its_person_was_revoked_lets_nobody_in(rig: Rig) -> None:
    rig.join("ana")
    code = rig.code("ana")
    rig.revoke(person="ana")
    answer = rig.spend(code, Writer("eve").device)
    if answer.status == 201:
        from tests.hubs import Caller

        caller = Caller(rig, Writer("eve"), told(answer, 201)["token"])
        assert said(caller.ask("GET", "/v1/hello")) == (403, "revoked")
    else:
        assert answer.status in (403, 410)


def test_revoking_who_is_not_there(rig: Rig) -> None:
    with rig.database.writing() as connection:
        assert people.revoke(connection, person="nobody") == 0
        assert people.revoke(connection, device="nothing") == 0


@pytest.mark.parametrize("spoil", ["", "x", "tcs_", "Bearer", "\0", "tcs_" + "0" * 58, "é" * 62])
def test_what_is_no_token_is_no_token(rig: Rig, spoil: str) -> None:
    ana = rig.join("ana")
    ana.token = spoil
    assert said(ana.ask("GET", "/v1/hello")) == (401, "token")


def test_a_token_with_one_other_character_is_unknown(rig: Rig) -> None:
    ana = rig.join("ana")
    good = ana.token
    assert good.startswith("tcs_")
    for place in range(4, len(good), 7):
        ana.token = good[:place] + ("0" if good[place] != "0" else "1") + good[place + 1 :]
        assert not people.well_formed(ana.token)
        assert said(ana.ask("GET", "/v1/hello")) == (401, "token")


def test_tokens_have_the_bits_they_promise(rig: Rig) -> None:
    bits: list[int] = []

    def counting(count: int) -> int:
        bits.append(count)
        return rig.random.getrandbits(count)

    people.new_token(counting)
    assert sum(bits) >= 256


def test_what_others_have_open(rig: Rig) -> None:
    ana, ben = rig.join("ana"), rig.join("ben")
    put = lambda who, incident: told(  # noqa: E731
        who.ask("PUT", "/v1/presence", json.dumps({"incident": incident}).encode(), JSON)
    )["open"]
    assert put(ana, INCIDENT) == []
    assert put(ben, None) == [{"incident": INCIDENT, "user": "ana", "device": ana.writer.device}]
    assert put(ana, INCIDENT) == []
    rig.clock.now += 89_000
    assert len(put(ben, INCIDENT)) == 1
    rig.clock.now += 2_000
    assert [each["user"] for each in put(ana, INCIDENT)] == ["ben"]
    assert put(ana, None)[0]["user"] == "ben"
    assert put(ben, None) == []


def test_everybody_is_listed(rig: Rig, database: Database) -> None:
    rig.join("ben", "admin")
    ana = rig.join("ana", "viewer")
    rig.revoke(person="ana")
    with database.reading() as connection:
        assert people.persons(connection) == [("ana", "viewer", True), ("ben", "admin", False)]
        assert next((each[1], each[0]) for each in people.devices(connection)) == ("ana", ana.writer.device)


def test_it_is_known_when_a_device_came_last(rig: Rig, database: Database) -> None:
    ana = rig.join("ana")

    def seen() -> int:
        with database.reading() as connection:
            return people.devices(connection)[0][5]

    began = rig.clock()
    rig.clock.now += 60_000
    ana.hello()
    assert seen() == began
    rig.clock.now += 3_600_000
    ana.hello()
    assert seen() == rig.clock()
