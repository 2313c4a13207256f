"""Scores without stimuli, without subjects and inside the training stimuli, by direct fits."""

import numpy as np
import pytest

from workflow_scripts.alignment.cells import pooled_cells, subject_groups
from workflow_scripts.alignment.method import make_estimator
from workflow_scripts.alignment.score_cells import score_cells
from workflow_scripts.alignment.scoring import r2_per_unit, r2_without_groups
from workflow_scripts.common.profile import POOL, Pool, Profile

N_STIMULI, N_UNITS = 40, 6
GROUPS = np.arange(N_STIMULI) % 5
SPLITS = [
    (np.arange(0, 30), np.arange(30, 40)),
    (np.arange(10, 40), np.arange(0, 10)),
]
INNER = [(train[:20], train[20:]) for train, _ in SPLITS]
SINGLE = 1e-5
"""Tolerance of numbers that are stored in single precision."""


def subjects(n=4):
    """Areas of subjects that read out the same signals, with noise of their own."""
    random = np.random.default_rng(0)
    signals = random.normal(size=(N_STIMULI, 3))
    return [
        {
            area: Profile(
                f"mouse_{number}",
                area,
                np.exp(
                    signals @ random.normal(size=(3, N_UNITS)) / 2
                    + 0.1 * random.normal(size=(N_STIMULI, N_UNITS))
                ),
            )
            for area in ("V1", "V2")
        }
        for number in range(n)
    ]


def fitted(method, source, target, train, test):
    """R2 of each unit of the target on the test stimuli."""
    estimator = make_estimator(method, {}).fit(source.values[train], target.values[train])
    return r2_per_unit(target.values[test], estimator.predict(source.values[test]))


@pytest.mark.parametrize("method", ["ridge_post", "soft_matching", "linear_softplus"])
def test_without_stimuli_the_fits_are_kept(method):
    source, target = subjects()[0]["V1"], subjects()[1]["V1"]
    found = score_cells(method, {}, [(source, target)], SPLITS, 1, groups=GROUPS)
    estimators = [
        make_estimator(method, {}).fit(source.values[train], target.values[train])
        for train, _ in SPLITS
    ]
    for group in range(5):
        by_split = [
            r2_without_groups(
                target.values[test], estimator.predict(source.values[test]), GROUPS[test], 5
            )[group]
            for estimator, (_, test) in zip(estimators, SPLITS, strict=True)
        ]
        of_units = np.mean(by_split, axis=0)
        for name, expected in (
            ("score", np.median(of_units)),
            ("score_mean", np.maximum(of_units, -1).mean()),
        ):
            value = found[f"{name}_without_stimuli"].values[0, group]
            assert value == pytest.approx(expected, rel=SINGLE)
        np.testing.assert_allclose(
            found["split_score_without_stimuli"].values[0, :, group],
            np.median(by_split, axis=1),
            rtol=SINGLE,
        )


def test_without_stimuli_a_geometry_is_compared_on_the_others():
    profiles = [areas["V1"] for areas in subjects()]
    cells = [(profiles[0], profiles[1]), (profiles[2], profiles[3])]
    found = score_cells("rsa", {}, cells, SPLITS, 1, groups=GROUPS)
    for group in range(5):
        kept = group != GROUPS
        fewer = [
            tuple(Profile(one.subject, one.part, one.values[kept]) for one in cell)
            for cell in cells
        ]
        expected = score_cells("rsa", {}, fewer, SPLITS, 1)["split_score"].values[:, 0]
        np.testing.assert_allclose(
            found["score_without_stimuli"].values[:, group], expected, rtol=SINGLE
        )


@pytest.mark.parametrize("method", ["ridge_post", "soft_matching", "rsa"])
def test_without_a_subject_the_pool_is_that_of_the_others(method):
    animals = subjects()
    groups = subject_groups(animals)
    assert groups == [["mouse_0"], ["mouse_1"], ["mouse_2"], ["mouse_3"]]
    cells = pooled_cells(animals, "V1")
    found = score_cells(method, {}, cells, SPLITS, 1, subject_groups=groups)
    for group, names in enumerate(groups):
        others = [areas for areas in animals if areas["V1"].subject not in names]
        expected = score_cells(method, {}, pooled_cells(others, "V1"), SPLITS, 1)
        is_left = ~found["target_subject"].isin(names).values
        np.testing.assert_allclose(
            found["score_without_subjects"].values[is_left, group],
            expected["unit_score"].median("target_unit").values,
            rtol=1e-4,
        )


def test_a_pool_of_one_has_no_score_without_it():
    one, other = subjects(2)
    cells = pooled_cells([one, other], "V1")
    found = score_cells(
        *("ridge_post", {}, cells, SPLITS, 1), subject_groups=subject_groups([one, other])
    )
    for group, name in enumerate(("mouse_0", "mouse_1")):
        is_left = found["target_subject"] != name
        assert np.isnan(found["score_without_subjects"][is_left, group]).all()
    assert (found["verdict"] == "ok").all()


def test_a_subject_without_units_in_the_area_changes_no_pool():
    animals = subjects()
    empty = animals[0]["V1"]
    animals[0] = {**animals[0], "V1": Profile(empty.subject, "V1", empty.values[:, :0])}
    for method in ("linear_softplus", "rsa"):
        found = score_cells(
            *(method, {}, pooled_cells(animals, "V1"), SPLITS, 1),
            subject_groups=subject_groups(animals),
        )
        is_left = (found["target_subject"] != "mouse_0") & (found["verdict"] == "ok")
        assert is_left.sum() == 6
        np.testing.assert_allclose(
            found["score_without_subjects"].values[is_left, 0],
            found["unit_score"].median("target_unit").values[is_left],
            rtol=SINGLE,
        )


def test_pools_of_another_brain_are_kept():
    animals = subjects()
    source = Pool([areas["V1"] for areas in animals], "V1", "other_brain")
    target = Profile("cat_0", "V1", animals[0]["V2"].values)
    for pool, changes in ((source, False), (Pool(source.members, "V1", POOL), True)):
        found = score_cells(
            *("ridge_post", {}, [(pool, target)], SPLITS, 1),
            subject_groups=subject_groups(animals),
        )
        assert np.isfinite(found["score_without_subjects"]).all() == changes


def test_a_geometry_has_no_score_without_all_of_its_test_stimuli():
    source, target = subjects()[0]["V1"], subjects()[1]["V1"]
    groups = np.where(np.arange(N_STIMULI) >= 30, 1, 0)
    found = score_cells("rsa", {}, [(source, target)], SPLITS, 1, groups=groups, inner=INNER)
    assert np.isnan(found["split_score_without_stimuli"].values[0, 0, 1])
    assert np.isfinite(found["split_score_without_stimuli"].values[0, 1, 1])


@pytest.mark.parametrize("method", ["ridge_post", "soft_matching"])
def test_choices_are_made_by_a_fit_to_a_part_of_the_training_stimuli(method):
    source, target = subjects()[0]["V1"], subjects()[1]["V1"]
    found = score_cells(method, {}, [(source, target)], SPLITS, 1, inner=INNER)
    expected = [np.median(fitted(method, source, target, *inside)) for inside in INNER]
    np.testing.assert_allclose(found["selection_score"].values[0], expected)


def test_a_geometry_is_chosen_by_its_training_stimuli_and_judged_by_the_others():
    source, target = subjects()[0]["V1"], subjects()[1]["V1"]
    found = score_cells("rsa", {}, [(source, target)], SPLITS, 1, inner=INNER)
    for number, parts in enumerate(SPLITS):
        for name, stimuli in zip(("selection_score", "split_score"), parts, strict=True):
            few = [Profile(p.subject, p.part, p.values[stimuli]) for p in (source, target)]
            expected = score_cells("rsa", {}, [tuple(few)], SPLITS, 1)["split_score"].item()
            assert found[name].values[0, number] == pytest.approx(expected)


@pytest.mark.parametrize("method", ["linear_nonlinear", "linear_softplus"])
class TestCostlyPenalties:
    """Poisson maps keep the penalties of the whole fit."""

    def test_a_fit_like_another_to_the_same_data_is_the_same(self, method):
        source, target = subjects()[0]["V1"], subjects()[1]["V1"]
        first = make_estimator(method, {}).fit(source.values, target.values)
        again = make_estimator(method, {}).fit_like(first, source.values, target.values)
        np.testing.assert_array_equal(again.alpha_, first.alpha_)
        np.testing.assert_allclose(
            again.predict(source.values), first.predict(source.values), rtol=1e-3
        )

    def test_the_penalties_are_kept_for_other_stimuli(self, method):
        source, target = subjects()[0]["V1"], subjects()[1]["V1"]
        first = make_estimator(method, {}).fit(source.values, target.values)
        few = slice(0, 25)
        again = make_estimator(method, {}).fit_like(first, source.values[few], target.values[few])
        np.testing.assert_array_equal(again.alpha_, first.alpha_)
        assert again.converged_.all()

    def test_scores_inside_the_training_stimuli_are_near_those_of_a_whole_fit(self, method):
        source, target = subjects()[0]["V1"], subjects()[1]["V1"]
        found = score_cells(method, {}, [(source, target)], SPLITS, 1, inner=INNER)
        expected = [np.median(fitted(method, source, target, *inside)) for inside in INNER]
        np.testing.assert_allclose(found["selection_score"].values[0], expected, atol=0.1)


def test_many_subjects_are_left_out_in_groups():
    groups = subject_groups(subjects(20))
    assert [len(group) for group in groups] == [4, 4, 3, 3, 3, 3]
    assert sorted(name for group in groups for name in group) == sorted(
        f"mouse_{number}" for number in range(20)
    )


def test_fits_with_the_last_penalty_of_the_grid_are_counted():
    source, target = subjects()[0]["V1"], subjects()[1]["V1"]
    for alphas, expected in (([1e8, 1e9], len(SPLITS) * N_UNITS), ([1e-3, 1.0, 1e9], 0)):
        found = score_cells("ridge_post", {"alphas": alphas}, [(source, target)], SPLITS, 1)
        assert found["n_penalties"].item() == len(SPLITS) * N_UNITS
        assert found["n_penalty_ends"].item() >= expected
    assert found["n_penalty_ends"].item() < len(SPLITS) * N_UNITS
    one = score_cells("ridge_post", {"alphas": [1.0]}, [(source, target)], SPLITS, 1)
    assert one["n_penalty_ends"].item() == 0
