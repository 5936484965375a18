"""The opinion box for the mini-program: its doors."""

from apiflask import APIBlueprint
from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from handlers import openapi, problems
from handlers.openapi import Once
from handlers.opinion.api.box import (
    CANNOT_BE_READ,
    HAS_CODE,
    NO_PLACE_WITHOUT_NAME,
    NO_SUCH_CODE,
    NO_SUCH_PICTURE,
    NO_SUCH_VOICE,
    NOT_A_CODE,
    NOT_A_NAME,
    NOT_A_PICTURE,
    NOT_A_VERDICT,
    NOT_A_VOICE,
    NOT_ASKED,
    NOT_KEPT_YET,
    PICTURE_BYTES,
    PICTURES_NEED_A_NAME,
    QUOTA_SPENT,
    SAID_BEFORE,
    SENT_BEFORE,
    TOO_LONG,
    TOO_MANY_PICTURES,
    TOO_MANY_VOICES,
    TOO_SHORT,
    VOICES_NEED_A_NAME,
    Box,
)
from handlers.opinion.api.shapes import Form, Picture, Receipt, Said, Status, Taken, TypedReceipt, Voice, Word
from handlers.problems import Refused
from storage.voices import LARGEST_BYTES as VOICE_BYTES


def _uploaded(field: str, most: int) -> bytes:
    """The file; a body may be chunked and say no length, so a little more than is allowed is read."""
    request.max_content_length = most + openapi.LARGEST_BYTES
    file = request.files.get(field)
    if file is None:
        raise Refused(problems.INVALID, field=field, kind="missing")
    with file.stream as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise RequestEntityTooLarge
    return data


def _one_file(field: str, media: str) -> dict[str, object]:
    """How a body with one file is described."""
    file = {"type": "string", "contentMediaType": media}
    schema = {"type": "object", "properties": {field: file}, "required": [field]}
    return {"requestBody": {"content": {"multipart/form-data": {"schema": schema}}}}


def blueprint(box: Box) -> APIBlueprint:
    """Serve /api/v1/opinion."""
    doors, say = openapi.doors("opinion"), box.say

    @doors.get("")
    @doors.output(Form)
    @doors.doc(summary="What an opinion may be")
    def form() -> Form:
        return box.form()

    @doors.post("")
    @doors.input(Said)
    @doors.input(Once, location="headers")
    @doors.output(Receipt, 201)
    @doors.doc(
        summary="Send an opinion",
        description="An anonymous one is tied to nobody: not to the token, not to the device, not to the minute.",
        responses=openapi.says(
            say,
            TOO_SHORT,
            TOO_LONG,
            HAS_CODE,
            NOT_A_NAME,
            TOO_MANY_PICTURES,
            PICTURES_NEED_A_NAME,
            NO_SUCH_PICTURE,
            TOO_MANY_VOICES,
            VOICES_NEED_A_NAME,
            NO_SUCH_VOICE,
            NO_PLACE_WITHOUT_NAME,
            SENT_BEFORE,
            QUOTA_SPENT,
            NOT_KEPT_YET,
        ),
    )
    def send(json_data: Said, headers_data: Once) -> Receipt:
        return box.send(json_data, headers_data)

    @doors.post("/lookup")
    @doors.input(TypedReceipt)
    @doors.output(Status)
    @doors.doc(
        summary="What became of an opinion",
        description="The receipt is in the body, so that no log on the way keeps it; twenty a minute.",
        responses=openapi.says(say, NOT_A_CODE, NO_SUCH_CODE, CANNOT_BE_READ),
    )
    def look_up(json_data: TypedReceipt) -> Status:
        return box.ask(json_data.receipt)

    @doors.post("/said")
    @doors.input(Word)
    @doors.output(Taken, 201)
    @doors.doc(
        summary="Answer what was asked, or say whether it is solved",
        description="Once to each of our words, with the ticket that `lookup` gave today. It is kept as an anonymous "
        "opinion is, also where the opinion has a name: tied to nobody.",
        responses=openapi.says(say, TOO_SHORT, TOO_LONG, HAS_CODE, NOT_A_VERDICT, NOT_ASKED, SAID_BEFORE, NOT_KEPT_YET),
    )
    def hear(json_data: Word) -> Taken:
        return box.hear(json_data)

    @doors.post("/pictures")
    @doors.output(Picture, 201)
    @doors.doc(
        summary="Hand a picture in, to send it with a named opinion",
        description="multipart/form-data with one file named `picture`. It is kept at once, and that tells a time: "
        "so none goes with an anonymous one.",
        responses=openapi.says(say, NOT_A_PICTURE),
        extensions=_one_file("picture", "image/*"),
    )
    def take_picture() -> Picture:
        return box.take_picture(_uploaded("picture", PICTURE_BYTES))

    @doors.post("/voices")
    @doors.output(Voice, 201)
    @doors.doc(
        summary="Hand a voice in, to send it with a named opinion",
        description="multipart/form-data with one file named `voice`: amr, mp3 or Speex in Ogg. It is kept as it was "
        "spoken, without what lies around the sound. Its time is told, so none goes with an anonymous one.",
        responses=openapi.says(say, NOT_A_VOICE),
        extensions=_one_file("voice", "audio/*"),
    )
    def take_voice() -> Voice:
        return box.take_voice(_uploaded("voice", VOICE_BYTES))

    return doors
