"""Reads a folder of YAML files and tells all of its errors at once."""

from pathlib import Path

from shared.config.build import Files, contact_centre
from shared.config.errors import ConfigError, Finding
from shared.config.references import Documents, check_references, declared
from shared.config.schema import AgentsFile, BotFile, ContactCentreFile, QueuesFile, Section, TextsFile, keys_of
from shared.config.scripts import check_bot
from shared.config.source import BYTES_MAX, Document, parse, unreadable
from shared.config.validate import validated
from shared.config.values import identifier
from shared.domain.centre import ContactCentre


def load_centre(folder: Path) -> ContactCentre:
    """The contact centre that a folder describes. Raises ConfigError, which names each error with its file and line."""
    if not folder.is_dir():
        raise ConfigError([Finding(str(folder), 1, (), "there is no such folder; begin with a copy of config/")])
    documents = Documents(
        centre=_read(folder / "contact-centre.yaml", ContactCentreFile),
        agents=_read(folder / "agents.yaml", AgentsFile),
        queues=_read(folder / "queues.yaml", QueuesFile),
        texts=_read(folder / "texts.yaml", TextsFile),
        bots=_read_bots(folder / "bots"),
    )
    centre = validated(documents.centre, ContactCentreFile)
    agents = validated(documents.agents, AgentsFile)
    queues = validated(documents.queues, QueuesFile)
    texts = validated(documents.texts, TextsFile)
    bots = {id: validated(document, BotFile) for id, document in documents.bots.items()}
    _check_between(documents)
    findings = [
        finding
        for document in documents.all()
        for finding in sorted(document.findings, key=lambda finding: finding.line)
    ]
    if findings or centre is None or agents is None or queues is None or texts is None:
        raise ConfigError(findings)
    return contact_centre(
        Files(centre, agents, queues, texts, {id: bot for id, bot in bots.items() if bot is not None})
    )


def _check_between(documents: Documents) -> None:
    """Report what the files' own schemas cannot see."""
    check_references(documents)
    locales = declared(documents)["locale"]
    default = documents.centre.tree.get("defaultLocale") or ContactCentreFile.model_fields["default_locale"].default
    for bot in documents.bots.values():
        check_bot(bot, locales, default if isinstance(default, str) and default in (locales or ()) else None)


def _read(path: Path, schema: type[Section]) -> Document:
    try:
        with path.open("rb") as file:
            return parse(str(path), file.read(BYTES_MAX + 1))
    except FileNotFoundError:
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
