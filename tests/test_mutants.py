"""Whether the tests notice when the code that numbers come from is broken."""

from pathlib import Path

import pytest

from mutants import MUTANTS, ROOT, Mutant, fails


def test_the_list_is_of_code_that_is_there():
    for mutant in MUTANTS:
        assert (ROOT / "src/bdnet" / mutant.file).read_text().count(mutant.found) == 1, mutant
        assert (ROOT / "tests" / mutant.tests).is_file(), mutant
    assert len(set(MUTANTS)) == len(MUTANTS) >= 40


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: f"{each.file}-{each.slip}")
def test_a_slip_is_noticed(mutant: Mutant, tmp_path: Path):
    assert fails(mutant, tmp_path), f"{mutant}: no test of {mutant.tests} fails"
