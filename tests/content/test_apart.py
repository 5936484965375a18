"""What is done in a process of its own is bounded, and what becomes of that process is not our end."""

import os
import sys

import pytest

from content import apart


def length(data: bytes) -> int:
    return len(data)


def environment(_: bytes) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if "SECRET" in name}


def memory(_: bytes) -> int:
    return len(bytearray(2 * apart.MOST_MEMORY))


def answer(_: bytes) -> bytes:
    return bytes(apart.MOST_ANSWER + 1)


def falls(_: bytes) -> None:
    raise ValueError("a secret of the file")


def ends(_: bytes) -> None:
    os.abort()


def leaves(_: bytes) -> None:
    sys.exit(3)


def endless(_: bytes) -> None:
    while True:
        pass


def seconds(_: bytes) -> tuple[int, int]:
    import resource  # noqa: PLC0415 - of the other process

    return resource.getrlimit(resource.RLIMIT_CPU)


def image(_: bytes) -> tuple[int, int]:
    import resource  # noqa: PLC0415 - of the other process

    return resource.getrlimit(resource.RLIMIT_CORE)


def test_it_gives_what_the_function_gives():
    assert apart.run(length, b"a" * 10**6) == 10**6


@pytest.mark.parametrize("work", [memory, answer, falls, ends, leaves])
def test_a_bad_end_is_told_and_nothing_more(work, capfd):
    with pytest.raises(apart.Exceeded) as told:
        apart.run(work, b"")

    assert (str(told.value), told.value.__cause__) == ("", None)
    assert "secret" not in "".join(capfd.readouterr())


def test_it_has_so_many_seconds_and_leaves_no_image_of_itself():
    assert apart.run(seconds, b"") == (apart.MOST_SECONDS, apart.MOST_SECONDS)
    assert apart.run(image, b"") == (0, 0)


def test_what_takes_too_long_by_the_wall_is_ended(monkeypatch):
    monkeypatch.setattr(apart, "PATIENCE_SECONDS", 1)

    with pytest.raises(apart.Exceeded):
        apart.run(endless, b"")


def test_it_knows_none_of_our_secrets(monkeypatch):
    monkeypatch.setenv("ZHIBU_SECRET_KEY", "ours")

    assert apart.run(environment, b"") == {}
