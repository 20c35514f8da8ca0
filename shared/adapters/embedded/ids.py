"""Time and ids of this machine."""

import secrets
import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """The wall clock, to the millisecond: what JSON documents and browsers keep."""
    return datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)


def rising_id() -> str:
    """A UUID of version 7 (RFC 9562): 48 bits of time in milliseconds, the rest random."""
    milliseconds = time.time_ns() // 1_000_000
    chance = secrets.randbits(74)
    value = (milliseconds << 80) | (7 << 76) | (chance >> 62 << 64) | (2 << 62) | (chance & ((1 << 62) - 1))
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
