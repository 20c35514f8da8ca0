"""App settings, read once from the environment (local.settings.json puts them there)."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).parent.parent
DEV_ISSUER = "https://atende.local/dev"
TENANT = "{tenantid}"
"""Stands in the issuer of a directory of many tenants for the one that a token comes from, as Entra ID writes it."""
_TENANT_PROOF_CLAIMS = ("oid", "sub")


class SettingsError(Exception):
    """A setting has a value that cannot be used."""

    is_for_operator = True  # the host shows the message, not where in the code it came up


class Settings(BaseSettings):
    """Every setting that the app reads; docs/running.md lists them."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    environment: str = Field("Production", validation_alias="AZURE_FUNCTIONS_ENVIRONMENT")
    dev_tokens: bool = Field(False, validation_alias="ATENDE_DEV_TOKENS")
    config_dir: Path = Field(ROOT / "config", validation_alias="ATENDE_CONFIG")
    data_dir: Path = Field(ROOT / ".data", validation_alias="ATENDE_DATA_DIR")
    secrets: str = Field("", validation_alias="ATENDE_SECRETS", description="current one first, comma-separated")
    tenants: str = Field("", validation_alias="ATENDE_TENANTS", description="comma-separated")
    issuer: str = Field(DEV_ISSUER, validation_alias="ATENDE_ISSUER")
    audience: str = Field("atende", min_length=1, validation_alias="ATENDE_AUDIENCE")
    user_claim: str = Field("oid", pattern=r"^\w{1,64}$", validation_alias="ATENDE_USER_CLAIM")
    identity_client_id: str = Field("", validation_alias="AZURE_CLIENT_ID")
    storage: str = Field("UseDevelopmentStorage=true", validation_alias="AzureWebJobsStorage")
    service_bus: str = Field("", validation_alias=AliasChoices("ServiceBus", "ServiceBus__fullyQualifiedNamespace"))
    cosmos: str = Field("", validation_alias=AliasChoices("Cosmos", "Cosmos__accountEndpoint"))

    @field_validator("issuer")
    @classmethod
    def _is_safe(cls, issuer: str, info: ValidationInfo) -> str:
        if not is_safe_address(issuer, is_loopback_safe=info.data.get("environment") == "Development"):
            raise ValueError("an https:// address is needed (http:// only for this machine, in Development)")
        if TENANT in issuer and not listed(info.data.get("tenants", "")):
            raise ValueError(f"with {TENANT} in it, ATENDE_TENANTS must name the tenants whose people work here")
        return issuer

    @field_validator("user_claim")
    @classmethod
    def _tells_tenants_apart(cls, claim: str, info: ValidationInfo) -> str:
        # A tenant's administrators choose their people's names and mail addresses, also those of another tenant.
        if len(listed(info.data.get("tenants", ""))) > 1 and claim not in _TENANT_PROOF_CLAIMS:
            raise ValueError(f"with several tenants it must be one of {', '.join(_TENANT_PROOF_CLAIMS)}")
        return claim

    @property
    def has_cosmos(self) -> bool:
        """Whether records lie in Cosmos DB; "devhost:app.db" is the embedded host's stand-in for its change feed."""
        return bool(self.cosmos) and not self.cosmos.startswith("devhost:")

    @property
    def tenant_ids(self) -> tuple[str, ...]:
        """The tenants whose tokens are believed; all that the issuer speaks for if empty."""
        return listed(self.tenants)

    @property
    def has_directory(self) -> bool:
        """Whether the staff's tokens come from an issuer that has to be asked for its keys."""
        return self.issuer != DEV_ISSUER and not self.issues_dev_tokens

    @property
    def issues_dev_tokens(self) -> bool:
        """Only on a development machine, and only if asked for."""
        return self.dev_tokens and self.environment == "Development"


def is_safe_address(url: str, *, is_loopback_safe: bool) -> bool:
    """Whether nobody on the way could change what an address answers."""
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    except ValueError:
        return False
    is_loopback = is_loopback_safe and scheme == "http" and host in ("localhost", "127.0.0.1", "::1")
    return bool(host) and port != 0 and (scheme == "https" or is_loopback)


def listed(text: str) -> tuple[str, ...]:
    """The entries of a setting that holds several."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def read_settings() -> Settings:
    """The settings of this process. Raises SettingsError, which names each one that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"{found['loc'][0]}: {found['msg']}" for found in error.errors(include_input=False, include_url=False)]
        raise SettingsError("\n".join(wrong)) from None
