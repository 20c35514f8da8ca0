"""A contact centre with short limits, so that every timer fires within a test."""

import json
import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
AGENTS = ("alice", "bob", "carol", "dave")
SUPERVISOR = "sam"
OFFER_SECONDS = 2

_CENTRE = """
name: Storm
locales: [en]
pools: [main]
dispositions: {resolved: Resolved, spam: Spam}
channels: {chat: {queue: general, bot: helper}}
limits: {botIdle: 9 s, queueWait: 12 s, activeIdle: 10 s, wrapUp: 5 s}
offers: {missed: inactive, declined: doNotDisturb, refusalsMax: 100}
"""
_QUEUES = f"""
queues:
  general: {{name: General, pool: main, offer: {OFFER_SECONDS} s}}
  billing: {{name: Billing, pool: main, offer: {OFFER_SECONDS} s, priority: 50}}
  vacant: {{name: Nobody works here, pool: main}}
"""
_BOT = """
name: Helper
greeting: [{say: {en: [Hello!, Hi there!]}}]
topics:
  hours: {triggers: {en: [opening hours]}, steps: [{say: {en: [All day., Always.]}}, {say: {en: Anything else?}}]}
  goodbye: {triggers: {en: [goodbye]}, steps: [{end: {en: Goodbye!}}]}
  vacant: {triggers: {en: [vacant]}, steps: [{handOff: {queue: vacant}}]}
  person: {triggers: {en: [person]}, steps: [{handOff: {text: {en: I am connecting you.}}}]}
fallback: {en: [What?, Pardon?]}
misunderstandingsMax: 10
escalation: person
"""


def write_config(folder: Path) -> Path:
    """The configuration as files; the texts are those of the sample."""
    (folder / "bots").mkdir(parents=True)
    agents = "".join(f"  {name}: {{name: {name}, pool: main, queues: [general, billing]}}\n" for name in AGENTS)
    supervisor = f"  {SUPERVISOR}: {{name: {SUPERVISOR}, roles: [Supervisor, Admin], pool: main}}\n"
    (folder / "contact-centre.yaml").write_text(_CENTRE)
    (folder / "queues.yaml").write_text(_QUEUES)
    (folder / "agents.yaml").write_text(f"agents:\n{agents}{supervisor}")
    (folder / "bots" / "helper.yaml").write_text(_BOT)
    texts = (ROOT / "config" / "texts.yaml").read_text().split("  pt-BR:")[0]
    (folder / "texts.yaml").write_text(texts)
    return folder


def environment(config: Path) -> dict[str, str]:
    """The app settings that `make run` has, with this configuration."""
    settings = dict(os.environ)
    for name in ("local.settings.sample.json", "devhost.settings.json"):
        values = json.loads((ROOT / name).read_text())["Values"]
        settings |= {key: str(value) for key, value in values.items()}
    return settings | {"ATENDE_CONFIG": str(config)}
