"""Development data beside the checkout, as the ledger of floors and its tests know them."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """A figure as it is now."""

    figure: str
    data_sha256: str
    value: float


@dataclass(frozen=True)
class DataSet:
    """Development data: the files they are read from, their digest, and how their figures are measured.

    A figure is named `data: measure`. All are better the higher they are.
    """

    name: str
    files: tuple[Path, ...]
    digest: Callable[[], str]
    measure: Callable[[], dict[str, float]]

    @property
    def is_here(self) -> bool:
        """Whether the data are beside this checkout."""
        return all(path.exists() for path in self.files)

    @property
    def why_skipped(self) -> str:
        """Why a test of these data is skipped where they are not here."""
        return f"the data set {self.name!r} is not beside this checkout: it is not published"

    def figures(self) -> list[Measured]:
        """Measure all figures, once."""
        digest = self.digest()
        return [Measured(f"{self.name}: {name}", digest, value) for name, value in self.measure().items()]


def digest_of_files(files: Sequence[Path]) -> str:
    """Return the SHA-256 of the files, one after the other, in hex."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()
