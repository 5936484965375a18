"""What people use today, on the same server: the same quiz with WeRobot and a Redis session, and a bare echo.

Neither keeps an answer, a reply for a repeat, or anything durable: that is the comparison.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

import redis
from flask import Flask, request
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from werobot import WeRoBot
from werobot.session.redisstorage import RedisStorage

from benchmarks.messages import AES_KEY, APPID, TOKEN

BANK = Path(__file__).parents[1] / "content" / "pack" / "quizzes" / "zhibu-tiaoli.toml"


def quiz_of_werobot() -> Any:
    """Five questions, each answer marked and followed by the next, the place kept in a Redis session."""
    bank = tomllib.loads(BANK.read_text("utf-8"))["question"]
    questions = [question for question in bank if question["type"] == "single"][:5]
    robot = WeRoBot(
        token=TOKEN,
        app_id=APPID,
        encoding_aes_key=AES_KEY,
        enable_session=True,
        session_storage=RedisStorage(redis.Redis.from_url(os.environ["BENCH_REDIS"])),
    )

    def asked(at: int) -> str:
        options = questions[at]["options"]
        lines = [f"{letter}. {option['text']}" for letter, option in zip("ABCDEFGHIJ", options, strict=False)]
        return "\n".join([f"【{at + 1}/5】{questions[at]['stem']}", *lines])

    @robot.text
    def answer(message: Any, session: Any) -> str:
        if message.content == "答题":
            session["at"] = 0
            return asked(0)
        at = session.get("at", 0)
        question = questions[at]
        letters = dict(zip("ABCDEFGHIJ", (option["id"] for option in question["options"]), strict=False))
        right = letters.get(message.content) in question["answer"]
        session["at"] = at + 1
        session["right"] = session.get("right", 0) + right
        verdict = "✓ 答对了。" if right else "✗ 答错了。"
        return f"{verdict}\n{question.get('explanation', '')}\n\n{asked(at + 1)}"

    return robot.wsgi


def echo_of_wechatpy() -> Any:
    """The shortest thing that speaks the protocol."""
    app = Flask(__name__)
    crypto = WeChatCrypto(TOKEN, AES_KEY, APPID)

    @app.post("/")
    def echo() -> str:
        query = request.args
        plain = crypto.decrypt_message(request.data, query["msg_signature"], query["timestamp"], query["nonce"])
        reply = create_reply(parse_message(plain).content, parse_message(plain))
        return str(crypto.encrypt_message(reply.render(), query["nonce"], query["timestamp"]))

    return app
