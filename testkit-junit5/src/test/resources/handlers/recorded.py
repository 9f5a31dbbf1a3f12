"""Handlers of a user's own that take part in the record."""

import asyncio

from vivarium_testkit import recorded


@recorded
def twice(value: int) -> int:
    return 2 * value


@recorded
async def twice_later(value: int) -> int:
    await asyncio.sleep(0)
    return 2 * value


@recorded
async def count_later(most: int):
    for item in range(most):
        await asyncio.sleep(0)
        yield item


@recorded
async def fails_later() -> None:
    await asyncio.sleep(0)
    raise ValueError("later")
