from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from automl_zero.tasks.npz_tasks import load_npz, save_npz
from automl_zero.tasks.task import Loss, TaskError, TaskSet, shuffled_epochs

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def task_sets(draw: st.DrawFn) -> TaskSet:
    num_tasks, num_train, num_valid, num_features, num_epochs = (draw(st.integers(1, 4)) for _ in range(5))
    loss = draw(st.sampled_from(Loss))
    num_classes = draw(st.integers(2, max(2, num_features)))
    labels = FLOATS if loss is Loss.RMSE else st.integers(0, num_classes - 1).map(float)
    return TaskSet(
        name="tasks",
        train_x=draw(arrays(np.float64, (num_tasks, num_train, num_features), elements=FLOATS)),
        train_y=draw(arrays(np.float64, (num_tasks, num_train), elements=labels)),
        valid_x=draw(arrays(np.float64, (num_tasks, num_valid, num_features), elements=FLOATS)),
        valid_y=draw(arrays(np.float64, (num_tasks, num_valid), elements=labels)),
        loss=loss,
        num_classes=num_classes,
        train_order=shuffled_epochs(num_train, num_epochs, np.random.default_rng(0)),
        noise_seed=draw(st.integers(0, 2**63 - 1)),
    )


def content(**changes: Any) -> dict[str, Any]:
    """A file's arrays: two binary tasks of five training and three validation examples with four features."""
    rng = np.random.default_rng(0)
    made = {
        "train_x": rng.standard_normal((2, 5, 4)),
        "train_y": np.array([[0, 1, 0, 1, 1], [1, 0, 0, 0, 1]]),
        "valid_x": rng.standard_normal((2, 3, 4)),
        "valid_y": np.array([[0, 1, 1], [1, 0, 1]]),
        "loss": "accuracy",
        **changes,
    }
    return {name: array for name, array in made.items() if array is not None}


def written(folder: Path, **changes: Any) -> Path:
    path = folder / "mine.npz"
    np.savez(path, **content(**changes))
    return path


def message_of(path: Path) -> str:
    with pytest.raises(TaskError) as error:
        load_npz(path)
    return str(error.value)


@settings(deadline=None)
@given(task_sets())
def test_what_is_saved_is_loaded_again_exactly(tasks: TaskSet) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tasks.npz"
        save_npz(tasks, path)
        loaded = load_npz(path)
    for field in fields(TaskSet):
        before, after = getattr(tasks, field.name), getattr(loaded, field.name)
        assert type(before) is type(after)
        np.testing.assert_array_equal(before, after)


def test_a_file_needs_no_more_than_examples_and_loss(tmp_path: Path) -> None:
    tasks = load_npz(written(tmp_path))
    assert (tasks.name, len(tasks), tasks.num_classes, tasks.num_epochs, tasks.noise_seed) == ("mine", 2, 2, 1, 0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.int8, np.uint64, np.bool_])
def test_real_numbers_of_any_type_become_float64(tmp_path: Path, dtype: type) -> None:
    features = np.arange(40).reshape(2, 5, 4).astype(dtype)
    tasks = load_npz(written(tmp_path, train_x=features))
    assert tasks.train_x.dtype == np.float64
    np.testing.assert_array_equal(tasks.train_x, features.astype(np.float64))


@pytest.mark.parametrize("loss", ["rmse", ["rmse"], b"rmse", [b"rmse"], [["rmse"]]])
def test_the_loss_may_be_text_or_bytes_alone_or_as_the_only_element(tmp_path: Path, loss: Any) -> None:
    assert load_npz(written(tmp_path, loss=loss)).loss is Loss.RMSE


def test_without_num_classes_the_largest_label_decides(tmp_path: Path) -> None:
    assert load_npz(written(tmp_path, valid_y=np.full((2, 3), 3))).num_classes == 4
    assert load_npz(written(tmp_path, train_y=np.zeros((2, 5)), valid_y=np.zeros((2, 3)))).num_classes == 2


def test_labels_of_a_regression_are_no_classes(tmp_path: Path) -> None:
    assert load_npz(written(tmp_path, loss="rmse", train_y=np.full((2, 5), 1e300))).num_classes == 2


def test_given_num_classes_count(tmp_path: Path) -> None:
    assert load_npz(written(tmp_path, num_classes=4)).num_classes == 4


def test_epochs_without_an_order_are_shuffled_the_same_way_every_time(tmp_path: Path) -> None:
    path = written(tmp_path, epochs=3, noise_seed=7)
    order = load_npz(path).train_order
    assert order.shape == (3, 5)
    assert order[0].tolist() == list(range(5))
    np.testing.assert_array_equal(order, load_npz(path).train_order)


@pytest.mark.parametrize("epochs", [None, 2, [2]])
def test_a_given_order_counts(tmp_path: Path, epochs: Any) -> None:
    order = [[4, 3, 2, 1, 0], [0, 0, 1, 1, 2]]
    assert load_npz(written(tmp_path, train_order=order, epochs=epochs)).train_order.tolist() == order


@pytest.mark.parametrize("name", ["train_x", "train_y", "valid_x", "valid_y", "loss"])
def test_a_missing_array_is_named(tmp_path: Path, name: str) -> None:
    assert f"array {name} is missing" in message_of(written(tmp_path, **{name: None}))


@pytest.mark.parametrize("name", ["train_x", "train_y", "valid_x", "valid_y"])
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda x: x[0], "shape"),
        (lambda x: x[0, 0].sum(), "shape"),
        (lambda x: x[:, :0], "shape"),
        (lambda x: x[:1], "agree"),
        (lambda x: x.astype(object), "cannot be read"),
        (lambda x: x.astype(str), "real numbers"),
        (lambda x: x.astype(complex), "real numbers"),
        (lambda x: np.full_like(x, np.nan, dtype=float), "nan or infinite"),
        (lambda x: np.full(x.shape, np.longdouble("1e400")), "nan or infinite"),
    ],
)
def test_a_defective_array_is_named(tmp_path: Path, name: str, spoil: Callable[[Any], Any], words: str) -> None:
    message = message_of(written(tmp_path, **{name: spoil(content()[name])}))
    assert name in message
    assert words in message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"loss": "mse"}, "loss is 'mse': use 'rmse' or 'accuracy'"),
        ({"loss": b"\xff"}, "use 'rmse' or 'accuracy'"),
        ({"loss": 1}, "loss is 1: use 'rmse' or 'accuracy'"),
        ({"loss": ["rmse", "rmse"]}, "loss has shape (2,): write a single value"),
        ({"train_y": np.full((2, 5), 0.5)}, "train_y must hold the class numbers 0 to 1"),
        ({"train_y": np.full((2, 5), -1)}, "train_y must hold the class numbers 0 to 1"),
        ({"valid_y": np.full((2, 3), 7)}, "4 features are too few for 8 classes"),
        ({"valid_y": np.full((2, 3), 1e300)}, "4 features are too few"),
        ({"num_classes": 5}, "4 features are too few for 5 classes"),
        ({"num_classes": 1}, "num_classes is 1: use an integer from 2 on"),
        ({"num_classes": 3.0}, "num_classes is 3.0: use an integer from 2 on"),
        ({"num_classes": [2, 2]}, "num_classes has shape (2,): write a single value"),
        ({"noise_seed": -1}, "noise_seed is -1: use an integer from 0 on"),
        ({"noise_seed": np.uint64(2**63)}, "noise_seed is 9223372036854775808"),
        ({"epochs": 0}, "epochs is 0: use an integer from 1 on"),
        ({"epochs": "two"}, "epochs is 'two': use an integer from 1 on"),
        ({"epochs": 3, "train_order": [[0, 1, 2, 3, 4]]}, "epochs is 3 but train_order has 1 rows"),
        ({"train_order": [0, 1, 2, 3, 4]}, "train_order is int64[5]"),
        ({"train_order": np.empty((0, 5), np.int64)}, "train_order is int64[0, 5]"),
        ({"train_order": [[0.0, 1.0, 2.0, 3.0, 4.0]]}, "train_order is float64[1, 5]"),
        ({"train_order": [[0, 1]]}, "rows of 5 entries"),
        ({"train_order": [[0, 1, 2, 3, 5]]}, "example numbers from 0 to 4"),
        ({"train_order": np.full((1, 5), 2**64 - 1, np.uint64)}, "example numbers from 0 to 4"),
        ({"epoch": 3}, "unknown array epoch"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    assert words in message_of(written(tmp_path, **changes))


def test_every_message_begins_with_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, loss="mse")
    assert message_of(path).startswith(f"{path}: ")


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    assert "cannot be opened (No such file or directory)" in message_of(tmp_path / "none.npz")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "cannot be opened (it is not a regular file)" in message_of(tmp_path)


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04", b"PK\x05\x06", b"\x93NUMPY", b"\x80\x04N."])
def test_what_is_no_npz_file_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bad.npz").write_bytes(data)
    assert "NPZ file" in message_of(tmp_path / "bad.npz")


def test_a_single_array_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", np.zeros(3))
    assert "a single array, not an NPZ file" in message_of(tmp_path / "one.npy")


def test_a_pickle_in_the_file_is_not_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    path = written(tmp_path, loss=np.array([Touch(ran)], dtype=object))
    assert "array loss cannot be read" in message_of(path)
    assert not ran.exists()


def test_a_member_that_is_no_array_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, train_x=None)
    with ZipFile(path, "a") as archive:
        archive.writestr("train_x", "1 2 3")
    assert "array train_x cannot be read" in message_of(path)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_damaged_file_gives_a_task_error_or_the_same_tasks(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = written(Path(folder), epochs=2)
        damaged = bytearray(path.read_bytes())
        del damaged[data.draw(st.integers(1, len(damaged)) | st.just(len(damaged))) :]
        for _ in range(data.draw(st.integers(1, 3))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
        path.write_bytes(damaged)
        with suppress(TaskError):
            np.testing.assert_array_equal(load_npz(path).train_x, content()["train_x"])


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    path = written(tmp_path)
    before = path.read_bytes()
    with pytest.raises(TaskError, match="exists and is not overwritten"):
        save_npz(load_npz(path), path)
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_finished_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = load_npz(written(tmp_path))

    def fail(file: Any, **_: Any) -> None:
        file.write(b"PK")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(TaskError, match=r"other\.npz cannot be written \(No space left on device\)"):
        save_npz(tasks, tmp_path / "other.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.npz"]


def test_a_file_in_a_missing_folder_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="cannot be written"):
        save_npz(load_npz(written(tmp_path)), tmp_path / "none" / "tasks.npz")


class Touch:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)
