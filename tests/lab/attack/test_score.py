from random import Random

import pytest

from api.lab.attack.report import Finding, Report, Verdict
from api.lab.attack.score import binomial_tail, majority, permutation_p, rank_correlation


def test_binomial_tail_is_exact():
    assert binomial_tail(2, 2, 0.5) == pytest.approx(0.25)
    assert binomial_tail(1, 3, 1 / 3) == pytest.approx(1 - 8 / 27)
    assert binomial_tail(0, 5, 0.1) == 1.0
    assert binomial_tail(1, 5, 0.0) == 0.0
    assert binomial_tail(5, 5, 1.0) == 1.0


def test_majority():
    assert majority(["A", "B", "B"]) == ("B", 2 / 3)


def test_rank_correlation_of_order_and_of_noise():
    up = list(range(100))
    assert rank_correlation(up, up)[0] == pytest.approx(1.0)
    assert rank_correlation(up, up[::-1])[0] == pytest.approx(-1.0)
    assert rank_correlation(up, up)[1] < 1e-9
    noise = Random(3).sample(up, 100)
    assert rank_correlation(up, noise)[1] > 0.001
    assert rank_correlation(up, [1.0] * 100) == (0.0, 1.0)


def test_small_samples_are_permuted():
    rho, p = rank_correlation(list(range(6)), list(range(6)))
    assert rho == pytest.approx(1.0)
    assert 0.001 < p < 0.01  # 2 of 720 orders are as straight


def test_false_alarms_are_rare():
    random = Random(11)
    ps = [rank_correlation(range(60), random.sample(range(60), 60))[1] for _ in range(500)]
    assert sum(p < 0.05 for p in ps) / len(ps) < 0.1
    assert min(ps) > 1e-5


def test_permutation_p_counts_equals():
    assert permutation_p(0.0, lambda _: 0.0, 4) == 1.0


def test_verdicts():
    def verdict(**options):
        return Finding("a", "b", options.pop("candidates", 10), **options).verdict(0.001)

    assert verdict(hits=1, certain=True) is Verdict.BROKEN
    assert verdict(hits=0, certain=True) is Verdict.GUESSING
    assert verdict(p=0.0001) is Verdict.BROKEN
    assert verdict(p=0.0001, by_design="declared") is Verdict.BY_DESIGN
    assert verdict(p=0.01) is Verdict.GUESSING
    assert verdict(candidates=0) is Verdict.NOT_TRIED


def test_alpha_is_shared_by_all_tests():
    findings = [Finding("a", "b", 10, p=0.0009) for _ in range(10)]
    assert not Report(findings, {}, 0.0).is_broken
    assert Report(findings[:1], {}, 0.0).is_broken
