"""What guards the console."""

import tempfile
import time
from pathlib import Path

import pytest

from tests.end_to_end.running import Memory
from tests.house import a_town, hashed_at_no_cost

PASSWORD = "a long enough password"
PATIENCE_SECONDS = 3.0  # a few calls of 0.3 s each


@pytest.mark.quiet
def test_an_admin_can_sign_in_while_redis_hangs(tmp_path, database_url):
    with tempfile.TemporaryDirectory(prefix="zhibu-") as folder:
        memory = Memory(Path(folder))
        town = a_town(tmp_path, database=database_url, redis=memory.url)
        town.client.application.config["WTF_CSRF_ENABLED"] = False
        town.house.admins.add(name="li", password_hash=hashed_at_no_cost(PASSWORD))
        with memory.hung():
            began = time.monotonic()
            response = town.client.post("/admin/login", data={"name": "li", "password": PASSWORD})
            page = town.client.get("/admin/")
            spent = time.monotonic() - began
        town.house.close()
        memory.die()

    assert response.status_code == 302
    assert page.status_code == 200
    assert spent < PATIENCE_SECONDS
