"""Where the server is and who we are to it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import ConfigError
from relay.servers.credentials import read_credentials

HOST = "cht.example.org/api/sms"


@pytest.mark.parametrize(
    ("login", "user", "password"),
    [
        ("gateway:secret@", "gateway", "secret"),
        ("gateway:p@ss@", "gateway", "p@ss"),
        ("gateway:a:b/c?d#e@", "gateway", "a:b/c?d#e"),
        ("gateway:p%40ss%C3%B6@", "gateway", "p@ssö"),
        ("gateway:100%@", "gateway", "100%"),
        ("gateway:100%zz@", "gateway", "100%zz"),
        ("gateway:%ff@", "gateway", "%ff"),
        ("gateway:पासवर्ड@", "gateway", "पासवर्ड"),
        ("gateway@", "gateway", ""),
        ("", "", ""),
    ],
)
def test_the_last_at_sign_ends_the_login_raw_or_encoded(
    login: str, user: str, password: str
) -> None:
    got = read_credentials(f"https://{login}{HOST}")
    assert (got.url, got.user, got.password) == (f"https://{HOST}", user, password)


def test_keys_win_over_the_url_and_are_taken_as_they_are() -> None:
    got = read_credentials(f"https://a:b@{HOST}", user="gateway", password="100%25")
    assert (got.user, got.password) == ("gateway", "100%25")


def test_a_password_may_stand_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("sé cret \n")
    assert read_credentials(f"https://{HOST}", password_file=secret).password == "sé cret "


def test_systemd_may_hand_the_password_over(tmp_path: Path) -> None:
    (tmp_path / "server-main-password").write_text("secret")
    got = read_credentials(
        f"https://gateway@{HOST}",
        credential="server-main-password",
        environ={"CREDENTIALS_DIRECTORY": str(tmp_path)},
    )
    assert got.password == "secret"


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_password_file_that_cannot_be_used_is_a_mistake_in_the_configuration(
    tmp_path: Path, content: bytes | None
) -> None:
    secret = tmp_path / "password"
    if content is not None:
        secret.write_bytes(content)
    with pytest.raises(ConfigError, match="password file"):
        read_credentials(f"https://{HOST}", password_file=secret)


@pytest.mark.parametrize("url", ["", "cht.example.org", "ftp://x/y", "https://", "https://a:b@"])
def test_what_is_no_web_address_is_a_mistake_in_the_configuration(url: str) -> None:
    with pytest.raises(ConfigError):
        read_credentials(url)


def test_a_mistake_never_shows_the_password() -> None:
    with pytest.raises(ConfigError) as caught:
        read_credentials("htps://gateway:secret@cht.example.org")
    assert "secret" not in str(caught.value)


@given(st.text(min_size=4))
def test_the_password_is_in_no_repr(password: str) -> None:
    shown = repr(read_credentials("https://h/p", user="u", password=password))
    assert shown == "Credentials(url='https://h/p', user='u')"


def test_the_login_is_sent_as_utf8() -> None:
    sent = read_credentials("https://h/p", user="gateway", password="pässword").authorization()
    assert sent is not None
    assert base64.b64decode(sent.removeprefix("Basic ")) == "gateway:pässword".encode()


def test_without_a_user_no_login_is_sent() -> None:
    assert read_credentials("https://h/p").authorization() is None


def test_one_can_tell_whether_the_login_travels_in_the_open() -> None:
    assert read_credentials("https://h/p").encrypted
    assert not read_credentials("HTTP://h/p").encrypted
