"""The noise correction finds the correlation that there would be without noise."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from workflow_scripts.alignment.noise_ceiling import NoiseCorrection, ceiling_per_unit, halves
from workflow_scripts.alignment.score_cells import score_cells
from workflow_scripts.alignment.scoring import pearson_per_unit
from workflow_scripts.brains.reliability import half_means
from workflow_scripts.common.profile import Pool, Profile, Trials
from workflow_scripts.common.random_streams import generator

N_STIMULI, N_TRIALS = 300, 20
SPLITS = [(np.arange(240), np.arange(240, 300)), (np.arange(60, 300), np.arange(60))]


def noisy(signal, subject, sd, seed):
    """A subject whose trials are a signal and independent noise."""
    random = np.random.default_rng(seed)
    shape = (len(signal), N_TRIALS, signal.shape[1])
    trials = signal[:, None] + sd * random.standard_normal(shape)
    return Profile(subject, "VISp", trials.mean(axis=1), (Trials(subject, trials),))


def correct(cells, method="ridge_post", n_halves=4, seed=0):
    return score_cells(
        method, {}, cells, SPLITS, 1, noise_correction=NoiseCorrection(n_halves, seed)
    )


@pytest.fixture(scope="module")
def signals():
    """What 20 source and 12 target units respond without noise; six targets are half unrelated."""
    random = np.random.default_rng(0)
    source = random.standard_normal((N_STIMULI, 20))
    target = source @ random.standard_normal((20, 12)) / np.sqrt(20)
    target[:, :6] += random.standard_normal((N_STIMULI, 6))
    return source, target


def test_the_noise_of_trials_is_taken_out(signals):
    """From a network, whose responses have no noise, and from subjects whose responses do."""
    source, target = signals
    subject = noisy(target, "target", 3.0, 1)
    network = Profile("network", "conv1", source)
    pooled = Pool([noisy(source[:, :10], "a", 1.0, 2), noisy(source[:, 10:], "b", 1.0, 3)], "VISp")
    clean = correct([(network, Profile("t", "VISp", target))])
    np.testing.assert_allclose(clean["correlation_ceiling"], 1)
    without_noise = clean["correlation"].values[0]
    noise = correct([(network, subject), (pooled, subject)])
    measured, corrected = noise["correlation"].values, noise["correlation_corrected"].values
    assert (measured < without_noise).all() and np.mean(measured - without_noise) < -0.1
    # The source explains the last six units wholly, and half of the variance of the first six.
    np.testing.assert_allclose(corrected.mean(axis=0)[6:], 1, atol=0.1)
    np.testing.assert_allclose(corrected.mean(axis=0)[:6], without_noise[:6], atol=0.15)
    assert abs(np.mean(corrected - without_noise)) < 0.03
    ceiling = noise["correlation_ceiling"].values
    np.testing.assert_allclose(ceiling * corrected, measured, rtol=0.05)


def test_correlation_and_ceiling_are_those_of_the_definition(signals):
    """One half of one split by scikit-learn and loops over units."""
    source, target = (noisy(s, name, 2.0, 4) for s, name in zip(signals, "st", strict=True))
    split = SPLITS[:1]
    result = score_cells(
        "ridge_post",
        {"alphas": [10.0]},
        [(source, target)],
        split,
        1,
        noise_correction=NoiseCorrection(1, 7),
    )
    (train, test), halves = split[0], {}
    for profile in (source, target):
        random = generator(7, "noise_correction", profile.subject, 0)
        halves[profile.subject] = half_means(profile.trials[0].responses, random)

    def standardised(x):
        z = (x - x[train].mean(axis=0)) / x[train].std(axis=0)
        return np.clip(z, z[train].min(axis=0) - 1, z[train].max(axis=0) + 1)

    def predict(X, Y):
        return (
            RidgeCV(alphas=[10.0])
            .fit(standardised(X)[train], Y[train])
            .predict(standardised(X)[test])
        )

    full = predict(source.values, target.values)
    first, second = (predict(halves["s"][i], halves["t"][i]) for i in range(2))
    for unit in range(12):
        r = np.corrcoef(full[:, unit], target.values[test, unit])[0, 1]
        among_predictions = np.corrcoef(first[:, unit], second[:, unit])[0, 1]
        among_responses = np.corrcoef(*(half[test, unit] for half in halves["t"]))[0, 1]
        ceiling = np.sqrt(
            2
            * among_predictions
            / (1 + among_predictions)
            * 2
            * among_responses
            / (1 + among_responses)
        )
        found = {name: result[name].values[0, unit] for name in result if "correlation" in name}
        assert found["correlation"] == pytest.approx(r)
        assert found["correlation_ceiling"] == pytest.approx(ceiling)
        assert found["correlation_corrected"] == pytest.approx(r / ceiling)


def test_the_score_is_the_same_with_and_without_a_correction(signals):
    source, target = (noisy(s, name, 2.0, 4) for s, name in zip(signals, "st", strict=True))
    plain = score_cells("linear_nonlinear", {}, [(source, target)], SPLITS, 1)
    corrected = correct([(source, target)], "linear_nonlinear", n_halves=1)
    np.testing.assert_array_equal(plain["unit_score"], corrected["unit_score"])


def test_halves_go_by_the_name_of_the_subject_and_the_seed(signals):
    source, target = (noisy(s, name, 2.0, 4) for s, name in zip(signals, "st", strict=True))
    one = correct([(source, target)])
    alone = correct(
        [
            (
                source,
                Profile(
                    "t",
                    "VISl",
                    target.values[:, :5],
                    (Trials("t", target.trials[0].responses[..., :5]),),
                ),
            )
        ]
    )
    name = "correlation_corrected"
    np.testing.assert_allclose(one[name][:, :5], alone[name], rtol=1e-9)
    assert not np.allclose(one[name], correct([(source, target)], seed=1)[name])


def test_a_geometry_has_no_correlations(signals):
    source, target = (noisy(s, name, 2.0, 4) for s, name in zip(signals, "st", strict=True))
    assert "correlation" not in correct([(source, target)], "rsa")


def test_responses_of_pure_noise_have_no_ceiling():
    random = np.random.default_rng(0)
    r = np.array([0.5, -0.1, 0.0])
    first = random.standard_normal((5000, 3))
    second = r * first + np.sqrt(1 - r**2) * random.standard_normal((5000, 3))
    second[:, 2] = 1
    ceiling = ceiling_per_unit((first, first), (first, second))
    assert ceiling[0] == pytest.approx(np.sqrt(2 / 3), abs=0.02)
    assert np.isnan(ceiling[1:]).all()
    np.testing.assert_allclose(
        pearson_per_unit(first, second)[:2],
        [np.corrcoef(first[:, i], second[:, i])[0, 1] for i in range(2)],
    )


def test_a_profile_without_trials_is_twice_its_own_half():
    profile = Profile("network", "conv1", np.eye(3))
    assert all(half is profile.values for half in halves(profile, seed=0, number=0))


def test_halves_are_of_the_valid_trials_of_each_unit():
    trials = np.arange(2 * 5 * 3, dtype=float).reshape(2, 5, 3)
    trials[0, 1, 2] = np.nan
    first, second = half_means(trials, np.random.default_rng(0))
    for stimulus in range(2):
        for unit in range(3):
            valid = trials[stimulus, :, unit][np.isfinite(trials[stimulus, :, unit])]
            n = len(valid)
            total = n // 2 * first[stimulus, unit] + (n - n // 2) * second[stimulus, unit]
            assert total == pytest.approx(valid.sum())
    # Units with the same valid trials are halved alike; they differ by a constant here.
    np.testing.assert_allclose(first[:, 1] - first[:, 0], 1)
