"""Sealed files: opened by their recipients alone, and whole or not there."""

from __future__ import annotations

import errno
import io
import subprocess
from pathlib import Path

import pytest

from relay.sealing import (
    CannotUnseal,
    NoSealing,
    SealingError,
    is_sealed,
    new_identity,
    read_identities,
    seal,
    unseal,
)

# Three chunks of age, which are of 64 KiB; the last one is not full.
CONTENT = bytes(range(256)) * 600


def sealed(folder: Path, *recipients: str, content: bytes = CONTENT) -> Path:
    target = folder / "copy.age"
    seal(io.BytesIO(content), target, recipients)
    return target


def opened(sealed: bytes, folder: Path, *identities: str) -> bytes:
    target = folder / "opened"
    unseal(io.BytesIO(sealed), target, identities)
    return target.read_bytes()


def test_each_recipient_opens_it_and_it_is_its_owners_alone(tmp_path: Path) -> None:
    (one, its), (two, theirs) = new_identity(), new_identity()
    file = sealed(tmp_path, its, theirs)
    assert is_sealed(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert CONTENT[:256] not in file.read_bytes()
    assert opened(file.read_bytes(), tmp_path, one) == CONTENT
    assert opened(file.read_bytes(), tmp_path, two) == CONTENT


@pytest.mark.parametrize("content", [b"", b"x", CONTENT], ids=["empty", "one", "chunks"])
def test_whatever_its_length_it_comes_back(tmp_path: Path, content: bytes) -> None:
    private, public = new_identity()
    file = sealed(tmp_path, public, content=content)
    assert opened(file.read_bytes(), tmp_path, private) == content


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    file = sealed(tmp_path, new_identity()[1])
    with pytest.raises(CannotUnseal):
        opened(file.read_bytes(), tmp_path, new_identity()[0])
    assert [path.name for path in tmp_path.iterdir()] == ["copy.age"]


def test_a_file_that_is_cut_anywhere_opens_nothing(tmp_path: Path) -> None:
    private, public = new_identity()
    whole = sealed(tmp_path, public).read_bytes()
    body = len(whole) - len(CONTENT) - 3 * 16  # what is before the chunks, each with its tag
    chunk = 64 * 1024 + 16
    edges = [body + n * chunk + off for n in (0, 1, 2) for off in (-1, 0, 1)]
    for length in (0, 1, 21, 100, *edges, len(whole) - 17, len(whole) - 16, len(whole) - 1):
        with pytest.raises(CannotUnseal):
            opened(whole[:length], tmp_path, private)
    assert [path.name for path in tmp_path.iterdir()] == ["copy.age"]


@pytest.mark.parametrize("at", [0, 30, 150, 5000, -1])
def test_a_file_that_is_changed_anywhere_opens_nothing(tmp_path: Path, at: int) -> None:
    private, public = new_identity()
    damaged = bytearray(sealed(tmp_path, public).read_bytes())
    damaged[at] ^= 1
    with pytest.raises(CannotUnseal):
        opened(bytes(damaged), tmp_path, private)


def test_what_lay_there_stays_when_it_cannot_be_sealed(tmp_path: Path) -> None:
    file = sealed(tmp_path, new_identity()[1])
    before = file.read_bytes()

    class Gone(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(errno.EIO, "the stick is gone")

    with pytest.raises(OSError, match="the stick is gone") as caught:
        seal(Gone(), file, [new_identity()[1]])
    assert caught.value.errno == errno.EIO
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["copy.age"]


@pytest.mark.parametrize("recipients", [(), ("",), ("age1nonsense",), ("ssh-ed25519 AAAA",)])
def test_a_recipient_that_is_none_is_said(tmp_path: Path, recipients: tuple[str, ...]) -> None:
    with pytest.raises(SealingError):
        sealed(tmp_path, *recipients)
    assert not list(tmp_path.iterdir())


def test_a_private_key_among_the_recipients_is_not_repeated(tmp_path: Path) -> None:
    private, _ = new_identity()
    with pytest.raises(SealingError) as caught:
        sealed(tmp_path, private)
    assert private not in str(caught.value)


def test_identities_are_read_as_age_keygen_writes_them(tmp_path: Path) -> None:
    private, public = new_identity()
    key = tmp_path / "key.txt"
    key.write_text(f"# created: today\n# public key: {public}\n{private}\n")
    assert read_identities(key) == (private,)


def test_the_keys_of_ssh_serve_as_well(tmp_path: Path) -> None:
    key = tmp_path / "id"
    try:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    except FileNotFoundError:
        pytest.skip("no ssh-keygen here")
    file = sealed(tmp_path, key.with_suffix(".pub").read_text().strip())
    assert opened(file.read_bytes(), tmp_path, *read_identities(key)) == CONTENT


def test_without_the_package_the_remedy_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyrage", None)
    with pytest.raises(NoSealing, match="pip install"):
        sealed(tmp_path, "age1anything")
