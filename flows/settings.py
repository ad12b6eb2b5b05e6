"""The settings of one run: a frozen `Settings`, put together once, at the edge.

Each setting is looked for in four places, the first one wins: what the caller says (command line, flow parameter), the
environment (`UNSPUN_OUT`, ...), `unspun.toml`, the default below. Whatever is wrong, wherever it was written, is a
`SettingsError` whose message says where and what would be right.

    # unspun.toml
    sources = ["@sites.txt", "inbox/"]
    out = "news"
    workers = 4
"""

import math
import os
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from tasks.fetch.records import CrawlOptions
from tasks.outcome import Fatal
from tasks.shards import digest_of

DEFAULT_CONFIG = Path("unspun.toml")
SAMPLE = Path(__file__).parents[1] / "data" / "sample"
ENVIRONMENT_PREFIX = "UNSPUN_"

Value = object  # whatever a TOML file can hold; checked below


class SettingsError(Fatal):
    """A setting is wrong. The message says where it stands and what would be right."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run is to do.

    `sources` are as the user wrote them. `workers` is the number of processes, `shard_size` the number of inputs in a
    shard. `document_time_limit_s` is in seconds of CPU, `max_document_bytes` counts decoded bytes. Those from
    `fetch_timeout_s` on are for the web; `tasks.fetch.records.CrawlOptions` says what each of them bounds.
    """

    sources: tuple[str, ...] = ()
    out: str = "unspun-out"
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    shard_size: int = 300
    fresh: bool = False
    document_time_limit_s: float = 10.0
    max_document_bytes: int = 10_000_000
    fetch_timeout_s: float = 30.0
    crawl_time_limit_s: float = 14_400.0
    concurrency: int = 32
    host_connections: int = 1
    host_delay_s: float = 1.0
    max_attempts: int = 3
    max_listed: int = 10_000
    discover: bool = False
    allow_private: bool = False

    def crawl_options(self) -> CrawlOptions:
        """Return what of the settings concerns the web."""
        usual = CrawlOptions()
        return CrawlOptions(
            max_bytes=self.max_document_bytes,
            connect_timeout_s=min(usual.connect_timeout_s, self.fetch_timeout_s),
            first_byte_timeout_s=min(usual.first_byte_timeout_s, self.fetch_timeout_s),
            timeout_s=self.fetch_timeout_s,
            time_limit_s=self.crawl_time_limit_s,
            concurrency=self.concurrency,
            host_connections=self.host_connections,
            host_delay_s=self.host_delay_s,
            max_attempts=self.max_attempts,
            max_listed=self.max_listed,
            discover=self.discover,
            allow_private=self.allow_private,
        )

    def digest(self) -> str:
        """Return 32 hex digits that are the same for runs which are to give the same data set.

        The working folder is among what they depend on, since most sources are named from there.
        """
        return digest_of(
            str(Path.cwd()),
            *self.sources,
            str(self.document_time_limit_s),
            str(self.max_document_bytes),
            str(self.fetch_timeout_s),
            str(self.max_listed),
            str(self.discover),
            str(self.allow_private),
        )


# The least and the greatest value that make sense for each number.
BOUNDS: dict[str, tuple[float, float]] = {
    "workers": (1, 1024),
    "shard_size": (1, 1_000_000),
    "document_time_limit_s": (0.1, 86_400),
    "max_document_bytes": (1, 1 << 31),
    "fetch_timeout_s": (0.1, 86_400),
    "crawl_time_limit_s": (1, 604_800),
    "concurrency": (1, 1024),
    "host_connections": (1, 64),
    "host_delay_s": (0, 3600),
    "max_attempts": (1, 10),
    "max_listed": (1, 1_000_000),
}

FLAGS = {"fresh", "discover", "allow_private"}


def load_settings(given: Mapping[str, Value], config: Path | None = None) -> Settings:
    """Put the settings together from `given` (None stands for "not said"), the environment and the file `config`.

    Without `config`, `unspun.toml` in the working folder is read if it is there. Without sources, the sample is taken.
    Raises SettingsError.
    """
    path = config or DEFAULT_CONFIG
    known = {one.name for one in fields(Settings)}
    values: dict[str, Value] = {}
    for place, layer in (
        (str(path), _from_file(path, required=config is not None)),
        ("the environment", _from_environment(known)),
        ("the call", {name: value for name, value in given.items() if value is not None}),
    ):
        for name, value in layer.items():
            if name not in known:
                raise SettingsError(
                    f"{place}: there is no setting {name!r}; the settings are {', '.join(sorted(known))}"
                )
            values[name] = _checked(name, value, place)
    settings = Settings(**values)  # type: ignore[arg-type]  # each value was checked against the field's type
    return settings if settings.sources else Settings(**{**values, "sources": _sample()})  # type: ignore[arg-type]


def _from_file(path: Path, *, required: bool) -> Mapping[str, Value]:
    if not required and not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; --config takes the path of a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from error


def _from_environment(known: set[str]) -> Mapping[str, Value]:
    names = {name: f"{ENVIRONMENT_PREFIX}{name.upper()}" for name in known}
    values: dict[str, Value] = {
        name: os.environ[variable] for name, variable in names.items() if variable in os.environ
    }
    if "sources" in values:
        values["sources"] = shlex.split(str(values["sources"]))  # as a shell reads them: names with spaces in quotes
    return values


def _checked(name: str, value: Value, place: str) -> Value:
    """Return `value` as the type of the field `name`; text from the environment is read as that type."""
    if name == "sources":
        if isinstance(value, list | tuple) and all(isinstance(one, str) and one for one in value):
            return tuple(_in_utf_8(one, place) for one in value)
        raise SettingsError(
            f'{place}: sources must be a list of names, none empty: ["inbox/", "https://example.org/a"]'
        )
    if name == "out":
        if isinstance(value, str) and value:
            return _in_utf_8(value, place)
        raise SettingsError(f"{place}: out must be the path of a folder, not {value!r}")
    if name in FLAGS:
        spelled = {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower())
        if spelled is None:
            raise SettingsError(f"{place}: {name} must be true or false, not {value!r}")
        return spelled
    return _checked_number(name, value, place)


def _in_utf_8(name: str, place: str) -> str:
    """Return `name`, which Prefect is to keep as JSON."""
    try:
        name.encode()
    except UnicodeEncodeError as error:
        shown = os.fsencode(name).decode("utf-8", "backslashreplace")
        raise SettingsError(
            f"{place}: {shown}: the name is not UTF-8; name its folder, or write it into a list and give @list.txt"
        ) from error
    return name


def _checked_number(name: str, value: Value, place: str) -> float:
    is_whole = not name.endswith("_s")
    try:
        number = float(str(value))  # not of the value itself: float(True) is 1.0
    except ValueError:
        number = math.nan
    least, greatest = BOUNDS[name]
    if not least <= number <= greatest or (is_whole and not number.is_integer()):
        kind = "a whole number" if is_whole else "a number"
        raise SettingsError(f"{place}: {name} must be {kind} from {least:g} to {greatest:.0f}, not {value!r}")
    return int(number) if is_whole else number


def _sample() -> tuple[str, ...]:
    if not SAMPLE.is_dir():
        raise SettingsError("nothing to clean: name a SOURCE (a folder, a file, a URL, or @list.txt)")
    try:
        return (str(SAMPLE.relative_to(Path.cwd())),)
    except ValueError:
        return (str(SAMPLE),)
