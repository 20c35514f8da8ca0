"""`atende traffic export`, `atende backtest`, `atende replay`: what routing decided, again and otherwise."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from cli.errors import CommandError
from cli.remote import Remote, add_options
from shared.config.errors import ConfigError
from shared.config.load import load_centre
from shared.domain.backtest.anonymous import anonymised
from shared.domain.backtest.exactly import decide_again
from shared.domain.backtest.figures import QueueFigures, by_queue, differences, of_staff, recorded
from shared.domain.backtest.recording import Entry, recording_of
from shared.domain.backtest.whatif import what_if
from shared.domain.centre import ContactCentre
from shared.records.traffic import NotTraffic, entry_of_line, line_of
from shared.usecases.dispatch import DECISIONS_MAX

DIFFERENCES_SHOWN = 20
MODEL = """Kept: who came when and for what, who worked when, how long work took, how long each agent took to accept.
Modelled: patience beyond the recorded wait (Kaplan-Meier over those who left), which offers are declined or missed
(each agent's share), other agents' handling (the recorded time). Not modelled: classification, hours, transfers."""


def add_commands(commands: Any) -> None:
    """Enter them into a parser's commands; each sets `run`, a function of the options that gives the exit code."""
    traffic = commands.add_parser("traffic", help="what routing has recorded").add_subparsers(required=True)
    export = traffic.add_parser("export", help="write a pool's traffic, without customers' ids, as lines of JSON")
    export.add_argument("file", type=Path)
    export.add_argument("--pool", default="main")
    add_options(export)
    export.set_defaults(run=run_export)
    backtest = commands.add_parser("backtest", help="try recorded traffic under another policy")
    backtest.add_argument("traffic", type=Path, help="a file that `atende traffic export` has written")
    backtest.add_argument("--policy", type=Path, default=Path("config"), help="folder of the configuration to try")
    backtest.add_argument("--exactly", action="store_true", help="make the recorded decisions again, and compare")
    backtest.add_argument("--seed", type=int, default=0, help="of what is drawn")
    backtest.set_defaults(run=run_backtest)
    replay = commands.add_parser("replay", help="make a conversation's decisions again from the log")
    replay.add_argument("conversation")
    add_options(replay)
    replay.set_defaults(run=run_replay)


def run_export(options: argparse.Namespace) -> int:
    """Fetch all, then write: names are numbers in the order of the ids of all of them."""
    lines = Remote(options).pages("/api/manage/traffic", pool=options.pool)
    entries = anonymised([_entry(orjson.dumps(line), 0) for line in lines])
    options.file.write_bytes(b"".join(line_of(entry) + b"\n" for entry in entries))
    print(f"{len(entries)} versions of records in {options.file}")
    return 0


def run_backtest(options: argparse.Namespace) -> int:
    """Figures of the recording and of the policy side by side, or the exact comparison."""
    entries, centre = _read(options.traffic), _centre(options.policy)
    return _exactly(entries, centre) if options.exactly else _what_if(entries, centre, options.seed)


def run_replay(options: argparse.Namespace) -> int:
    """Print a conversation's decisions; 1 if the log does not lead to one of them again."""
    found = Remote(options).get(f"/api/conversations/{options.conversation}/explanation")
    for decision in found["decisions"]:
        mark = {True: "same again", False: "NOT THE SAME", None: ""}[decision["isReproduced"]]
        print(f"{decision['at']}  {decision['kind']:<10} {mark:<12} {decision['text']}")
    if found["waiting"]:
        print(f"waits since {found['waiting']['since']} in {found['waiting']['queue']}: {found['waiting']['text']}")
    return int(any(decision["isReproduced"] is False for decision in found["decisions"]))


def _exactly(entries: Sequence[Entry], centre: ContactCentre) -> int:
    made = decide_again(entries, {centre.version: centre}, DECISIONS_MAX)
    other = [batch for batch in made if not batch.is_same]
    print(f"{len(made)} batches were decided under this policy ({centre.version}); {len(made) - len(other)} again so")
    for batch in other[:DIFFERENCES_SHOWN]:
        print(f"  {batch.at.isoformat()}: recorded {dict(batch.recorded)}, now {dict(batch.now)}")
    if not made:
        raise CommandError("nothing in this traffic was decided under this policy")
    return int(bool(other))


def _what_if(entries: Sequence[Entry], centre: ContactCentre, seed: int) -> int:
    try:
        recording = recording_of(entries)
    except ValueError as error:
        raise CommandError(str(error)) from None
    before, after = recorded(recording), what_if(recording, centre, seed)
    print(f"{len(recording.arrivals)} arrivals from {recording.begin.isoformat()} to {recording.end.isoformat()}\n")
    print(
        f"{'queue':<24}{'':<10}{'offered':>9}{'answered':>9}{'left':>6}{'overflow':>9}{'level':>7}{'mean':>8}{'p95':>8}"
    )
    for was, becomes in zip(by_queue(before, centre), by_queue(after, centre), strict=True):
        print(_row(was.queue, "recorded", was))
        print(_row("", "policy", becomes))
    was_staff, staff = of_staff(before), of_staff(after)
    occupancy = "-" if staff.occupancy is None else f"{staff.occupancy:.0%}"
    print(f"\noccupancy {occupancy}, unevenness of work (Gini) {was_staff.unfairness:.2f} -> {staff.unfairness:.2f}")
    changed = differences(before, after)
    print(f"{len(changed)} of {len(recording.arrivals)} fare differently:")
    for one in changed[:DIFFERENCES_SHOWN]:
        print(f"  {one.id} ({one.queue}): {one.was} -> {one.becomes}")
    print(f"\n{MODEL}")
    return 0


def _row(queue: str, what: str, figures: QueueFigures) -> str:
    level = "-" if figures.service_level is None else f"{figures.service_level:.0%}"
    mean, p95 = (("-" if wait is None else f"{wait:.0f} s") for wait in (figures.mean_wait, figures.p95_wait))
    counts = f"{figures.offered:>9}{figures.answered:>9}{figures.abandoned:>6}{figures.overflowed:>9}"
    return f"{queue:<24}{what:<10}{counts}{level:>7}{mean:>8}{p95:>8}"


def _read(path: Path) -> list[Entry]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None
    return [_entry(line, number) for number, line in enumerate(lines, 1)]


def _entry(line: bytes, number: int) -> Entry:
    try:
        return entry_of_line(line)
    except NotTraffic as error:
        raise CommandError(f"line {number}: {error}") from None


def _centre(folder: Path) -> ContactCentre:
    try:
        return load_centre(folder)
    except ConfigError as error:
        print(error, file=sys.stderr)
        raise CommandError(f"the configuration in {folder} cannot be used") from None
