from pathlib import Path

import pytest

from flows.clean import main
from flows.settings import Settings, SettingsError, load_settings


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_nearer_place_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "unspun.toml"
    config.write_text('sources = ["inbox"]\nout = "file"\nworkers = 2\nshard_size = 10\n', "utf-8")
    monkeypatch.setenv("UNSPUN_OUT", "environment")
    monkeypatch.setenv("UNSPUN_WORKERS", "3")
    settings = load_settings({"out": "call", "workers": None})
    assert settings == Settings(sources=("inbox",), out="call", workers=3, shard_size=10)


def test_sources_in_the_environment_are_read_as_a_shell_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNSPUN_SOURCES", "'my inbox/a.html' https://example.org/b")
    assert load_settings({}).sources == ("my inbox/a.html", "https://example.org/b")


def test_without_sources_the_sample_is_cleaned() -> None:
    (source,) = load_settings({}).sources
    assert Path(source).name == "sample"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("wrokers = 2", "there is no setting 'wrokers'"),
        ("workers = 0", "workers must be a whole number from 1 to 1024"),
        ("workers = true", "workers must be a whole number"),
        ("workers = 1.5", "workers must be a whole number"),
        ("document_time_limit_s = nan", "must be a number from 0.1 to 86400"),
        ('fetch_timeout_s = "soon"', "must be a number"),
        ("workers = 1e30", "workers must be a whole number from 1 to 1024"),
        ("document_time_limit_s = 1e10", "must be a number from 0.1 to 86400"),
        ('sources = "inbox"', "sources must be a list of names"),
        ("sources = [1]", "sources must be a list of names"),
        ('out = ""', "out must be the path of a folder"),
        ('fresh = "perhaps"', "fresh must be true or false"),
        ("out = ", "not TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, says: str) -> None:
    config = tmp_path / "my.toml"
    config.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=says) as error:
        load_settings({}, config)
    assert str(config) in str(error.value)


def test_a_missing_config_file_is_named() -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        load_settings({}, Path("nowhere.toml"))


def test_only_what_changes_the_data_set_is_in_the_digest() -> None:
    settings = Settings(sources=("a",))
    assert settings.digest() == Settings(sources=("a",), out="b", workers=9, shard_size=1, fresh=True).digest()
    assert settings.digest() != Settings(sources=("b",)).digest()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["no-such-folder"], "no such file or folder: no-such-folder"),
        (["--workers", "none"], "workers must be a whole number from 1 to 1024, not 'none'"),
        (["--shard-size", "0"], "shard_size must be a whole number from 1 to 1000000, not '0'"),
        ([""], "sources must be a list of names, none empty"),
        (["x" * 5000], "no such file or folder"),
        (["."], "--out /dev/null/tables: Not a directory; it takes a folder"),
        (["bad\udcff.html"], "the name is not UTF-8; name its folder"),
        (["--config", "nowhere.toml"], "--config takes the path of a TOML file"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_is_right(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNSPUN_OUT", "/dev/null/tables")  # so that nothing starts, whatever else is right
    assert main(arguments) == 2
    assert says in capsys.readouterr().err


def test_an_unknown_option_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(["--colour"])
    assert error.value.code == 2
    assert "--colour" in capsys.readouterr().err


def test_help_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(["--help"])
    assert error.value.code == 0
    text = capsys.readouterr().out
    for word in ("SOURCE", "--out", "--config", "--workers", "--shard-size", "--fresh", "Exit status", "@list.txt"):
        assert word in text
