"""The floor: what our training step cannot do without, and nothing else.

One step is watched, and its matrix products, convolutions and optimiser steps are noted with the very tensors they
were given. Done again, one after the other, they take the time below which no loop can come that makes the same
products, at these shapes and in this number format, and moves as many weights through the optimiser.
"""

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from course_utils.methods.base import Method

aten = torch.ops.aten
PRODUCTS = {aten.mm, aten.addmm, aten.bmm, aten.convolution, aten.convolution_backward}
OPTIMISERS = {aten._fused_adam_, aten._fused_sgd_}


class Recording(TorchDispatchMode):
    """Notes the calls that the floor consists of, as (function, arguments, named arguments)."""

    def __init__(self):
        super().__init__()
        self.calls: list[tuple] = []

    def __torch_dispatch__(self, function, types, arguments=(), named=None):
        if function.overloadpacket in PRODUCTS | OPTIMISERS:
            self.calls.append((function, arguments, named or {}))
        return function(*arguments, **(named or {}))

    @torch.no_grad()
    def replay(self, times: int = 1) -> None:
        """Make all calls again, in their order."""
        for _ in range(times):
            for function, arguments, named in self.calls:
                function(*arguments, **named)


def record(model: Method, batch: dict[str, torch.Tensor], number_format: torch.dtype) -> Recording:
    """The products and optimiser steps of one training step on this batch."""
    where = batch["x"].device.type
    with Recording() as recording, torch.autocast(where, number_format, enabled=number_format != torch.float32):
        model.training_step(batch)
    return recording
