"""`atende`: see docs/configuration.md for `config`, docs/cosmos.md for `cosmos`, docs/backtest.md for the rest."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from cli import cosmos, traffic
from cli.errors import CommandError
from shared.config.difference import differences
from shared.config.errors import ConfigError
from shared.config.lint import lint
from shared.config.load import load_centre, read_centre

FOLDER = Path("config")
WRONG = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    given = _parser().parse_args(arguments)
    try:
        code: int = given.run(given)
    except (ConfigError, CommandError) as error:
        print(error, file=sys.stderr)
        return WRONG
    return code


def check(folder: Path) -> int:
    """What the host checks when it starts."""
    centre = load_centre(folder)
    things = {"queue": centre.queues, "agent": centre.agents, "bot": centre.bots}
    counts = ", ".join(_counted(len(known), thing) for thing, known in things.items())
    print(f"{folder} is right: {centre.name}, {counts}, version {centre.version}.")
    return 0


def lint_folder(folder: Path) -> int:
    """That, and what is right but most likely not meant."""
    hints = lint(*read_centre(folder))
    for hint in hints:
        print(hint)
    errors = sum(hint.is_error for hint in hints)
    print(f"{folder}: {_counted(errors, 'error')}, {_counted(len(hints) - errors, 'warning')}.")
    return WRONG if errors else 0


def diff(before: Path, after: Path) -> int:
    """What changes from one configuration to another."""
    old, new = load_centre(before), load_centre(after)
    changes = differences(old, new)
    for change in changes:
        print(change)
    print(
        f"{_counted(len(changes), 'change')}: version {old.version} becomes {new.version}." if changes else "No change."
    )
    return 0


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="atende", description="Atende, an open contact centre.")
    rooms = parser.add_subparsers(required=True)
    config = rooms.add_parser("config", help="check, lint and compare configurations")
    commands = config.add_subparsers(required=True)
    checks = {
        "check": ("what the host checks when it starts", check), "lint": ("what is most likely not meant", lint_folder),
    }  # fmt: skip
    for name, (about, run) in checks.items():
        command = commands.add_parser(name, help=about, description=about)
        command.add_argument("folder", type=Path, nargs="?", default=FOLDER, help="config if not given")
        command.set_defaults(run=lambda given, run=run: run(given.folder))
    about = "what changes between two configurations, in words"
    command = commands.add_parser("diff", help=about, description=about)
    command.add_argument("before", type=Path)
    command.add_argument("after", type=Path)
    command.set_defaults(run=lambda given: diff(given.before, given.after))
    cosmos.add_commands(rooms)
    traffic.add_commands(rooms)
    return parser


if __name__ == "__main__":
    sys.exit(main())
