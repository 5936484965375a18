"""The events that tell how a template message or a subscription notice ended: they settle its delivery."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from handlers.receipts import engine
from handlers.receipts.engine import Came
from handlers.router import Router, Turn
from storage.mass_jobs import Counts, MassJobs
from storage.people import People
from storage.receipts import ID_LETTERS, Receipts, Report
from storage.states import State
from wechat.errors import RecipientGone, fact
from wechat.messages import JobFinished, Kind, MassFinished, NoticeSent, Reply, Silence

STATES: Mapping[Came, State] = {
    Came.SENT: State.SENT,
    Came.GONE: State.GONE,
    Came.FAILED: State.FAILED,
    Came.AGAIN: State.DUE,
}
TEMPLATES = ("template_message",)
NOTICES = ("notice", "mini_notice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmark:
    """Nobody is answered: the platform speaks of a member, not for them."""

    receipts: Receipts
    masses: MassJobs
    people: People
    why: Callable[[str], str]
    pause: Callable[[str], str]

    def template_sent(self, turn: Turn) -> Reply:
        """A template message was delivered, or why not (wechat-platform notes §3.2)."""
        ended = turn.message.detail
        if isinstance(ended, JobFinished):
            self._told(turn, engine.of_status(ended.status), message_id=ended.message_id, channels=TEMPLATES)
        return Silence()

    def notices_sent(self, turn: Turn) -> Reply:
        """Notices were delivered, or why not (§3.3, §3.4); one that failed tells that no credit is left."""
        results: Sequence[NoticeSent] = turn.message.detail or ()
        for result in results:
            is_persons = issubclass(fact(result.error_code).kind, RecipientGone)
            found = engine.of_code(result.error_code, result.error, is_persons=is_persons)
            if found and found[0] is not Came.SENT and turn.who.contact:
                self.people.drop_credits(turn.who.contact, result.template_id)
            self._told(turn, found, message_id=result.message_id, channels=NOTICES, template=result.template_id)
        return Silence()

    def mass_sent(self, turn: Turn) -> Reply:
        """A mass send has ended (§3.5); the platform tells it in an admin's name."""
        ended = turn.message.detail
        if isinstance(ended, MassFinished) and ended.message_id and ended.status:
            error = "" if ended.succeeded else ended.status
            counts = Counts(total=ended.total, filtered=ended.filtered, sent=ended.sent, failed=ended.failed)
            self.masses.told(
                turn.message.account,
                ended.message_id[:ID_LETTERS],
                error=error[:32],
                reason=self.why(error) if error else "",
                pause=self.pause(error),
                counts=counts,
                now=turn.now,
            )
        return Silence()

    def _told(
        self,
        turn: Turn,
        found: tuple[Came, str] | None,
        *,
        message_id: str,
        channels: tuple[str, ...],
        template: str = "",
    ) -> None:
        if found is None or not message_id or not turn.who.contact:
            return
        came, error = found
        report = Report(
            contact=turn.who.contact,
            message_id=message_id,
            channels=channels,
            template=template,
            state=STATES[came],
            error=error,
            at=turn.message.sent_at,
        )
        self.receipts.told(report, now=turn.now)


def routes(postmark: Postmark) -> Router:
    """TEMPLATESENDJOBFINISH, subscribe_msg_sent_event and MASSSENDJOBFINISH."""
    return Router(
        "receipts",
        kinds={
            Kind.TEMPLATE_SENT: postmark.template_sent,
            Kind.NOTICE_SENT: postmark.notices_sent,
            Kind.MASS_SENT: postmark.mass_sent,
        },
    )
