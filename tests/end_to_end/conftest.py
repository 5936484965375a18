"""One running program for all the tests that leave it as they found it."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.running import Program, a_program


@pytest.fixture(scope="package")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The whole program, ready; it must end as cleanly as it began."""
    with a_program(tmp_path_factory.mktemp("program")) as program:
        program.start()
        yield program
        program.stop()
