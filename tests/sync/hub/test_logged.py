"""What the hub's log says of who came, what was refused, and what was kept back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from domain.wire import to_line
from tests.hubs import LINES, Writer

if TYPE_CHECKING:
    from conftest import Served


def requests(served: Served) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in served.log.splitlines()]
    return [each for each in found if each["event"] == "request"]


def test_the_log_says_who_came_and_what_came_of_it(served: Served) -> None:
    vic = served.rig.join("vic", "viewer")
    whose = {"user": "vic", "device": vic.writer.device}
    with served.client(vic) as client:
        client.get("/v1/hello")
        body = "".join(f"{to_line(each)}\n" for each in vic.writer.write_many(2))
        for _each in range(2):
            client.post("/v1/entries", params={"epoch": vic.rig.epoch}, content=body, headers={"content-type": LINES})
        client.post("/v1/entries", params={"epoch": "x"}, content=b"{}", headers={"content-type": LINES})
        with client.stream("GET", "/v1/events"):
            pass
    told = requests(served)
    assert all(whose.items() <= each.items() for each in told)
    assert told[0]["method"] == "GET"
    assert [each.get("quarantined") for each in told[1:3]] == [2, 2]
    assert (told[3]["status"], told[3]["code"]) == (400, "bad_entry")
    assert told[4]["route"] == "/v1/events"


def test_the_log_says_what_was_refused_to_whom_it_does_not_know(served: Served) -> None:
    code = served.rig.code("ana")
    device = Writer("ana").device
    with served.client() as client:
        client.get("/v1/hello")
        client.post("/v1/devices", json={"code": "7K3FQ-9XTRM", "device": device, "name": "n"})
        client.post("/v1/devices", json={"code": code, "device": device, "name": "n"})
    told = requests(served)
    assert [(each["status"], each.get("code")) for each in told] == [(401, "token"), (404, "code"), (201, None)]
    assert (told[2]["user"], told[2]["device"]) == ("ana", device)
    assert all(each["peer"] == "127.0.0.1" and each["at"] for each in told)


@pytest.mark.parametrize("path", ["/v1/hello", "/v1/events"])
def test_the_log_names_the_revoked_and_those_who_ask_too_often(impatient: Served, path: str) -> None:
    ana = impatient.rig.join("ana")
    whose = {"user": "ana", "device": ana.writer.device}
    with impatient.client(ana) as client:
        client.get("/v1/hello")
        assert client.get(path).status_code == 429
        impatient.rig.revoke(person="ana")
        assert client.get(path).status_code == 403
    _first, often, revoked = requests(impatient)
    assert {"status": 429, "code": "too_many", **whose}.items() <= often.items()
    assert {"status": 403, "code": "revoked", **whose}.items() <= revoked.items()


def test_hsts_is_for_a_year_and_everything_below(served: Served) -> None:
    with served.client() as client:
        assert client.get("/v1/hello").headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_a_parameter_that_comes_twice_has_one_meaning(served: Served) -> None:
    ana = served.rig.join("ana")
    epoch = served.rig.epoch
    ana.push(ana.writer.write_many(3))
    with served.client(ana) as client:
        for query, status in ((f"epoch=x&epoch={epoch}", 200), (f"epoch={epoch}&epoch=x", 409)):
            assert client.get(f"/v1/entries?{query}").status_code == status
        answer = client.get(f"/v1/entries?epoch={epoch}&limit=3&limit=1")
        assert json.loads(answer.text.splitlines()[0])["count"] == 1
        body = '{"incident":null,"incident":"x"}'
        answer = client.put("/v1/presence", content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_json")
