"""Where a token comes from, and what is refused; and settings from variables."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from app.credentials import forget_token, keep_token, read_token, token_file
from app.loading import BadSettings, load
from domain.errors import BadValue


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "tocsin.db"


def test_a_variable_wins_then_a_command_then_the_file(store: Path) -> None:
    keep_token(store, "hub", SecretStr("kept"))
    found = [
        read_token(store, "hub", environ, commands).get_secret_value()
        for environ, commands in (
            ({"TOCSIN_SECRET_HUB": " given "}, {"hub": "echo printed"}),
            ({}, {"hub": "echo printed"}),
            ({}, {"other": "echo printed"}),
        )
    ]
    assert found == ["given", "printed", "kept"]


def test_the_file_is_for_its_owner_alone_and_shown_nowhere(store: Path) -> None:
    path = keep_token(store, "hub", SecretStr("tcs_secret"))
    assert (path, path.stat().st_mode & 0o777) == (token_file(store, "hub"), 0o600)
    assert "tcs_secret" not in repr(read_token(store, "hub", {}, {}))
    keep_token(store, "hub", SecretStr("another"))
    assert [each.name for each in store.parent.iterdir()] == [path.name]
    forget_token(store, "hub")
    forget_token(store, "hub")
    with pytest.raises(BadValue, match="no token for hub") as error:
        read_token(store, "hub", {}, {})
    assert "remote add hub" in error.value.remedy


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o666])
def test_a_file_that_others_can_read_is_refused(store: Path, mode: int) -> None:
    keep_token(store, "hub", SecretStr("tcs_secret")).chmod(mode)
    with pytest.raises(BadValue, match="Others can read") as error:
        read_token(store, "hub", {}, {})
    assert error.value.remedy.startswith("Run: chmod 600")


@pytest.mark.parametrize("command", ["false", "/nowhere/at-all", "echo 'unclosed", ""])
def test_a_command_that_fails_is_said(store: Path, command: str) -> None:
    with pytest.raises(BadValue):
        read_token(store, "hub", {}, {"hub": command})


def test_a_command_is_run_without_a_shell(store: Path) -> None:
    assert read_token(store, "hub", {}, {"hub": "echo $HOME; id"}).get_secret_value() == "$HOME; id"


def test_a_token_in_a_variable_is_no_setting(tmp_path: Path) -> None:
    assert load({"HOME": str(tmp_path), "TOCSIN_SECRET_HUB": "x"}).origins == {}


def test_lists_in_nested_variables_are_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "TOCSIN_INGEST__ALERTMANAGER__TAG_LABELS"
    monkeypatch.setenv(name, '["team"]')  # pydantic-settings reads the process's own
    loaded = load({"HOME": str(tmp_path), name: '["team"]'})
    assert loaded.settings.ingest.alertmanager.tag_labels == ("team",)
    assert loaded.origins["ingest.alertmanager.tag_labels"] == name
    monkeypatch.setenv(name, "[team")
    with pytest.raises(BadSettings, match="is not JSON"):
        load({"HOME": str(tmp_path), name: "[team"})
