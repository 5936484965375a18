"""How notices are sent by hand today, each in a process of its own: neither writes down what became of any of them.

python -m benchmarks.senders pool|loop ADDRESS MEMBERS IN_FLIGHT
"""

import asyncio
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
from wechatpy import WeChatClient

from benchmarks.messages import APPID, openids

TEMPLATE = "a-template-of-the-benchmarks"
FIELDS = {"thing1": "本周学习提醒", "time2": "2026年11月26日 08:30", "thing3": "回复要闻看全文"}


def pool(address: str, members: Iterable[str], in_flight: int) -> None:
    """wechatpy's client, shared by a pool of threads."""
    client = WeChatClient(APPID, "benchmarks")
    client.API_BASE_URL = f"{address}/cgi-bin/"
    client.session.set(client.access_token_key, "a-token-of-the-bare-platform")
    data = {name: {"value": value} for name, value in FIELDS.items()}
    with ThreadPoolExecutor(in_flight) as threads:
        for answer in threads.map(lambda each: client.message.send_subscribe_message(each, TEMPLATE, data), members):
            assert answer["errcode"] == 0


def loop(address: str, members: Iterable[str], in_flight: int) -> None:
    """A loop of aiohttp as it stands in its manual."""
    asyncio.run(_loop(address, iter(members), in_flight))


async def _loop(address: str, members: Iterable[str], in_flight: int) -> None:
    data = {name: {"value": value} for name, value in FIELDS.items()}
    connector = aiohttp.TCPConnector(limit=in_flight)

    async def send(session: aiohttp.ClientSession) -> None:
        for openid in members:
            body: dict[str, Any] = {"touser": openid, "template_id": TEMPLATE, "data": data}
            url = f"{address}/cgi-bin/message/subscribe/bizsend"
            async with session.post(url, params={"access_token": "a-token-of-the-bare-platform"}, json=body) as answer:
                assert (await answer.json())["errcode"] == 0

    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(send(session) for _ in range(in_flight)))


if __name__ == "__main__":
    which, where, count, most = sys.argv[1:]
    {"pool": pool, "loop": loop}[which](where, openids(int(count)), int(most))
