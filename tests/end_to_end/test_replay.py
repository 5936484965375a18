"""A talk of tests/dialogs and the recorded day, played against whole programs."""

from tests.end_to_end.a_day import FILE, VARIES
from tests.end_to_end.running import ROOT
from wechat.sandbox import transcript

TALK = "! follows\n< …欢迎…\n< ……\n> 帮助\n< 可以这样对我说：\n< ……\n> 今天食堂吃什么\n< 没听懂这句话。…\n"


def test_the_running_program_is_held_to_a_dialog(program, tmp_path):
    file = tmp_path / "talk.txt"
    file.write_text(TALK)
    good = program.zhibu("sandbox", "replay", str(file))
    file.write_text(TALK.replace("没听懂", "听懂了"))
    bad = program.zhibu("sandbox", "replay", str(file))

    assert (good.returncode, good.stdout) == (0, "3 steps, 0 different\n"), good.stderr
    assert bad.returncode == 1
    assert "    -听懂了" in bad.stdout


def test_the_recorded_day_has_what_a_day_has_and_no_secret():
    text = FILE.read_text("utf-8")
    recording = transcript.read(text)
    shown = [step.shown for step in recording.steps]

    assert len(recording.steps) > 35
    assert len({step.member for step in recording.steps}) == 4
    assert sum(step.arrives for step in recording.steps) == 3
    assert {"! follows", "! leaves", "! taps quiz.daily", "! sends location", "> 我的数据"} <= set(shown)
    assert all(pattern.replace("\\", "\\\\") in text for pattern in VARIES)
    for line in (ROOT / "config.example.toml").read_text("utf-8").splitlines():
        name, _, value = line.partition("=")
        if name.strip() in {"secret", "token", "encoding_aes_key", "secret_key", "webhook"} and value.split('"')[1]:
            assert value.split('"')[1] not in text, name
