"""Time and ids of this machine."""

import secrets
from datetime import UTC, datetime


def utc_now() -> datetime:
    """The wall clock, to the millisecond: what JSON documents and browsers keep."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def rising_id() -> str:
    """A UUID of version 7 (RFC 9562): 48 bits of time in milliseconds, the rest random."""
    milliseconds = int(datetime.now(UTC).timestamp() * 1000)
    value = (milliseconds << 80) | (7 << 76) | (secrets.randbits(12) << 64) | (2 << 62) | secrets.randbits(62)
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
