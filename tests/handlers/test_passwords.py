"""What a password must be: long, and not what guessers try first. Nothing else."""

import pytest
from argon2 import PasswordHasher

from handlers import passwords
from handlers.passwords import Fault, UnfitPassword

NAMES = ["王芳", "lina", "示例党委"]
KEPT = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("a long enough password")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "a long password",
        "至少十个字符的一个密码",
        "nothing but small letters",
        "lina likes the lake",
        "槐树下有三只鸟在叫",
        "83 geese went north",
        "x" * 3 + "yz, and then some",
    ],
)
def test_whatever_is_long_and_not_known_is_taken(password):
    padded = password.ljust(passwords.SHORTEST, "。")

    assert PasswordHasher().verify(passwords.fitting(padded, names=NAMES), padded)


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("short", Fault.SHORT),
        ("九个字还不够长的呀", Fault.SHORT),
        ("x" * 257, Fault.LONG),
        ("1234567890", Fault.COMMON),
        ("0987654321", Fault.COMMON),
        ("password123", Fault.COMMON),
        ("P@ssw0rd2024", Fault.COMMON),
        ("Passw0rd!Passw0rd!", Fault.COMMON),
        ("qwertyuiop123", Fault.COMMON),
        ("1qaz2wsx3edc", Fault.COMMON),
        ("aaaaaaaaaaaa", Fault.COMMON),
        ("abcabcabcabc", Fault.COMMON),
        ("woaini1314520", Fault.COMMON),
        ("管理员密码管理员密码1", Fault.COMMON),
        ("王芳王芳王芳的王芳王芳", Fault.NAMED),
        ("LinaLinaLina!", Fault.NAMED),
        ("示例党委管理台2026", Fault.NAMED),
    ],
)
def test_what_guessers_try_first_is_refused_with_why(password, fault):
    with pytest.raises(UnfitPassword) as refused:
        passwords.fitting(password, names=NAMES)

    assert refused.value.fault is fault
    assert password not in str(refused.value)


def test_one_belongs_to_its_hash_and_to_no_other():
    assert passwords.is_right("a long enough password", KEPT)
    assert not passwords.is_right("another long password", KEPT)
    assert not passwords.is_right("a long enough password", "no hash")
    assert not passwords.is_right("a long enough password", None)


def test_a_first_password_is_another_each_time_and_would_be_taken():
    first, second = passwords.first(), passwords.first()

    assert first != second
    assert passwords.weakness(first, names=NAMES) is None
    assert len(first) >= passwords.SHORTEST
