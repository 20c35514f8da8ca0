"""App settings, read once from the environment (local.settings.json puts them there)."""

from pathlib import Path

from pydantic import AliasChoices, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).parent.parent


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
    issuer: str = Field("https://atende.local/dev", validation_alias="ATENDE_ISSUER")
    audience: str = Field("atende", validation_alias="ATENDE_AUDIENCE")
    storage: str = Field("UseDevelopmentStorage=true", validation_alias="AzureWebJobsStorage")
    service_bus: str = Field("", validation_alias=AliasChoices("ServiceBus", "ServiceBus__fullyQualifiedNamespace"))
    cosmos: str = Field("", validation_alias=AliasChoices("Cosmos", "Cosmos__accountEndpoint"))

    @property
    def issues_dev_tokens(self) -> bool:
        """Only on a development machine, and only if asked for."""
        return self.dev_tokens and self.environment == "Development"


def read_settings() -> Settings:
    """The settings of this process. Raises SettingsError, which names each one that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"{found['loc'][0]}: {found['msg']}" for found in error.errors(include_input=False, include_url=False)]
        raise SettingsError("\n".join(wrong)) from None
