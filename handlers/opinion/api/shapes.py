"""What goes in and out of the mini-program's doors to the opinion box."""

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from handlers.openapi import Line as Typed
from handlers.opinion.engine import Remedy, State
from handlers.opinion.engine.thread import Asks, Solved


class Way(StrEnum):
    """Under one's name or none."""

    ANONYMOUS = "anonymous"
    NAMED = "named"


class First(BaseModel):
    """A category whose official channels come first; what is sent here is read by few."""

    model_config = ConfigDict(from_attributes=True)

    category: str
    channels: list[str]
    source: str = Field(description="Where the channels are from.")
    workdays: int | None = Field(description="Within how many it is answered here; null as all others.")


class Form(BaseModel):
    """What an opinion may be."""

    categories: list[str] = Field(examples=[["工作建议", "生活困难"]])
    shortest: int
    longest: int = Field(description="Characters.")
    pictures: int = Field(description="How many may come with a named one; with an anonymous one, none.")
    picture_bytes: int = Field(description="How large each may be.")
    voices: int = Field(description="How many may come with a named one; with an anonymous one, none.")
    voice_bytes: int = Field(description="How large each may be.")
    name: str = Field(description="Whom a named one would be from; empty where the member is not bound and types one.")
    first: list[First] = Field(description="To be shown before one of these categories is written about.")
    taken: bool = Field(description="Whether those are taken here: false where nobody is entrusted with reading them.")
    anonymous: bool = Field(description="Whether another anonymous one may be sent today.")


class Place(BaseModel):
    """Where it is, in degrees of GCJ-02, as `wx.chooseLocation` gives it."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    label: Typed = Field("", max_length=128)


class Said(BaseModel):
    """An opinion. A bound member's name is known and `name` is not looked at."""

    way: Way
    category: Typed = Field(max_length=64)
    words: str = Field(max_length=4000)
    name: Typed = Field("", max_length=64)
    pictures: list[str] = Field([], max_length=20, description="Ids that /opinion/pictures gave; only with a name.")
    voices: list[str] = Field([], max_length=20, description="Ids that /opinion/voices gave; only with a name.")
    place: Place | None = Field(None, description="Only what the sender chose to tell, and only with a name.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "way": "anonymous",
                    "category": "工作建议",
                    "words": "The canteen closes before the late shift ends.",
                    "pictures": [],
                }
            ]
        }
    )


class Receipt(BaseModel):
    """The only key to what becomes of it: shown now, and kept as a hash."""

    receipt: str = Field(examples=["4F7K-2MXP-90T5"])
    due: date = Field(description="By when it is answered.")
    sure: bool = Field(description="False while that year's holidays aren't announced, and Monday to Friday count.")


class TypedReceipt(BaseModel):
    """A receipt as it was typed: any case, spaces and dashes."""

    receipt: Typed = Field(min_length=1, max_length=64)

    model_config = ConfigDict(json_schema_extra={"examples": [{"receipt": "4f7k 2mxp 90t5"}]})


class Line(BaseModel):
    """Something that was said to and fro: `kind` is what our words made of it, or what the sender was asked."""

    model_config = ConfigDict(from_attributes=True)

    ours: bool
    kind: State | Asks
    words: str
    day: date
    solved: Solved | Literal[""]
    reopen: bool


class Status(BaseModel):
    """What became of an opinion."""

    day: date
    category: str
    state: State
    reply: str
    answered_on: date | None
    due: date | None = Field(description="By when it was said to be answered.")
    overdue: bool = Field(description="It isn't answered, and that day is over.")
    talk: list[Line] = Field(description="What was said to and fro since, the oldest first.")
    asks: Asks | Literal[""] = Field(description="What may be said to it now, once: an answer, or a verdict of ours.")
    ticket: str = Field(description="To be handed in with it, today.")
    measure: Remedy | Literal[""] = Field(description="How far what is done about it beyond an answer has come.")
    lost: int = Field(description="Pictures that could not be had from the platform.")


class Word(BaseModel):
    """An answer to what was asked, or what the sender thinks of an answer: `reopen` needs words."""

    ticket: str = Field(max_length=512)
    words: str = Field("", max_length=4000)
    solved: Solved | Literal[""] = ""
    reopen: bool = False

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ticket": "…", "words": "The one on the third floor.", "reopen": False}]}
    )


class Taken(BaseModel):
    """It is kept."""

    kept: bool = True


class Picture(BaseModel):
    """A picture, ready to go with a named opinion; one that goes with none is dropped after some days."""

    id: str = Field(examples=["3f2a9c81d07b4e5566aa90c1"])


class Voice(BaseModel):
    """A voice, ready to go with a named opinion; one that goes with none is dropped after some days."""

    id: str = Field(examples=["3f2a9c81d07b4e5566aa90c1"])
