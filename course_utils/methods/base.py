"""The contract of every method: roles, their optimisers, and `minimize`."""

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from course_utils import distributed


def adam(parameters, lr: float, beta1: float = 0.9) -> Optimizer:
    """Adam with beta2 = 0.999 and the fused update (one pass over memory instead of several)."""
    return torch.optim.Adam(parameters, lr=lr, betas=(beta1, 0.999), fused=True)


def sgd(parameters, lr: float, momentum: float = 0.0) -> Optimizer:
    """Stochastic gradient descent with momentum, fused."""
    return torch.optim.SGD(parameters, lr=lr, momentum=momentum, fused=True)


def rmsprop(parameters, lr: float, decay: float = 0.9) -> Optimizer:
    """RMSProp: each gradient is divided by the root of a running mean of its square."""
    return torch.optim.RMSprop(parameters, lr=lr, alpha=decay)


# by name, for methods that leave the choice to their recipes; all take (parameters, lr, momentum or decay)
OPTIMIZERS = {"sgd": sgd, "adam": adam, "rmsprop": rmsprop}


class Method(nn.Module):
    """A way to train generative networks.

    A subclass defines `configure_optimizers` (one optimiser for each ROLE: a named job with parameters of its
    own or shared) and `training_step` (the paper's algorithm, top to bottom). Batches are dictionaries:
    ``batch["x"]`` the images (B, C, H, W) or points (B, dim), ``batch["y"]`` the labels (B,) where there are any
    (-1 where hidden), ``batch["x_labelled"]`` and ``batch["y_labelled"]`` labelled ones beside those.

    training_only: the names of networks that nobody needs after training; shipped weights leave them out.
    """

    training_only: tuple[str, ...] = ()

    def __init__(self):
        super().__init__()
        self._optimizers: dict[str, Optimizer] | None = None

    def configure_optimizers(self) -> dict[str, Optimizer]:
        """One optimiser for each role."""
        raise NotImplementedError

    def training_step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """One step of the algorithm on one batch; returns the scalars to log."""
        raise NotImplementedError

    @property
    def optimizers(self) -> dict[str, Optimizer]:
        """The optimiser of each role, made when first asked for and kept."""
        if self._optimizers is None:
            self._optimizers = self.configure_optimizers()
        return self._optimizers

    def role_parameters(self, role: str) -> list[nn.Parameter]:
        """The parameters that a role's optimiser moves."""
        if role not in self.optimizers:
            raise ValueError(f"{type(self).__name__} has no role {role!r}; its roles: {', '.join(self.optimizers)}")
        return [p for group in self.optimizers[role].param_groups for p in group["params"]]

    def minimize(self, **losses: Tensor) -> None:
        """Take one optimiser step for each ``role=loss``: a loss moves its own role's parameters and nothing else.

        All gradients are taken first, then all steps are made: the losses of one call may share a forward pass,
        and none of them sees the others' steps (simultaneous updates). Call it several times in a training step,
        with a new forward pass after each, for updates in alternation. Where several processes train one model
        (`distributed`), each brings the gradients of its part of the batch, and the steps follow their mean.

        Raises ValueError for an unknown role, for a loss that is not a scalar connected to parameters, and for a
        role whose parameters the loss does not reach at all (a wrong role, or a detach too many).
        """
        parameters = {role: self.role_parameters(role) for role in losses}
        gradients = self._gradients(losses, parameters)
        if distributed.world_size() > 1:
            gradients = _mean_over_processes(gradients)
        for role in losses:
            for p in parameters[role]:
                p.grad = gradients[role].get(p)
            self.optimizers[role].step()
            self.optimizers[role].zero_grad(set_to_none=True)
        # Autocast keeps bfloat16 copies of the weights for as long as its context lasts. The weights have just
        # moved: without this line, a later forward pass in the same step would silently use the OLD ones.
        torch.clear_autocast_cache()

    def _gradients(self, losses, parameters) -> dict[str, dict[nn.Parameter, Tensor]]:
        """For each role, the gradient of its loss for those of its parameters that the loss reaches."""
        distinct = list({id(loss): loss for loss in losses.values()}.values())
        gradients: dict[str, dict[nn.Parameter, Tensor]] = {}
        for i, loss in enumerate(distinct):
            roles = [role for role in losses if losses[role] is loss]
            _check_loss(loss, roles)
            wanted = list({p: None for role in roles for p in parameters[role]})
            # an earlier loss must leave the graph standing: a later one may share the forward pass
            values = torch.autograd.grad(loss, wanted, retain_graph=i + 1 < len(distinct), allow_unused=True)
            reached = {p: g for p, g in zip(wanted, values, strict=True) if g is not None}
            for role in roles:
                gradients[role] = {p: reached[p] for p in parameters[role] if p in reached}
                if not gradients[role]:
                    raise ValueError(
                        f"the loss for role {role!r} does not depend on any of its parameters: "
                        "is it the wrong role, or was something detached on the way?"
                    )
        return gradients


def _mean_over_processes(gradients: dict[str, dict[nn.Parameter, Tensor]]) -> dict[str, dict[nn.Parameter, Tensor]]:
    """The same gradients, averaged by one exchange for all roles."""
    means = iter(distributed.mean([g for of_role in gradients.values() for g in of_role.values()]))
    return {role: {p: next(means) for p in of_role} for role, of_role in gradients.items()}


def _check_loss(loss: Tensor, roles: list[str]) -> None:
    name = " and ".join(map(repr, roles))
    if loss.ndim:
        raise ValueError(
            f"the loss for role {name} must be one number, got shape {tuple(loss.shape)}: take a mean or a sum"
        )
    if not loss.requires_grad:
        raise ValueError(
            f"the loss for role {name} is not connected to any parameter: was it detached, or computed under no_grad?"
        )
