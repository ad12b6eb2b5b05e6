"""What a clean install depends on: complete locks that name no index, and pins that keep Prefect alive."""

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock"]
PIN_RE = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_address(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert not re.search(r"https?://|file:|--index-url|--extra-index-url|--find-links", text)


@pytest.mark.parametrize("name", LOCKS)
def test_lock_has_a_hash_for_every_pin(name: str) -> None:
    blocks = re.split(r"\n(?=\S)", (ROOT / name).read_text("utf-8").strip())
    assert len(blocks) > 100
    for block in blocks:
        assert PIN_RE.match(block), block
        assert "--hash=sha256:" in block, block


@pytest.mark.parametrize(("package", "bound"), [("prefect", "3.9"), ("fastapi", "0.151"), ("sqlalchemy", "2.1")])
def test_packages_that_break_prefect_stay_below_their_bound(package: str, bound: str) -> None:
    for name in LOCKS:
        pins = {found.lower(): Version(version) for found, version in PIN_RE.findall((ROOT / name).read_text("utf-8"))}
        assert pins[package] < Version(bound)
    assert Version(metadata.version(package)) < Version(bound)


def test_every_requirement_of_the_project_is_locked() -> None:
    locked = {name.lower() for name, _ in PIN_RE.findall((ROOT / "requirements.lock").read_text("utf-8"))}
    for line in metadata.requires("unspun") or []:
        assert Requirement(line).name.lower() in locked
