"""What becomes of entries that are pushed: each row of the protocol, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from domain.entry import Entry, chain_hash
from domain.rights import ROLES, objection
from tests.hubs import INCIDENT, Rig, Writer, said, told

OTHER = "0193f0a0-0000-7000-8000-000000000002"


def test_entries_are_taken_in_and_given_out_as_they_were_written(rig: Rig) -> None:
    ana = rig.join("ana")
    written = [
        ana.writer.write("raise", "raise", {"title": "Ünïcødé \u202e 🚨"}),
        ana.writer.write("set", "severity", {"value": "high"}, over=("a", "b"), src="alertmanager:x"),
        ana.writer.write("hologram", "from-the-future", {"deep": [1, 2.5, None]}, occurred_at=0),
    ]
    assert ana.push() == ["ok"] * 3
    assert ana.pull_all() == written
    assert ana.hello()["vector"] == {ana.writer.device: [3, written[-1].hash.hex()]}
    assert ana.hello()["seq"] == 3


def test_what_comes_again_is_a_duplicate_and_changes_nothing(rig: Rig) -> None:
    ana = rig.join("ana")
    ana.writer.write_many(5)
    assert ana.push() == ["ok"] * 5
    before = ana.hello()
    assert ana.push() == ["dup"] * 5
    assert ana.push([ana.writer.entries[2]]) == ["dup"]
    assert ana.push([*ana.writer.entries, ana.writer.write(), ana.writer.entries[-1]]) == [*["dup"] * 5, "ok", "dup"]
    assert ana.hello()["seq"] == before["seq"] + 1
    assert [entry.id for entry in ana.pull_all()] == [entry.id for entry in ana.writer.entries]


def test_a_gap_is_refused_and_says_what_is_next(rig: Rig) -> None:
    ana = rig.join("ana")
    first, second, third = ana.writer.write_many(3)
    assert ana.why([second])[0] == ("gap", "1 is the next of this device")
    assert ana.push([first, third]) == ["ok", "gap"]
    assert ana.push([third, second]) == ["gap", "ok"]
    assert ana.push([third]) == ["ok"]


def test_a_gap_registers_no_device(rig: Rig) -> None:
    ana, stranger = rig.join("ana"), Writer("ben")
    _first, second = stranger.write_many(2)
    assert ana.push([second]) == ["gap"]
    assert ana.hello()["vector"] == {}
    assert rig.join("ben", writer=stranger).push() == ["ok", "ok"]


def test_a_used_place_is_a_fork(rig: Rig) -> None:
    ana = rig.join("ana")
    ana.writer.write_many(2)
    twin = ana.writer.copy()
    mine, other = ana.writer.write(), twin.write()
    assert ana.push() == ["ok"] * 3
    assert ana.push([other]) == ["fork"]
    assert ana.push([twin.write()]) == ["fork"]  # its number is free, but it follows another entry
    assert ana.push([ana.writer.write()]) == ["ok"]
    assert mine.id in [entry.id for entry in ana.pull_all()]


def test_a_chain_that_does_not_fit_is_a_fork(rig: Rig) -> None:
    ana = rig.join("ana")
    ana.push([ana.writer.write()])
    forged = replace(ana.writer.write(), hash=bytes(32))
    assert ana.push([forged]) == ["fork"]
    unlinked = replace(forged, hash=chain_hash(b"", forged))
    assert ana.push([unlinked]) == ["fork"]


def test_an_envelope_that_was_changed_on_the_way_is_a_fork(rig: Rig) -> None:
    ana = rig.join("ana")
    entry = ana.writer.write()
    for changed in (
        replace(entry, author="ben"), replace(entry, incident=OTHER), replace(entry, hlc=1),
        replace(entry, over=("x",)), replace(entry, kind="fact"), replace(entry, what="x"),
        replace(entry, occurred_at=1), replace(entry, src="x"), replace(entry, recorded_at=1),
        replace(entry, source="sync"),
    ):  # fmt: skip
        assert ana.push([changed]) == ["fork"], changed
    assert ana.push([entry]) == ["ok"]


def test_another_body_under_a_known_id_is_told(rig: Rig) -> None:
    ana, ben = rig.join("ana"), Writer("ben")
    entry = ana.writer.write()
    ana.push()
    other = ben.write(body={"text": "other"}, id=entry.id)
    assert ana.push([other]) == ["bad_hash"]
    same = ben.copy()
    same.entries.clear()
    moved = same.append(replace(entry, device=same.device))
    assert ana.push([moved]) == ["fork"]  # the same content in another place
    assert ana.pull_all() == [entry]


def test_the_same_hash_over_another_body_is_told(rig: Rig) -> None:
    ana = rig.join("ana")
    entry = ana.writer.write()
    ana.push()
    from domain.entry import body_hash

    lying = replace(entry, body='{"text":"y"}', bhash=body_hash('{"text":"y"}'))
    assert ana.push([lying]) == ["bad_hash"]


def test_two_devices_in_one_push(rig: Rig) -> None:
    ana, ben = rig.join("ana"), Writer("ben")
    batch = sorted([*ana.writer.write_many(3), *ben.write_many(2)], key=lambda entry: (entry.device, entry.dseq))
    answer = told(ana.send(batch))
    assert {each["result"] for each in answer["results"]} == {"ok"}
    assert answer["vector"] == {w.device: [len(w.entries), w.tip.hex()] for w in (ana.writer, ben)}


def test_the_answer_tells_only_of_devices_that_were_pushed(rig: Rig) -> None:
    ana, ben = rig.join("ana"), rig.join("ben")
    ana.push([ana.writer.write()])
    assert list(told(ben.send([ben.writer.write()]))["vector"]) == [ben.writer.device]


def test_another_epoch_is_refused_and_nothing_is_written(rig: Rig) -> None:
    ana = rig.join("ana")
    ana.writer.write()
    before = rig.epoch
    rig.new_epoch()
    answer = ana.send(ana.writer.entries, epoch=before)
    assert said(answer) == (409, "epoch")
    assert json.loads(answer.body)["epoch"] == "another"
    assert ana.pull() is None
    assert ana.push() == ["ok"]


# -- bodies ----------------------------------------------------------------------------------------------------------


def test_a_body_that_was_missing_is_filled_in_under_a_new_number(rig: Rig) -> None:
    ana = rig.join("ana")
    first, second = ana.writer.write_many(2)
    assert ana.push([replace(first, body=None), second]) == ["ok", "ok"]
    page = ana.pull()
    assert page
    assert page.entries[0].body is None
    assert ana.push([first]) == ["dup"]
    again = ana.pull(page.head["next"], page.head["last"])
    assert again
    assert again.entries == [first]
    assert ana.pull(again.head["next"], again.head["last"]) is None


def test_a_body_may_come_in_the_same_push_after_the_entry_without_it(rig: Rig) -> None:
    ana = rig.join("ana")
    entry = ana.writer.write()
    assert ana.push([replace(entry, body=None), entry]) == ["ok", "dup"]
    assert ana.pull_all() == [entry]


def test_a_body_is_not_forgotten_when_it_comes_without(rig: Rig) -> None:
    ana = rig.join("ana")
    entry = ana.writer.write()
    ana.push()
    assert ana.push([replace(entry, body=None)]) == ["dup"]
    assert ana.pull_all() == [entry]


@pytest.mark.parametrize("together", [True, False])
def test_a_redaction_takes_a_body_away_before_and_after(rig: Rig, together: bool) -> None:
    ana, ben = rig.join("ana", "commander"), rig.join("ben")
    early, late = ben.writer.write(body={"text": "hunter2"}), ben.writer.write(body={"text": "hunter3"})
    ben.push([early])
    page = ben.pull()
    ana.writer.redact(early)
    ana.writer.redact(late)
    batch = [*ana.writer.entries, late] if together else ana.writer.entries
    assert set(ana.push(batch)) == {"ok"}
    if not together:
        assert ben.push([late]) == ["ok"]
    assert page
    again = ben.pull(page.head["next"], page.head["last"])
    assert again
    assert {entry.id: entry.body for entry in again.entries if entry.kind != "redact"} == {
        early.id: None, late.id: None,
    }  # fmt: skip
    assert ben.push() == ["dup", "dup"]  # offered once more, they are not filled in again
    assert [entry.body for entry in ben.pull_all() if entry.kind == "note"] == [None, None]
    chained(ben.pull_all())


def chained(entries: list[Entry]) -> None:
    """Hold every device's chain of hashes against its entries."""
    tips: dict[str, bytes] = {}
    for entry in sorted(entries, key=lambda each: each.dseq):
        assert chain_hash(tips.get(entry.device, b""), entry) == entry.hash
        tips[entry.device] = entry.hash


def test_a_redaction_in_the_same_push_after_its_target(rig: Rig) -> None:
    ana = rig.join("ana", "commander")
    target = ana.writer.write(body={"text": "hunter2"})
    ana.writer.redact(target)
    assert ana.push() == ["ok", "ok"]
    assert {entry.id: entry.body for entry in ana.pull_all()}[target.id] is None


@pytest.mark.parametrize("first", [True, False])
def test_a_redaction_does_not_take_the_reason_of_a_redaction(rig: Rig, first: bool) -> None:
    ana, ben = rig.join("ana", "commander"), rig.join("ben", "commander")
    reason = ana.writer.redact(OTHER)
    ben.writer.redact(reason)
    for caller in (ben, ana) if first else (ana, ben):
        caller.push()
    assert {entry.id: entry.body for entry in ana.pull_all()}[reason.id] == reason.body


def test_a_redaction_that_is_kept_back_takes_nothing_away_until_it_is_let_go(rig: Rig) -> None:
    ana, ben = rig.join("ana"), rig.join("ben")
    target = ben.writer.write(body={"text": "hunter2"})
    ben.push()
    redaction = ana.writer.redact(target)
    assert ana.push() == ["quarantined"]
    assert {entry.id: entry.body for entry in ben.pull_all()}[target.id] == target.body
    assert rig.release(redaction.id) == 1
    assert {entry.id: entry.body for entry in ben.pull_all()}[target.id] is None


def test_a_redacted_body_is_nowhere_in_the_database(rig: Rig, url: str) -> None:
    ana = rig.join("ana", "commander")
    ana.writer.redact(ana.writer.write(body={"text": "hunter2-very-secret"}))
    ana.push()
    assert "hunter2-very-secret" not in dumped(rig)


def dumped(rig: Rig) -> str:
    """Return every value of every table as text."""
    from storage.hub.tables import METADATA

    with rig.database.reading() as connection:
        rows = [row for table in METADATA.sorted_tables for row in connection.execute(table.select())]
    return "\n".join(repr(tuple(bytes(v) if isinstance(v, memoryview) else v for v in row)) for row in rows)


def test_no_secret_is_in_the_database(rig: Rig) -> None:
    code = rig.code("ana")
    token = told(rig.spend(code, Writer("ana").device), 201)["token"]
    unspent = rig.code("ben")
    text = dumped(rig)
    assert "ana" in text
    for secret in (token, token.removeprefix("tcs_"), code, code.replace("-", ""), unspent.replace("-", "")):
        assert secret not in text
        assert secret.encode().hex() not in text


# -- rights ----------------------------------------------------------------------------------------------------------

KINDS = [
    *((kind, kind, {}) for kind in ("raise", "note", "alias", "hologram")),
    *(("set", what, {"value": "x"}) for what in ("title", "status", "severity", "restricted", "custom.a", "new-field")),
    *(("fact", what, {}) for what in ("acknowledged", "postmortem_waived", "postmortem_published")),
    *(("device", what, {}) for what in ("continues", "revoked", "enrolled")),
    ("amend", "note:x", {"text": "x"}), ("add", "tag", {"value": "x"}), ("drop", "tag", {"value": "x"}),
    ("redact", f"body:{OTHER}", {"reason": "x"}), ("redact", "something-else", {}),
]  # fmt: skip
LEAST = {
    ("redact", f"body:{OTHER}"): "commander", ("redact", "something-else"): "commander",
    ("set", "restricted"): "commander", ("fact", "postmortem_waived"): "commander", ("device", "revoked"): "admin",
}  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_each_role_writes_what_it_may_and_the_rest_is_kept_back(rig: Rig, role: str) -> None:
    caller = rig.join("ana", role)
    for kind, what, body in KINDS:
        caller.writer.write(kind, what, body)
    wanted = [
        "ok" if ROLES.index(role) >= ROLES.index(LEAST.get((kind, what), "responder")) else "quarantined"
        for kind, what, _body in KINDS
    ]
    assert caller.push() == wanted
    assert caller.push() == ["dup" if result == "ok" else result for result in wanted]
    for entry, result in zip(caller.pull_all(), wanted, strict=True):
        assert entry.held == (None if result == "ok" else objection(role, entry))
        assert (entry.body is None) == (result != "ok")
    chained(caller.pull_all())


def test_the_owner_of_the_device_counts_and_not_who_brings_it(rig: Rig) -> None:
    ana, vic = rig.join("ana", "commander"), rig.join("vic", "viewer")
    by_ana, by_vic = ana.writer.redact(OTHER), vic.writer.write()
    assert vic.push([by_ana]) == ["ok"]
    assert ana.push([by_vic]) == ["quarantined"]


def test_a_device_that_nobody_knows_belongs_to_who_brings_it_until_it_enrols(rig: Rig) -> None:
    vic, ana, ghost = rig.join("vic", "viewer"), rig.join("ana"), Writer("eve")
    assert vic.push([ghost.write()]) == ["quarantined"]
    assert ana.push([ghost.write()]) == ["quarantined"]  # it is the viewer's now, whoever brings the rest
    other = Writer("fay")
    assert ana.push([other.write()]) == ["ok"]
    assert rig.join("eve", writer=ghost).push([ghost.write()]) == ["ok"]


def test_a_role_that_changes_holds_from_then_on(rig: Rig) -> None:
    ana = rig.join("ana")
    assert ana.push([ana.writer.redact(OTHER)]) == ["quarantined"]
    rig.role("ana", "commander")
    assert ana.push([ana.writer.redact(OTHER)]) == ["ok"]
    rig.role("ana", "viewer")
    assert ana.push([ana.writer.write()]) == ["quarantined"]
    assert ana.hello()["role"] == "viewer"


def test_strict_authors_keep_back_what_somebody_else_signed(database: object) -> None:
    from storage.hub.engines import Database
    from sync.hub.service import Options

    assert isinstance(database, Database)
    rig = Rig(database, Options(strict_authors=True, requests=1e9, entries=10**9))
    ana = rig.join("ana")
    assert ana.why([ana.writer.write(), ana.writer.write(author="ben")]) == [
        ("ok", ""), ("quarantined", "it is signed ben, its device is ana's"),
    ]  # fmt: skip


def test_who_shares_a_store_may_sign_when_authors_are_not_strict(rig: Rig) -> None:
    ana = rig.join("ana")
    assert ana.push([ana.writer.write(author="ben")]) == ["ok"]


@pytest.mark.parametrize("which", ["person", "device"])
def test_what_the_revoked_wrote_is_kept_back_and_can_be_let_go(rig: Rig, which: str) -> None:
    ana, ben = rig.join("ana"), rig.join("ben")
    known = ana.writer.write()
    ana.push()
    rig.revoke(**{which: "ana" if which == "person" else ana.writer.device})
    assert said(ana.send([ana.writer.write()])) == (403, "revoked")
    assert ben.why(ana.writer.entries) == [("dup", ""), ("quarantined", "its device or its owner was revoked")]
    assert rig.held() == [ana.writer.entries[1].id]
    assert rig.release() == 1
    assert ben.pull_all() == [known, ana.writer.entries[1]]


def test_the_hubs_word_on_what_is_kept_back_is_not_taken_from_a_device(rig: Rig) -> None:
    ana, vic = rig.join("ana"), rig.join("vic", "viewer")
    assert ana.push([replace(ana.writer.write(), held="I say so")]) == ["ok"]
    assert vic.push([replace(vic.writer.write(), held=None)]) == ["quarantined"]
    assert [entry.held is None for entry in ana.pull_all()] == [True, False]


def test_what_is_let_go_comes_to_everybody_again(rig: Rig) -> None:
    ana, vic = rig.join("ana"), rig.join("vic", "viewer")
    vic.writer.write_many(3)
    assert vic.push() == ["quarantined"] * 3
    page = ana.pull()
    assert page
    assert {entry.body for entry in page.entries} == {None}
    assert vic.push() == ["quarantined"] * 3
    assert rig.release(vic.writer.entries[1].id) == 1
    again = ana.pull(page.head["next"], page.head["last"])
    assert again
    assert again.entries == [vic.writer.entries[1]]
    assert vic.push() == ["quarantined", "dup", "quarantined"]
    assert rig.release() == 2
    assert rig.held() == []
    assert rig.release() == 0


# -- how ---------------------------------------------------------------------------------------------------------------


def test_a_push_takes_few_statements_whatever_its_size(rig: Rig, counted: Callable[[], list[str]]) -> None:
    ana = rig.join("ana")
    numbers = []
    for size in (1, 10, 500):
        batch = ana.writer.write_many(size)
        counted()
        assert set(ana.push(batch)) == {"ok"}
        numbers.append(len([each for each in counted() if not each.startswith(("BEGIN", "SELECT pg_notify"))]))
    assert numbers[0] == numbers[1] == numbers[2] <= 13, numbers


def test_what_is_too_strange_for_a_database_is_refused_by_both(rig: Rig) -> None:
    ana = rig.join("ana")
    long = "".join(chr(0x4E00 + number % 20_000) for number in range(4_000))
    for bad in (
        {"author": "a\0b"}, {"what": "\0"}, {"kind": "\0"}, {"source": "\0"}, {"src": "\0"}, {"id": "\0"}, {"id": ""},
        {"id": long}, {"device": long}, {"device": "\0"}, {"device": ""}, {"kind": "redact", "what": "body:" + long},
    ):  # fmt: skip
        writer = Writer("ana", str(bad.get("device", "")) or "") if "device" in bad else ana.writer.copy()
        entry = writer.write(**bad)
        assert said(ana.send([entry])) == (400, "bad_entry"), bad
    assert ana.pull() is None
    for odd in ({"what": long}, {"author": long}, {"src": long}, {"kind": long}):
        assert ana.push([ana.writer.write(**odd)])[0] in ("ok", "quarantined")


def test_a_number_as_large_as_it_may_be(rig: Rig) -> None:
    ana = rig.join("ana")
    assert ana.push([ana.writer.write(hlc=(1 << 63) - 1)]) == ["ok"]
    assert ana.push([ana.writer.write(dseq=(1 << 62) - 1)]) == ["gap"]


def test_incidents_are_kept_as_they_were_written(rig: Rig) -> None:
    ana = rig.join("ana")
    assert ana.push([ana.writer.write(incident=OTHER)]) == ["ok"]
    assert ana.push([ana.writer.write(incident=INCIDENT.upper())]) == ["fork"]  # hashed in another form than it is kept
