"""Settings about identity: what would be unsafe, or could let nobody in, is refused when the app starts."""

import pytest

from shared.settings import DEV_ISSUER, SettingsError, is_safe_address, read_settings

ENTRA = "https://login.microsoftonline.com/{tenantid}/v2.0"
NAMES = (
    "ATENDE_ISSUER", "ATENDE_TENANTS", "ATENDE_USER_CLAIM", "ATENDE_AUDIENCE", "ATENDE_DEV_TOKENS",
    "AZURE_FUNCTIONS_ENVIRONMENT",
)  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a production app without settings."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("values", "is_remote", "tenants"),
    [
        ({}, False, ()),
        ({"ATENDE_ISSUER": "https://issuer.example/x"}, True, ()),
        ({"ATENDE_ISSUER": ENTRA, "ATENDE_TENANTS": " a, b ,"}, True, ("a", "b")),
        ({"ATENDE_ISSUER": ENTRA, "ATENDE_TENANTS": "a", "ATENDE_USER_CLAIM": "preferred_username"}, True, ("a",)),
        ({"ATENDE_ISSUER": "http://127.0.0.1:8000", "AZURE_FUNCTIONS_ENVIRONMENT": "Development"}, True, ()),
        (
            {
                "ATENDE_ISSUER": "https://issuer.example", "ATENDE_DEV_TOKENS": "1",
                "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
            },
            False,
            (),
        ),
        ({"ATENDE_ISSUER": "https://issuer.example", "ATENDE_DEV_TOKENS": "1"}, True, ()),
    ],
)  # fmt: skip
def test_what_can_be_used(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], is_remote: bool, tenants: tuple[str, ...]
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    read = read_settings()
    assert (read.has_directory, read.tenant_ids) == (is_remote, tenants)
    assert values or read.issuer == DEV_ISSUER


@pytest.mark.parametrize(
    "values",
    [
        {"ATENDE_ISSUER": "http://127.0.0.1:8000"},
        {"ATENDE_ISSUER": "http://issuer.example", "AZURE_FUNCTIONS_ENVIRONMENT": "Development"},
        {"ATENDE_ISSUER": ""},
        {"ATENDE_ISSUER": "issuer.example"},
        {"ATENDE_TENANTS": "", "ATENDE_ISSUER": ENTRA},
        {"ATENDE_ISSUER": ENTRA},
        {"ATENDE_USER_CLAIM": "email", "ATENDE_ISSUER": ENTRA, "ATENDE_TENANTS": "a,b"},
        {"ATENDE_USER_CLAIM": "a b"},
        {"ATENDE_AUDIENCE": ""},
    ],
    ids=str,
)
def test_what_cannot_is_named(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="ATENDE_"):
        read_settings()


@pytest.mark.parametrize("url", ["http://localhost:1/x", "http://127.0.0.1", "http://[::1]:80/"])
def test_only_this_machine_is_safe_without_encryption(url: str) -> None:
    assert is_safe_address(url, is_loopback_safe=True) and not is_safe_address(url, is_loopback_safe=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1.evil.example/", "http://localhost@evil.example/", "ftp://localhost/", "https://", "https:x",
        "//localhost/", "http://2130706433/", "https://x:0/", "https://x:70000/", "https://[/", "HTTP//localhost",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_not(url: str) -> None:
    assert not is_safe_address(url, is_loopback_safe=True)
