"""Objectives: the published loss, and what a head learns from features alone."""

import pytest
import torch

from workflow_scripts.networks.blocks import torch_generator
from workflow_scripts.networks.objectives import OBJECTIVES

SETTINGS = {
    "negatives": 16,
    "temperature": 0.07,
    "bank_momentum": 0.5,
    "embedding_batchnorm": False,
}


@pytest.fixture
def bank():
    """Head of instance recognition for 20 images, and features of five of them."""
    generator = torch_generator(3)
    head = OBJECTIVES["instance_recognition"](12, torch.arange(20) % 3, SETTINGS, generator)
    features = torch.rand(5, 12, generator=generator)
    return head, features, torch.tensor([4, 0, 19, 7, 2])


def test_noise_contrastive_loss_is_that_of_wu_et_al(bank):
    """Re-derived by loops, with the negatives that the head is going to draw."""
    head, features, indices = bank
    rows = head.bank.clone()
    drawn = torch.randint(20, (5, 16), generator=torch_generator(1))
    embedded = head.embedding(features)
    embedded = embedded / embedded.norm(dim=1, keepdim=True)
    partition, chance = 20 * 2876934.2 / 1281167, 1 / 20
    expected = 0.0
    for v, index, negatives in zip(embedded, indices, drawn, strict=True):

        def posterior(row, v=v):
            density = torch.exp(v @ rows[row] / 0.07) / partition
            return density / (density + 16 * chance)

        expected -= torch.log(posterior(index))
        expected -= sum(torch.log(1 - posterior(row)) for row in negatives)
    torch.testing.assert_close(
        head(features, indices, torch_generator(1)), expected / 5, rtol=1e-4, atol=1e-4
    )
    moved = rows[indices] + embedded
    torch.testing.assert_close(head.bank[indices], moved / moved.norm(dim=1, keepdim=True))
    others = [i for i in range(20) if i not in indices]
    assert torch.equal(head.bank[others], rows[others])


def test_a_step_against_the_gradient_recognises_better(bank):
    head, features, indices = bank
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


def nearest_row_accuracy(learning_rate, mean, **changes):
    """Accuracy of a head after 15 epochs on the features of images of four classes.

    Every time that an image is shown, larger nuisances are drawn for it. `mean` is added to all
    features.
    """
    generator = torch_generator(5)
    labels = torch.arange(1024) % 4
    lasting = 2 * (torch.eye(4) - 1 / 4)[labels] + torch.randn(1024, 4, generator=generator) / 2

    def shown(rows):
        nuisance = 3 * torch.randn(len(rows), 12, generator=generator)
        return torch.cat([lasting[rows], nuisance], 1) + mean

    head = OBJECTIVES["instance_recognition"](16, labels, {**SETTINGS, **changes}, generator)
    optimiser = torch.optim.SGD(head.parameters(), lr=learning_rate, momentum=0.9)
    for _ in range(15):
        for rows in torch.randperm(1024, generator=generator).split(16):
            optimiser.zero_grad()
            head(shown(rows), rows, generator).backward()
            optimiser.step()
    head.eval()
    return head.accuracy(shown(torch.arange(1024)), labels)


@pytest.mark.parametrize(("mean", "batchnorm"), [(0, False), (0, True), (3, True)])
def test_instance_recognition_learns_what_lasts_of_an_image(mean, batchnorm):
    untrained, trained = (
        nearest_row_accuracy(rate, mean, embedding_batchnorm=batchnorm) for rate in (0, 0.01)
    )
    assert trained > untrained + 0.15


def test_a_mean_of_all_features_is_why_embeddings_are_normalised_over_the_batch():
    assert nearest_row_accuracy(0.01, mean=3) < nearest_row_accuracy(0, mean=3)
