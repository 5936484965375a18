"""Human agents: handing a talk over to people, and taking it back."""

from pydantic import BaseModel, ConfigDict

from handlers.agents import chat
from handlers.conversation import Say
from handlers.feature import Feature


class AgentsSettings(BaseModel):
    """The table [handlers.agents]: `staffed` are the accounts where somebody sits at WeChat's customer-service desk."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    staffed: tuple[str, ...] = ()


def feature(*, say: Say, settings: AgentsSettings) -> Feature:
    """Handing over, on these accounts."""
    return Feature(name="agents", chat=chat.routes(chat.Desk(say=say, staffed=frozenset(settings.staffed))))
