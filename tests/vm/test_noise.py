"""Draws are a pure function of where they are drawn, look random in every direction, and never change."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from automl_zero.vm import noise

Draw = Callable[..., NDArray[np.float64]]

COORDINATES = ("seed", "task", "stream", "execution_step")
MANY, SOME = 200_000, 4_000  # draws of one execution, and executions

# (seed, task, stream, execution step) and the first draws there; a change of these changes the results of every run.
KNOWN_UNIFORM = {
    (0, 0, 0, 0): (0.34010475873947144, 0.29212862253189087, 0.5493200421333313),
    (0, 1, 0, 0): (0.4492536187171936, 0.19421130418777466, 0.14606350660324097),
    (0, 0, 1, 0): (0.3579321503639221, 0.26990801095962524, 0.4335823655128479),
    (0, 0, 0, 1): (0.4086307883262634, 0.7618083357810974, 0.37038499116897583),
    (2**64 - 1, 99, 7, 10**6): (0.5281266570091248, 0.17252856492996216, 0.18232840299606323),
}
KNOWN_NORMAL = {
    (0, 0, 0, 0): (-0.384236834836771, 0.27586330182802554, -1.016301181755693),
    (0, 1, 0, 0): (0.43441129985843946, 1.6081172738928398, -1.1936183548055026),
    (2**64 - 1, 99, 7, 10**6): (0.5285686707433742, 1.279945752094702, 0.554862694442119),
}

both = pytest.mark.parametrize("draw", [noise.uniform, noise.normal])
every_coordinate = pytest.mark.parametrize("coordinate", range(4), ids=COORDINATES)


def along(draw: Draw, coordinate: int, count: int) -> NDArray[np.float64]:
    """First draws at places that differ in one coordinate only."""
    place = [3, 5, 2, 17]
    draws = []
    for place[coordinate] in range(count):
        draws.append(draw(*place, 1)[0])
    return np.array(draws)


def assert_uncorrelated(a: NDArray[np.float64], b: NDArray[np.float64]) -> None:
    assert abs(np.corrcoef(a, b)[0, 1]) < 4 / np.sqrt(len(a))


def assert_moments(draw: Draw, draws: NDArray[np.float64]) -> None:
    """Mean, variance, skewness and kurtosis are within 5 standard errors."""
    scaled = (draws - 0.5) * np.sqrt(12) if draw is noise.uniform else draws
    kurtosis = 1.8 if draw is noise.uniform else 3.0
    for power, moment in enumerate((0.0, 1.0, 0.0, kurtosis), 1):
        powers = scaled**power
        assert abs(powers.mean() - moment) < 5 * powers.std() / np.sqrt(len(draws))


@pytest.mark.parametrize("place", KNOWN_UNIFORM)
def test_uniform_draws_are_the_known_ones(place: tuple[int, int, int, int]) -> None:
    assert tuple(noise.uniform(*place, 3)) == KNOWN_UNIFORM[place]


@pytest.mark.parametrize("place", KNOWN_NORMAL)
def test_normal_draws_are_the_known_ones(place: tuple[int, int, int, int]) -> None:
    assert noise.normal(*place, 3) == pytest.approx(KNOWN_NORMAL[place], rel=1e-14)


@both
def test_a_draw_does_not_depend_on_what_else_is_drawn(draw: Draw) -> None:
    alone = draw(1, 2, 3, 4, 5)
    np.random.default_rng(0).random()
    draw(1, 2, 3, 5, 7)
    assert (draw(1, 2, 3, 4, 50)[:5] == alone).all()


def test_uniform_draws_are_inside_the_interval_and_exact_in_single_precision() -> None:
    draws = noise.uniform(1, 0, 0, 0, MANY)
    assert (draws > 0).all()
    assert (draws < 1).all()
    assert (draws.astype(np.float32) == draws).all()
    largest_possible = 1 - 0.5 * 2.0**-noise.MANTISSA_BITS
    assert np.float32(largest_possible) == largest_possible


@both
def test_draws_of_one_execution_have_the_right_moments(draw: Draw) -> None:
    assert_moments(draw, draw(1, 0, 0, 0, MANY))


@both
@every_coordinate
def test_draws_of_different_executions_have_the_right_moments(draw: Draw, coordinate: int) -> None:
    assert_moments(draw, along(draw, coordinate, SOME))


def test_uniform_draws_fill_the_interval_evenly() -> None:
    counts, _ = np.histogram(noise.uniform(2, 1, 0, 0, MANY), bins=256, range=(0, 1))
    chi_square = np.sum((counts - MANY / 256) ** 2) / (MANY / 256)
    assert abs(chi_square - 255) < 5 * np.sqrt(2 * 255)


def test_normal_draws_have_normal_tails() -> None:
    draws = abs(noise.normal(2, 1, 0, 0, MANY))
    for limit, share in ((1.0, 0.317311), (2.0, 0.045500), (3.0, 0.002700)):
        assert abs(np.mean(draws > limit) - share) < 5 * np.sqrt(share / MANY)


@both
@every_coordinate
def test_neighbouring_executions_are_uncorrelated(draw: Draw, coordinate: int) -> None:
    first, second = [3, 5, 2, 17], [3, 5, 2, 17]
    second[coordinate] += 1
    assert_uncorrelated(draw(*first, SOME), draw(*second, SOME))
    draws = along(draw, coordinate, SOME)
    assert_uncorrelated(draws[1:], draws[:-1])


@both
@pytest.mark.parametrize("lag", [1, 2, 4, 8, 16])
def test_elements_of_one_execution_are_uncorrelated(draw: Draw, lag: int) -> None:
    draws = draw(4, 3, 2, 1, MANY)
    assert_uncorrelated(draws[lag:], draws[:-lag])


def test_exchanging_coordinates_changes_the_draws() -> None:
    places = [(1, 2, 3, 4), (1, 2, 4, 3), (1, 3, 2, 4), (2, 1, 3, 4), (4, 2, 3, 1)]
    assert len({tuple(noise.uniform(*place, 4)) for place in places}) == len(places)
