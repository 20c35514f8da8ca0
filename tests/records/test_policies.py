"""Which policy counts: the folder's or a published one, for every process, across restarts."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from shared.config.errors import ConfigError
from shared.config.files import load_files, read_files
from shared.config.load import load_centre
from shared.domain.centre import ContactCentre
from shared.records.policies import PolicyStore
from shared.usecases.policies import LOOK_SECONDS, Policies
from tests.contracts.stores import Store

SMALL = Path(__file__).parents[1] / "config" / "small"
FILES = read_files(SMALL)


class Ticks:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def renamed(name: str) -> Mapping[str, str]:
    """The small configuration under another name."""
    own = load_centre(SMALL).name
    return {**FILES, "contact-centre.yaml": FILES["contact-centre.yaml"].replace(own, name)}


async def process(store: Store, ticks: Ticks, files: Mapping[str, str] = FILES) -> Policies:
    """A process that was started with a folder of these files."""
    policies = Policies(PolicyStore(store.documents), load_files(files), files, store.clock, ticks)
    await policies.freshen()
    return policies


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


async def test_the_folder_counts_until_something_is_published(store: Store, ticks: Ticks) -> None:
    one = await process(store, ticks)
    published = await one.published()
    assert published and (published.version, published.by) == (one.current.version, "folder")
    assert load_files(published.files) == one.current


async def test_what_is_published_counts_everywhere_within_five_seconds(store: Store, ticks: Ticks) -> None:
    one, other = await process(store, ticks), await process(store, ticks)
    files = renamed("Other")
    await one.publish(load_files(files), files, "ada")
    assert one.current.name == "Other"
    assert not await other.freshen(), "it does not look all the time"
    ticks.now += LOOK_SECONDS
    assert await other.freshen()
    assert other.current == one.current
    assert not await other.freshen()
    assert LOOK_SECONDS < 5


async def test_what_is_published_survives_a_restart(store: Store, ticks: Ticks) -> None:
    files = renamed("Other")
    await (await process(store, ticks)).publish(load_files(files), files, "ada")
    assert (await process(store, ticks)).current.name == "Other"


async def test_a_folder_that_was_changed_since_counts_again(store: Store, ticks: Ticks) -> None:
    files = renamed("Published")
    await (await process(store, ticks)).publish(load_files(files), files, "ada")
    changed = await process(store, ticks, renamed("Changed folder"))
    assert changed.current.name == "Changed folder"
    again = renamed("Published again")
    await changed.publish(load_files(again), again, "ada")
    assert (await process(store, ticks, renamed("Changed folder"))).current.name == "Published again"


async def test_an_older_process_that_publishes_does_not_bring_back_the_folder(store: Store, ticks: Ticks) -> None:
    old = await process(store, ticks)
    await process(store, ticks, renamed("New folder"))
    files = renamed("Published")
    await old.publish(load_files(files), files, "ada")
    assert (await process(store, ticks, renamed("New folder"))).current.name == "Published"


async def test_versions_are_kept(store: Store, ticks: Ticks) -> None:
    one = await process(store, ticks)
    first = one.current
    for number in range(12):
        files = renamed(f"Number {number}")
        await one.publish(load_files(files), files, "ada")
    assert await one.version(first.version) == first
    assert await (await process(store, ticks)).version(first.version) == first
    assert await one.version("nothing") is None


async def test_a_version_keeps_its_name_under_another_release(store: Store, ticks: Ticks) -> None:
    """The same files may have another version there; what was pinned is found all the same."""
    one = await process(store, ticks)
    named: ContactCentre = replace(one.current, version="of-another-release")
    await one.publish(named, FILES, "ada")
    assert (await process(store, ticks)).current == named


async def test_a_version_that_this_release_cannot_read_does_not_count(
    store: Store, ticks: Ticks, caplog: pytest.LogCaptureFixture
) -> None:  # fmt: skip
    one = await process(store, ticks)
    await one.publish(replace(one.current, version="broken"), {**FILES, "queues.yaml": "queues: 1"}, "ada")
    assert (await process(store, ticks)).current == load_files(FILES)
    assert "broken" in caplog.text


@pytest.mark.parametrize(
    "name", ["../queues.yaml", "/etc/x.yaml", "a/b/c.yaml", "x.txt", "queues.yaml\n", "", "é.yaml"]
)
def test_files_stay_within_their_folder(name: str) -> None:
    with pytest.raises(ConfigError):
        load_files({**FILES, name: ""})


def test_findings_name_the_files_as_they_were_given() -> None:
    with pytest.raises(ConfigError) as caught:
        load_files({**FILES, "queues.yaml": "queues: 1"})
    assert {finding.file for finding in caught.value.findings} == {"queues.yaml"}
    assert str(caught.value).startswith("queues.yaml:1: ")
