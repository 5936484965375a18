"""State survives a restart."""

from pathlib import Path

from tests.wechat.sandbox.stage import Clock, a_stage
from wechat.sandbox import chat
from wechat.sandbox.state import State


def test_everything_is_remembered_after_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    with a_stage(tmp_path, clock=clock) as stage:
        stage.signs_in()
        token = stage.token
        openid = stage.a_follower()
        stage.says_to(openid, "第一条")
        stage.phone("consent", openid=openid, template_id="study", accept=True)
        stage.post("/cgi-bin/menu/create", {"button": [{"type": "click", "name": "答题", "key": "quiz"}]})
        stage.phone("clock", advance_seconds=10)

    with a_stage(tmp_path, clock=clock) as stage:
        stage.token = token
        more = [stage.says_to(openid) for _ in range(3)]
        allowed = stage.http.get("/sandbox/templates", query_string={"openid": openid}).get_json()[0]["credits"]

        assert stage.get("/cgi-bin/user/get")["data"] == {"openid": [openid]}
        assert "第一条" in stage.texts(openid)
        assert more == [0, 0, 45047]
        assert allowed == 1
        assert stage.get("/cgi-bin/menu/get")["menu"]["button"][0]["key"] == "quiz"
        assert stage.stable() == {"access_token": token, "expires_in": 7190}


def test_words_on_their_way_when_it_was_killed_are_shown_as_not_sent(tmp_path: Path) -> None:
    with a_stage(tmp_path) as stage:
        openid = stage.a_follower()
    state = State(tmp_path / "sandbox.sqlite3")
    with state.begin() as db:
        chat.add(db, openid, at=0, who="member", via="phone", body={"type": "text", "content": "在吗"}, state="sending")
    state.close()

    with a_stage(tmp_path) as stage:
        lines = stage.http.get("/sandbox/chat", query_string={"openid": openid}).get_json()["lines"]

        assert [line["state"] for line in lines if line["text"] == "在吗"] == ["failed"]
