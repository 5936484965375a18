"""What the platform's word means for a delivery, and for all that is still to be sent of its run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from scheduler import quotas, reasons
from scheduler.channels import Channel, Ended
from scheduler.planner import Planner
from storage.deliveries import DEDUPED, Parcel, Row, Settled, settle
from storage.people import People
from storage.refusals import Way
from storage.runs import Run, Runs
from storage.speeds import Speeds
from storage.states import State
from wechat import errors
from wechat.errors import AlreadyDone, BadRequest, RecipientGone, Retryable, Unsure, WeChatError, Why

SLOWER_SECONDS = 30.0  # who is asked to wait that long is going too fast
TOO_FAST = frozenset({-1, 44990, 44991, 45009, 45011})  # wechat-platform notes §2.4; 45009 where the day's isn't spent
LONGEST_WAIT_SECONDS = 600.0
DOUBT_SECONDS = 5.0  # a platform that lost one answer may lose them all: what is in flight ends before more goes out


@dataclass(slots=True, kw_only=True)
class Judge:
    """Judges what comes of one stretch of a run.

    `slow_down_seconds` is how long to leave the run alone then, and `paused` whether nothing more is to be taken.
    """

    store: Runs
    people: People
    planner: Planner
    channels: Mapping[str, Channel]
    speeds: Speeds
    run: Run
    slow_down_seconds: float = 0.0
    paused: bool = False
    _heard: dict[str, bool] = field(default_factory=dict)  # by which channels this run reached somebody, once asked

    def judge(self, landed: Sequence[Ended], now: datetime) -> list[Settled]:
        """How each of those that landed together ends."""
        self._heard = {channel: True for channel, heard in self._heard.items() if heard}
        self._heard |= {each.parcel.channel: True for each in landed if each.error is None}
        if self.run.doubts and any(each.error is None and self._asks(each.parcel) for each in landed):
            self.store.trust(self.run.key)
            self.run = replace(self.run, doubts=0)
        return [self._judged(each, now) for each in landed]

    def doubt(self) -> None:
        """Something may have been lost: let what is in flight end first."""
        self.slow_down_seconds = max(self.slow_down_seconds, DOUBT_SECONDS)

    def _asks(self, parcel: Parcel) -> bool:
        """Whether the platform was asked for it: a line is kept by ourselves."""
        channel = self.channels.get(parcel.channel)
        return channel is not None and not channel.waits

    def _judged(self, ended: Ended, now: datetime) -> Settled:
        parcel = ended.parcel
        match ended.error:
            case None | AlreadyDone():
                spent = self.channels[parcel.channel].spends(self.run.content)
                return settle(parcel, State.SENT, message_id=ended.message_id, **spent)
            case Unsure() as error:
                self.doubt()
                return settle(parcel, State.UNSURE, error=_code(error))
            case RecipientGone() as error:
                return self._closed(parcel, error, now)
            case Retryable() as error:
                return self._later(parcel, error, now)
            case BadRequest() as error if self._has_reached(parcel.channel):
                return settle(parcel, State.FAILED, error=_code(error))  # others got it: this one is at fault
            case error:
                return self._halted(parcel, error, now)

    def _has_reached(self, channel: str) -> bool:
        """Whether anybody got it by this channel; asked once a turn, since all may be refused at once."""
        if channel not in self._heard:
            self._heard[channel] = self.store.deliveries.has_sent(self.run.key, channel)
        return self._heard[channel]

    def _closed(self, parcel: Parcel, error: RecipientGone, now: datetime) -> Settled:
        """Believe the platform, and try the next channel where only this one is closed."""
        if error.why is Why.WINDOW:
            self.people.close_window(parcel.contact)
        elif error.why is Why.NO_CREDIT:
            spent = self.channels[parcel.channel].spends(self.run.content)
            self.people.drop_credits(parcel.contact, spent.get("spent_credit", ""))
        else:
            return settle(parcel, State.GONE, error=_code(error))
        other = self.planner.again(parcel.person, self.run.content, now=now)
        if other is None or other.state is not State.DUE:
            return settle(parcel, State.GONE, error=_code(error))
        return _by(other, parcel, error, now)

    def _halted(self, parcel: Parcel, error: WeChatError, now: datetime) -> Settled:
        """Nobody is reached by this channel: where the account has no right to it, another may serve."""
        if error.errcode != errors.UNAUTHORIZED:
            return self._pause(parcel, error, now)
        if self.planner.refusals.add(Way(parcel.account, parcel.channel), now=now):
            log = structlog.get_logger("push")
            log.warning("channel refused", account=parcel.account, channel=parcel.channel, errcode=error.errcode)
        other = self.planner.again(parcel.person, self.run.content, now=now)
        if other is None or other.state is not State.DUE:
            return self._pause(parcel, error, now)
        return _by(other, parcel, error, now)

    def _later(self, parcel: Parcel, error: Retryable, now: datetime) -> Settled:
        """Again after a while that doubles: the run's own end is the limit."""
        if error.errcode is None or error.errcode in TOO_FAST:
            rest = error.after_seconds if error.errcode not in (None, -1) else 0.0
            self.speeds.slow(Way(parcel.account, parcel.channel), rest_seconds=rest)
        if error.after_seconds >= SLOWER_SECONDS:
            self.slow_down_seconds = max(self.slow_down_seconds, error.after_seconds)
        wait = min(max(error.after_seconds, 2.0**parcel.attempts), LONGEST_WAIT_SECONDS)
        maybe = error.errcode is None and parcel.channel in DEDUPED  # its answer may have been lost
        return settle(parcel, State.DUE, error=_code(error), wake_at=now + timedelta(seconds=wait), maybe=maybe)

    def _pause(self, parcel: Parcel, error: WeChatError, now: datetime) -> Settled:
        """Nobody will be reached until a person has mended it, or time has: put it back and say so."""
        if quotas.is_doubtful(error):
            self.speeds.slow(Way(parcel.account, parcel.channel))
        if quotas.pause(self.store, self.run, error, reasons.of(error), now=now):
            log = structlog.get_logger("push")
            log.warning("run paused", run=self.run.key, errcode=error.errcode, error=type(error).__name__)
        self.paused = True
        return settle(parcel, State.DUE, error=_code(error), wake_at=now)


def _by(other: Row, parcel: Parcel, error: WeChatError, now: datetime) -> Settled:
    """The same delivery by another way."""
    return Settled(
        person=parcel.person,
        contact=other.contact,
        account=other.account,
        channel=other.channel,
        variant=other.variant,
        state=State.DUE,
        error=_code(error),
        wake_at=now,
    )


def _code(error: WeChatError) -> str:
    return str(error.errcode) if error.errcode is not None else type(error).__name__.lower()
