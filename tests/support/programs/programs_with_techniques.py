"""Small programs, each with the techniques that it has, all of them and no others."""

from __future__ import annotations

SQUARED, LOGISTIC = "gradient descent on squared loss", "gradient descent on logistic loss"
BOTH = {SQUARED, LOGISTIC}  # the same instructions, judged by either
NET = {"ReLU", "two-layer net", "back-propagation"}
FIGURE_6 = {"bilinear interaction", "gradient normalization", "weight averaging", "noise injection"}

LIBRARY_TECHNIQUES: dict[str, set[str]] = {
    "linear_regression": {"linear model", *BOTH},
    "affine_regression": {"linear model", "bias", *BOTH},
    "logistic_regression": {"linear model", *BOTH},
    "two_layer_net": {"bias", *NET, *BOTH},
    "figure_5": NET,  # the second layer does not learn along the gradient
    "figure_6_raw": FIGURE_6,
    "figure_6_pruned": FIGURE_6,
    "figure_6": FIGURE_6,
    "noisy_relu": {"two-layer net", "noisy ReLU"},  # nor does the first where the floor is noise
    "learning_rate_decay": {"bias", "learning rate decay", *NET, *BOTH},
    "multiclass_net": {"bias", LOGISTIC, *NET},
    "multiclass_mean_learning_rate": {"learning rate from weights", LOGISTIC, *NET},
}


def _linear(learn: str, predict: str = "s1 = dot(v1, v0)", setup: str = "s2 = 0.01") -> str:
    sections = (("Setup", setup), ("Predict", predict), ("Learn", learn))
    return "".join(f"def {name}():\n" + "".join(f"  {line}\n" for line in body.split("; ")) for name, body in sections)


WRITTEN: dict[str, tuple[str, set[str]]] = {
    "a constant": ("def Setup():\ndef Predict():\n  s1 = 0.5\ndef Learn():\n", set()),
    "fixed weights": (_linear("pass", setup="v1 = gaussian(0.0, 1.0, n_features)"), set()),
    "weights that wander at random": (_linear("v2 = gaussian(0.0, 1.0, n_features); v1 = v1 + v2"), set()),
    "a step along the gradient, not against it": (
        _linear("s3 = s1 - s0; s3 = s2 * s3; v2 = s3 * v0; v1 = v1 + v2"),
        {"linear model"},
    ),
    "the label in place of the error": (_linear("s3 = s2 * s0; v2 = s3 * v0; v1 = v1 + v2"), {"linear model"}),
    "the sign of the error": (
        _linear(
            "s3 = s0 - s1; s3 = heaviside(s3, 1.0); s4 = 0.5; s3 = s3 - s4; s3 = s2 * s3; v2 = s3 * v0; v1 = v1 + v2"
        ),
        {"linear model"},
    ),
    "weight decay": (
        _linear("s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v0; s4 = 0.999; v1 = s4 * v1; v1 = v1 + v2"),
        {"linear model", "weight decay", *BOTH},
    ),
    "weight decay, subtracted": (
        _linear("s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v0; s4 = 0.001; v3 = s4 * v1; v1 = v1 - v3; v1 = v1 + v2"),
        {"linear model", "weight decay", *BOTH},
    ),
    "loss clipping": (
        _linear(
            "s3 = s0 - s1; s4 = 1.0; s3 = minimum(s3, s4); s5 = -1.0; s3 = maximum(s3, s5); "
            "s3 = s2 * s3; v2 = s3 * v0; v1 = v1 + v2"
        ),
        {"linear model", "loss clipping", *BOTH},
    ),
    "a bound that nothing reaches": (
        _linear("s3 = s0 - s1; s4 = inf; s3 = minimum(s3, s4); s3 = s2 * s3; v2 = s3 * v0; v1 = v1 + v2"),
        {"linear model", *BOTH},
    ),
    "gradient normalization": (
        _linear("s3 = s0 - s1; s3 = s2 * s3; s4 = norm(v0); s3 = s3 / s4; v2 = s3 * v0; v1 = v1 + v2"),
        {"linear model", "gradient normalization"},
    ),
    "gradient normalization by a product": (
        _linear("s3 = s0 - s1; s3 = s2 * s3; s4 = dot(v0, v0); s4 = 1 / s4; s3 = s3 * s4; v2 = s3 * v0; v1 = v1 + v2"),
        {"linear model", "gradient normalization"},
    ),
    "a product with a norm": (
        _linear("s3 = s0 - s1; s3 = s2 * s3; s4 = norm(v0); s3 = s3 * s4; v2 = s3 * v0; v1 = v1 + v2"),
        {"linear model"},
    ),
    "averaged weights of a linear model": (
        _linear(
            "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v0; v3 = v3 + v2; v4 = v4 + v3; v1 = s5 * v3",
            predict="s1 = dot(v1, v0); v1 = s5 * v4",
            setup="s2 = 0.01; s5 = 1.0",
        ),
        {"linear model", "weight averaging", *BOTH},
    ),
    "momentum": (
        _linear(
            "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v0; v3 = s5 * v3; v3 = v3 + v2; v1 = v1 + v3",
            setup="s2 = 0.01; s5 = 0.9",
        ),
        {"linear model", *BOTH},
    ),
    "noise at the features": (
        _linear(
            "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v4; v1 = v1 + v2; v3 = gaussian(0.0, 0.1, n_features)",
            predict="v4 = v0 + v3; s1 = dot(v1, v4)",
        ),
        {"linear model", "noise injection", *BOTH},
    ),
    "noise of no width": (
        _linear(
            "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v4; v1 = v1 + v2; v3 = gaussian(0.5, 0.0, n_features)",
            predict="v4 = v0 + v3; s1 = dot(v1, v4)",
        ),
        {"linear model", *BOTH},
    ),
    "noise drawn once": (
        _linear(
            "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v4; v1 = v1 + v2",
            predict="v4 = v0 + v3; s1 = dot(v1, v4)",
            setup="s2 = 0.01; v3 = gaussian(0.0, 0.1, n_features)",
        ),
        {"linear model", *BOTH},
    ),
    "learning rate decay by a divisor": (
        _linear(
            "s4 = s4 + s5; s3 = s0 - s1; s3 = s2 * s3; s3 = s3 / s4; v2 = s3 * v0; v1 = v1 + v2",
            setup="s2 = 0.1; s4 = 1.0; s5 = 0.5",
        ),
        {"linear model", "learning rate decay", *BOTH},
    ),
    "a learning rate that hardly falls": (
        _linear("s2 = arctan(s2); s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v0; v1 = v1 + v2", setup="s2 = 0.01"),
        {"linear model", *BOTH},
    ),
    "a small learning rate that falls by a part in a thousand": (
        _linear(
            "s5 = s4 * s2; s2 = s2 - s5; s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v0; v1 = v1 + v2",
            setup="s2 = 0.01; s4 = 0.001",
        ),
        {"linear model", "learning rate decay", *BOTH},
    ),
    "a learning rate that grows": (
        _linear("s2 = s2 + s4; s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v0; v1 = v1 + v2", setup="s2 = 0.01; s4 = 0.001"),
        {"linear model", *BOTH},
    ),
    "learning rate from the norm of the weights": (
        _linear(
            "s3 = s0 - s1; s2 = norm(v1); s4 = 0.01; s2 = s2 * s4; s3 = s2 * s3; v2 = s3 * v0; v1 = v1 + v2",
            setup="v1 = gaussian(0.0, 1.0, n_features)",
        ),
        {"linear model", "learning rate from weights", *BOTH},
    ),
    "learning rate from the norm of the features": (
        _linear("s3 = s0 - s1; s2 = norm(v0); s4 = 0.01; s2 = s2 * s4; s3 = s2 * s3; v2 = s3 * v0; v1 = v1 + v2"),
        {"linear model"},
    ),
    "squared loss behind a sigmoid": (
        _linear(
            "s3 = s0 - s1; s4 = 1.0; s4 = s4 - s1; s4 = s4 * s1; s3 = s3 * s4; s3 = s2 * s3; v2 = s3 * v0; v1 = v1 + v2"
        ),
        {"linear model"},
    ),
    "ReLU by a product": (
        _linear(
            "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v4; v1 = v1 + v2",
            predict="v3 = heaviside(v0, 1.0); v4 = v3 * v0; s1 = dot(v1, v4)",
        ),
        {"ReLU", *BOTH},
    ),
    "a bound that is not zero": (
        _linear(
            "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v4; v1 = v1 + v2",
            predict="v4 = maximum(v0, v3); s1 = dot(v1, v4)",
            setup="s2 = 0.01; s5 = -0.1; v3 = bcast(s5)",
        ),
        BOTH,
    ),
    "two layers without anything between": (
        _linear(
            "s3 = s0 - s1; s3 = s2 * s3; v4 = s3 * v1; v2 = s3 * v3; v1 = v1 + v2; m1 = outer(v4, v0); m0 = m0 + m1",
            predict="v3 = dot(m0, v0); s1 = dot(v1, v3)",
            setup="s2 = 0.01; v1 = gaussian(0.0, 0.5, n_features); m0 = gaussian(0.0, 0.5, (n_features, n_features))",
        ),
        {"linear model", *BOTH},
    ),
    "a layer of random weights": (
        _linear(
            "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v4; v1 = v1 + v2",
            predict="v3 = dot(m0, v0); v4 = maximum(v3, v5); s1 = dot(v1, v4)",
            setup="s2 = 0.01; m0 = gaussian(0.0, 0.5, (n_features, n_features))",
        ),
        {"ReLU", *BOTH},
    ),
    "bilinear": (
        _linear(
            "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v0; m1 = outer(v2, v0); m0 = m0 + m1",
            predict="v3 = dot(m0, v0); s1 = dot(v0, v3)",
        ),
        {"bilinear interaction", *BOTH},
    ),
    "bilinear, behind a ReLU": (
        _linear(
            "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v4; m1 = outer(v2, v0); m0 = m0 + m1",
            predict="v3 = dot(m0, v0); v4 = maximum(v0, v5); s1 = dot(v4, v3)",
        ),
        {"bilinear interaction", "ReLU", *BOTH},
    ),
    "a sum of what shrinks by itself": (
        _linear(
            "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v0; v1 = v1 + v2; v3 = s4 * v3; v4 = v4 + v3",
            predict="s1 = dot(v1, v0); s5 = dot(v4, v0); s1 = s1 + s5",
            setup="s2 = 0.01; s4 = 0.9; v3 = gaussian(0.0, 1.0, n_features)",
        ),
        {"linear model", *BOTH},
    ),
    "weights that are taught a number that no label changes": (
        _linear("s2 = s0 - s0; s1 = s1 * s2; v2 = s1 * v1; v1 = v0 + v2"),
        set(),
    ),
    "a matrix whose labels cancel out": (
        _linear(
            "s3 = s0 - s1; s3 = s3 - s3; v2 = s3 * v0; m1 = outer(v0, v0); m1 = s2 * m1; m0 = m0 + m1; "
            "m1 = outer(v2, v0); m0 = m0 + m1",
            predict="v3 = dot(m0, v0); s1 = dot(v0, v3)",
        ),
        set(),
    ),
    "a weight that is never below what was made of the label": (
        _linear(
            "s1 = s1 / s0; s1 = maximum(s2, s1); s2 = s1 * s2",
            predict="s1 = std(v0); s1 = s1 - s2",
            setup="s2 = uniform(0.2242, -0.0408)",
        ),
        set(),
    ),
    "dropout": (
        _linear(
            "s3 = s0 - s1; s3 = s2 * s3; v2 = s3 * v4; v1 = v1 + v2; v3 = uniform(-0.5, 0.5, n_features)",
            predict="v5 = heaviside(v3, 1.0); v4 = v5 * v0; s1 = dot(v1, v4)",
        ),
        {"linear model", "noisy ReLU", *BOTH},
    ),
}
