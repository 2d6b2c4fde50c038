"""What is written down twice is the same in both places, and nothing written down belongs to one machine."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from scripts import documents, pictures, pins

ROOT = Path(__file__).resolve().parents[1]
# Put together here, so that this file does not name them.
HOSTS = [".".join(parts) for parts in (("py" + "pi", "org"), ("python" + "hosted", "org"), ("py" + "pi", "io"))]
INVARIANTS = 6


def tracked() -> list[Path]:
    """Return the files that git would keep; skips outside a checkout."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        pytest.skip("git is not installed")
    if done.returncode:
        pytest.skip("this is no checkout")
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def holding(words: list[str]) -> list[str]:
    """Return the files in which one of the words stands."""
    return [
        str(path.relative_to(ROOT))
        for path in tracked()
        if any(word in path.read_text(encoding="utf-8", errors="replace") for word in words)
    ]


def test_the_versions_are_the_same_for_pip_and_for_uv() -> None:
    for_pip = pins.pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    for_uv = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["uv"]
    assert for_pip == for_uv["constraint-dependencies"]
    assert len(for_pip) > 20
    assert [pin for pin in for_pip if not re.match(r"[a-z0-9-]+==[^\s]+( ; .+)?$", pin)] == []


def test_every_direct_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    own = [each for each in extras["dev"] if not each.startswith("tocsin[")]
    direct = [*project["dependencies"], *extras["postgres"], *own]
    pinned = {pin.partition("==")[0] for pin in pins.pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))}
    assert {re.split(r"[<>=! \[]", each)[0] for each in direct} <= pinned


@pytest.mark.parametrize("old", ["constraint-dependencies = []\n", 'constraint-dependencies = [\n    "a==1",\n]\n'])
def test_pins_replace_their_own_table_and_nothing_else(old: str) -> None:
    project = "[tool.uv]\n{}\n[tool.other]\nignore = [\n    1,\n]\n"
    made = pins.with_pins(project.format(old), ["b==2", "c==3 ; sys_platform == 'win32'"])
    block = 'constraint-dependencies = [\n    "b==2",\n    "c==3 ; sys_platform == \'win32\'",\n]\n'
    assert made == project.format(block)
    assert pins.with_pins(made, []) == project.format("constraint-dependencies = []\n")


@pytest.mark.parametrize("text", ["", "constraint-dependencies = []\n" * 2])
def test_pins_without_one_table_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="tables"):
        pins.with_pins(text, ["a==1"])


def test_no_file_names_a_package_index() -> None:
    assert holding(HOSTS) == []


def test_no_file_names_a_place_on_this_machine() -> None:
    places = [str(ROOT), *([str(Path.home())] if len(Path.home().parts) > 2 else [])]
    assert holding([place + "/" for place in places]) == []


def test_the_lock_file_is_not_kept() -> None:
    assert [path.name for path in tracked() if path.name == "uv.lock"] == []


def test_the_pages_made_from_the_code_are_current() -> None:
    stale = [path for path, text in documents.current().items() if (ROOT / path).read_text(encoding="utf-8") != text]
    assert stale == [], "run: uv run python -m scripts.documents"


def test_a_part_is_replaced_between_its_marks() -> None:
    page = "a\n<!-- keys: made by x -->\nold\n<!-- end of keys -->\nb\n"
    assert documents.with_part(page, "keys", "new\n") == page.replace("old\n", "\nnew\n\n")
    with pytest.raises(ValueError, match="0 parts"):
        documents.with_part(page, "others", "new")


def pages() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


def test_every_link_between_the_pages_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages()
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_the_index_names_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    here = [path.name for path in (ROOT / "docs").iterdir() if path.is_file() and path.name != "README.md"]
    assert [name for name in here if f"]({name})" not in index] == []


def test_every_test_that_the_architecture_names_is_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    names = set(re.findall(r"`(test_\w+)`", text))
    written = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    assert sorted(name for name in names if f"def {name}(" not in written) == []
    assert len(re.findall(r"^\d+\. \*\*", text, re.MULTILINE)) >= INVARIANTS


def test_every_module_that_the_architecture_names_is_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8") + (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = set(
        re.findall(r"`((?:app|screens|widgets|sync|storage|domain|scripts|tests|benchmarks|docs)/[\w./]*)`", text)
    )
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
    assert named


def test_pictures_fetch_nothing_and_are_all_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for picture in pictures.PICTURES:
        svg = (ROOT / "docs" / "images" / f"{picture.name}.svg").read_text(encoding="utf-8")
        assert "@font-face" not in svg
        assert not re.search(r"(?:href|src|url)\s*[=(]\s*[\"']?https?:", svg)
        assert f"docs/images/{picture.name}.svg" in readme


def test_words_of_a_picture_stand_where_their_cells_are() -> None:
    words = "&#160;a&lt;&#160;&#160;&#160;&#39;b&#160;"
    text = f'<text class="r" x="12.2" y="20" textLength="109.8" clip-path="u">{words}</text>'
    assert pictures.spread(text) == (
        '<text class="r" x="24.4" y="20" textLength="24.4" clip-path="u">a&lt;</text>'
        '<text class="r" x="85.4" y="20" textLength="24.4" clip-path="u">&#x27;b</text>'
    )
    wide = text.replace("109.8", "122.0")
    assert pictures.spread(wide) == wide
