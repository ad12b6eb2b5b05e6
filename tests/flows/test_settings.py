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


def test_without_sources_the_sample_is_cleaned() -> None:
    (source,) = load_settings({}).sources
    assert Path(source).name == "sample"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("wrokers = 2", "there is no setting 'wrokers'"),
        ("workers = 0", "workers must be a whole number of at least 1"),
        ("workers = true", "workers must be a whole number"),
        ("workers = 1.5", "workers must be a whole number"),
        ("document_time_limit_s = nan", "must be a number of at least 0.1"),
        ('fetch_timeout_s = "soon"', "must be a number"),
        ("sources = [1]", "sources must be a list of texts"),
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
        (["--workers", "none"], "workers must be a whole number of at least 1, not 'none'"),
        (["--shard-size", "0"], "shard_size must be a whole number of at least 1, not '0'"),
        (["--config", "nowhere.toml"], "--config takes the path of a TOML file"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_is_right(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
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
