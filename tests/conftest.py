"""What all tests share."""

import pytest
import torch


@pytest.fixture(autouse=True)
def _a_test_leaves_torch_as_it_was():
    """Settings of torch that one test changes must not decide how the next one ends."""
    gradients, default = torch.is_grad_enabled(), torch.get_default_dtype()
    yield
    assert not torch.is_autocast_enabled("cpu")
    assert torch.is_grad_enabled() == gradients
    assert torch.get_default_dtype() == default
