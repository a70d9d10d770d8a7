"""argon2id beside the event loop."""

import asyncio
import threading

import pytest
from argon2 import extract_parameters

from ussd_gateway.selfcare.hashing import WORKERS, Hasher


@pytest.fixture
def hasher():
    hasher = Hasher(time_cost=1, memory_kib=8, parallelism=1)
    yield hasher
    hasher.close()


async def test_a_hash_is_argon2id_with_the_settings_costs_and_is_of_its_password_only(hasher):
    hashed = await hasher.hash("Ab3dE9xZ")

    assert hashed.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert "Ab3dE9xZ" not in hashed
    assert await hasher.verify(hashed, "Ab3dE9xZ")
    assert not await hasher.verify(hashed, "Ab3dE9xz")


@pytest.mark.parametrize("hashed", [None, ""])
async def test_r103_nobodys_password_is_right(hasher, hashed):
    assert not await hasher.verify(hashed, "")
    assert not await hasher.verify(hashed, "Ab3dE9xZ")


async def test_an_unknown_number_costs_an_argon2_of_the_same_size():
    hasher = Hasher(time_cost=3, memory_kib=16384, parallelism=1)
    hashed = await hasher.hash("Ab3dE9xZ")

    assert extract_parameters(hasher._nobodys) == extract_parameters(hashed)
    assert not await hasher.verify(None, "Ab3dE9xZ")
    hasher.close()


async def test_what_is_no_hash_is_nobodys(hasher):
    assert not await hasher.verify("plain text", "plain text")


async def test_more_lanes_get_the_memory_that_they_need():
    hasher = Hasher(time_cost=1, memory_kib=8, parallelism=4)

    assert await hasher.verify(await hasher.hash("x"), "x")

    hasher.close()


async def test_the_event_loop_goes_on_and_few_threads_are_enough():
    hasher = Hasher(time_cost=1, memory_kib=8192, parallelism=1)
    turns = 0
    work = asyncio.gather(*(hasher.hash("x") for _ in range(8)))
    while not work.done():
        await asyncio.sleep(0)
        turns += 1

    assert turns > 8
    assert sum(thread.name.startswith("argon2") for thread in threading.enumerate()) <= WORKERS

    hasher.close()


async def test_closing_twice_or_unused_is_nothing(hasher):
    hasher.close()
    hasher.close()
