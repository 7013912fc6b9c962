"""A network that reads attributes off images: what asked-for attributes are compared with (Larsen et al. 2016, 4.2)."""

import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.methods.base import Method, adam


class AttributeRegressor(Method):
    """Images to attribute vectors (B, n_attributes), by squared error. One role: `regressor`.

    `trunk` gives features (B, F), of which a share `dropout` in [0, 1) is left out at random in training. It is
    trained on real images only, apart from all generators.
    """

    def __init__(self, trunk: nn.Module, n_attributes: int, lr: float = 1e-3, dropout: float = 0.0):
        super().__init__()
        self.trunk = trunk
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(trunk.out_features, n_attributes)
        self.lr = lr

    def configure_optimizers(self):
        return {"regressor": adam(self.parameters(), self.lr)}

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        squared_error = F.mse_loss(self(batch["x"]), batch["attributes"])
        self.minimize(regressor=squared_error)
        return {"squared_error": squared_error}

    def forward(self, x: Tensor) -> Tensor:
        """The attributes (B, n_attributes) that the network sees in images x (B, C, H, W)."""
        return self.head(self.dropout(self.trunk(x))).to(x.dtype)
