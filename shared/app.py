"""The composition root: the only place where ports meet their adapters."""

import asyncio
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary

from shared.adapters.embedded import hosting
from shared.adapters.embedded.ids import rising_id, utc_now
from shared.adapters.embedded.realtime import LocalRealtime
from shared.adapters.scripted_bot import ScriptedBot
from shared.config.files import read_files
from shared.config.load import load_centre
from shared.identity import Identity, build_identity
from shared.ports import Clock, Documents, WorkQueue
from shared.records.conversations import Conversations
from shared.records.history import RoutingHistory
from shared.records.inbox import Inboxes
from shared.records.insights import Insights
from shared.records.policies import PolicyStore
from shared.records.routing import RoutingStore
from shared.settings import Settings, read_settings
from shared.usecases.policies import Policies
from shared.usecases.services import Services
from shared.usecases.sweep import ring_pools

if TYPE_CHECKING:
    from shared.adapters.embedded.documents import SqliteDocuments

_apps: "WeakKeyDictionary[asyncio.AbstractEventLoop, App]" = WeakKeyDictionary()


class Store(Documents, Protocol):
    """What is looked after besides being used."""

    async def purge(self) -> int:
        """Remove what has outlived its time, where the store does not do it by itself; how many documents."""

    async def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True, slots=True)
class App:
    """Everything that functions need; `store` is what has to be closed and swept."""

    settings: Settings
    services: Services
    identity: Identity
    store: Store
    policies: Policies

    @property
    def sqlite(self) -> "SqliteDocuments":
        """The store where there is no Cosmos DB: it has to be asked for its changes."""
        from shared.adapters.embedded.documents import SqliteDocuments

        if not isinstance(self.store, SqliteDocuments):
            raise TypeError("the records lie in Cosmos DB, whose change feed calls")
        return self.store


def current() -> App:
    """The app of the running event loop, made at its first use."""
    loop = asyncio.get_running_loop()
    return _apps.get(loop) or use(build_app(read_settings(), hosting.data_dir()))


async def fresh() -> App:
    """The app of the running event loop, with the policy that counts. Raises Unavailable."""
    app = current()
    if await app.services.policies.freshen():
        await ring_pools(app.services)
    return app


def use(app: App) -> App:
    """Have the functions of this event loop run with an app, until the embedded host stops."""
    _apps[asyncio.get_running_loop()] = app
    hosting.at_stop(_close)
    return app


def build_app(settings: Settings, data_dir: Path | None = None, **others: Any) -> App:
    """Wire everything up; to be called on the event loop that will use it. Raises ConfigError and SecretsError.

    `others` replace members of the services.
    """
    folder = data_dir or settings.data_dir
    folder_policy = load_centre(settings.config_dir)
    clock, choose = utc_now, random.SystemRandom().randrange
    store = _store(settings, folder, clock)
    policies = Policies(PolicyStore(store), folder_policy, read_files(settings.config_dir), clock)
    identity = build_identity(settings, folder, lambda: policies.current.agents, clock)
    members = {
        "policies": policies, "clock": clock, "ids": rising_id, "choose": choose, "documents": store,
        "conversations": Conversations(store), "routing": RoutingStore(store, clock), "history": RoutingHistory(store),
        "inboxes": Inboxes(store, clock), "insights": Insights(store, clock),
        "queue": _queue(settings), "realtime": LocalRealtime(),
        "bot": ScriptedBot(lambda: policies.current.bots, choose), "senders": {}, "pools": {}, "beats": {},
        "address_key": identity.address_key,
    }  # fmt: skip
    services = Services(**{**members, **others})
    return App(settings, services, identity, store, policies)


def _store(settings: Settings, folder: Path, clock: Clock) -> Store:
    """The account that the setting names, else a file. Imported where it is used: the other need not be installed."""
    if settings.has_cosmos:
        from shared.adapters.azure.cosmos import CosmosDocuments

        return CosmosDocuments(settings.cosmos)
    from shared.adapters.embedded.documents import SqliteDocuments

    folder.mkdir(parents=True, exist_ok=True)
    # The embedded host holds its data folder alone; of another host we do not know how many processes it runs.
    return SqliteDocuments(folder / "app.db", clock, is_exclusive=hosting.data_dir() is not None)


def _queue(settings: Settings) -> WorkQueue:
    """The embedded host's queues if it runs the app, else Storage queues."""
    if hosting.data_dir():
        from shared.adapters.embedded.queue import HostQueue

        return HostQueue(storage=not settings.service_bus)
    from shared.adapters.azure.storage_queue import StorageQueues  # only where it is used: it takes long to import

    return StorageQueues(settings.storage)


async def _close() -> None:
    app = _apps.pop(asyncio.get_running_loop(), None)
    if app:
        await app.store.close()
