"""Objectives: the losses, and what a head learns from features alone."""

import pytest
import torch

from workflow_scripts.networks.blocks import torch_generator
from workflow_scripts.networks.objectives import OBJECTIVES

OPTIONS = {
    "loss": "softmax",
    "centred": True,
    "negatives": None,
    "temperature": 0.07,
    "bank_momentum": 0.5,
}
PUBLISHED = {"loss": "nce", "centred": False, "negatives": 16}


def make_head(n_inputs, labels, generator, **changes):
    settings = {"instance_recognition": {**OPTIONS, **changes}}
    return OBJECTIVES["instance_recognition"](n_inputs, labels, settings, generator)


@pytest.fixture
def bank():
    """Make a head of instance recognition for 20 images, and features of five of them."""

    def make(**changes):
        generator = torch_generator(3)
        head = make_head(12, torch.arange(20) % 3, generator, **changes)
        return head, torch.rand(5, 12, generator=generator), torch.tensor([4, 0, 19, 7, 2])

    return make


def length_1(vectors):
    return vectors / vectors.norm(dim=1, keepdim=True)


def test_noise_contrastive_loss_is_that_of_wu_et_al(bank):
    """Re-derived by loops, with the negatives that the head is going to draw."""
    head, features, indices = bank(**PUBLISHED)
    rows = head.bank.clone()
    drawn = torch.randint(20, (5, 16), generator=torch_generator(1))
    embedded = length_1(head.embedding(features))
    partition, chance = 20 * 2876934.2 / 1281167, 1 / 20
    expected = 0.0
    for v, index, negatives in zip(embedded, indices, drawn, strict=True):

        def posterior(row, v=v):
            density = torch.exp(v @ rows[row] / 0.07) / partition
            return density / (density + 16 * chance)

        expected -= torch.log(posterior(index))
        expected -= sum(torch.log(1 - posterior(row)) for row in negatives)
    loss = head(features, indices, torch_generator(1))
    torch.testing.assert_close(loss, expected / 5, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("negatives", [None, 16])
def test_softmax_is_over_the_image_and_all_or_some_others(bank, negatives):
    head, features, indices = bank(negatives=negatives)
    rows = head.bank.clone()
    drawn = torch.randint(20, (5, 16), generator=torch_generator(1))
    embedded = head.embedding(features)
    embedded = length_1(embedded - embedded.mean(0))
    expected = 0.0
    for v, index, others in zip(embedded, indices, drawn, strict=True):
        compared = rows if negatives is None else torch.cat([rows[index][None], rows[others]])
        expected -= torch.log(torch.exp(v @ rows[index] / 0.07))
        expected += torch.log(torch.exp(compared @ v / 0.07).sum())
    loss = head(features, indices, torch_generator(1))
    torch.testing.assert_close(loss, expected / 5, rtol=1e-4, atol=1e-4)


def test_rows_of_the_batch_move_half_way_to_its_embeddings(bank):
    head, features, indices = bank(centred=False)
    rows, embedded = head.bank.clone(), length_1(head.embedding(features))
    head(features, indices, torch_generator(1))
    torch.testing.assert_close(head.bank[indices], length_1(rows[indices] + embedded))
    others = [i for i in range(20) if i not in indices]
    assert torch.equal(head.bank[others], rows[others])


@pytest.mark.parametrize("changes", [{}, {"negatives": 16}, PUBLISHED])
def test_a_step_against_the_gradient_recognises_better(bank, changes):
    head, features, indices = bank(**changes)
    rows = head.bank.clone()
    losses = []
    for _ in range(2):
        head.bank.copy_(rows)
        loss = head(features, indices, torch_generator(1))
        losses.append(loss.item())
        head.zero_grad()
        loss.backward()
        with torch.no_grad():
            for parameter in head.parameters():
                parameter -= 1e-3 * parameter.grad
    assert losses[1] < losses[0]


def features_of_four_classes(mean):
    """Show images of four classes; larger nuisances are drawn each time that one is shown.

    `mean` is added to all features.
    """
    generator = torch_generator(5)
    labels = torch.arange(1024) % 4
    lasting = 2 * (torch.eye(4) - 1 / 4)[labels] + torch.randn(1024, 4, generator=generator) / 2

    def show(rows):
        nuisance = 3 * torch.randn(len(rows), 12, generator=generator)
        return torch.cat([lasting[rows], nuisance], 1) + mean

    return labels, show, generator


def trained(learning_rate, mean, **changes):
    """What held-out images show of a head after 15 epochs, and the mean loss of each epoch."""
    labels, show, generator = features_of_four_classes(mean)
    head = make_head(16, labels, generator, **changes)
    optimiser = torch.optim.SGD(head.parameters(), lr=learning_rate, momentum=0.9)
    losses = []
    for _ in range(15):
        losses.append(0.0)
        for rows in torch.randperm(1024, generator=generator).split(16):
            optimiser.zero_grad()
            loss = head(show(rows), rows, generator)
            loss.backward()
            optimiser.step()
            losses[-1] += loss.item() / 64
    head.eval()
    return head.validate(show(torch.arange(1024)), labels), losses


@pytest.mark.parametrize(("mean", "negatives"), [(0, 64), (3, None)])
def test_instance_recognition_learns_what_lasts_of_an_image(mean, negatives):
    before, _ = trained(0, mean, negatives=negatives)
    after, losses = trained(0.01, mean, negatives=negatives)
    assert after.accuracy > before.accuracy + 0.15
    assert losses[-1] < losses[4] < losses[1]
    assert abs(after.mean_cosine) < 0.2


def test_the_published_form_learns_only_where_features_have_no_mean():
    before, _ = trained(0, mean=0, **PUBLISHED)
    assert trained(0.01, mean=0, **PUBLISHED)[0].accuracy > before.accuracy + 0.15
    gathered, _ = trained(0.01, mean=3, **PUBLISHED)
    assert gathered.accuracy < 0.4  # chance is 1/4
    assert gathered.mean_cosine > 0.3


def test_the_spread_of_embeddings_is_that_of_all_pairs(bank):
    head, _, _ = bank(centred=False)
    features = torch.rand(40, 12, generator=torch_generator(4))
    found = head.validate(features, torch.zeros(40))
    embedded = length_1(head.embedding(features)).detach()
    cosines = embedded @ embedded.T
    pairs = ~torch.eye(40, dtype=torch.bool)
    assert found.mean_cosine == pytest.approx(cosines[pairs].mean().item(), rel=1e-4)
    eigenvalues = torch.linalg.eigvalsh(torch.cov(embedded.T))
    expected = eigenvalues.sum() ** 2 / (eigenvalues**2).sum()
    assert found.dimensions == pytest.approx(expected.item(), rel=1e-3)
