"""The secrets that sign customers' tokens and hide addresses: from the settings, or made on a development machine."""

import secrets
from pathlib import Path

from shared.identity.kept import kept_file
from shared.settings import Settings, listed

SECRET_CHARS_MIN = 32
FILE_NAME = "secrets"


class SecretsError(Exception):
    """The settings hold no usable secrets; the message tells an operator what to do."""

    is_for_operator = True


def check_secrets(settings: Settings) -> None:
    """Raises SecretsError if the app cannot start with these settings. Touches no file."""
    if any(len(secret) < SECRET_CHARS_MIN for secret in listed(settings.secrets)):
        raise SecretsError(f"ATENDE_SECRETS: each secret must have at least {SECRET_CHARS_MIN} characters")
    if not listed(settings.secrets) and settings.environment != "Development":
        raise SecretsError(
            "ATENDE_SECRETS is missing: set it to one or two secrets of at least "
            f"{SECRET_CHARS_MIN} characters, comma-separated, the current one first "
            "(python -c 'import secrets; print(secrets.token_urlsafe(48))'); "
            "on a development machine set AZURE_FUNCTIONS_ENVIRONMENT=Development instead"
        )


def load_secrets(settings: Settings, data_dir: Path) -> tuple[str, ...]:
    """The live secrets, the current one first; made and kept in the data folder on a development machine."""
    check_secrets(settings)
    if given := listed(settings.secrets):
        return given
    path = data_dir / FILE_NAME
    kept = kept_file(path, lambda: secrets.token_urlsafe(48).encode()).decode("ascii", "replace").strip()
    if len(kept) < SECRET_CHARS_MIN:
        raise SecretsError(f"{path} is damaged; remove it to have a new one made (customers then start anew)")
    return (kept,)
