"""Whether the questions of a pack agree: no two are one, and what each rests on is in force."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby

from content.agreement import Check, Clash, Pack, listed
from content.exams import Exam
from content.files import Questions
from content.models import Account, Cite, QuestionType
from content.organisations import Organisations
from content.positions import Place
from content.regulations import Regulation, Regulations

_SOME = 3  # questions: so many, and more than half of a bank, make it a copy
FRESH_MONTHS = 24  # that a case may lie back, before somebody should look at it


def _no_question_stands_twice(pack: Pack) -> Iterator[Clash]:
    """Each is named once; where most of a bank stands in another one, it is the bank that is named."""
    named = [*_with_one_id(pack)]
    said = {(clash.file, clash.place[:2], clash.facts["other"]) for clash in named}
    alike = [clash for clash in _alike(pack) if (clash.file, clash.place[:2], clash.facts["other"]) not in said]
    counts = {file: len(made.bank.outlines) for file, made in pack.every(Questions)}
    yield from _by_banks("bank_copied", named, counts)
    yield from _by_banks("bank_alike", alike, counts)


def _by_banks(code: str, clashes: Iterable[Clash], counts: Mapping[str, int]) -> Iterator[Clash]:
    """One clash for a bank that has most of its questions in common with another, else those of its questions."""

    def both(clash: Clash) -> tuple[str, str]:
        return clash.file, clash.facts["other"]

    for (file, other), found in groupby(sorted(clashes, key=both), key=both):
        each = [*found]
        same = len({clash.place[:2] for clash in each})
        if file != other and same >= _SOME and same * 2 > counts[file]:
            yield Clash(file, code, {"other": other, "same": same, "count": counts[file]}, line=1)
        else:
            yield from each


def _with_one_id(pack: Pack) -> Iterator[Clash]:
    if _all_differ(id_ for _, _, id_, _ in _question_names(pack)):
        return
    owners: dict[str, str] = {}
    for file, index, id_, field in _question_names(pack):
        if id_ in owners:
            yield Clash(file, "question_id_twice", {"said": id_, "other": owners[id_]}, ("question", index, field))
        owners.setdefault(id_, file)


def _all_differ(names: Iterable[object]) -> bool:
    """Whether none stands twice: quickly said, and of a large bank the usual case."""
    seen: set[object] = set()
    count = 0
    for count, name in enumerate(names, start=1):  # noqa: B007 - how many there were
        seen.add(name)
    return len(seen) == count


def _question_names(pack: Pack) -> Iterator[tuple[str, int, str, str]]:
    for file, made in pack.every(Questions):
        for index, question in enumerate(made.bank.outlines):
            yield file, index, question.id, "id"
            for alias in question.alias:
                yield file, index, alias, "alias"


def _alike(pack: Pack) -> Iterator[Clash]:
    if _all_differ(mark for _, made in pack.every(Questions) for marks in made.marks for mark in set(marks)):
        return
    owners: dict[int, tuple[str, str]] = {}
    for file, made in pack.every(Questions):
        for index, (question, marks) in enumerate(zip(made.bank.outlines, made.marks, strict=True)):
            twin = next((owners[mark] for mark in marks if mark in owners), None)
            if twin:
                yield Clash(file, "question_alike", {"said": twin[1], "other": twin[0]}, ("question", index, "stem"))
            for mark in marks:
                owners.setdefault(mark, (file, question.id))


def _banks_have_one_name(pack: Pack) -> Iterator[Clash]:
    owners: dict[str, str] = {}
    for file, made in pack.every(Questions):
        if made.bank.name in owners:
            yield Clash(file, "bank_twice", {"said": made.bank.name, "other": owners[made.bank.name]}, line=1)
        owners.setdefault(made.bank.name, file)


def _cites_are_in_force(pack: Pack) -> Iterator[Clash]:
    """What a question rests on is known where regulations are, and holds."""
    made = pack.one(Regulations)
    if made is None:
        return
    ids = [each.id for each in made.regulations]
    for index, id_ in enumerate(ids):
        if id_ in ids[:index]:
            yield Clash("regulations.toml", "regulation_twice", {"said": id_}, ("regulation", index, "id"))
    today = pack.known.today() if pack.known.today else None
    for file, questions in pack.every(Questions):
        for index, question in enumerate(questions.bank.outlines):
            for cite in question.cites:
                yield from _cite(file, ("question", index, "cites"), cite, made.by_id, today)


def _cite(file: str, place: Place, cite: Cite, known: Mapping[str, Regulation], today: date | None) -> Iterator[Clash]:
    law = known.get(cite.reg)
    if law is None:
        yield Clash(file, "cite_unknown", {"said": cite.reg, "allowed": listed(known)}, place)
    elif law.span(cite.version) is None:
        allowed = listed(each.version for each in law.versions)
        yield Clash(file, "cite_version", {"name": law.name, "said": cite.version, "allowed": allowed}, place)
    elif (new := law.after(cite.version)) and today and new.effective_from <= today:
        facts = {"name": law.name, "said": cite.version, "new": new.version, "since": new.effective_from}
        yield Clash(file, "cite_superseded", facts, place)


def _what_they_tell_of_is_fresh(pack: Pack) -> Iterator[Clash]:
    """A case that is long past teaches little (domain.md, E18)."""
    if pack.known.today is None:
        return
    today = pack.known.today()
    for file, made in pack.every(Questions):
        for index, question in enumerate(made.bank.outlines):
            months = _months(question.as_of, today) if question.as_of else 0
            if months > FRESH_MONTHS and question.in_effect(today):
                yield Clash(file, "words_old", {"said": question.as_of, "months": months}, ("question", index, "as_of"))


def _months(since: date, until: date) -> int:
    """How many months have passed."""
    return (until.year - since.year) * 12 + until.month - since.month - (until.day < since.day)


def _cases_have_their_parts(pack: Pack) -> Iterator[Clash]:
    """A question that belongs to a case names one of its bank, and a case without an answer has some."""
    for file, made in pack.every(Questions):
        cases = {question.id for question in made.bank.outlines if question.has_parts}
        named = {question.case for question in made.bank.outlines}
        for index, question in enumerate(made.bank.outlines):
            place = ("question", index, "case")
            if question.case and question.case not in cases:
                yield Clash(file, "case_unknown", {"said": question.case, "allowed": listed(cases)}, place)
            elif question.case and question.type is QuestionType.CASE:
                yield Clash(file, "case_in_case", {}, place)
            if question.has_parts and question.id not in named:
                yield Clash(file, "case_empty", {"said": question.id}, ("question", index))


def _pictures_are_there(pack: Pack) -> Iterator[Clash]:
    there_are = pack.pictures()
    for file, made in pack.every(Questions):
        for index, question in enumerate(made.bank.outlines):
            for picture in question.pictures:
                if picture not in there_are:
                    facts = {"said": picture, "allowed": listed(there_are)}
                    yield Clash(file, "picture_unknown", facts, ("question", index))


def _exams_can_be_drawn(pack: Pack) -> Iterator[Clash]:
    """Each part has enough questions for all whom it is for, whatever the parts before drew: none is asked twice."""
    banks = {made.bank.name: made.bank for _, made in pack.every(Questions)}
    for_some = {each.id: each for bank in banks.values() for each in bank.outlines if each.audience}
    organisations = {each.id: each for each in (pack.one(Organisations) or Organisations()).organisations}
    account = pack.one(Account)
    called = {topic.name: topic.id for topic in account.topics} if account else {}
    for file, exam in pack.every(Exam):
        circle = exam.circle(organisations)
        closed = {id_ for id_, each in for_some.items() if not each.is_for(circle)}
        before: list[tuple[int, set[str]]] = []
        for index, part in enumerate(exam.parts):
            if part.bank and part.bank not in banks:
                yield Clash(
                    file, "bank_unknown", {"said": part.bank, "allowed": listed(banks)}, ("part", index, "bank")
                )
                continue
            fitting = part.of(banks.values(), called=called)
            there_are = {each.id for each in fitting if closed.isdisjoint((each.id, each.case))}
            left = len(there_are) - sum(min(count, len(there_are & drawn)) for count, drawn in before)
            if left < part.count:
                yield Clash(file, "exam_short", {"wanted": part.count, "left": max(left, 0)}, ("part", index, "count"))
            before.append((part.count, there_are))


CHECKS: tuple[Check, ...] = (
    _no_question_stands_twice,
    _banks_have_one_name,
    _cites_are_in_force,
    _what_they_tell_of_is_fresh,
    _cases_have_their_parts,
    _pictures_are_there,
    _exams_can_be_drawn,
)
