"""Settings are read once and checked: what cannot be used stops the start and names the variable."""

import threading
from pathlib import Path

import pytest

from maninso.run.settings import SettingError, read_or_make_secret, read_settings

SECRET = "x" * 32


def read(tmp_path: Path, **more: str) -> object:
    return read_settings({"MANINSO_HOME": str(tmp_path), "MANINSO_SECRET_KEY": SECRET, **more})


def test_without_any_setting_there_are_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read_settings({})
    assert settings.home == tmp_path / "var"
    assert settings.keys_dir == tmp_path / "var" / "keys"
    assert (settings.database_url, settings.host, settings.charter) == (None, "localhost:8000", "blue-house-2019")
    assert settings.email_url == f"file:{tmp_path}/var/mail"
    assert (settings.rehearsal, settings.oidc_providers, settings.postgres_bin) == (False, None, None)
    assert settings.secret_key == read_or_make_secret(tmp_path / "var" / "keys" / "secret.key").hex()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://localhost/x"),
        ("DATABASE_URL", "host=localhost dbname=x"),
        ("MANINSO_SECRET_KEY", "short"),
        ("MANINSO_HOST", "Petitions.Example.org"),
        ("MANINSO_HOST", "https://petitions.example.org"),
        ("MANINSO_HOST", "petitions.example.org/"),
        ("MANINSO_EMAIL_URL", "mail.example.org"),
        ("MANINSO_REHEARSAL", "yes"),
        ("MANINSO_OIDC_PROVIDERS", "/no/such/file"),
        ("MANINSO_POSTGRES_BIN", "/no/such/folder"),
        ("MANINSO_PREVIOUS_SECRETS", "short"),
        ("MANINSO_EMAIL_FROM", "nobody"),
        ("MANINSO_EMAIL_FROM", "a@b.org, c@d.org"),
        ("MANINSO_EMAIL_FROM", "Me <me@example.org>"),
        ("MANINSO_DISPOSABLE_DOMAINS", "/no/such/file"),
        ("MANINSO_PROOF_OF_WORK", "hard"),
        ("MANINSO_PROOF_OF_WORK", "-1"),
    ],
)
def test_a_bad_value_stops_the_start_and_names_the_variable(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        read(tmp_path, **{name: value})
    assert str(caught.value).startswith(name)
    assert caught.value.cure != ""
    assert caught.value.exit_status == 2


def test_secrets_that_were_replaced_are_accepted_still(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    old = read_or_make_secret(tmp_path / "keys" / "secret.previous.key").hex()
    settings = read_settings(
        {
            "MANINSO_HOME": str(tmp_path),
            "MANINSO_SECRET_KEY": SECRET,
            "MANINSO_PREVIOUS_SECRETS": f"{'y' * 32} {'z' * 40}",
        }
    )
    assert settings.secrets == (SECRET, "y" * 32, "z" * 40, old)


def test_who_messages_come_from(tmp_path: Path) -> None:
    settings = read_settings({"MANINSO_HOME": str(tmp_path), "MANINSO_SECRET_KEY": SECRET, "MANINSO_HOST": "p.org:81"})
    assert (settings.email_from, settings.proof_of_work) == ("noreply@p.org", 0)


def test_a_password_in_a_bad_address_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        read(tmp_path, DATABASE_URL="mysql://someone:geheim@localhost/x")
    assert "geheim" not in str(caught.value) + caught.value.cure


def test_a_secret_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret.key"
    first = read_or_make_secret(path)
    assert len(first) == 32
    assert read_or_make_secret(path) == first
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [each.name for each in path.parent.iterdir()] == ["secret.key"]


def test_those_who_make_a_secret_at_once_agree(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret.key"
    made: list[bytes] = []
    barrier = threading.Barrier(16)

    def make() -> None:
        barrier.wait()
        made.append(read_or_make_secret(path))

    threads = [threading.Thread(target=make) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 16
    assert len(set(made)) == 1


@pytest.mark.parametrize("content", [b"", b"not base64!", b"c2hvcnQ=\n"])
def test_a_damaged_secret_is_never_replaced(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    with pytest.raises(SettingError) as caught:
        read_or_make_secret(path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content
