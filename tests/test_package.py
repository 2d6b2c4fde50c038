"""The wheel: what is in it, and that it runs where other people's code has the same names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ("app", "screens", "widgets", "sync", "storage", "domain")


def call(*command: object, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a command and return what it printed; it must succeed."""
    done = subprocess.run(
        [str(each) for each in command], cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=110
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout without the network."""
    if find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed, so no wheel can be built here")
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment in which the wheel is installed, beside this one's packages."""
    uv = shutil.which("uv")
    if uv is None and find_spec("ensurepip") is None:
        pytest.skip("there is neither uv nor pip, so no wheel can be installed here")
    folder = tmp_path_factory.mktemp("installed")
    python = folder / "bin" / "python"
    call(sys.executable, "-m", "venv", *(["--without-pip"] if uv else []), folder, cwd=folder)
    install = (uv, "pip", "install", "--offline", "--python", python) if uv else (python, "-m", "pip", "install")
    call(*install, "--quiet", "--no-index", "--no-deps", wheel, cwd=folder)
    site = Path(call(python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])", cwd=folder).strip())
    # What it depends on comes from here. A path file's own path files are not read, so this checkout does not come too.
    (site / "dependencies.pth").write_text("\n".join(path for path in sys.path if path.endswith("-packages")) + "\n")
    return folder / "bin"


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder of somebody else's, with packages of our names that break whoever imports them."""
    for name in (*SHIPPED, "tests", "scripts"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise RuntimeError('a stranger: {name}')\n")
    return tmp_path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_", "XDG_", "PYTHON"))}
    places = {f"XDG_{kind}_HOME": str(tmp_path / "home" / kind) for kind in ("CONFIG", "DATA", "STATE")}
    return {**kept, **places, "PYTHONPATH": ".", "PYTHONDONTWRITEBYTECODE": "1"}


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_it_has_one_top_level_name(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in names(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"tocsin"}
    assert len(tops) == 2


def test_every_file_of_the_layers_is_in_it(wheel: Path) -> None:
    held = set(names(wheel))
    wanted = {
        f"tocsin/_src/{path.relative_to(ROOT)}"
        for folder in SHIPPED
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted - held == set()
    assert {f"tocsin/{path.name}" for path in (ROOT / "tocsin").glob("*.py")} <= held
    assert "tocsin/_src/app/tocsin.tcss" in held
    assert any(name.startswith("tocsin/_src/storage/migrations/m0001") for name in held)


def test_nothing_of_the_workshop_is_in_it(wheel: Path) -> None:
    parts = {part for name in names(wheel) for part in Path(name).parts}
    assert parts & {"tests", "benchmarks", "scripts", "docs", ".ci", "__pycache__", "constraints.txt"} == set()


def test_it_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        said = archive.read(path).decode()
    assert "\nLicense-Expression: Apache-2.0\n" in said
    assert "\nRequires-Python: >=3.11\n" in said
    assert any(name.endswith("/licenses/LICENSE") for name in names(wheel))


def test_it_runs_among_strangers(installed: Path, foreign: Path, environment: dict[str, str]) -> None:
    assert call(installed / "tocsin", "--version", cwd=foreign, env=environment).startswith("tocsin ")
    ref = call(installed / "tocsin", "raise", "x", cwd=foreign, env=environment).strip()
    listed = json.loads(call(installed / "tocsin", "list", "--json", cwd=foreign, env=environment))
    assert [each["ref"] for each in listed["incidents"]] == [ref]


def test_as_a_module_it_runs_among_strangers_too(installed: Path, foreign: Path, environment: dict[str, str]) -> None:
    said = call(installed / "python", "-m", "tocsin", "--version", cwd=foreign, env=environment)
    assert said.startswith("tocsin ")


def test_its_own_code_is_what_runs(installed: Path, foreign: Path, environment: dict[str, str]) -> None:
    script = "import tocsin, app.tocsin, storage.tables; print(app.tocsin.__file__, storage.tables.__file__)"
    found = call(installed / "python", "-c", script, cwd=foreign, env=environment).split()
    assert [("_src" in Path(each).parts, str(ROOT) in each) for each in found] == [(True, False)] * 2
