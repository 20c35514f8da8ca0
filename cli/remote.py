"""Calls of a running Atende, as an admin."""

import argparse
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

from cli.errors import CommandError

TIMEOUT_SECONDS = 60
URL_DEFAULT = "http://127.0.0.1:7071"


def add_options(parser: argparse.ArgumentParser) -> None:
    """What says where it runs and who calls."""
    parser.add_argument("--url", default=os.environ.get("ATENDE_URL", URL_DEFAULT), help="where Atende runs")
    parser.add_argument("--token", default=os.environ.get("ATENDE_TOKEN"), help="an admin's bearer token")
    parser.add_argument("--user", help="sign in as this user with a development token instead")


class Remote:
    """One Atende. Raises CommandError."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._url, self._token = str(options.url).rstrip("/"), options.token
        if not self._url.startswith(("http://", "https://")):
            raise CommandError(f"{self._url!r} is no address of a web server")
        if options.user:
            self._token = self._call("/dev/token", {"user": options.user})["token"]
        if not self._token:
            raise CommandError("who calls? Give --token or ATENDE_TOKEN (or --user on a development machine)")

    def get(self, path: str, **query: str) -> Any:
        """The JSON of an answer."""
        return self._call(f"{path}?{urllib.parse.urlencode(query)}" if query else path)

    def pages(self, path: str, **query: str) -> Iterator[Any]:
        """All items of a list."""
        while True:
            page = self.get(path, **query)
            yield from page["items"]
            if page["nextCursor"] is None:
                return
            query["cursor"] = page["nextCursor"]

    def _call(self, path: str, body: Any = None) -> Any:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, headers)  # noqa: S310  # http(s) only, see above
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise CommandError(f"{path}: {error.code} {_reason(error)}") from None
        except (OSError, ValueError) as error:
            raise CommandError(f"{self._url} does not answer as Atende does: {error}") from None


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        problem = json.load(error)
        return f"{problem['code']}: {problem.get('detail') or ''}"
    except (ValueError, KeyError, TypeError):
        return str(error.reason)
