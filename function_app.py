"""The Functions app: registers blueprints, nothing else."""

import azure.durable_functions as df
import azure.functions as func

from activities import turns
from orchestrations import conversation
from shared.config.load import load_centre
from shared.identity import check_secrets
from shared.settings import read_settings
from triggers import (
    agents,
    chat,
    conversations,
    cosmos_feed,
    dev,
    health,
    manage,
    pages,
    service_bus,
    storage_queues,
    store_feed,
    supervisor,
    timers,
)

settings = read_settings()
# An app that could verify nobody, or whose contact centre is wrong, does not start.
check_secrets(settings)
load_centre(settings.config_dir)

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

# HTTP: the API, and last what answers everything else
for blueprint in (health.bp, chat.bp, agents.bp, conversations.bp, supervisor.bp, manage.bp, pages.bp):
    app.register_functions(blueprint)
if settings.issues_dev_tokens:
    app.register_functions(dev.bp)

# Orchestrations, and what is done from time to time
for blueprint in (conversation.bp, turns.bp, timers.bp):
    app.register_functions(blueprint)

# Queues and change feed: Azure's own or, with Core Tools and Azurite alone, Storage queues and a timer
app.register_functions(service_bus.bp if settings.service_bus else storage_queues.bp)
app.register_functions(cosmos_feed.bp if settings.cosmos else store_feed.bp)
