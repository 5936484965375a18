"""What is done in a process of its own is bounded, and what becomes of that process is not our end."""

import os
import sys

import pytest

from content import apart
from content.importers.telling import silent


def length(data: bytes, _tell: apart.Tell) -> int:
    return len(data)


def counts(data: bytes, tell: apart.Tell) -> int:
    for done in range(len(data)):
        tell("read", done, len(data))
    return len(data)


def tells_and_ends(_: bytes, tell: apart.Tell) -> None:
    tell("read", 0, 1)
    os.abort()


def environment(_: bytes, _tell: apart.Tell) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if "SECRET" in name}


def memory(_: bytes, _tell: apart.Tell) -> int:
    return len(bytearray(2 * apart.MOST_MEMORY))


def answer(_: bytes, _tell: apart.Tell) -> bytes:
    return bytes(apart.MOST_ANSWER + 1)


def falls(_: bytes, _tell: apart.Tell) -> None:
    raise ValueError("a secret of the file")


def ends(_: bytes, _tell: apart.Tell) -> None:
    os.abort()


def leaves(_: bytes, _tell: apart.Tell) -> None:
    sys.exit(3)


def endless(_: bytes, _tell: apart.Tell) -> None:
    while True:
        pass


def seconds(_: bytes, _tell: apart.Tell) -> tuple[int, int]:
    import resource  # noqa: PLC0415 - of the other process

    return resource.getrlimit(resource.RLIMIT_CPU)


def image(_: bytes, _tell: apart.Tell) -> tuple[int, int]:
    import resource  # noqa: PLC0415 - of the other process

    return resource.getrlimit(resource.RLIMIT_CORE)


def test_it_gives_what_the_function_gives():
    assert apart.run(length, b"a" * 10**6, silent) == 10**6


def test_it_tells_how_far_it_is_before_it_gives_it():
    told = []

    assert apart.run(counts, b"abc", lambda *what: told.append(what)) == 3
    assert told == [("read", 0, 3), ("read", 1, 3), ("read", 2, 3)]


def test_what_ends_after_it_told_something_gave_nothing():
    told = []

    with pytest.raises(apart.Exceeded):
        apart.run(tells_and_ends, b"", lambda *what: told.append(what))

    assert told == [("read", 0, 1)]


@pytest.mark.parametrize("work", [memory, answer, falls, ends, leaves])
def test_a_bad_end_is_told_and_nothing_more(work, capfd):
    with pytest.raises(apart.Exceeded) as told:
        apart.run(work, b"", silent)

    assert (str(told.value), told.value.__cause__) == ("", None)
    assert "secret" not in "".join(capfd.readouterr())


def test_it_has_so_many_seconds_and_leaves_no_image_of_itself():
    assert apart.run(seconds, b"", silent) == (apart.MOST_SECONDS, apart.MOST_SECONDS)
    assert apart.run(image, b"", silent) == (0, 0)


def test_what_takes_too_long_by_the_wall_is_ended(monkeypatch):
    monkeypatch.setattr(apart, "PATIENCE_SECONDS", 1)

    with pytest.raises(apart.Exceeded):
        apart.run(endless, b"", silent)


def test_it_knows_none_of_our_secrets(monkeypatch):
    monkeypatch.setenv("ZHIBU_SECRET_KEY", "ours")

    assert apart.run(environment, b"", silent) == {}
