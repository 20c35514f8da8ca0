"""Reads a folder of YAML files and tells all of its errors at once."""

from pathlib import Path

from shared.config.build import Files, contact_centre
from shared.config.errors import ConfigError, Finding
from shared.config.references import Documents, check_references, declared
from shared.config.schema import AgentsFile, BotFile, ContactCentreFile, TextsFile
from shared.config.schema_hours import HoursFile
from shared.config.schema_queues import QueuesFile
from shared.config.schema_streams import StreamsFile
from shared.config.scripts import check_bot
from shared.config.section import Section, keys_of
from shared.config.source import BYTES_MAX, Document, parse, unreadable
from shared.config.validate import validated
from shared.config.values import identifier
from shared.domain.centre import ContactCentre


def load_centre(folder: Path) -> ContactCentre:
    """The contact centre that a folder describes. Raises ConfigError, which names each error with its file and line."""
    return read_centre(folder)[1]


def read_centre(folder: Path) -> tuple[Documents, ContactCentre]:
    """The same, with the files as they are written."""
    if not folder.is_dir():
        raise ConfigError([Finding(str(folder), 1, (), "there is no such folder; begin with a copy of config/")])
    documents = Documents(
        centre=_read(folder / "contact-centre.yaml", ContactCentreFile),
        agents=_read(folder / "agents.yaml", AgentsFile),
        queues=_read(folder / "queues.yaml", QueuesFile),
        texts=_read(folder / "texts.yaml", TextsFile),
        hours=_read(folder / "hours.yaml", HoursFile),
        streams=_read(folder / "streams.yaml", StreamsFile),
        bots=_read_bots(folder / "bots"),
    )
    files = _validated(documents)
    _check_between(documents)
    findings = [
        finding
        for document in documents.all()
        for finding in sorted(document.findings, key=lambda finding: finding.line)
    ]
    if findings or files is None:
        raise ConfigError(findings)
    return documents, contact_centre(files)


def _validated(documents: Documents) -> Files | None:
    """All files held to their schemas; None if one of them does not fit."""
    centre = validated(documents.centre, ContactCentreFile)
    agents = validated(documents.agents, AgentsFile)
    queues = validated(documents.queues, QueuesFile)
    texts = validated(documents.texts, TextsFile)
    hours = validated(documents.hours, HoursFile)
    streams = validated(documents.streams, StreamsFile)
    bots = {id: validated(document, BotFile) for id, document in documents.bots.items()}
    if not (centre and agents and queues and texts and hours and streams):
        return None
    right = {id: bot for id, bot in bots.items() if bot is not None}
    return Files(centre, agents, queues, texts, hours, streams, right) if len(right) == len(bots) else None


def _check_between(documents: Documents) -> None:
    """Report what the files' own schemas cannot see."""
    check_references(documents)
    for bot in documents.bots.values():
        check_bot(bot, declared(documents)["locale"], documents.default_locale)


def _read(path: Path, schema: type[Section]) -> Document:
    try:
        with path.open("rb") as file:
            return parse(str(path), file.read(BYTES_MAX + 1))
    except FileNotFoundError:
        if not any(field.is_required() for field in keys_of(schema).values()):
            return Document(str(path))
        required = ", ".join(key for key, field in keys_of(schema).items() if field.is_required())
        return unreadable(str(path), 1, f"the file is missing; create it with at least: {required}")
    except OSError as error:
        return unreadable(
            str(path), 1, f"the file cannot be read ({error.strerror}); it must be a file open to the host"
        )


def _read_bots(folder: Path) -> dict[str, Document]:
    """Each bot's file is called after its id."""
    bots = {
        path.stem: unreadable(str(path), 1, f"the file would be ignored; rename it to {path.stem}.yaml")
        for path in sorted(folder.glob("*.yml"))
    }
    for path in sorted(folder.glob("*.yaml")):
        bots[path.stem] = _read(path, BotFile)
        try:
            identifier(path.stem)
        except ValueError as error:
            bots[path.stem].findings.append(Finding(str(path), 1, (), f"the file's name is the bot's id: {error}"))
    return bots
