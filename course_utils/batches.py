"""Batches of what `fit` takes as data: each kind gives the batch of any step, ``at(step)``, on the device."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from course_utils import distributed
from course_utils.datasets import Images, PartlyLabelled
from course_utils.distributions import Distribution


class ImageBatches:
    """Batches of images in memory, by index, on the device: the order is a function of (seed, epoch) alone.

    A batch holds x (B, C, H, W) in floating-point numbers in [0, 1], also where the images are kept in uint8, y (B,),
    and attributes (B, A) where the images have them. All images are moved to the device; memory-mapped ones stay in
    their file if the device is the CPU, and only the pages of a batch are read.
    """

    def __init__(self, data: Images, batch_size: int, seed: int, where: torch.device):
        if batch_size > len(data):
            raise ValueError(
                f"batch_size={batch_size} is larger than the data set ({len(data)} images): take a smaller one"
            )
        self.data = data.to(where)
        self.batch_size = batch_size
        self.share = distributed.share(batch_size)
        self.seed = seed
        self.steps_per_epoch = len(data) // batch_size
        self.epoch = -1

    def at(self, step: int) -> dict[str, Tensor]:
        epoch, i = divmod(step, self.steps_per_epoch)
        if epoch != self.epoch:
            generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
            self.order = torch.randperm(len(self.data), generator=generator).to(self.data.x.device)
            self.epoch = epoch
        start = i * self.batch_size + distributed.rank() * self.share
        index = self.order[start : start + self.share]
        batch = {"x": self.data.floats(index), "y": self.data.y[index]}
        if self.data.attributes is not None:
            batch["attributes"] = self.data.attributes[index]
        return batch


class PartlyLabelledBatches(ImageBatches):
    """Batches of all images, and beside each one of labelled images, which has its own, shorter or equal, passes."""

    def __init__(self, data: PartlyLabelled, batch_size: int, seed: int, where: torch.device):
        super().__init__(data.images, batch_size, seed, where)
        # another seed: where all images are labelled, the two batches of a step must not be the same one
        self.labelled = ImageBatches(data.labelled, min(batch_size, len(data.labelled)), seed + 500_000, where)

    def at(self, step: int) -> dict[str, Tensor]:
        labelled = self.labelled.at(step)
        return super().at(step) | {f"{name}_labelled": value for name, value in labelled.items()}


class FreshSamples:
    """Batches drawn from a distribution, new ones at every step."""

    steps_per_epoch = None

    def __init__(self, data: Distribution, batch_size: int, where: torch.device):
        self.data = data.to(where)
        self.batch_size = batch_size
        self.share = distributed.share(batch_size)

    def at(self, step: int) -> dict[str, Tensor]:
        return {"x": self.data.sample(self.share)}


class LoaderBatches:
    """Batches of a DataLoader of (x, y) pairs, one pass after the other."""

    def __init__(self, loader: DataLoader, where: torch.device):
        if not len(loader):
            raise ValueError("the DataLoader has no batches: is its batch_size larger than its data?")
        if distributed.world_size() > 1:
            raise distributed.DistributedError(
                "several processes share the batches of Images or of a Distribution, but not those of a DataLoader"
            )
        self.loader = loader
        self.batch_size = loader.batch_size
        self.steps_per_epoch = len(loader)
        self.where = where
        self.stream = self._endless()

    def _endless(self) -> Iterator:
        while True:
            yield from self.loader

    def at(self, step: int) -> dict[str, Tensor]:
        x, y = next(self.stream)
        return {"x": x.to(self.where, non_blocking=True), "y": y.to(self.where, non_blocking=True)}


def make_batches(data, batch_size: int, seed: int, where: torch.device):
    """The batches of data for `fit`, each kind with ``at(step)``, ``batch_size`` and ``steps_per_epoch``.

    Raises ValueError for a batch size that does not fit the data, TypeError for data of another kind.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    if isinstance(data, Images):
        return ImageBatches(data, batch_size, seed, where)
    if isinstance(data, PartlyLabelled):
        return PartlyLabelledBatches(data, batch_size, seed, where)
    if isinstance(data, Distribution):
        return FreshSamples(data, batch_size, where)
    if isinstance(data, DataLoader):
        return LoaderBatches(data, where)
    raise TypeError(
        f"fit takes Images, PartlyLabelled, a Distribution or a DataLoader as data, not {type(data).__name__}"
    )
