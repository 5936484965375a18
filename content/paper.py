"""A page of headings and paragraphs as a Word file: for those who are sent one on paper or by mail."""

import io
from collections.abc import Iterable

from docx import Document

from content.unseen import writable


def written(title: str, parts: Iterable[tuple[str, Iterable[str]]]) -> bytes:
    """A document of this title; each part has a heading and its lines. It names no author and no program."""
    paper = Document()
    paper.core_properties.author = ""
    paper.core_properties.comments = ""
    paper.add_heading(writable(title), level=0)
    for heading, lines in parts:
        paper.add_heading(writable(heading), level=1)
        for line in lines:
            paper.add_paragraph(writable(line))
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()
