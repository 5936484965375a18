"""What a question of a pack that isn't served would be like: as it is asked, and what a wrong answer is told."""

from collections.abc import Iterator

from content.files import Questions
from content.library import Library
from content.models import Question
from handlers.front import PICTURES
from handlers.quiz.engine import Mode
from handlers.quiz.service import shown_of

MOST = 10


def preview(library: Library, file: str, *, served: Library, public_url: str) -> Iterator[tuple[str, str]]:
    """The first questions of a bank's file that are others than those which are served."""
    made = library.sources[file].made if file in library.sources else None
    ids = [each.id for each in made.bank.outlines if not each.has_parts] if isinstance(made, Questions) else []
    left = MOST
    for number, id_ in enumerate(ids, start=1):
        question = library.question(id_)
        if question and question != served.question(id_):
            yield "question", _asked(library, question, public_url, total=len(ids), number=number)
            yield "explained", _explained(library, question)
            left -= 1
        if not left:
            return


def _asked(library: Library, question: Question, public_url: str, *, total: int, number: int) -> str:
    return library.say(
        "quiz.question",
        mode=Mode.SEQUENCE,
        number=number,
        total=total,
        wrong=0,
        minutes=0,
        asked=shown_of(library, question, seed=""),
        score=None,
        pictures=f"{public_url}{PICTURES}" if public_url else "",
    )


def _explained(library: Library, question: Question) -> str:
    """What a wrong answer is told: it names the right one."""
    asked = shown_of(library, question, seed="")
    if asked.is_self_judged:
        return library.say("quiz.points", points=asked.model, choices=asked.shown)
    return library.say(
        "quiz.wrong",
        asked=asked,
        answer=[choice for choice in asked.shown if choice.id in asked.right],
        said=next((choice.letter for choice in asked.shown if choice.id not in asked.right), ""),
        written=[""] * asked.blanks if asked.is_written else None,
        credit=0,
        explanation=asked.explanation,
        source=question.source,
        cites=question.cites,
    )
