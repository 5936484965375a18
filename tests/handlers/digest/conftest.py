"""A small paper: one piece of news today, eleven before; policy last in November; and what not everybody sees."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as redis_library
import sqlalchemy as sa

from tests.content.builders import a_digest, a_pack
from tests.house import Town, a_town

SITE = "https://wx.example.org"
OFFICIAL_AND_OWN = """\
示例规定第一条写明了比例。

> 示例原文第一句。
> 示例原文第二句。

其余各条另行说明。

## 解读

示例解读：请先核对。

> 示例原文第三句。
"""
LONG = "\n\n".join(f"第{number}段。这是一段用来测试长文的示例文字，没有别的意思。" for number in range(1, 61))
NEWS = {
    f"digests/past-{day:02}.md": a_digest(
        "示例正文。", title=f"示例要闻之{day}", publish_at=f"2026-11-{day:02} 08:00", topics="[yaowen, dangzhang]"
    )
    for day in range(1, 12)
}
PAPER = {
    **NEWS,
    "digests/first.md": None,
    "digests/today.md": a_digest("今天的正文。", title="示例今日要闻"),
    "digests/tomorrow.md": a_digest(title="示例明日要闻", publish_at="2026-11-24 08:00"),
    "digests/over.md": a_digest(title="示例过期要闻", publish_at="2026-10-01 08:00", expire_at="2026-11-22"),
    "digests/rule.md": a_digest(
        OFFICIAL_AND_OWN,
        title="示例规定",
        kind="policy",
        topics="[dangzhang]",
        publish_at="2026-11-20 08:00",
        source_url="https://example.org/rule",
        doc_no="示例〔2026〕1号",
        issued_on="2026-11-18",
        summary="比例的一句话",
    ),
    "digests/long.md": a_digest(LONG, title="示例长文", kind="policy", publish_at="2025-12-30 08:00"),
    "digests/within.md": a_digest(
        title="示例内部政策", kind="policy", publish_at="2026-11-23 09:00", audience="[zhibu]"
    ),
}


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """The pack, to be changed before the town is built."""
    return a_pack(tmp_path / "pack", PAPER)


@pytest.fixture
def town(tmp_path: Path, paper: Path, database_url: str, redis: redis_library.Redis, redis_url: str) -> Iterator[Town]:
    """The whole program with this paper, at noon of 23 November 2026."""
    content, web = {"folder": str(paper)}, {"public_url": f"{SITE}/"}
    town = a_town(tmp_path, database=database_url, redis=redis_url, content=content, web=web)
    yield town
    town.house.close()


def bind(town: Town, organisation: str, *, verified: bool = True) -> None:
    """Make everybody a member of an organisation."""
    with town.house.db.begin() as connection:
        change = sa.text("UPDATE persons SET organisation = :organisation, verified = :verified")
        connection.execute(change, {"organisation": organisation, "verified": verified})
