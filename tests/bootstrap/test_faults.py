"""Each way to fail is told with its likely cause; the texts are those that pip, uv and Linux wrote when it happened."""

import errno

import pytest

from bootstrap.faults import explain, explain_system


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("cause: failed to copy file from a to b: No space left on device (os error 28)", "disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "damaged"),
        ("cause: Hash mismatch for `anyio==4.16.0`", "damaged"),
        ("<urlopen error [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed>", "certificate"),
        ("http://nowhere.invalid/simple: <urlopen error [Errno -2] Name or service not known>", "No network"),
        ("cause: error sending request for url (http://127.0.0.1:9/simple/cryptography/)", "No network"),
        ("NewConnectionError('Connection refused')': /simple/a/\nERROR: No matching distribution found", "No network"),
        ("ERROR: No matching distribution found for plotly==7.1.0", "lacks a pinned package"),
        ("error: Permission denied (os error 13)", "may not write"),
        ("a sentence nobody has seen before", "lines above"),
    ],
)
def test_the_cause_is_read_from_what_the_installer_said(output: str, cause: str) -> None:
    error = explain("The packages could not be installed.", output)
    assert cause in error.likely_cause
    assert output.splitlines()[-1] in str(error)
    assert "Next step:" in str(error)


def test_a_full_disk_is_recognised_in_any_language() -> None:
    assert "disk is full" in explain_system("No.", OSError(errno.ENOSPC, "Kein Speicherplatz")).likely_cause
    assert "may not write" in explain_system("No.", PermissionError(errno.EACCES, "Permission denied")).likely_cause
