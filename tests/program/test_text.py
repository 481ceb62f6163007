"""The text form: it round-trips exactly, and what is no program is refused with its place and a remedy."""

from __future__ import annotations

import pickle
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.programs.strategies import instructions, programs

from automl_zero.program.ops import OPS, Op, op_number
from automl_zero.program.program import Instruction, Program, ProgramError
from automl_zero.program.text import ParseError, from_text, instruction_text, to_text

EMPTY = "def Setup():\ndef Predict():\ndef Learn():\n"


def in_predict(line: str) -> str:
    return f"def Setup():\ndef Predict():\n  {line}\ndef Learn():\n"


@given(programs())
def test_reading_undoes_writing(program: Program) -> None:
    text = to_text(program)
    assert from_text(text) == program
    assert to_text(from_text(text)) == text  # tells 0.0 from -0.0


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
@given(data=st.data())
def test_each_op_can_be_told_from_all_others(op: Op, data: st.DataObject) -> None:
    instruction = data.draw(instructions([op]))
    assert from_text(in_predict(instruction_text(instruction))).predict == (instruction,)


def test_a_program_is_written_line_by_line() -> None:
    program = Program(
        (Instruction(op_number("scalar_const_set"), out=2, data=(0.01,)),),
        (Instruction(op_number("vector_inner_product"), in1=1, in2=0, out=1),),
    )
    assert to_text(program) == "def Setup():\n  s2 = 0.01\ndef Predict():\n  s1 = dot(v1, v0)\ndef Learn():\n"


@pytest.mark.parametrize(
    ("instruction", "line"),
    [
        (Instruction(op_number("no_op")), "NoOp()"),
        (Instruction(op_number("scalar_reciprocal"), in1=1, out=3), "s3 = 1 / s1"),
        (Instruction(op_number("scalar_division"), in1=1, in2=2, out=3), "s3 = s1 / s2"),
        (Instruction(op_number("scalar_const_set"), out=3, data=(-1e-10,)), "s3 = -1e-10"),
        (Instruction(op_number("scalar_const_set"), out=3, data=(1,)), "s3 = 1.0"),
        (Instruction(op_number("vector_const_set"), out=3, data=(0.25, inf)), "v3[0.25] = inf"),
        (Instruction(op_number("matrix_const_set"), out=3, data=(0.1, 0.7, 0.5)), "m3[0.1, 0.7] = 0.5"),
        (Instruction(op_number("matrix_heaviside"), in1=1, out=3), "m3 = heaviside(m1, 1.0)"),
        (Instruction(op_number("matrix_column_norm"), in1=1, out=3), "v3 = norm(m1, axis=0)"),
        (
            Instruction(op_number("matrix_gaussian_set"), out=3, data=(0, 0.5)),
            "m3 = gaussian(0.0, 0.5, (n_features, n_features))",
        ),
    ],
)
def test_an_instruction_is_written(instruction: Instruction, line: str) -> None:
    assert instruction_text(instruction) == line


@pytest.mark.parametrize(
    "text",
    [
        EMPTY,
        EMPTY.replace("\n", "\r\n"),
        EMPTY.rstrip(),
        EMPTY.replace("\n", "\n  pass\n"),
        f"# a comment\n\n \t\n{EMPTY}\n\n# another",
        EMPTY.replace(":\n", ":  # a comment ( of any kind\n"),
        EMPTY.replace("def ", "  def\t ").replace("()", " ( ) "),
    ],
)
def test_an_empty_program_can_be_written_in_other_ways(text: str) -> None:
    assert from_text(text) == Program()


@pytest.mark.parametrize("line", ["s1=dot(v1,v0)", "s1  =\tdot ( v1 ,v0 )  ", "\t s1 = dot(v1, v0)#v0: features"])
def test_space_between_words_means_nothing(line: str) -> None:
    assert from_text(in_predict(line)).predict == (Instruction(op_number("vector_inner_product"), in1=1, in2=0, out=1),)


@pytest.mark.parametrize(("written", "value"), [("2", 2.0), (".5", 0.5), ("1.", 1.0), ("+1E2", 100.0), ("-inf", -inf)])
def test_a_number_can_be_written_in_other_ways(written: str, value: float) -> None:
    assert from_text(in_predict(f"s1 = {written}")).predict == (
        Instruction(op_number("scalar_const_set"), out=1, data=(value,)),
    )


@pytest.mark.parametrize(
    ("line", "column", "problem", "remedy"),
    [
        ("s1 = dot(s1, v2)", 12, "expected a vector, found the scalar 's1'", "s = dot(v, v) | v = dot(m, v)"),
        ("v1 = norm(v2)", 13, "expected a matrix, found the vector 'v2'", "v = norm(m, axis=0)"),
        ("m1 = sin(m2)", 8, "'sin' cannot follow 'm1 ='", "'sin' is written: s = sin(s)"),
        ("v1 = m1 + v2", 8, "the matrix 'm1' cannot follow 'v1 ='", "v = v + v"),
        ("v1 = 0.5", 8, "the number '0.5' cannot follow 'v1 ='", "expected a scalar, a vector, '1', 'abs'"),
        ("s1 = sqrt(s2)", 8, "unknown op 'sqrt'", "expected a number, a scalar, '1', 'abs', 'arccos'"),
        ("s1 = min(s2, s3)", 8, "unknown op 'min'", "did you mean 'minimum'? 'minimum' is written: s = minimum(s, s)"),
        ("s1 = Dot(v1, v2)", 8, "unknown op 'Dot'", "did you mean 'dot'?"),
        ("s1 = maximun(s1, s2)", 8, "unknown op 'maximun'", "did you mean 'maximum'?"),
        ("s1 = s2 - 1", 13, "expected a scalar, found the number '1'", "s = s - s"),
        ("s1 = s2", 10, "expected '*', '+', '-' or '/', found the end of the line", ""),
        ("s1 = 2 / s1", 10, "expected the end of the line, found '/'", "s = 1 / s"),
        ("s1 = heaviside(s1, 0.0)", 22, "expected '1.0', found the number '0.0'", "heaviside(s, 1.0)"),
        ("v1 = norm(m1, axis=2)", 22, "expected '0' or '1', found the number '2'", ""),
        ("s1 = abs(s2) s3", 16, "expected the end of the line, found the scalar 's3'", "s = abs(s)"),
        ("s1 = abs(", 12, "expected a scalar, found the end of the line", "s = abs(s)"),
        ("s1 = dot(v1 v2)", 15, "expected ',', found the vector 'v2'", "dot(v, v)"),
        ("v1 = uniform(0, 1)", 20, "expected ',', found ')'", "v = uniform(low, high, n_features)"),
        ("s1 = gaussian(v1, 2)", 17, "expected a number, found the vector 'v1'", "s = gaussian(mean, std)"),
        ("s1, s2", 5, "expected '=', found ','", ""),
        ("return s1", 3, "expected a matrix, a scalar, a vector, 'NoOp', 'def' or 'pass', found 'return'", ""),
        ("pass pass", 8, "expected the end of the line, found 'pass'", ""),
        ("s99 = 0.5", 3, "'s99' is not an address", "addresses are s0 to s63, v0 to v63, m0 to m63"),
        ("s1 = abs(s64)", 12, "'s64' is not an address", "s0 to s63"),
        ("s1 = s01", 8, "'s01' is not an address", ""),
        ("x3 = 0.5", 3, "'x3' is not an address", ""),
        ("S1 = 0.5", 3, "'S1' is not an address", ""),
        ("s1 = v1 @ s2", 8, "the vector 'v1' cannot follow 's1 ='", ""),
        ("s1 = s1 @ s2", 11, "unexpected character '@'", "the signs of program text are + - * / = ( ) [ ] , :"),
        ("s\N{ARABIC-INDIC DIGIT THREE} = 0.5", 3, "found 's'", ""),
        ("s1 = \N{FULLWIDTH DIGIT ONE}", 8, "unexpected character '\N{FULLWIDTH DIGIT ONE}'", ""),
        ("s1 = 0.5\r", 11, "unexpected character '\\r'", ""),
        ("s1 = nan", 8, "constant value of scalar_const_set is nan", "write a number"),
        ("s1 = 1e999", 8, "the number '1e999' is too large for float64", "write a smaller number, or inf"),
        ("s1 = infinity", 8, "unknown op 'infinity'", ""),
        ("v1[1.5] = 2", 6, "constant index of vector_const_set is 1.5", "a fraction from 0 up to, not including, 1"),
        ("m0[0.5, -0.1] = 2", 11, "constant column of matrix_const_set is -0.1", ""),
        ("v1[s1] = 2", 6, "expected a number, found the scalar 's1'", ""),
        ("def Foo():", 7, "expected 'Learn', 'Predict' or 'Setup', found 'Foo'", "'def' is written: def Setup():"),
        ("def predict():", 7, "found 'predict'", "did you mean 'Predict'?"),
        ("def Learn()", 14, "expected ':', found the end of the line", ""),
        ("def Predict():", 3, "'Predict' begins a second time", "below its first header"),
    ],
)
def test_a_faulty_line_is_refused_with_its_place(line: str, column: int, problem: str, remedy: str) -> None:
    text = in_predict(line).replace("\r\n", "\r \n")  # a lone CR is no line end
    with pytest.raises(ParseError) as raised:
        from_text(text)
    error = raised.value
    assert (error.line, error.column) == (3, column)
    assert problem in error.problem
    assert remedy in error.remedy


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        ("", 1, 1, "the program ends without 'def Setup():'"),
        ("# nothing\n\n", 1, 1, "the program ends without 'def Setup():'"),
        ("def Setup():", 1, 13, "the program ends without 'def Predict():'"),
        ("def Setup():\ndef Predict():\n  pass\n\n", 3, 7, "the program ends without 'def Learn():'"),
        ("\n  s1 = 0.5\n" + EMPTY, 2, 3, "this line stands in no function"),
        ("pass\n" + EMPTY, 1, 1, "this line stands in no function"),
        ("def Predict():\n", 1, 1, "'Predict' begins before 'Setup'"),
        ("def Setup():\n def Learn():", 2, 2, "'Learn' begins before 'Predict'"),
        (EMPTY + "def Setup():", 4, 1, "'Setup' begins a second time"),
        (EMPTY + EMPTY, 4, 1, "'Setup' begins a second time"),
    ],
)
def test_headers_out_of_place_are_refused(text: str, line: int, column: int, problem: str) -> None:
    with pytest.raises(ParseError) as raised:
        from_text(text)
    assert (raised.value.line, raised.value.column, raised.value.problem) == (line, column, problem)


def test_the_message_points_at_the_word() -> None:
    with pytest.raises(ParseError) as raised:
        from_text(in_predict("s1 = dot(s1, v2)"))
    assert str(raised.value).splitlines() == [
        "line 3, column 12: expected a vector, found the scalar 's1'",
        "      s1 = dot(s1, v2)",
        "               ^",
        "'dot' is written: s = dot(v, v) | v = dot(m, v)",
    ]


def test_an_error_survives_a_change_of_process() -> None:
    with pytest.raises(ProgramError) as raised:
        from_text("def Setup()")
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)  # noqa: S301


@given(st.text())
def test_any_text_is_a_program_or_a_parse_error(text: str) -> None:
    read_or_refuse(text)


@given(programs(max_size=2), st.data())
def test_a_damaged_program_is_a_program_or_a_parse_error(program: Program, data: st.DataObject) -> None:
    text = to_text(program)
    start, stop = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    filling = data.draw(st.text("smv0159.-+*/=()[],:e\n\r\t #\0\N{SUPERSCRIPT TWO}", max_size=5))
    read_or_refuse(text[:start] + filling + text[stop:])


@pytest.mark.parametrize(
    "line",
    [
        "s1 = " + "9" * 10**6,
        "s1 = 0." + "1" * 10**6,
        "s" + "1" * 10**6 + " = 0.5",
        "s1 = " + "abs(" * 10**5,
        "(" * 10**6,
        " " * 10**6 + "?",
        "s1 = " + "a" * 10**6,
        "s1 = " + "-" * 10**6,
        "1e" * 10**5,
        "\0" * 10**6,
        "\ud800",
    ],
    ids=lambda line: f"{line[:9]!r}...",
)
def test_the_answer_to_a_monstrous_line_is_short(line: str) -> None:
    read_or_refuse(in_predict(line))


def read_or_refuse(text: str) -> None:
    error = refusal(text)
    if error is None:
        assert from_text(to_text(from_text(text))) == from_text(text)
    else:
        assert 1 <= error.line <= text.count("\n") + 1
        assert 1 <= error.column <= len(text) + 1
        assert len(str(error)) < 1000


def refusal(text: str) -> ParseError | None:
    try:
        from_text(text)
    except ParseError as error:
        return error
    return None
