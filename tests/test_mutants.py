"""The tests notice mistakes in the code that computes numbers."""

from pathlib import Path

import pytest

from mutants import MUTANTS, ROOT, Mutant, failing_test


def test_the_originals_are_in_the_code():
    for mutant in MUTANTS:
        assert (ROOT / "src/bdnet" / mutant.file).read_text().count(mutant.original) == 1, mutant
        assert (ROOT / "tests" / mutant.tests).is_file(), mutant
    assert len(set(MUTANTS)) == len(MUTANTS) >= 40


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.file}-{mutant.mistake}")
def test_a_mistake_is_noticed(mutant: Mutant, tmp_path: Path):
    assert failing_test(mutant, tmp_path), f"{mutant}: no test of {mutant.tests} fails"
