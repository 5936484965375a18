"""A configuration that can't be used says where, what is wrong and how to mend it, and never what is secret in it."""

import pytest
from click.testing import CliRunner

import app
from commands import cli
from commands.settings import BadSettings, Settings
from tests.house import write_config

SECRET = "s3cret"
ACCOUNT = {
    "KIND": "service",
    "APPID": "wx0123456789abcdef",
    "SECRET": "theirs",
    "TOKEN": "testtoken",
    "ENCODING_AES_KEY": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ",
}
DATABASE = 'storage.database: use "embedded", or an address such as postgresql+psycopg://'
REDIS = 'storage.redis: use "embedded", or an address such as redis://'
BROKER = 'broker.url: use "" for the same Redis, or an address such as amqp://'
PUBLIC = "web.public_url: this is no address: write it with https://"
ONE_PORT = {
    "WEB__PORT": "8123",
    "SANDBOX__PORT": "8123",
    "SANDBOX__ENABLED": "true",
    "ACCOUNTS__OFFICIAL__API_BASE": "http://127.0.0.1:8123",
    "ACCOUNTS__MINI__API_BASE": "http://127.0.0.1:8123",
}
HOOK = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={SECRET}"


def a_group(name="支部群", webhook=HOOK, **more):
    """A group, as the environment names it."""
    return {f"GROUPS__{name}__{key}": value for key, value in {"KIND": "wecom", "WEBHOOK": webhook, **more}.items()}


IN_SANDBOX = {key: value.replace("8123", "8001") for key, value in ONE_PORT.items()} | {"WEB__PORT": "8000"}
BAD = [
    (a_group(webhook=SECRET), "groups.支部群: webhook: copy the whole address from the robot's page in the group"),
    (a_group(KIND="telegram"), "groups.支部群.kind: this must be 'wecom', 'dingtalk', 'feishu' or 'weibo'"),
    (a_group(name="支部 群"), "groups: '支部 群': name a group in small letters of any script"),
    ({**a_group(), **a_group(name="又一个")}, "groups: '支部群' has the webhook of '又一个': one of them is enough"),
    (a_group(webhook=f"{HOOK}-example"), "groups.支部群.webhook: an example's secret starts with the sandbox only"),
    ({**IN_SANDBOX, **a_group()}, "groups.支部群.api_base: the sandbox is on, so this must be http://127.0.0.1:8001"),
    ({**IN_SANDBOX, "SANDBOX__PORT": "8002"}, "accounts.official.api_base, accounts.mini.api_base: the sandbox is on"),
    ({"STORAGE__DATABASE": "foo"}, DATABASE),
    ({"STORAGE__DATABASE": "postgres://x"}, DATABASE),
    ({"STORAGE__DATABASE": f"postgresql://me:{SECRET}@x/y"}, DATABASE),
    ({"STORAGE__DATABASE": f"mysql://me:{SECRET}@x/y"}, DATABASE),
    ({"STORAGE__DATABASE": f"postgresql+psycopg://me:{SECRET}@x:port/y"}, DATABASE),
    ({"STORAGE__REDIS": "foo"}, REDIS),
    ({"STORAGE__REDIS": f"redis://:{SECRET}@x:port"}, REDIS),
    ({"BROKER__URL": "foo"}, BROKER),
    ({"BROKER__URL": f"amqp://me:{SECRET}@x:port"}, BROKER),
    ({"BROKER__URL": "amqp://"}, BROKER),
    ({"WEB__PUBLIC_URL": "wx.example.org"}, PUBLIC),
    ({"WEB__PUBLIC_URL": "https://"}, PUBLIC),
    (
        {f"ACCOUNTS__A/B C__{key}": value for key, value in ACCOUNT.items()},
        "accounts: 'a/b c' is part of the webhook's",
    ),
    (ONE_PORT, "sandbox.port: web.port is 8123 too; give one of them another"),
    ({"SECRET_KEY": SECRET}, "secret_key: shorter than 16 characters: make one with `openssl rand -hex 32`"),
    ({"SECRET_KEY__X": SECRET}, "secret_key: this is no table, so ZHIBU_SECRET_KEY__X sets nothing: remove it"),
    ({"WEB": SECRET}, "web: this is a table: write its name in brackets"),
    ({"ACCOUNTS": SECRET}, "accounts: this is a table: write its name in brackets"),
    ({"ACCOUNTS__OFFICIAL": SECRET}, "accounts.official: this is a table: write its name in brackets"),
    ({"WEB__PORT": "http"}, "web.port: use a whole number"),
    ({"WEB__PORT": "0"}, "web.port: this must be greater than or equal to 1"),
    ({"WEB__PROT": "80"}, "web.prot: unknown key: is port meant?"),
    ({"WBE__PORT": "80"}, "wbe: unknown key: is web meant?"),
    ({"ACCOUNTS__OFFICIAL__APID": "80"}, "accounts.official.apid: unknown key: is appid meant?"),
    ({"HANDLERS__QUIZZ__POINTS": "true"}, "handlers.quizz: unknown key: is quiz meant?"),
    ({"WEB__COLOUR": "red"}, "web.colour: unknown key: see config.example.toml"),
    ({"WEB__PORT": "80.5"}, "web.port: use a whole number"),
    ({"WEB__HOST": "localhost"}, "web.host: this is no IP address: use 127.0.0.1 for this machine alone"),
    ({"SANDBOX__HOST": ""}, "sandbox.host: this is no IP address: use 127.0.0.1 for this machine alone"),
    ({**IN_SANDBOX, "SANDBOX__PORT": "8000"}, "sandbox.port: web.port is 8000 too; give one of them another"),
    ({"ACCOUNTS__KIND": "service"}, "accounts: each has a table of its own, with a name"),
    ({"HANDLERS__AGENTS__STAFFED": "mini"}, 'handlers.agents.staffed: use a list of texts, such as ["one", "another"]'),
    ({"HANDLERS__QUIZ__POINTS_BASIS__DATE": "15.1.2026"}, "handlers.quiz.points_basis.date: this is no day: write it"),
    ({"SANDBOX__ENABLED": "perhaps"}, "sandbox.enabled: use true or false"),
    ({"TIMEZONE": "Beijing"}, "timezone: no such time zone: use a name such as Asia/Shanghai"),
    ({"ACCOUNTS__OFFICIAL__KIND": "personal"}, "accounts.official.kind: this must be 'service', 'subscription' or"),
]


@pytest.mark.parametrize(("given", "said"), BAD, ids=[str(given) for given, _ in BAD])
def test_what_is_malformed_is_named_with_its_mend(tmp_path, given, said):
    config = write_config(tmp_path, database="embedded", redis="embedded")

    with pytest.raises(BadSettings) as refused:
        Settings.load(config, {f"ZHIBU_{key}": value for key, value in given.items()})

    assert str(refused.value).startswith(said)
    assert SECRET not in str(refused.value)


def test_a_desk_of_an_account_that_is_not_there_is_named_with_those_that_are(tmp_path):
    desks = {"agents": {"staffed": ["offical", "mini"]}}
    config = write_config(tmp_path, database="embedded", redis="embedded", handlers=desks)

    with pytest.raises(BadSettings) as refused:
        Settings.load(config, {})

    assert str(refused.value) == "handlers.agents.staffed: no account is called offical; there is official, mini"


@pytest.mark.parametrize(
    "given",
    [
        {"STORAGE__DATABASE": "postgresql+psycopg://me:word@x:5432/y"},
        {"STORAGE__DATABASE": "postgresql+psycopg:///y?host=/run/postgresql"},
        {"STORAGE__REDIS": "redis://x:6379/0"},
        {"STORAGE__REDIS": "unix:///run/redis.sock"},
        {"STORAGE__REDIS": "rediss://:word@x"},
        {"BROKER__URL": "amqp://me:word@x"},
        {"BROKER__URL": "amqp://x;amqps://y:5671/z"},
        {"BROKER__URL": "redis://x"},
        {"WEB__PUBLIC_URL": "https://wx.example.org/"},
        a_group(),
        {**IN_SANDBOX, **a_group(API_BASE="http://127.0.0.1:8001")},
    ],
    ids=str,
)
def test_what_is_well_formed_is_taken(tmp_path, given):
    config = write_config(tmp_path, database="embedded", redis="embedded")

    assert Settings.load(config, {f"ZHIBU_{key}": value for key, value in given.items()})


@pytest.mark.parametrize(
    ("command", "given", "said"),
    [
        ("run", {"STORAGE__FOLDER": "config.toml/var"}, "storage.folder: "),
        ("run", {"STORAGE__FOLDER": "config.toml"}, "storage.folder: "),
        ("db upgrade", {"STORAGE__FOLDER": "config.toml/var"}, "storage.folder: "),
        ("web", {"STORAGE__DATABASE": "postgresql+psycopg://me@127.0.0.1:1/none"}, "storage.database: "),
        ("db upgrade", {"STORAGE__DATABASE": "postgresql+psycopg://me@127.0.0.1:1/none"}, "storage.database: "),
    ],
    ids=["a file's folder", "a file", "upgrade", "no server for a part", "no server for upgrade"],
)
def test_what_can_only_be_seen_when_it_is_used_is_no_traceback(tmp_path, command, given, said):
    config = write_config(tmp_path, database="embedded", redis="redis://127.0.0.1:1")
    environ = {f"ZHIBU_{key}": value for key, value in given.items()}

    result = CliRunner(env=environ).invoke(app.offices().program(), ["--config", str(config), *command.split()])

    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 1
    assert result.stderr.startswith(said)
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "timezone = “Asia/Shanghai”".encode(),
            "config.toml: this is not TOML: Invalid value (at line 1, column 12): ",
        ),
        ('timezone = "上海"'.encode("gb18030"), "config.toml: this is not UTF-8: save it in that encoding"),
    ],
    ids=["curly quotes", "another encoding"],
)
def test_what_is_no_toml_is_told_with_its_mend(tmp_path, written, said):
    config = tmp_path / "config.toml"
    config.write_bytes(written)

    with pytest.raises(BadSettings) as found:
        Settings.load(config, {})

    assert str(found.value).startswith(said)


def test_a_folder_with_the_program_in_it_is_not_shut_to_others_as_what_is_kept(tmp_path, monkeypatch):
    config = write_config(tmp_path, database="embedded", redis="redis://127.0.0.1:1")
    monkeypatch.setattr(cli, "__file__", str(tmp_path / "clone" / "commands" / "cli.py"))

    result = CliRunner(env={"ZHIBU_STORAGE__FOLDER": "clone"}).invoke(
        app.offices().program(), ["--config", str(config), "db", "upgrade"]
    )

    assert result.exit_code == 1
    assert result.stderr == (
        f"storage.folder: the program itself is in {tmp_path / 'clone'}: "
        "name one for nothing but what is kept, such as var.\n"
    )


LIES = ("config.toml", "config.example.toml", "named.toml")


@pytest.mark.parametrize(
    ("lying", "named", "read"),
    [
        (LIES, {}, "config.toml"),
        (LIES[1:], {}, "config.example.toml"),
        (LIES, {"ZHIBU_CONFIG": "named.toml"}, "named.toml"),
        (LIES, {"ZHIBU_CONFIG": ""}, "config.toml"),
    ],
    ids=["its own", "the example", "named", "named by nothing"],
)
def test_where_none_is_named_the_usual_one_is_read(tmp_path, monkeypatch, lying, named, read):
    for name in lying:
        (tmp_path / name).write_text(f"{name.partition('.toml')[0].replace('.', '_')} = 1\n")
    monkeypatch.chdir(tmp_path)

    result = CliRunner(env={"ZHIBU_CONFIG": None, **named}).invoke(app.offices().program(), ["db", "upgrade"])

    assert result.exit_code == 1
    assert f"{read.partition('.toml')[0].replace('.', '_')}: unknown key" in result.stderr


def test_where_there_is_none_it_is_said_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call = CliRunner(env={"ZHIBU_CONFIG": None})
    result = call.invoke(app.offices().program(), ["db", "upgrade"])

    assert result.exit_code == 1
    assert str(tmp_path) in result.stderr
    assert all(word in result.stderr for word in ("config.toml", "config.example.toml", "--config", "ZHIBU_CONFIG"))
    assert call.invoke(app.offices().program(), ["db", "upgrade", "--help"]).exit_code == 0
    assert list(tmp_path.iterdir()) == []
