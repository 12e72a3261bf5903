"""Changed training rows against the formulas that say how, and against what they are for."""

import copy

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from uncertainty.components import MLP, Dropout
from uncertainty.components.pointwise import pointwise
from uncertainty.heads import Bernoulli, Categorical, Gaussian
from uncertainty.training import Augmentation, Rows, TrainingData
from uncertainty.training.batches import BatchStream

N_MEMBERS, N_ROWS, N_INPUTS = 3, 400, 4


def generators(n_members=N_MEMBERS):
    return [np.random.default_rng((7, m)) for m in range(n_members)]


def block(n_members=N_MEMBERS, *, weighted=False, n_rows=N_ROWS, dtype=torch.float64):
    """Gathered rows [M, n, ...], each member's its own."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(n_members, n_rows, N_INPUTS)), rng.normal(size=(n_members, n_rows, 1))
    weight = rng.uniform(0.2, 1.8, (n_members, n_rows))
    tensors = [torch.tensor(a, dtype=dtype) for a in (x, y, weight)]
    return Rows(*tensors[:2], tensors[2] if weighted else None)


def augmented(spec, rows, head=None, means=None):
    head = Gaussian().build(1) if head is None else head
    means = torch.zeros(N_INPUTS, dtype=rows.x.dtype) if means is None else means
    return spec.build(head, means, generators(len(rows.x))).augment(copy.deepcopy(rows))


def shares_of(made, rows):
    """The share s and partner j of each row of one member for which made = s row + (1 - s) row j, by search."""
    x, mixed = rows.x[0].numpy(), made.x[0].numpy()
    found = []
    for i in range(len(x)):
        direction = x - x[i]  # to each possible partner
        length = np.maximum((direction**2).sum(axis=1), 1e-30)
        towards = (direction * (mixed[i] - x[i])).sum(axis=1) / length
        error = np.abs(x[i] + towards[:, None] * direction - mixed[i]).max(axis=1)
        j = int(np.argmin(error))
        assert error[j] < 1e-12
        found.append((1.0 - towards[j], j))
    share, partner = (np.array(a) for a in zip(*found, strict=True))
    return share, partner


def test_mixup_mixes_inputs_targets_and_weights_of_two_rows():
    rows = block(weighted=True)
    made = augmented(Augmentation(mixup=0.7), rows)
    share, partner = shares_of(made, rows)
    own = partner == np.arange(N_ROWS)  # its own partner: the share cannot be told, and changes nothing
    assert own.sum() < 10
    assert sorted(partner[~own]) == sorted(set(partner[~own]))  # a permutation
    y, weight = rows.y[0, :, 0].numpy(), rows.weight[0].numpy()
    assert_allclose(made.y[0, :, 0].numpy(), share * y + (1 - share) * y[partner], atol=1e-12)
    assert_allclose(made.weight[0].numpy(), weight * weight[partner], rtol=1e-12)
    assert stats.kstest(share[~own], stats.beta(0.7, 0.7).cdf).pvalue > 1e-3


def test_row_weights_multiply_so_that_a_weight_is_a_repetition():
    # Zhang et al. (2018), eq. 2, is a mean over pairs of rows; of a repeated table, over pairs weighted by products.
    rng = np.random.default_rng(1)
    x, weight = rng.normal(size=6), rng.integers(1, 4, 6).astype(float)
    repeated = np.repeat(x, weight.astype(int))

    def vicinal_loss(x, weight, n_blocks=4000):
        rows = Rows(
            torch.tensor(x)[None, :, None].repeat(n_blocks, 1, N_INPUTS),
            torch.tensor(x)[None, :, None].repeat(n_blocks, 1, 1),
            torch.tensor(weight / weight.mean()).repeat(n_blocks, 1),
        )
        made = augmented(Augmentation(mixup=1.0), rows)
        losses = (made.weight * made.y[..., 0] ** 2).mean(dim=1).numpy()
        return losses.mean(), losses.std() / np.sqrt(n_blocks)

    weighted, error_1 = vicinal_loss(x, weight)
    plain, error_2 = vicinal_loss(repeated, np.ones(len(repeated)))
    assert abs(weighted - plain) < 4 * np.hypot(error_1, error_2)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_mixup_of_classes_gives_the_shares_of_the_classes(n_classes):
    rows = block()
    codes = torch.randint(n_classes, rows.y.shape, generator=torch.Generator().manual_seed(0)).double()
    rows = Rows(rows.x, codes)
    made = augmented(Augmentation(mixup=0.5), rows, Categorical().build(1, n_classes))
    assert made.y.shape == (N_MEMBERS, N_ROWS, n_classes)
    share, partner = shares_of(made, rows)
    one_hot = np.eye(n_classes)[codes[0, :, 0].long().numpy()]
    assert_allclose(made.y[0].numpy(), share[:, None] * one_hot + (1 - share[:, None]) * one_hot[partner], atol=1e-12)
    if n_classes == 2:
        by_one_logit = augmented(Augmentation(mixup=0.5), rows, Bernoulli().build(1))
        assert_allclose(by_one_logit.y[..., 0], made.y[..., 1], atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_noise_is_normal_with_the_standard_deviation_asked_for(dtype):
    rows = block(dtype=dtype)
    made = augmented(Augmentation(input_noise=0.3, target_noise=0.02), rows)
    for before, after, std in ((rows.x, made.x, 0.3), (rows.y, made.y, 0.02)):
        noise = (after - before).numpy().ravel()
        assert stats.kstest(noise, stats.norm(scale=std).cdf).pvalue > 1e-3
    apart = augmented(Augmentation(input_noise=0.3), rows)
    assert torch.equal(apart.y, rows.y)
    assert torch.equal(apart.x, made.x)


def test_cutout_puts_the_mean_in_the_place_of_some_entries():
    rows, means = block(), torch.tensor([0.0, 5.0, -3.0, 1.5], dtype=torch.float64)
    made = augmented(Augmentation(cutout=0.2, input_noise=0.0), rows, means=means)
    cut = made.x == means
    assert torch.equal(torch.where(cut, rows.x, made.x), rows.x)
    share, error = cut.double().mean(dim=(0, 1)).numpy(), np.sqrt(0.2 * 0.8 / (N_MEMBERS * N_ROWS))
    assert np.abs(share - 0.2).max() < 4 * error
    noisy = augmented(Augmentation(cutout=0.2, input_noise=0.5), rows, means=means)
    assert (noisy.x == means).double().mean() == pytest.approx(0.2, abs=4 * error)  # and no noise on top


EVERYTHING = Augmentation(mixup=0.5, input_noise=0.1, target_noise=0.1, cutout=0.1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n_rows", [N_ROWS, 13])
def test_members_draw_from_their_own_generators(dtype, n_rows):
    five, three = (block(5, weighted=True, n_rows=n_rows, dtype=dtype) for _ in range(2))
    three = three.select(torch.arange(3))
    whole, part = augmented(EVERYTHING, five), augmented(EVERYTHING, three)
    for a, b in ((whole.x, part.x), (whole.y, part.y), (whole.weight, part.weight)):
        assert torch.equal(a[:3], b)
        assert not torch.equal(a[0], a[1])


def stream(augmentation, n_members=4, *, dropout=0.0, n_rows=20):
    number = torch.arange(n_rows, dtype=torch.float32)
    rows = Rows(number[:, None].repeat(1, 2), number[:, None], None)
    index = torch.arange(n_rows).repeat(n_members, 1)
    sources = [[np.random.default_rng((m, purpose)) for m in range(n_members)] for purpose in range(3)]
    augmenter = augmentation.build(Gaussian().build(1), torch.zeros(2), sources[2])
    return BatchStream(
        TrainingData(rows, index),
        MLP(2, (6,), 2, pointwise("relu"), None, Dropout(dropout).build(1)),
        6,
        shuffle=sources[0],
        dropout=sources[1],
        augmenter=augmenter,
    )


def test_members_that_stay_keep_their_random_numbers():
    whole, selected = stream(EVERYTHING), stream(EVERYTHING)
    part = stream(EVERYTHING).part(slice(1, 4))
    for epochs in (whole, selected, part):
        assert len(list(epochs.epoch())) == 4
    selected.select(torch.tensor([1, 3]))
    for a, b, c in zip(whole.epoch(), selected.epoch(), part.epoch(), strict=True):
        assert torch.equal(a.x[[1, 3]], b.x)
        assert torch.equal(a.y[[1, 3]], b.y)
        assert torch.equal(a.x[1:], c.x)


def test_rows_change_anew_in_every_epoch_and_stay_what_they_are_in_the_table():
    batches = stream(Augmentation(input_noise=0.1))
    before = batches.rows.x.clone()
    first, second = (torch.cat([b.x for b in copy.deepcopy(list(batches.epoch()))], 1) for _ in range(2))
    assert not set(first.flatten().tolist()) & set(second.flatten().tolist())
    assert torch.equal(batches.rows.x, before)


def test_nothing_asked_for_costs_nothing_and_changes_no_bit(fit):
    assert stream(Augmentation()).augmenter is None
    plain, none = fit(range(2), dropout=0.3), fit(range(2), dropout=0.3, augmentation=Augmentation())
    assert_array_equal(none.values, plain.values)
    some = fit(range(2), dropout=0.3, augmentation=Augmentation(input_noise=0.1))
    assert (some.values != plain.values).any()


def test_input_noise_is_the_ridge_penalty_of_a_linear_model():
    # Bishop (1995): the expected squared error on noisy inputs is that on the inputs plus std^2 |w|^2.
    rng = np.random.default_rng(2)
    w, std = rng.normal(size=N_INPUTS), 0.4
    rows = block(200, n_rows=300)
    made = augmented(Augmentation(input_noise=std), rows)

    def losses(x):
        return ((x.numpy() @ w - rows.y[..., 0].numpy()) ** 2).mean(axis=1)

    excess = losses(made.x) - losses(rows.x)  # of each of 200 members
    error = excess.std() / np.sqrt(len(excess))
    assert error < 0.03 * std**2 * (w**2).sum()
    assert abs(excess.mean() - std**2 * (w**2).sum()) < 4 * error


@pytest.mark.parametrize(
    ("argument", "value", "error", "words"),
    [
        ("mixup", -0.1, ValueError, "mixup must be at least 0"),
        ("input_noise", "much", TypeError, "input_noise must be a number"),
        ("target_noise", -1.0, ValueError, "target_noise must be at least 0"),
        ("cutout", 1.0, ValueError, "cutout must be at least 0 and less than 1, got 1.0"),
    ],
)
def test_bad_amounts_are_refused_when_built(argument, value, error, words):
    with pytest.raises(error, match=words):
        Augmentation(**{argument: value}).build(Gaussian().build(1), torch.zeros(2), generators())


@pytest.mark.parametrize("head", [Categorical().build(1, 3), Bernoulli().build(2)], ids=lambda h: type(h).__name__)
def test_classes_have_no_target_noise(head):
    with pytest.raises(ValueError, match=r"target_noise must be 0 for classes, got 0\.1.*label_smoothing"):
        Augmentation(target_noise=0.1).build(head, torch.zeros(2), generators())
