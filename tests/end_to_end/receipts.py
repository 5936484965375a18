"""Members who send opinions all the time, while the web part is killed: what they were shown, and what is kept."""

import contextlib
import random
import re
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import requests

from handlers.opinion.engine import receipts
from storage.db import Database
from storage.opinion import Opinion, Opinions
from storage.sealing import Keys
from tests.driver import Phone
from tests.end_to_end.running import Program, within

SENDERS = 12
RECEIPT = re.compile(r"回执码：\s*([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})")
ONCE_MORE = "再回复 1 提交"  # it may be kept already and isn't kept twice: who writes it anew has two
BACK_SECONDS = 40.0
BUSY_SECONDS = 30.0
LIVED_SECONDS = 11.0  # a part that ends sooner counts as one that can't start, and the fifth time is given up
FALLS_IN_A_ROW = 6  # of which four are of the whole part


@dataclass
class Street:
    """Senders beside each other; `waiting` have confirmed their opinion and hear nothing yet."""

    program: Program
    shown: dict[str, str] = field(default_factory=dict)  # the words of each receipt
    waiting: set[str] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)  # whose confirmation was cut off, by its words
    trouble: list[str] = field(default_factory=list)
    _ending: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """All of them send, one opinion after the other."""
        threads = [threading.Thread(target=self._goes_on, args=(number,)) for number in range(SENDERS)]
        for each in threads:
            each.start()
        try:
            yield
        finally:
            self._ending.set()
            for each in threads:
                each.join()

    def _goes_on(self, number: int) -> None:
        """Ten random letters in the words: of twelve, one in thirty is a receipt code, which isn't taken."""
        try:
            while not self._ending.is_set():
                self._sends(
                    f"第{number}号的第{secrets.token_hex(5)}条意见，走廊的灯不亮", named=secrets.randbelow(4) == 0
                )
        except Exception as error:  # noqa: BLE001 - the test says what it was
            self.trouble.append(f"{type(error).__name__}: {error}")

    def _sends(self, words: str, *, named: bool) -> None:
        """Until it is answered with a receipt: what is cut off is sent again, as the platform and people do."""
        phone = self.program.phone(strict=False)
        while not self._ending.is_set():
            try:
                for said in ("退出", "意见", *(("2", "王海棠") if named else ("1",)), "4", words, "好了"):
                    phone.says(said)
                if receipt := self._confirms(phone, words):
                    self.shown[receipt] = words
                    return
            except requests.RequestException:
                self._ending.wait(0.2)

    def _confirms(self, phone: Phone, words: str) -> str:
        self.waiting.add(words)
        try:
            answer = phone.says("1")
            while ONCE_MORE in answer and not self._ending.is_set():
                answer = phone.says("1")
        except requests.RequestException:
            self.cut.add(words)
            return self._repeated(phone)
        finally:
            self.waiting.discard(words)
        found = RECEIPT.search(answer)
        return found[1] if found else ""

    def _repeated(self, phone: Phone) -> str:
        """The same message once more, when somebody answers again."""
        assert within(BACK_SECONDS, self.program.is_ready) or self._ending.is_set()
        found = RECEIPT.search(phone.repeats())
        return found[1] if found else ""

    def falls_in_work(self, dice: random.Random, *, times: int) -> None:
        """Fall, all at once or a worker, till so often somebody waited: a moment at which nobody did proves nothing."""
        proven = falls = 0
        while proven < times:
            assert falls < 3 * times, "hardly anybody waited for a receipt, so nothing was proven"
            if falls and falls % FALLS_IN_A_ROW == 0:
                self._ending.wait(LIVED_SECONDS)
            proven += self.falls(dice, every=falls % 3 != 1) > 0
            falls += 1

    def falls(self, dice: random.Random, *, every: bool) -> int:
        """Kill -9 the web part (all its processes, or one worker) at a moment nobody knows; how many it cut off."""
        before, cut = len(self.shown), len(self.cut)
        assert within(BUSY_SECONDS, lambda: len(self.shown) > before + 3), self.trouble or "nobody was shown a receipt"
        self._ending.wait(dice.uniform(0, 2.5))
        assert within(BUSY_SECONDS, lambda: self.waiting)
        fallen = self.program.parts("web") if every else self.program.workers()[:1]
        for process in fallen:
            self.program.kill(process)
        assert within(BACK_SECONDS, lambda: self.program.is_ready() and not {*fallen} & self.program.processes().keys())
        return len(self.cut) - cut


def kept(program: Program) -> list[Opinion]:
    """What the program's database holds, opened with its key."""
    db = Database(program.database)
    opinions = Opinions(db, Keys(program.settings.secret_key.get_secret_value()))
    found = opinions.of_days(opinions.days(most=3))
    db.close()
    return found


def holds(street: Street) -> None:
    """Whatever was shown a receipt is kept, once, under that receipt; and whoever has it can look it up."""
    opinions = kept(street.program)
    db = Database(street.program.database)
    id_of = Opinions(db, Keys(street.program.settings.secret_key.get_secret_value())).id_of
    words = {each.id: each.words for each in opinions}
    lost = {code for code, said in street.shown.items() if words.get(id_of(receipts.read(code))) != said}
    unknown = [code for code in street.shown if "等待办理" not in street.program.phone().says(f"查询 {code}")]
    db.close()

    assert street.trouble == []
    assert lost == set()
    assert unknown == []
    twice = {said for said, times in Counter(each.words for each in opinions).items() if times > 1}
    assert twice & {*street.shown.values()} <= street.cut  # who heard nothing may write it anew
