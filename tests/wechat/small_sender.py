"""A sender in a process of its own: the real client, with its token in the fleet's Redis."""

import json
import sys
from datetime import UTC, datetime

from storage import redis
from storage.sealing import Keys
from storage.tokens import RedisTokenStore
from wechat.bulk import Bulk, Job
from wechat.settings import AccountSettings
from wechat.tokens import Tokens, stable_token

SECRET = "a key that two processes have"


def main() -> None:
    told = json.loads(sys.argv[1])
    account = AccountSettings(**told["account"])
    shelf = RedisTokenStore(redis.connect(told["redis"]), Keys(SECRET), account="official")
    bulk = Bulk(account, Tokens(stable_token(account), shelf, lambda: datetime.now(UTC)), in_flight=4)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    jobs = [Job(number, openid, f"{told['name']} {number}") for number, openid in enumerate(told["openids"])]
    errors = [repr(outcome.error) for outcome in bulk.send_all(jobs) if outcome.error]
    bulk.close()
    sys.stdout.write(json.dumps(errors) + "\n")


if __name__ == "__main__":
    main()
