"""Digests proposed out of a document in the console: mended, begun as drafts, and nothing members see before a yes."""

import io
import re
from html import unescape

import pytest
from openpyxl import load_workbook
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.content.importers.making import docx, paragraphs
from tests.handlers.pack.desk import a_desk, presses, sends

pytestmark = pytest.mark.variant

TEXT = (
    "关于做好组织生活会的通知",
    "各党支部：",
    "组织生活会一般于12月31日前召开。",
    "会前5个工作日，支部应当把会议方案报示例党委。",
    "示例党委",
    "2026年11月20日",
)
INPUT = re.compile(r'<input[^>]*? name="(1\.\w+|original|name)" value="([^"]*)"')


@pytest.fixture
def town(tmp_path, database_url, redis, redis_url):
    town = a_desk(tmp_path, database_url, redis_url)
    town.signs_in("值班员")
    yield town
    town.house.close()


def uploads(town, *lines, name="通知.docx", to="/admin/content/from-file/", **said):
    """Send a document, and be shown what is proposed."""
    token = re.findall(r'name="csrf_token" value="([^"]+)"', town.client.get("/admin/own").text)[0]
    form = {"csrf_token": token, **said, "file": FileStorage(io.BytesIO(docx(paragraphs(*lines))), filename=name)}
    boundary, body = encode_multipart(form)
    kind = f"multipart/form-data; boundary={boundary}"
    return town.client.post(to, data=body, content_type=kind, follow_redirects=True)


def written(page):
    """What the form of the only card holds."""
    text = page.text
    said = {name: unescape(value) for name, value in INPUT.findall(text) if name not in {"1.chosen", "1.topics"}}
    areas = re.findall(r'<textarea[^>]*? name="(1\.\w+)"[^>]*>\n(.*?)</textarea>', text, re.DOTALL)
    kind = re.findall(r'<option value="(\w+)" selected>', text)[0]
    return {**said, **{name: unescape(value) for name, value in areas}, "1.kind": kind}


def begins(town, page, **changed):
    """Choose the only card, with a topic, and be shown its draft."""
    said = {**written(page), "1.topics": "yaowen", "1.chosen": "1", **changed}
    return sends(town, page.request.path, **said)


def out(town):
    town.house.shelf.look()
    town.house.shelf.look()
    return [each for each in town.house.shelf.current().digests.values() if each.doc_no or "组织生活会" in each.title]


def test_a_topic_of_notices_is_no_topic_of_a_digest(town, tmp_path):
    with (tmp_path / "pack" / "account.toml").open("a") as account:
        account.write('[[topic]]\nid = "tixing"\nname = "学习提醒"\nnotices = true\n')
    out(town)
    offered = re.findall(r'name="1.topics" value="([\w-]+)"', uploads(town, *TEXT).text)

    assert offered == ["dangzhang", "yaowen"]
    assert "tixing" in {topic.id for topic in town.house.shelf.current().account.topics}


def test_what_is_proposed_says_what_is_missing_and_reaches_nobody(town):
    page = uploads(town, *TEXT)

    assert "没有主题" in page.text
    assert re.search('class="nav-link active"\\s+aria-current="page" href="/admin/content"', page.text)
    assert written(page) | {"original": ""} == {
        "name": "通知.docx",
        "original": "",
        "1.slug": f"{town.clock().date()}-通知",
        "1.title": "关于做好组织生活会的通知",
        "1.kind": "policy",
        "1.source_name": "示例党委",
        "1.source_url": "",
        "1.doc_no": "",
        "1.issued_on": "2026-11-20",
        "1.publish_at": "2026-11-24T08:00",
        "1.summary": "会前5个工作日，支部应当把会议方案报示例党委。",
        "1.body": "> 组织生活会一般于12月31日前召开。\n\n> 会前5个工作日，支部应当把会议方案报示例党委。",
    }
    assert out(town) == []


def test_what_somebody_chose_and_mended_is_a_draft_until_it_is_taken(town):
    page = uploads(town, *TEXT)
    draft = begins(
        town, page, **{"1.title": "组织生活会：怎么开", "1.body": written(page)["1.body"] + "\n\n## 解读\n\n早些准备。"}
    )
    before = out(town)
    presses(town, draft, "take")

    assert "做成了 1 篇草稿" in draft.text
    assert "检查过了，没有错误" in draft.text
    assert before == []
    (made,) = out(town)
    assert (made.title, made.source_name, made.topics) == ("组织生活会：怎么开", "示例党委", ("yaowen",))
    assert [block.voice for block in made.blocks] == ["official", "own"]


def test_a_quotation_that_was_changed_is_a_fault_and_is_not_taken(town):
    page = uploads(town, *TEXT)
    draft = begins(town, page, **{"1.body": written(page)["1.body"].replace("5个工作日", "3个工作日")})
    presses(town, draft, "take")

    assert "里没有这一句：会前3个工作日" in draft.text
    assert out(town) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"1.chosen": None}, "还没有选"),
        ({"1.slug": "a b"}, "文件名不能用"),
        ({"1.slug": "first"}, "文件名已经有了"),
        ({"1.topics": None}, "第 1 篇还没有主题"),
    ],
)
def test_what_cannot_be_begun_keeps_what_was_written(town, changed, said):
    page = uploads(town, *TEXT)
    form = {**written(page), "1.topics": "yaowen", "1.chosen": "1", "1.summary": "改过的摘要。", **changed}
    answer = sends(town, page.request.path, **{key: value for key, value in form.items() if value is not None})

    assert (answer.status_code, said in answer.text) == (422, True)
    assert written(answer)["1.summary"] == "改过的摘要。"


def test_after_an_hour_the_same_document_is_asked_for_again_and_no_other(town):
    page = uploads(town, *TEXT)
    said = {**written(page), "1.topics": "yaowen", "1.chosen": "1", "1.summary": "改过的摘要。"}
    town.clock.forward(hours=1, seconds=1)
    gone = sends(town, page.request.path, **said)
    other = uploads(town, *TEXT, "还有一句。", to=page.request.path, **said)
    again = uploads(town, *TEXT, to=page.request.path, **said)

    assert [each.status_code for each in (gone, other, again)] == [422, 422, 200]
    assert "再选一次同一份文件" in gone.text
    assert "不是同一份文件" in other.text
    assert "改过的摘要。" in again.text


def test_a_document_waits_for_the_one_who_sent_it(town):
    page = uploads(town, *TEXT)
    town.signs_in("另一位")

    assert town.client.get(page.request.path).status_code == 410


def test_the_same_document_gives_blanks_to_be_filled(town):
    page = uploads(town, *TEXT)
    book = load_workbook(io.BytesIO(sends(town, f"{page.request.path}/blanks").data)).worksheets[0]

    assert [cell.value for cell in book["D"]][1:] == ["12月31日", "5"]


@pytest.mark.parametrize(
    ("lines", "said"), [(("机密★1年", *TEXT), "标着密级"), (("只有标题",), "没有找到可以做成摘要的句子")]
)
def test_a_document_that_cannot_be_read_or_is_secret_says_why(town, lines, said):
    answer = uploads(town, *lines)

    assert (answer.status_code, said in answer.text) == (422, True)
