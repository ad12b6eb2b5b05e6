"""The import law of `tasks/__init__.py`, read from the source and tried for real."""

import ast
import subprocess
import sys
import typing
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path

import pytest

from tasks.boilerplate.task import STAGE as BOILERPLATE
from tasks.fetch.task import STAGE as FETCH
from tasks.mojibake.task import STAGE as MOJIBAKE
from tasks.outcome import Kept, StageName
from tasks.rule_table import rules_version
from tasks.spinner.task import STAGE as SPINNER
from tasks.stage import DocumentStage

ROOT = Path(__file__).parents[2]
ROOMS = ["fetch", "boilerplate", "mojibake", "stories", "spinner", "export"]
FLOOR = sorted(path.stem for path in (ROOT / "tasks").glob("*.py") if path.stem != "__init__")

# Modules through which code reaches files, processes or the network, and who may.
WORLD = {
    *("aiohttp", "curl_cffi", "duckdb", "fastwarc", "http", "shutil", "socket", "sqlite3", "subprocess", "tempfile"),
    "urllib3",
}
EDGES = {
    "tasks/shards.py": {"tempfile"},
    "tasks/fetch/archive.py": {"fastwarc"},
    "tasks/fetch/client.py": {"aiohttp", "socket"},
    "tasks/fetch/guarded_protocol.py": {"aiohttp"},
    "tasks/fetch/ledger.py": {"sqlite3"},
    "tasks/fetch/resolver.py": {"aiohttp", "socket"},
    "tasks/fetch/second_client.py": {"curl_cffi", "aiohttp", "socket"},
    "tasks/fetch/warc.py": {"fastwarc"},
    "tasks/stories/join.py": {"duckdb", "tempfile"},
    "tasks/export/generations.py": {"shutil"},
    "tasks/export/run_index.py": {"duckdb"},
}


def sources() -> list[Path]:
    return sorted((ROOT / "tasks").rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports whole"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def lawful(importer: str, module: str) -> bool:
    """Say whether a file of room `importer` ("" for the floor) may import `tasks.<...>`."""
    parts = module.split(".")[1:]
    if not parts or parts[0] in FLOOR:
        return True
    room = parts[0]
    if importer == room:
        return True
    earlier = importer in ROOMS and room in ROOMS[: ROOMS.index(importer)]
    return earlier and parts[1:2] == ["records"]


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT / "tasks").parts
    return parts[0] if len(parts) > 1 else ""


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_file_imports_what_the_law_allows(path: Path) -> None:
    for module in imports(path):
        top = module.split(".")[0]
        assert top != "flows", f"{path}: rooms do not know the flows"
        assert top != "prefect" or path.name == "task.py", f"{path}: only task.py files import Prefect"
        assert top != "tasks" or lawful(room_of(path), module), f"{path} must not import {module}"
        allowed = EDGES.get(str(path.relative_to(ROOT)), set())
        assert top not in WORLD - allowed, f"{path} reaches the world through {top}; only {sorted(EDGES)} may"


@pytest.mark.parametrize(
    ("importer", "module", "verdict"),
    [
        ("spinner", "tasks.edits.Edit", True),
        ("spinner", "tasks.stories.records.Witness", True),
        ("spinner", "tasks.spinner.gate.judge", True),
        ("spinner", "tasks.stories.relations.relate", False),
        ("stories", "tasks.spinner.records.SpinnerResult", False),
        ("", "tasks.fetch.records.Origin", False),
    ],
)
def test_the_law_itself(importer: str, module: str, verdict: bool) -> None:
    assert lawful(importer, module) is verdict


def test_every_room_is_known() -> None:
    folders = {path.parent.name for path in (ROOT / "tasks").glob("*/__init__.py")}
    assert folders == set(ROOMS) == set(StageName)


def test_init_files_of_rooms_are_empty() -> None:
    for path in [*(ROOT / "tasks").glob("*/__init__.py"), ROOT / "flows" / "__init__.py"]:
        assert path.read_bytes() == b"", f"{path} must stay empty"


def test_every_core_imports_without_prefect() -> None:
    """In a fresh interpreter in which Prefect can't be imported, import every module but the shells of Prefect."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sources()
        if path.name not in {"task.py", "__init__.py"}
    ]
    assert len(modules) > 20
    program = "import sys; sys.modules['prefect'] = None\nimport importlib\n" + "\n".join(
        f"importlib.import_module({module!r})" for module in modules
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, cwd=ROOT)


@pytest.mark.parametrize("package", ["flows", "tasks"])
def test_only_our_distribution_ships_flows_and_tasks(package: str) -> None:
    """Both names are common: another distribution that has one would hide ours, or be hidden by it."""
    installed = list(metadata.distributions())
    assert "unspun" in {one.name for one in installed}, "run `make test`, which installs the project into .venv"
    shipping = {one.name for one in installed if any(path.parts[0] == package for path in one.files or ())}
    assert shipping <= {"unspun"}, f"{shipping - {'unspun'}} ship a package named {package} too"
    found = import_module(package).__file__
    assert found is not None
    assert Path(found).parent == ROOT / package


@pytest.mark.parametrize("stage", [FETCH, BOILERPLATE, MOJIBAKE, SPINNER], ids=lambda stage: stage.name)
def test_core_takes_and_gives_what_its_stage_says(stage: DocumentStage) -> None:
    module, name = stage.core.split(":")
    hints = typing.get_type_hints(getattr(import_module(module), name))
    given = hints.pop("return")
    assert stage.reads in hints.values()
    kept = Kept[stage.writes]  # type: ignore[name-defined]  # a type known at run time only
    assert kept == given or kept in typing.get_args(given)


@pytest.mark.parametrize("stage", [FETCH, BOILERPLATE, MOJIBAKE, SPINNER], ids=lambda stage: stage.name)
def test_stage_version_names_installed_libraries(stage: DocumentStage) -> None:
    assert rules_version(stage.name, stage.libraries) != rules_version(stage.name)[:0]
    assert len(rules_version(stage.name, stage.libraries)) == 16
