"""State survives a restart."""

from pathlib import Path

from tests.wechat.sandbox.stage import Clock, a_stage


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
