"""A plain classifier: the judge that notebooks ask whether a sample looks like a digit."""

import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.methods.base import Method, adam


class Classifier(Method):
    """Images to class probabilities by cross-entropy. One role: `classifier`.

    `trunk` gives features (B, F), of which a share `dropout` in [0, 1) is left out at random in training.
    corruption: noise on the images in training. Of a batch in which labels are hidden, it uses the labelled images.
    """

    def __init__(
        self,
        trunk: nn.Module,
        n_classes: int = 10,
        lr: float = 1e-3,
        dropout: float = 0.0,
        corruption: nn.Module | None = None,
    ):
        super().__init__()
        self.trunk = trunk
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(trunk.out_features, n_classes)
        self.lr = lr
        self.corruption = corruption or nn.Identity()

    def configure_optimizers(self):
        return {"classifier": adam(self.parameters(), self.lr)}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        x, y = (batch.get(f"{name}_labelled", batch[name]) for name in ("x", "y"))
        cross_entropy = F.cross_entropy(self.logits(self.corruption(x)), y)
        self.minimize(classifier=cross_entropy)
        return {"cross_entropy": cross_entropy}

    def features(self, x: Tensor) -> Tensor:
        """What the last layer before the classes sees, (B, trunk.out_features)."""
        return self.trunk(x).to(x.dtype)

    def logits(self, x: Tensor) -> Tensor:
        """Unnormalised class scores (B, n_classes)."""
        return self.head(self.dropout(self.trunk(x))).to(x.dtype)

    def probabilities(self, x: Tensor) -> Tensor:
        """p(y|x), (B, n_classes), rows sum to one."""
        return self.logits(x).softmax(1)
