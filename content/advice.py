"""What could be better in content that can be used as it is."""

from collections.abc import Iterator, Mapping
from typing import Any

from content.models import Question, QuestionType
from content.positions import Place

Advice = tuple[Place, str, Mapping[str, Any]]


def on(question: Question) -> Iterator[Advice]:
    """Give the place within the question, the code and the facts of each advice."""
    if not question.source and not question.cites:
        yield (), "question_source", {}
    if question.letters_said:
        yield ("explanation",), "explanation_letter", {"said": question.letters_said}
    if question.type is QuestionType.MULTI and len(question.right) == 1:
        yield ("answer",), "multi_answer", {}
