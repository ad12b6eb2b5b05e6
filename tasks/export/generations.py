"""The data set on the disk: generations, and the one link whose swap publishes all seven tables at once.

    DIR/articles      -> current/articles          what readers open: DIR/articles/*.parquet, and so on
    DIR/...           -> current/...
    DIR/manifest.json -> current/manifest.json
    DIR/current       -> .generations/7-<run_id>   swapped by one rename
    DIR/.generations/7-<run_id>/articles/run-<run_id>.parquet
    DIR/.generations/7-<run_id>/manifest.json

Why generations: seven renames are six moments at which a reader could join tables of two runs. A generation is written
in full, synced, and only then named by `current`. A run that is killed before the swap leaves a folder that nothing
points to; the next one removes it. The generation before the current one stays until the next run begins to publish,
for readers that have resolved `current` and are still reading.

Within a table a file name never changes its content: a file that has to be written anew, without the rows that a
newer run superseded, gets a new name (`run-<run_id>.g7.parquet`). So a reader that listed the old files and opens them
after the swap finds each as it was, or not at all, but never a mixture without noticing.

What it refuses: a folder in which one of these names is taken by something of the user's, before anything is touched;
tables of another schema version; two publishers at a time.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from tasks.export.schema import SCHEMA_VERSION, TABLES
from tasks.outcome import Fatal, Retryable
from tasks.shards import file_digest, from_record, sync_folder, to_record, whole_file

GENERATIONS = ".generations"
CURRENT = "current"
MANIFEST = "manifest.json"
LOCK = ".lock"
LINKS = (*(table.name for table in TABLES), MANIFEST)

RUN_ID_RE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True, slots=True)
class TableFile:
    """One file of a table. `path` is relative to the data set's folder; all its rows come from the run `run_id`."""

    table: str
    path: str
    run_id: str
    rows: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation consists of: number, the run that published it, every file of every table."""

    schema_version: int
    generation: int
    run_id: str
    files: tuple[TableFile, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A generation in the making: its folder, its number, and the generation it is to follow, if there is one."""

    out: Path
    folder: Path
    number: int
    run_id: str
    base: Manifest | None
    base_folder: Path | None

    def path_for(self, table: str, run_id: str) -> Path:
        """Return the path for a new file with rows of the run `run_id`, under a name the table has not had yet.

        A run that publishes again may need two: one for its own rows, one for those it published before and keeps.
        """
        known = self.base.files if self.base else ()
        again = any(file.table == table and file.run_id == run_id for file in known)
        marks = chain(() if again else ("",), (f".g{self.number}",), (f".g{self.number}-{n}" for n in count(2)))
        paths = (self.folder / table / f"run-{run_id}{mark}.parquet" for mark in marks)
        return next(path for path in paths if not path.exists())

    def base_path(self, file: TableFile) -> Path:
        """Return where a file of the generation before stands."""
        if self.base_folder is None:
            raise ValueError(f"{file.path}: there is no generation before this one")
        return self.base_folder / file.path

    def describe(self, path: Path, table: str, run_id: str, rows: int) -> TableFile:
        """Return the manifest's entry for a file that has been written in full."""
        relative = str(path.relative_to(self.folder))
        return TableFile(table, relative, run_id, rows, path.stat().st_size, file_digest(path))


@contextlib.contextmanager
def draft_in(out: Path, run_id: str) -> Iterator[Draft]:
    """Begin a generation of the data set at `out`. What the block leaves unpublished is removed.

    Raises Fatal where `out` can't take it, Retryable where another process is publishing there right now.
    """
    check_folder(out, run_id)
    generations = out / GENERATIONS
    generations.mkdir(parents=True, exist_ok=True)
    with _lock(generations / LOCK):
        base_folder = _current_folder(out)
        base = None if base_folder is None else read_manifest(base_folder)
        _remove_all_but(generations, {LOCK, base_folder.name if base_folder else ""})
        number = base.generation + 1 if base else 1
        draft = Draft(out, generations / f"{number}-{run_id}", number, run_id, base, base_folder)
        for table in TABLES:
            (draft.folder / table.name).mkdir(parents=True)
        try:
            yield draft
        finally:
            if _current_folder(out) != draft.folder:
                shutil.rmtree(draft.folder)


def check_folder(out: Path, run_id: str) -> None:
    """Raise Fatal, before anything is touched, where `out` holds something else under a name that is needed."""
    if not RUN_ID_RE.fullmatch(run_id):
        raise Fatal(f"the run id {run_id!r} can't be part of a file name: use letters, digits, hyphens, underscores")
    if out.exists() and not out.is_dir():
        raise Fatal(f"{out} is not a folder: move it away, or choose another folder with --out")
    wanted = {name: f"{CURRENT}/{name}" for name in LINKS}
    for name in (CURRENT, *LINKS):
        path = out / name
        if not os.path.lexists(path):
            continue
        target = str(path.readlink()) if path.is_symlink() else ""
        if target != wanted.get(name) and not (name == CURRENT and target.startswith(f"{GENERATIONS}/")):
            raise Fatal(
                f"{path} is something else than the link to a table that unspun would put there, and it is not "
                "touched: move it away, or choose another folder with --out"
            )


def link_file(draft: Draft, file: TableFile) -> TableFile:
    """Take a file of the generation before over as it is, and return its entry."""
    source, target = draft.base_path(file), draft.folder / file.path
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links, or one with too many of them on this file
        shutil.copyfile(source, target)
        _sync_file(target)
    return file


def publish(draft: Draft, manifest: Manifest) -> None:
    """Make the draft the current generation: after the rename at the end, and not before, every reader sees it."""
    with whole_file(draft.folder / MANIFEST) as temporary:
        temporary.write_text(json.dumps(to_record(manifest), indent=1) + "\n", "utf-8")
    for folder in (*(draft.folder / table.name for table in TABLES), draft.folder, draft.folder.parent):
        sync_folder(folder)
    for name in LINKS:
        with contextlib.suppress(FileExistsError):
            (draft.out / name).symlink_to(f"{CURRENT}/{name}")
    link = draft.out / f".{CURRENT}.new"
    link.unlink(missing_ok=True)
    link.symlink_to(f"{GENERATIONS}/{draft.folder.name}")
    link.replace(draft.out / CURRENT)
    sync_folder(draft.out)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a generation, or of a data set. Raises Fatal where it is of another schema version."""
    record = json.loads((folder / MANIFEST).read_text("utf-8"))
    version = record["schema_version"]
    if version != SCHEMA_VERSION:
        raise Fatal(
            f"{folder}: these tables have the columns of schema version {version}, this unspun writes version "
            f"{SCHEMA_VERSION}: choose a new folder with --out"
        )
    return from_record(record, Manifest)


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold the lock of the data set; the kernel lets go of it however the process ends."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Retryable(f"{path.parent.parent}: another process is publishing there; try again later") from error
        yield


def _current_folder(out: Path) -> Path | None:
    """Return the folder of the current generation; None where none was published yet, or someone deleted it."""
    link = out / CURRENT
    folder = out / link.readlink() if link.is_symlink() else None
    return folder if folder is not None and folder.is_dir() else None


def _remove_all_but(generations: Path, keep: set[str]) -> None:
    """Remove what an earlier publisher left: the generation before the current one, unfinished ones, spilled data."""
    for path in generations.iterdir():
        if path.name in keep:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
