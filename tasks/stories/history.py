"""What earlier runs left in the folder: which shards were related, and what came of it.

A file `history.json` names the shards in the order in which they came, with the signatures of each, and the folder of
the last generation of results: relations, memberships and the texts compared so far. It is swapped in after all these
are written. A run that is killed at any moment leaves the history of the run before it, and perhaps files that nobody
names, which the next run sweeps away.

Where two shards hold the same article, the one that came later counts. A shard that is not on the disk any more takes
its articles with it: without their texts nothing can be verified. The tables published keep them.

A history made by other rules, or one that can't be read, is no history: its results are not used, but its shards are
signed again and compared anew.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cattrs

from tasks.shards import digest_of, from_record, to_record, whole_file

FILE = "history.json"
GENERATIONS = "generations"
SIGNATURES = "signatures"


@dataclass(frozen=True, slots=True)
class SignedShard:
    """A shard of mended documents, its digest, and the file with the signatures of its articles."""

    shard: str
    digest: str
    signatures: str


@dataclass(frozen=True, slots=True)
class History:
    """All shards related so far, the last one to come at the end; `generation` is the folder of results, "" for none.

    `version` is that of the rules which made them.
    """

    version: str
    shards: tuple[SignedShard, ...] = ()
    generation: str = ""

    def with_shards(self, shards: Sequence[SignedShard]) -> "History":
        """Return this history with `shards` as the last to come."""
        digests, paths = {one.digest for one in shards}, {one.shard for one in shards}
        others = (one for one in self.shards if one.digest not in digests and one.shard not in paths)
        return replace(self, shards=(*others, *shards))

    def key(self, n_ours: int) -> str:
        """Return a digest of what was related, in which order it came, how many shards came last, by which rules."""
        return digest_of(self.version, str(n_ours), *(one.digest for one in self.shards))


def read_history(home: Path, version: str) -> History:
    """Return the history that stands in `home`, without shards that are gone; results only if made by these rules.

    The signatures it names are those by these rules, there or not.
    """
    try:
        found = from_record(json.loads((home / FILE).read_text("utf-8")), History)
    except (FileNotFoundError, TypeError, ValueError, cattrs.BaseValidationError):
        return History(version)
    there = tuple(
        replace(one, signatures=str(signatures_file(home, version, one.digest)))
        for one in found.shards
        if Path(one.shard).exists()
    )
    if found.version != version or not Path(found.generation).is_dir():
        return History(version, there)
    return replace(found, shards=there)


def signatures_file(home: Path, version: str, digest: str) -> Path:
    """Return where the signatures of a shard with this digest stand, made by these rules."""
    return home / SIGNATURES / f"{digest_of(version, digest)}.parquet"


def write_history(home: Path, history: History) -> None:
    """Make `history` the one that the next run finds, then remove what it does not name."""
    with whole_file(home / FILE) as temporary:
        temporary.write_text(json.dumps(to_record(history), indent=1) + "\n", "utf-8")
    remove_unnamed(home, history)


def remove_unnamed(home: Path, history: History) -> None:
    """Remove the results and signatures that `history` does not name, and what killed runs left half written."""
    sweep(home.glob(f".{FILE}.*"))
    sweep((home / GENERATIONS).rglob("*"), keep=Path(history.generation).glob("[!.]*"))
    sweep((home / SIGNATURES).glob("*"), keep=(Path(one.signatures) for one in history.shards))


def sweep(paths: Iterable[Path], keep: Iterable[Path] = ()) -> None:
    """Remove files but those to keep, and folders that are empty then."""
    kept = set(keep)
    for path in sorted(paths, reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in kept:
            path.unlink()
