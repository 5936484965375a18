"""What a digest gives as official stands word by word in the text that it names, or the pack isn't taken."""

import pytest

from content import library
from content.faults import BadContent

from .builders import ZONE, a_digest, a_pack

ORIGINAL = "第一条　党员每年学习\n一般不少于32学时。\n第二条　支部应当记录。\n"


def load(tmp_path, body, original="banfa"):
    digest = a_digest(original=original, body=body)
    return library.load(a_pack(tmp_path / "pack", {"digests/a.md": digest, "originals/banfa.txt": ORIGINAL}), zone=ZONE)


@pytest.mark.parametrize(
    "body",
    [
        "> 党员每年学习一般不少于32学时。\n",
        "> 第一条 党员每年学习一般不少于\n> 32学时。\n>\n> 第二条　支部应当记录。\n\n## 解读\n\n应当怎么办。\n",
        "没有引用，学时可以随便说。\n",
    ],
)
def test_what_stands_there_is_taken(tmp_path, body):
    assert load(tmp_path, body).digests["a"].original == "banfa"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("> 党员每年学习不少于32学时。\n", 10),
        ("说明。\n\n> 第二条　支部应当记录。\n>\n> 党员每年学习……不少于32学时。\n", 14),
    ],
)
def test_what_does_not_is_a_fault_with_its_line(tmp_path, body, line):
    with pytest.raises(BadContent) as bad:
        load(tmp_path, body)

    (fault,) = bad.value.faults
    assert (fault.file, fault.line, "原文“banfa”里没有这一句：党员每年学习" in fault.what) == (
        "digests/a.md",
        line,
        True,
    )
