"""Secrets and keys that a development machine makes for itself, and the refusal to do without elsewhere."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import jwt
import pytest

from shared.domain.centre import AgentProfile
from shared.errors import ProblemError
from shared.identity import Identity, SecretsError, build_identity, check_secrets
from shared.identity.dev import DevIssuer
from shared.identity.kept import kept_file
from shared.settings import DEV_ISSUER
from tests.identity.conftest import AUDIENCE, ISSUER, NOW, SECRET, HandClock, settings

Development: dict[str, Any] = {"environment": "Development", "dev_tokens": True, "secrets": "", "issuer": DEV_ISSUER}


def made(data_dir: Path, people: dict[str, AgentProfile], **values: Any) -> Identity:
    """An identity as the composition root makes it."""
    return build_identity(settings(**{**Development, **values}), data_dir, lambda: people, HandClock())


def modes(folder: Path) -> dict[str, int]:
    """Who may do what with the files of a folder."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_everybody_who_races_for_a_file_gets_the_same_one(tmp_path: Path) -> None:
    racers = 16
    start = Barrier(racers)

    def race(number: int) -> bytes:
        start.wait()
        return kept_file(tmp_path / "new" / "file", lambda: b"%d" % number)

    with ThreadPoolExecutor(racers) as pool:
        contents = set(pool.map(race, range(racers)))
    assert len(contents) == 1
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file"]


def test_a_file_that_cannot_be_made_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail() -> bytes:
        raise RuntimeError("no entropy")

    with pytest.raises(RuntimeError, match="no entropy"):
        kept_file(tmp_path / "file", fail)
    assert list(tmp_path.iterdir()) == []


async def test_only_their_owner_reads_them_and_they_survive_a_restart(
    tmp_path: Path, people: dict[str, AgentProfile]
) -> None:
    first = made(tmp_path, people)
    customer, staff = first.issue_customer("c1", NOW)[0], first.dev_token("alice", NOW)[0]
    assert modes(tmp_path) == {"secrets": 0o600, "dev-issuer.pem": 0o600}
    again = made(tmp_path, people)
    assert again.customer(customer) == "c1"
    assert (await again.staff(staff)).profile.id == "alice"


async def test_development_tokens_are_believed_only_where_they_are_switched_on(
    tmp_path: Path, people: dict[str, AgentProfile]
) -> None:
    token, expires_at = made(tmp_path, people).dev_token("alice", NOW)
    assert (expires_at - NOW).total_seconds() == 8 * 3600
    for values in ({"dev_tokens": False}, {"environment": "Production", "secrets": SECRET}):
        elsewhere = made(tmp_path, people, **values)
        with pytest.raises(ProblemError) as caught:
            await elsewhere.staff(token)
        assert caught.value.status == 401
        with pytest.raises(ProblemError) as caught:
            elsewhere.dev_token("alice", NOW)
        assert caught.value.status == 404


async def test_the_local_directory_knows_who_works_here(tmp_path: Path, people: dict[str, AgentProfile]) -> None:
    identity = made(tmp_path, people)
    with pytest.raises(ProblemError) as caught:
        identity.dev_token("mallory", NOW)
    assert (caught.value.status, caught.value.code) == (404, "unknown-user")
    with pytest.raises(ProblemError) as caught:  # as a directory that has not heard of it yet
        await identity.staff(identity.dev_token("gone", NOW)[0])
    assert caught.value.status == 403


def test_the_published_key_is_public_and_named_after_itself(tmp_path: Path) -> None:
    [published] = DevIssuer(tmp_path / "a", ISSUER, AUDIENCE).jwks()["keys"]
    assert set(published) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    [other] = DevIssuer(tmp_path / "b", ISSUER, AUDIENCE).jwks()["keys"]
    assert other["kid"] != published["kid"]
    assert jwt.PyJWK(published).algorithm_name == "ES256"


@pytest.mark.parametrize("name", ["secrets", "dev-issuer.pem"])
def test_a_damaged_file_is_named(tmp_path: Path, people: dict[str, AgentProfile], name: str) -> None:
    (tmp_path / name).write_bytes(b"\xff")
    with pytest.raises(SecretsError, match=f"{name} is damaged; remove it"):
        made(tmp_path, people)


def test_production_does_not_start_without_secrets() -> None:
    for secrets in ("", " , "):
        with pytest.raises(SecretsError, match="ATENDE_SECRETS is missing") as caught:
            check_secrets(settings(secrets=secrets))
        assert caught.value.is_for_operator
    check_secrets(settings(**Development))


def test_short_secrets_are_refused_everywhere_and_not_repeated() -> None:
    for environment in ("Production", "Development"):
        with pytest.raises(SecretsError, match="at least 32 characters") as caught:
            check_secrets(settings(secrets=f"{SECRET},hunter2", environment=environment))
        assert "hunter2" not in str(caught.value)
