"""Which hooks run, in which order, and what is wrong with those that do not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.hooks.finding import everything, hooks_of

Write = Callable[..., Path]
STRANGER = 54_321
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


def states(config: Path, stage: str = "pre-record") -> list[tuple[str, str]]:
    return [(hook.name, hook.state) for hook in hooks_of(config / "hooks", stage)]


def test_the_file_of_the_name_comes_first_then_the_folder_in_order_of_names(write: Write, config: Path) -> None:
    for name in ("pre-record.d/20-b", "pre-record.d/100-a", "pre-record.d/B", "pre-record", "post-record"):
        write(name, "")
    names = ["pre-record", "pre-record.d/100-a", "pre-record.d/20-b", "pre-record.d/B"]
    assert states(config) == [(name, "runs") for name in names]
    assert states(config, "post-record") == [("post-record", "runs")]


def test_what_editors_and_examples_leave_is_no_hook(write: Write, config: Path) -> None:
    for name in ("pre-record.d/x~", "pre-record.d/.hidden", "pre-record.d/x.sample", "pre-record.sample"):
        write(name, "")
    assert everything(config / "hooks") == []


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777])
def test_a_file_that_others_may_write_is_not_run(write: Write, config: Path, mode: int) -> None:
    path = write("pre-record", "", mode=mode)
    (hook,) = hooks_of(config / "hooks", "pre-record")
    assert (hook.state, hook.remedy) == ("unsafe", f"chmod go-w {path}")


@pytest.mark.parametrize("which", ["hooks", ".", "hooks/pre-record.d"])
def test_nor_is_one_in_a_folder_that_others_may_write(write: Write, config: Path, which: str) -> None:
    write("pre-record.d/x", "")
    folder = config / which
    folder.chmod(0o777)
    (hook,) = hooks_of(config / "hooks", "pre-record")
    assert (hook.state, hook.remedy) == ("unsafe", f"chmod go-w {folder}")
    folder.chmod(0o755)
    assert states(config) == [("pre-record.d/x", "runs")]


def test_a_sticky_folder_on_the_way_is_safe(write: Write, config: Path) -> None:
    write("pre-record", "")
    config.parent.chmod(0o1777)  # as /tmp is
    assert states(config) == [("pre-record", "runs")]


@as_root
@pytest.mark.parametrize("which", ["hooks/pre-record", "hooks", "."])
def test_what_belongs_to_somebody_else_is_not_run(write: Write, config: Path, which: str) -> None:
    write("pre-record", "")
    os.chown(config / which, STRANGER, -1)
    (hook,) = hooks_of(config / "hooks", "pre-record")
    assert hook.state == "unsafe"
    assert f"belongs to user {STRANGER}" in hook.says


def test_a_link_is_followed_and_what_it_leads_to_is_checked(write: Write, config: Path, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere" / "rule"
    real.parent.mkdir()
    real.write_text("#!/bin/sh\n")
    real.chmod(0o755)
    (config / "hooks" / "pre-record").symlink_to(real)
    assert states(config) == [("pre-record", "runs")]
    real.chmod(0o777)
    assert states(config) == [("pre-record", "unsafe")]
    real.chmod(0o755)
    real.parent.chmod(0o777)
    assert states(config) == [("pre-record", "unsafe")]


def test_a_link_between_that_others_may_turn_is_found(write: Write, config: Path, tmp_path: Path) -> None:
    real = write("real.sample", "")
    between = tmp_path / "between"
    between.mkdir()
    (between / "link").symlink_to(real)
    (config / "hooks" / "pre-record").symlink_to(between / "link")
    assert states(config) == [("pre-record", "runs")]
    between.chmod(0o777)
    (hook,) = hooks_of(config / "hooks", "pre-record")
    assert (hook.state, hook.remedy) == ("unsafe", f"chmod go-w {between}")


def test_links_that_lead_nowhere_or_in_a_ring_are_named(config: Path) -> None:
    folder = config / "hooks"
    (folder / "pre-record").symlink_to("/nowhere/at all")
    (hook,) = hooks_of(folder, "pre-record")
    assert hook.state == "broken"
    assert "leads nowhere: /nowhere/at all" in hook.says
    (folder / "post-record").symlink_to(folder / "post-record")
    assert states(config, "post-record") == [("post-record", "broken")]


def test_a_folder_is_no_program_and_a_file_is_no_folder(config: Path) -> None:
    (config / "hooks" / "pre-record").mkdir()
    (config / "hooks" / "post-record.d").write_text("")
    assert states(config) == [("pre-record", "broken")]
    assert states(config, "post-record") == [("post-record.d", "broken")]


def test_one_that_is_not_executable_is_off_and_has_a_remedy(write: Write, config: Path) -> None:
    path = write("pre-record", "", mode=0o644)
    (hook,) = hooks_of(config / "hooks", "pre-record")
    assert (hook.state, hook.remedy) == ("off", f"chmod u+x {path}")


def test_a_name_with_a_slip_is_found(write: Write, config: Path) -> None:
    write("post-recrod", "")
    write("library", "", mode=0o644)
    (hook,) = everything(config / "hooks")
    assert (hook.name, hook.stage, hook.state, hook.remedy) == ("post-recrod", "", "off", "Did you mean post-record?")
