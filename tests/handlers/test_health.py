"""What operators ask."""

import pytest

from tests.house import a_town


def test_it_lives_and_is_ready(town):
    assert town.client.get("/healthz").status_code == 200
    parts = ("database", "database_takes_changes", "redis", "content", "postman", "turns")
    assert town.client.get("/readyz").json == dict.fromkeys(parts, True)


def test_it_is_not_ready_without_its_database(tmp_path, redis_url):
    town = a_town(tmp_path, database=f"sqlite:///{tmp_path}/nowhere/zhibu.sqlite3", redis=redis_url)

    response = town.client.get("/readyz")
    town.house.close()

    assert response.status_code == 503
    assert response.get_json()["database"] is False


def test_metrics_count_what_came_in(town):
    town.phone().says("帮助")

    shown = town.client.get("/metrics").text

    assert 'zhibu_messages_total{outcome="answered"} 1.0' in shown


@pytest.mark.parametrize("said", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Proto", "Via"])
def test_metrics_are_for_this_machine_only(town, said):
    response = town.client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    through_a_proxy_here = town.client.get("/metrics", headers={said: "203.0.113.9"})

    assert (response.status_code, through_a_proxy_here.status_code) == (403, 403)
