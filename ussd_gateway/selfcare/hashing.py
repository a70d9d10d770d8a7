"""Passwords as argon2id hashes, worked out beside the event loop by a few threads."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

Result = TypeVar("Result")

WORKERS = 2  # hashes at once; each takes the memory that the settings give it


class Hasher:
    """Makes and checks hashes.

    time_cost    int; passes over the memory
    memory_kib   int; KiB of memory, at least 8 for each lane
    parallelism  int; lanes
    """

    def __init__(self, *, time_cost: int, memory_kib: int, parallelism: int) -> None:
        memory_kib = max(memory_kib, 8 * parallelism)  # RFC 9106 section 3.1
        self._argon2 = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism)
        self._nobodys = (
            f"$argon2id$v=19$m={memory_kib},t={time_cost},p={parallelism}"
            f"${_random(self._argon2.salt_len)}${_random(self._argon2.hash_len)}"
        )
        self._workers: ThreadPoolExecutor | None = None

    async def hash(self, password: str) -> str:
        """The argon2id hash, as the PHC string that `verify` takes."""
        return await self._beside(self._argon2.hash, password)

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Whether the hash is of this password. Without a hash it takes as long, and is False (3.4, enumeration)."""
        return await self._beside(self._verified, hashed or self._nobodys, password)

    def close(self) -> None:
        """Start nothing more; the hash under way in a thread is not waited for."""
        if self._workers:
            self._workers.shutdown(wait=False, cancel_futures=True)
            self._workers = None

    async def _beside(self, work: Callable[..., Result], *arguments: str) -> Result:
        if self._workers is None:
            self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="argon2")
        return await asyncio.get_running_loop().run_in_executor(self._workers, work, *arguments)

    def _verified(self, hashed: str, password: str) -> bool:
        try:
            return self._argon2.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


def _random(octets: int) -> str:
    return base64.b64encode(secrets.token_bytes(octets)).decode().rstrip("=")
