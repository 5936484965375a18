"""What the parts write to stderr: one structured line an event, with the part's name."""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger


def configure(part: str) -> None:
    """Send every log of this process to stderr: lines for people on a terminal, JSON elsewhere.

    Our own events from INFO on, other libraries' from WARNING on. A traceback is printed without the values of its
    variables, which may be anyone's words.
    """

    def name_part(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {"part": part, **event}

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        name_part,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
    ]
    rendering = _for_people() if sys.stderr.isatty() else _for_programs()
    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    without_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[without_meta, *rendering])
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # tells of a refused connection seven times; we tell it once


def _for_people() -> list[Processor]:
    return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]


def _for_programs() -> list[Processor]:
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
