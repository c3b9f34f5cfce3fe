"""All three functions async, in a subfolder."""

import asyncio


async def setup(context):
    return {"events": asyncio.Queue()}


async def main(context):
    await asyncio.gather(*(context.events.put(number) for number in range(3)))
    return sum([await context.events.get() for _ in range(3)])


async def teardown(context, result, error):
    await asyncio.sleep(0)
    context.logger.info("result %s", result)
