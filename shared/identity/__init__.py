"""Who may speak: secrets, tokens and the people behind them."""

from shared.identity.identity import Caller, Identity, build_identity
from shared.identity.keys import KeySource
from shared.identity.secrets import SecretsError, check_secrets

__all__ = ["Caller", "Identity", "KeySource", "SecretsError", "build_identity", "check_secrets"]
