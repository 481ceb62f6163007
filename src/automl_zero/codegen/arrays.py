"""Modules in Python and its array libraries: how their file templates are filled."""

from __future__ import annotations

import json
from textwrap import indent

from automl_zero.codegen.file_template import fill
from automl_zero.codegen.functions import Template, component_functions
from automl_zero.codegen.prediction import Prediction
from automl_zero.codegen.source import Source, address

_PREDICTS = {
    Prediction.REGRESSION: "a number",
    Prediction.BINARY: "the probability of class 1; labels are 0 and 1",
    Prediction.MULTICLASS: "the probabilities of all classes; labels are the numbers of the classes, from 0",
}


def array_source(
    source: Source, language: str, template: Template, types: tuple[str, str, str], zeros: tuple[str, str, str]
) -> str:
    """Return the text of a module in one of these languages.

    Args:
        source: the program to export.
        language: name of the file template.
        template: returns the expression of an op's output.
        types: types of a scalar, a vector and a matrix.
        zeros: their values before Setup, as expressions that may use ``num_features``.
    """
    memory = [(address(operand), types[operand[0]], zeros[operand[0]]) for operand in source.memory]
    flags = frozenset({source.prediction.value, "noise" if source.is_random else "quiet"})
    return fill(
        language,
        flags,
        {
            "title": source.name,
            "origin": source.origin,
            "predicts": _PREDICTS[source.prediction],
            "program": indent(source.text, "    "),
            "fields": "\n".join(f"    {name}: {kind}" for name, kind, _ in memory),
            "zeros": "\n".join(f"        {name}={zero}," for name, _, zero in memory),
            "functions": component_functions(source, template, _if(source.is_random, ", noise: Noise")),
            **_arguments(source),
        },
    )


def _arguments(source: Source) -> dict[str, str]:
    """Return the parameters that functions of the template have only where the program needs them."""
    random, multiclass = source.is_random, source.prediction is Prediction.MULTICLASS
    static = _if(multiclass, "num_classes"), _if(random, "make_noise")
    return {
        "noise": _if(random, ", noise"),
        "a_noise": _if(random, ", noise: Noise"),
        "own_noise": _if(random, ", self.noise"),
        "keys": _if(random, ", keys"),
        "classes": _if(multiclass, ", num_classes"),
        "a_classes": _if(multiclass, ", num_classes: int"),
        "own_classes": _if(multiclass, ", self.num_classes"),
        "a_label": "int = -1" if multiclass else "float = 0.0",
        "no_label": "-1" if multiclass else "0.0",
        "static": _if(random or multiclass, f", static_argnames={json.dumps(list(filter(None, static)))}"),
    }


def _if(condition: bool, text: str) -> str:
    return text if condition else ""
