"""Whether digests quote word by word: what they give as official stands in the text that they name."""

from collections.abc import Iterator

from content import files
from content.agreement import Check, Clash, Pack
from content.files import Original, Searchable

FOLDER, SUFFIX = "originals/", ".txt"
SHOWN = 40  # characters of a quotation that isn't there


def _what_is_quoted_stands_in_the_original(pack: Pack) -> Iterator[Clash]:
    originals = {file.removeprefix(FOLDER).removesuffix(SUFFIX): made.bare for file, made in pack.every(Original)}
    for file, made in pack.every(Searchable):
        name = made.digest.original
        if name and name not in originals:
            yield Clash(file, "original_unknown", {"said": name}, ("original",))
        for each in made.quoted if name in originals else ():
            if files.bare(each.words) not in originals[name]:
                yield Clash(file, "quotation", {"said": each.words[:SHOWN], "original": name}, line=each.line)


CHECKS: tuple[Check, ...] = (_what_is_quoted_stands_in_the_original,)
