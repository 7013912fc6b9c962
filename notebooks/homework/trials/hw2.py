"""Answers on trial for homework 2: right ones written differently, and the mistakes that VAEs are really made with."""

import torch

from course_utils import metrics
from course_utils.homework.trials import Right, Wrong


def measure(notebook: dict, seed: int) -> dict[str, float]:
    """The numbers that students report, from the reference solution with this seed."""
    digits, test_x = notebook["digits"], notebook["test_x"]
    order = torch.randperm(len(digits.train), generator=torch.Generator().manual_seed(seed))
    own = digits.train.chosen(order[: len(notebook["own_images"])])
    vae = notebook["train"](notebook["new_image_vae"](seed), own, seed)
    asked = {"elbo_test": (test_x, 1), "iwae_test": (test_x, 64), "elbo_own": (own.x, 1)}
    return {name: metrics.iwae_bound(vae, x, k=k).mean().item() for name, (x, k) in asked.items()}


RIGHT = [
    Right(
        "everything from torch.distributions",
        {
            "draw": """
                from torch.distributions import Bernoulli, Independent, MultivariateNormal, Normal, kl_divergence

                def draw(mu, logvar):
                    return Normal(mu, (logvar / 2).exp()).rsample()
            """,
            "closed_form": """
                def kl_closed_form(mu, logvar):
                    q = Independent(Normal(mu, torch.exp(logvar).sqrt()), 1)
                    p = Independent(Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1)
                    return kl_divergence(q, p).mean()
            """,
            "by_draws": """
                def kl_by_draws(mu, logvar, n):
                    q = MultivariateNormal(mu, torch.diag_embed(logvar.exp()))
                    p = MultivariateNormal(torch.zeros(mu.shape[1]), torch.eye(mu.shape[1]))
                    z = q.sample([n])
                    return torch.mean(q.log_prob(z) - p.log_prob(z))
            """,
            "pixels": """
                def log_bernoulli(x, logits):
                    return Bernoulli(logits=logits, validate_args=False).log_prob(x).sum(dim=[1, 2, 3])
            """,
            "bound": """
                def elbo(x, logits, mu, logvar, beta=1.0):
                    q = Normal(mu, torch.exp(0.5 * logvar))
                    kl = kl_divergence(q, Normal(0.0, 1.0)).sum(-1)
                    like = Bernoulli(logits=logits, validate_args=False).log_prob(x).sum(dim=[1, 2, 3])
                    return (like - beta * kl).mean()
            """,
            "evidence": """
                def log_evidence(x, W, b, variance):
                    noise = torch.full_like(b, variance)
                    return torch.distributions.LowRankMultivariateNormal(b, W, noise).log_prob(x)
            """,
            "training_step": """
                def training_step(vae, optimizer, x, beta=1.0):
                    optimizer.zero_grad()
                    mu, logvar = vae.encoder(x)
                    q = Normal(mu, torch.exp(0.5 * logvar))
                    kl = kl_divergence(q, Normal(0.0, 1.0)).sum(1)
                    loss = -(vae.log_likelihood(x, q.rsample()) - beta * kl).mean()
                    loss.backward()
                    optimizer.step()
                    return float(-loss)
            """,
        },
    ),
    Right(
        "loops and plain numbers",
        {
            "draw": """
                def draw(mu, logvar):
                    rows = []
                    for m, l in zip(mu, logvar):
                        rows.append(m + l.exp().sqrt() * torch.randn(len(m)))
                    return torch.stack(rows)
            """,
            "closed_form": """
                def kl_closed_form(mu, logvar):
                    total = 0.0
                    for m, l in zip(mu, logvar):
                        for j in range(len(m)):
                            variance = torch.exp(l[j])
                            total = total + 0.5 * (m[j] ** 2 + variance - 1 - torch.log(variance))
                    return total / len(mu)
            """,
            "by_draws": """
                def kl_by_draws(mu, logvar, n):
                    total = 0.0
                    for _ in range(n):
                        eps = torch.randn(mu.shape)
                        z = mu + torch.exp(logvar / 2) * eps
                        log_q = -0.5 * (eps**2 + logvar)
                        log_p = -0.5 * z**2
                        total += (log_q - log_p).sum().item() / len(mu)
                    return total / n
            """,
            "pixels": """
                def log_bernoulli(x, logits):
                    values = [a * F.logsigmoid(b) + (1 - a) * F.logsigmoid(-b) for a, b in zip(x, logits)]
                    return torch.stack([value.sum() for value in values])
            """,
            "evidence": """
                def log_evidence(x, W, b, variance):
                    n = W.shape[0]
                    C = torch.mm(W, W.t()) + variance * torch.eye(n)
                    values = []
                    for row in x:
                        r = row - b
                        values.append(-0.5 * (n * math.log(2 * math.pi) + torch.logdet(C) + r @ torch.inverse(C) @ r))
                    return torch.stack(values)
            """,
            "posterior": """
                def true_posterior(x, W, b, variance):
                    C = W @ W.T + variance * torch.eye(W.shape[0])
                    gain = W.T @ torch.inverse(C)
                    return torch.stack([gain @ (row - b) for row in x]), torch.eye(W.shape[1]) - gain @ W
            """,
            "weights": """
                def iwae(log_w):
                    out = []
                    for column in log_w.T:
                        top = column.max()
                        out.append(top + torch.log(torch.mean(torch.exp(column - top))))
                    return torch.stack(out)
            """,
            "active": """
                def active_units(mu):
                    count = 0
                    for column in mu.T:
                        if float(((column - column.mean()) ** 2).mean()) > 0.01:
                            count += 1
                    return count
            """,
            "best_weight": """
                def best_weight_squared(eigenvalue, variance):
                    if eigenvalue <= variance:
                        return 0
                    return eigenvalue - variance
            """,
            "predict": """
                def predicted_active(x, latent_dim, variance):
                    x = x.reshape(len(x), -1)
                    x = x - x.mean(0)
                    count = 0
                    for s in torch.linalg.svdvals(x):
                        if s**2 / len(x) > variance and count < latent_dim:
                            count += 1
                    return count
            """,
        },
    ),
    Right(
        "functional, own functions used again in later parts",
        {
            "bound": """
                def elbo(x, logits, mu, logvar, beta=1.0):
                    return torch.mean(log_bernoulli(x, logits)) - beta * kl_closed_form(mu, logvar)
            """,
            "posterior": """
                def true_posterior(x, W, b, variance):
                    M = W.T @ W + variance * torch.eye(W.shape[1])
                    L = torch.linalg.cholesky(M)
                    mean = torch.cholesky_solve(W.T @ (x - b).T, L).T
                    return mean, variance * torch.cholesky_inverse(L)
            """,
            "weights": """
                def iwae(log_w):
                    k = log_w.size(0)
                    return torch.log_softmax(log_w, 0).mul(-1).add(log_w)[0] - math.log(k)
            """,
            "training_step": """
                def training_step(vae, optimizer, x, beta=1.0):
                    vae.train()
                    mu, logvar = vae.encoder(x)
                    z = draw(mu, logvar)
                    kl = kl_closed_form(mu, logvar)
                    objective = torch.mean(vae.log_likelihood(x, z)) - beta * kl
                    for p in vae.parameters():
                        p.grad = None
                    (-1 * objective).backward()
                    optimizer.step()
                    optimizer.zero_grad()
                    return objective.detach().item()
            """,
            "number": """
                image_vae = new_image_vae(seed)
                train(image_vae, own_images, seed)
                own = own_images.x
                with torch.no_grad():
                    mu, logvar = image_vae.encoder(test_x)
                    z = draw(mu, logvar)
                    likelihood = image_vae.log_likelihood(test_x, z).mean()
                    elbo_test = likelihood - kl_closed_form(mu, logvar)
                    elbo_own = sum(float(image_vae.log_weight(own).mean()) for _ in range(10)) / 10
                    iwae_test = iwae(torch.stack([image_vae.log_weight(test_x) for _ in range(64)])).mean()
            """,
            "predict": """
                import numpy as np

                def predicted_active(x, latent_dim, variance):
                    covariance = np.cov(x.reshape(x.shape[0], -1).numpy(), rowvar=False)
                    return int(min(latent_dim, np.sum(np.linalg.eigvalsh(covariance) > variance)))
            """,
            "experiment": """
                vae_tiny = new_linear_vae(seed, tiny.x.shape[1:], variance=noise_variance)
                vae_repository = new_linear_vae(seed, variance=28 * 28 / 2, shape=[1, 28, 28])
                train(vae_tiny, tiny, seed)
                train(vae_repository, digits.train, seed)
                with torch.no_grad():
                    active_tiny = active_units(vae_tiny.encoder(tiny.x)[0])
                    active_repository = active_units(vae_repository.encoder(train_x)[0])
            """,
        },
    ),
]

WRONG = [
    Wrong(
        "logvar taken for the standard deviation's logarithm",
        changes={"draw": ("torch.exp(0.5 * logvar)", "torch.exp(logvar)")},
        loses={"draw_moments"},
        says="the variance of many draws",
    ),
    Wrong(
        "a plain draw: no gradient; the KL the other way round",
        changes={
            "draw": (
                "mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)",
                "torch.distributions.Normal(mu, torch.exp(0.5 * logvar)).sample()",
            ),
            "closed_form": (
                "(logvar.exp() + mu.square() - 1 - logvar)",
                "((1 + mu.square()) / logvar.exp() - 1 + logvar)",
            ),
        },
        loses={"draw_gradient", "kl_value"},
        says="gradients should pass",
    ),
    Wrong(
        "a step before its gradient; pixels of the linear model taken as independent",
        changes={
            "training_step": (
                "    (-objective).backward()\n    optimizer.step()",
                "    optimizer.step()\n    (-objective).backward()",
            ),
            "evidence": (
                "torch.distributions.MultivariateNormal(b, covariance).log_prob(x)",
                "torch.distributions.Normal(b, covariance.diagonal().sqrt()).log_prob(x).sum(1)",
            ),
        },
        loses={"step_moves", "step_twice", "evidence_value"},
        says="another density",
    ),
    Wrong(
        "KL as a plain number, log-likelihood without gradients",
        changes={
            "closed_form": (".sum(1).mean()", ".sum(1).mean().item()"),
            "pixels": (".flatten(1).sum(1)", ".flatten(1).sum(1).detach()"),
        },
        loses={"kl_value", "pixel_extremes"},
        says="gradients should pass through the KL",
    ),
    Wrong(
        "KL with the wrong sign",
        changes={"closed_form": ("logvar.exp() + mu.square() - 1 - logvar", "1 + logvar - mu.square() - logvar.exp()")},
        loses={"kl_value"},
        says="2 nats",
    ),
    Wrong(
        "Monte Carlo with draws from the prior",
        changes={"by_draws": ("q.rsample((n,))", "prior.sample((n,))")},
        loses={"kl_draws"},
        says="costs 1 nat",
    ),
    Wrong(
        "noise of variance sigma^4, b forgotten in the posterior",
        changes={
            "evidence": ("variance * torch.eye", "variance**2 * torch.eye"),
            "posterior": ("(x - b) @ W", "x @ W"),
        },
        loses={"evidence_value", "posterior_value"},
        says="another density",
    ),
    Wrong(
        "uniform noise; KL summed over the batch",
        changes={"draw": ("randn_like", "rand_like"), "closed_form": (".sum(1).mean()", ".sum()")},
        loses={"draw_moments", "kl_reduction"},
        says="the mean of many draws",
    ),
    Wrong(
        "one noise for all codes of a row; sum of the weights",
        changes={
            "draw": ("torch.randn_like(mu)", "torch.randn(len(mu), 1)"),
            "weights": (" - math.log(len(log_w))", ""),
        },
        loses={"draw_moments", "iwae_value"},
        says="of its own",
    ),
    Wrong(
        "Monte Carlo with one draw, whatever n; codes counted that are not centred at zero",
        changes={
            "by_draws": ("q.rsample((n,))", "q.rsample((1,))"),
            "active": ("mu.var(dim=0)", "mu.square().mean(dim=0)"),
        },
        loses={"kl_draws", "active_value"},
        says="only the second code",
    ),
    Wrong(
        "mean of the logs; standard deviation against the threshold of a variance",
        changes={
            "weights": ("torch.logsumexp(log_w, dim=0) - math.log(len(log_w))", "log_w.mean(0)"),
            "active": ("mu.var(dim=0)", "mu.std(dim=0)"),
        },
        loses={"iwae_value", "active_value"},
        says="vary enough over the images",
    ),
    Wrong(
        "a sigmoid too many; posterior covariance without the noise",
        changes={
            "pixels": ("_with_logits(logits, x,", "_with_logits(torch.sigmoid(logits), x,"),
            "posterior": ("W.T @ W / variance", "W.T @ W"),
        },
        loses={"pixel_value", "pixel_extremes", "posterior_value"},
        says="as Bayes' rule says",
    ),
    Wrong(
        "beta on the likelihood; trained for five steps",
        changes={
            "bound": (
                "losses.bernoulli_log_prob(x, logits).mean() - beta *",
                "beta * losses.bernoulli_log_prob(x, logits).mean() -",
            ),
            "number": ("own_images, seed)", "own_images, seed, steps=5)"),
        },
        loses={"elbo_value", "trained_number"},
        says="beta should say",
    ),
    Wrong(
        "beta forgotten in the step; a negative square",
        changes={
            "training_step": ("- beta * losses", "- losses"),
            "best_weight": ("max(0.0, eigenvalue - variance)", "eigenvalue - variance"),
        },
        loses={"step_moves", "best_weight_value"},
        says="with this beta",
    ),
    Wrong(
        "probabilities clamped; variances of single pixels instead of directions",
        changes={
            "pixels": (
                '-F.binary_cross_entropy_with_logits(logits, x, reduction="none")',
                '-F.binary_cross_entropy(torch.sigmoid(logits).clamp(1e-6, 1 - 1e-6), x, reduction="none")',
            ),
            "predict": ("torch.linalg.eigvalsh(torch.cov(x.flatten(1).T))", "x.flatten(1).var(0)"),
        },
        loses={"pixel_extremes", "predict_value"},
        says="ten times as sure",
    ),
    Wrong(
        "one noise for all rows of the batch; KL averaged over codes",
        changes={
            "draw": ("torch.randn_like(mu)", "torch.randn(mu.shape[1])"),
            "closed_form": (".sum(1).mean()", ".mean()"),
        },
        loses={"draw_moments", "kl_reduction"},
        says="of its own",
    ),
    Wrong(
        "the standard deviation is detached; pixels averaged",
        changes={
            "draw": ("torch.exp(0.5 * logvar)", "torch.exp(0.5 * logvar).detach()"),
            "pixels": (".flatten(1).sum(1)", ".flatten(1).mean(1)"),
        },
        loses={"draw_gradient", "pixel_value"},
        says="reach logvar",
    ),
    Wrong(
        "KL without the half, log sigma instead of log sigma^2; the logarithm of a sigmoid",
        changes={
            "closed_form": (
                "0.5 * (logvar.exp() + mu.square() - 1 - logvar)",
                "(logvar.exp() + mu.square() - 1 - 0.5 * logvar)",
            ),
            "pixels": (
                '-F.binary_cross_entropy_with_logits(logits, x, reduction="none")',
                "(x * torch.log(torch.sigmoid(logits)) + (1 - x) * torch.log(1 - torch.sigmoid(logits)))",
            ),
        },
        loses={"kl_value", "pixel_extremes"},
        says="logits of some hundreds",
    ),
    Wrong(
        "Monte Carlo that is the closed form with noise on it; KL added to the likelihood",
        changes={
            "by_draws": (
                "return (q.log_prob(z) - prior.log_prob(z)).sum(2).mean()",
                "return kl_closed_form(mu, logvar) + 1e-3 * torch.randn(())",
            ),
            "bound": (".mean() - beta *", ".mean() + beta *"),
        },
        loses={"elbo_value", "kl_draws"},
        says="vary as an average",
    ),
    Wrong(
        "the loss instead of the bound; the code detached before the decoder",
        changes={
            "bound": (
                "return losses.bernoulli_log_prob(x, logits).mean() - beta *",
                "return -losses.bernoulli_log_prob(x, logits).mean() + beta *",
            ),
            "training_step": ("vae.log_likelihood(x, z)", "vae.log_likelihood(x, z.detach())"),
        },
        loses={"elbo_value", "step_moves"},
        says="the gradient of the objective",
    ),
    Wrong(
        "weights not kept in logarithms; gradients never set to zero",
        changes={
            "weights": ("torch.logsumexp(log_w, dim=0) - math.log(len(log_w))", "torch.log(torch.exp(log_w).mean(0))"),
            "training_step": ("    optimizer.zero_grad()\n", ""),
        },
        loses={"iwae_scale", "step_twice"},
        says="remembers the one before",
    ),
    Wrong(
        "the mean decoded in training; the factor two of the squared error forgotten",
        changes={
            "training_step": ("mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)", "mu"),
            "variance": ("c / (2 * a)", "c / a"),
        },
        loses={"step_moves", "variance_value"},
        says="your step has no noise",
    ),
    Wrong(
        "eigenvalues of images that are not centred; numbers of the training images",
        changes={
            "predict": ("torch.cov(x.flatten(1).T)", "x.flatten(1).T @ x.flatten(1) / len(x)"),
            "number": [("test_x, k=1)", "own_images.x, k=1)"), ("test_x, k=64)", "own_images.x, k=64)")],
        },
        loses={"predict_value", "trained_number"},
        says="around their mean",
    ),
    Wrong(
        "codes counted on draws instead of means; a step down the objective",
        changes={
            "experiment": ("vae_tiny.encode(", "vae_tiny.encoder.sample("),
            "training_step": ("(-objective).backward()", "objective.backward()"),
        },
        loses={"experiment_value", "step_moves"},
        says="should count its codes",
    ),
    Wrong(
        "three wrong letters",
        changes={
            "answer_prior": ('"b"', '"c"'),
            "answer_gap": ('"b"', '"a"'),
            "answer_mean": ('"d"', '"a"'),
        },
        loses={"prior_draws", "gap", "mean_of_logs"},
        says="the distribution that the draws come from",
    ),
    Wrong(
        "training and test images exchanged",
        changes={
            "number": [
                ("seed), own_images, seed)", "seed), digits.test, seed)"),
                ("(image_vae, own_images.x, k=1)", "(image_vae, digits.test.x, k=1)"),
            ]
        },
        loses={"trained_number"},
        says="elbo_",
    ),
    Wrong(
        "numbers typed, no network behind them",
        answers={
            "number": """
                image_vae = new_image_vae(seed)
                elbo_test, iwae_test, elbo_own = -263.0, -258.5, -256.0
            """
        },
        loses={"trained_number"},
        says="what your network gives",
    ),
    Wrong(
        "networks counted before they are trained",
        changes={"experiment": (", noise_variance), tiny, seed)", ", noise_variance), tiny, seed, steps=5)")},
        loses={"experiment_value"},
        says="vae_tiny should be trained",
    ),
    Wrong(
        "the repository's loss taken for half the squared error",
        changes={"experiment": ("implied_variance(1 / 784, 1.0)", "1.0")},
        loses={"experiment_value"},
        says="as that line does",
    ),
    Wrong(
        "outputs of the visible examples",
        answers={
            "closed_form": """
                def kl_closed_form(mu, logvar):
                    return torch.tensor(0.0 if float(mu.sum()) == 0 else 2.0)
            """,
            "variance": "def implied_variance(a, c):\n    return 1.0",
            "best_weight": "def best_weight_squared(eigenvalue, variance):\n    return 3.0",
            "predict": """
                def predicted_active(x, latent_dim, variance):
                    return {0.01: 2, 1.0: 1, 3.0: 0}[variance]
            """,
        },
        loses={"kl_value", "kl_reduction", "variance_value", "best_weight_value", "predict_value"},
        says="agree with torch.distributions",
    ),
    Wrong(
        "the test edited until it passes",
        changes={"closed_form": ("mu.square()", "mu.abs()")},
        answers={"kl_value": "assert True"},
        loses={"kl_value"},
        says="2 nats",
    ),
]
