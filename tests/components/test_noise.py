"""Random numbers of layers: their distribution, whose they are, and where they lie. Masks: see test_dropout."""

import numpy as np
import pytest
import torch
from scipy import stats

from uncertainty.components.layer import Scratch
from uncertainty.components.noise import KeptEntries, Mask, Uniform, random_words

SOURCES = {
    "rows": Mask(0.3, (5,)),
    "batches": Mask(0.3, (4, 5), per_row=False),
    "uniform": Uniform(-0.5, 2.0, (5,)),
}


def generators(n_members, first=0):
    return [np.random.Generator(np.random.SFC64(m)) for m in range(first, first + n_members)]


def test_words_are_uniform_over_sixteen_bits():
    words = random_words(generators(1)[0], 100_001)
    assert words.dtype == np.uint16
    assert len(words) == 100_001
    counts = np.bincount(words >> 8, minlength=256)
    assert stats.chisquare(counts).pvalue > 0.001
    assert stats.chisquare(np.bincount(words & 255, minlength=256)).pvalue > 0.001


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_uniform_numbers_leave_out_both_ends(dtype):
    class EveryWord:
        """Yields all words in order."""

        def random_raw(self, n):
            return np.arange(1 << 16, dtype=np.uint16).view(np.uint64)[:n]

    class Source:
        bit_generator = EveryWord()

    drawn = Uniform(0.0, 1.0, (1 << 16,)).draw([Source()], 1, dtype=dtype)[0, 0]
    np.testing.assert_array_equal(drawn.double().numpy(), (np.arange(1 << 16) + 0.5) / (1 << 16))
    assert torch.isfinite(torch.logit(drawn)).all()  # what concrete dropout makes of them


def test_uniform_numbers_have_the_distribution():
    drawn = SOURCES["uniform"].draw(generators(2), 5000, dtype=torch.float64)
    assert stats.kstest(drawn.flatten(), stats.uniform(-0.5, 2.5).cdf).pvalue > 0.01


@pytest.mark.parametrize("name", SOURCES)
def test_a_members_numbers_depend_on_its_generator_alone(name):
    source = SOURCES[name]
    whole = source.draw(generators(10), 7, dtype=torch.float32)
    assert whole.shape == (10, 7, *source.shape)
    assert torch.equal(source.draw(generators(5), 7, dtype=torch.float32), whole[:5])
    assert torch.equal(source.draw(generators(1, first=7), 7, dtype=torch.float32), whole[7:8])
    assert not torch.equal(whole[0], whole[1])


@pytest.mark.parametrize("name", SOURCES)
def test_scratch_memory_holds_the_same_numbers(name):
    source = SOURCES[name]
    scratch = Scratch(torch.empty(0), first_member=3)
    first, second = generators(4), generators(4)
    for n in (3, 9, 2, 9):  # blocks of an epoch differ in size
        found = source.draw(first, n, dtype=torch.float32, scratch=scratch)
        assert found.data_ptr() == scratch(*found.shape).data_ptr()
        assert torch.equal(found, source.draw(second, n, dtype=torch.float32))


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.999])
def test_kept_entries_are_the_mask_in_a_byte_each(rate):
    mask = Mask(rate, (6, 5)).draw(generators(3), 1, dtype=torch.float64)[:, 0]
    entries = KeptEntries.of(mask)
    assert torch.equal(entries.mask(), mask)
    assert entries.kept.nbytes == mask.numel()


def test_a_mask_that_keeps_nothing_is_kept():
    nothing = torch.zeros(2, 3).double()
    assert torch.equal(KeptEntries.of(nothing).mask(), nothing)
