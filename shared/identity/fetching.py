"""Getting a small document from the issuer: limited in time and size, over no line that others could change."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from shared.ports import Unavailable
from shared.settings import is_safe_address

if TYPE_CHECKING:
    import aiohttp

Fetch = Callable[[str], Awaitable[bytes]]
"""The content of an address. Raises Unavailable."""

SECONDS_MAX = 4.0
BYTES_MAX = 524_288  # Entra ID's key sets have some 20,000


class HttpFetch:
    """Asks with a connection of its own each time: it is needed a few times a day."""

    def __init__(self, *, is_loopback_safe: bool, seconds_max: float = SECONDS_MAX) -> None:
        self._is_loopback_safe, self._seconds_max = is_loopback_safe, seconds_max

    async def __call__(self, url: str) -> bytes:
        """The content of an address. Raises Unavailable."""
        if not is_safe_address(url, is_loopback_safe=self._is_loopback_safe):
            raise Unavailable("the issuer names an address that is not https")
        import aiohttp  # where no issuer is asked, it is not needed

        timeout = aiohttp.ClientTimeout(total=self._seconds_max)
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as session,
                session.get(url, allow_redirects=False, headers=headers) as answer,
            ):
                if answer.status != 200:
                    raise Unavailable(f"{url} answers {answer.status}")
                return await _content(url, answer.content)
        except TimeoutError as error:
            raise Unavailable(f"{url} does not answer in time") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unavailable(f"{url} does not answer: {error!r}") from error


async def _content(url: str, chunks: "aiohttp.StreamReader") -> bytes:
    content = bytearray()
    async for chunk in chunks.iter_any():
        content += chunk
        if len(content) > BYTES_MAX:
            raise Unavailable(f"{url} answers with more than {BYTES_MAX} bytes")
    return bytes(content)
