"""A broadcast's times in words, as far as there are words for them."""

import pytest
from jinja2 import Environment, FileSystemLoader

from content.crontab import named_weekdays
from tests.rules.house import ROOT

TEMPLATES = Environment(loader=FileSystemLoader(ROOT / "handlers" / "templates"), autoescape=True)
SAYS = TEMPLATES.from_string('{% from "console/_when.html" import when %}{{ when(schedule, none) }}')


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("30 8 * * *", "每天 08:30"),
        ("0 8,20 * * *", "每天 08:00、20:00"),
        ("0 10 * * mon", "每周一 10:00"),
        ("0 10 * * 1,3,0", "每周一、三、日 10:00"),
        ("0 19 * * mon-fri", "周一到周五 19:00"),
        ("0 9 1 * *", "每月1日 09:00"),
        ("0 9 1,15 * *", "每月1、15日 09:00"),
        ("0 9 1 7 *", "每年7月1日 09:00"),
        ("0 9 1,15 7 *", "每年7月1、15日 09:00"),
        ("0 9 1 1,4,7,10 *", "每年1、4、7、10月的1日 09:00"),
        ("0 9 * 7 *", "每年7月的每天 09:00"),
        ("0 9 * 7 mon", "每年7月的每周一 09:00"),
    ],
)
def test_what_there_are_words_for_is_said_in_words(schedule, said):
    assert SAYS.render(schedule=named_weekdays(schedule)) == said


@pytest.mark.parametrize("schedule", ["*/10 * * * *", "0 8-20 * * *", "0 9 1-7 * *", "0 9 1 * mon", "0 9 1 1-6 *"])
def test_what_there_are_none_for_stands_as_it_is_written(schedule):
    assert SAYS.render(schedule=schedule) == schedule
