"""pip's wheel comes from the user's own index, is checked, and no login leaks on the way."""

from pathlib import Path

import pytest

from bootstrap.faults import SetupError
from bootstrap.pip_wheel import DEFAULT_INDEX, PIP, Wheel, fetch, indexes, pip_setting
from tests.bootstrap.package_index import PackageIndex, sha256

CONTENT = b"not really a wheel, but bytes with a hash"
WHEEL = Wheel("pip-9.9-py3-none-any.whl", sha256(CONTENT))
PAGE = f'<a href="pip-9.8-py3-none-any.whl#sha256=00">old</a> <a href="../../files/{WHEEL.filename}#sha256=00">new</a>'
PAGES = {"/simple/pip/": PAGE.encode(), f"/files/{WHEEL.filename}": CONTENT}


def test_the_pinned_pip_is_a_wheel_with_a_whole_hash() -> None:
    assert PIP.filename.startswith("pip-")
    assert PIP.filename.endswith("-py3-none-any.whl")
    assert len(bytes.fromhex(PIP.sha256)) == 32


def test_the_public_index_is_asked_when_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    assert indexes() == [DEFAULT_INDEX]


def test_the_environment_goes_before_the_users_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = home / ".config" / "pip"
    folder.mkdir(parents=True)
    (folder / "pip.conf").write_text(
        "[global]\nindex-url = https://mirror.example/simple/\nextra-index-url = https://a\n https://b"
    )
    assert indexes() == ["https://mirror.example/simple", "https://a", "https://b"]
    monkeypatch.setenv("PIP_INDEX_URL", "https://other.example/simple")
    assert indexes()[0] == "https://other.example/simple"


def test_a_named_file_replaces_the_users_and_its_install_section_wins(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".pip").mkdir()
    (home / ".pip" / "pip.conf").write_text("[global]\nindex-url = https://users.example\n")
    assert pip_setting("index-url") == "https://users.example"
    named = home / "named.conf"
    named.write_text("[global]\nindex-url = https://global.example\n[install]\nindex-url = https://install.example\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(named))
    assert pip_setting("index-url") == "https://install.example"


def test_a_damaged_file_is_passed_over(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = home / "named.conf"
    named.write_text("index-url = no section above\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(named))
    assert pip_setting("no-such-option") is None


def test_the_wheel_is_fetched_by_its_relative_link_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with PackageIndex(PAGES) as index:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://{index.address}/simple/")
        path = fetch(WHEEL, tmp_path)
        assert path.read_bytes() == CONTENT
        assert fetch(WHEEL, tmp_path) == path
        assert [asked for asked, _ in index.asked] == ["/simple/pip/", f"/files/{WHEEL.filename}"]


def test_an_index_in_a_folder_serves_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "simple" / "pip").mkdir(parents=True)
    (tmp_path / "files").mkdir()
    (tmp_path / "simple" / "pip" / "index.html").write_text(PAGE)
    (tmp_path / "files" / WHEEL.filename).write_bytes(CONTENT)
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "simple").as_uri())
    assert fetch(WHEEL, tmp_path).read_bytes() == CONTENT


def test_the_next_index_is_asked_when_the_first_has_no_such_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PackageIndex({"/simple/pip/": b"<a href=pip-1.0.whl>"}) as poor, PackageIndex(PAGES) as rich:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://{poor.address}/simple")
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"http://{rich.address}/simple")
        assert fetch(WHEEL, tmp_path).read_bytes() == CONTENT


def test_other_bytes_than_pinned_are_refused_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with PackageIndex(PAGES | {f"/files/{WHEEL.filename}": b"tampered"}) as index:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://{index.address}/simple")
        with pytest.raises(SetupError, match="not the one pinned") as refusal:
            fetch(WHEEL, tmp_path)
    assert "do not trust that index" in refusal.value.next_step
    assert not (tmp_path / WHEEL.filename).exists()


def test_a_damaged_file_of_an_earlier_run_is_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / WHEEL.filename).write_bytes(CONTENT[:10])
    with PackageIndex(PAGES) as index:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://{index.address}/simple")
        assert fetch(WHEEL, tmp_path).read_bytes() == CONTENT


def test_a_login_goes_to_its_own_server_only_and_into_no_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PackageIndex({f"/files/{WHEEL.filename}": CONTENT}) as files:
        page = f'<a href="http://{files.address}/files/{WHEEL.filename}">pip</a>'.encode()
        with PackageIndex({"/simple/pip/": page}) as index:
            monkeypatch.setenv("PIP_INDEX_URL", f"http://anna:s%40cret@{index.address}/simple")
            fetch(WHEEL, tmp_path)
            with pytest.raises(SetupError) as refusal:
                fetch(Wheel("pip-0.0-py3-none-any.whl", WHEEL.sha256), tmp_path)
    assert {login for _, login in index.asked} == {"Basic YW5uYTpzQGNyZXQ="}
    assert {login for _, login in files.asked} == {None}
    assert index.address in str(refusal.value)
    assert "s%40cret" not in str(refusal.value)
    assert "anna" not in str(refusal.value)


def test_a_login_does_not_follow_a_redirect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: dict[str, bytes | str] = {}
    with PackageIndex(PAGES) as elsewhere, PackageIndex(moved) as index:
        moved["/simple/pip/"] = f"http://{elsewhere.address}/simple/pip/"
        monkeypatch.setenv("PIP_INDEX_URL", f"http://anna:secret@{index.address}/simple")
        assert fetch(WHEEL, tmp_path).read_bytes() == CONTENT
    assert {login for _, login in elsewhere.asked} == {None}


def test_a_silent_index_is_told_from_a_wrong_certificate_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with PackageIndex({}) as gone:
        address = gone.address
    monkeypatch.setenv("PIP_INDEX_URL", f"http://{address}/simple")
    with pytest.raises(SetupError) as silent:
        fetch(WHEEL, tmp_path)
    assert "cannot be reached" in silent.value.likely_cause
    monkeypatch.setenv("PIP_CERT", str(tmp_path / "missing.pem"))
    with pytest.raises(SetupError, match=r"missing\.pem cannot be read"):
        fetch(WHEEL, tmp_path)


def test_only_web_and_file_addresses_are_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "ftp://mirror.example/simple")
    with pytest.raises(SetupError, match="Could not fetch pip"):
        fetch(WHEEL, tmp_path)
