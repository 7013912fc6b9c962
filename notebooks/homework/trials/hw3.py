"""Right and wrong answers to homework 3, and the numbers of its reference solution."""

import math

import torch

from course_utils import metrics
from course_utils.homework.trials import Right, Wrong


def measure(notebook: dict, seed: int) -> dict[str, float]:
    """The numbers that students report, from the reference solution with that seed."""
    test = notebook["data"].test
    encoder, _, _ = notebook["train_by_phases"](seed)
    gaussian = notebook["train_gaussian_aae"](seed)
    # the notebook's functions look up the student's clock by its name
    notebook["hour_of"] = notebook["make_clock"](seed)
    labelled = notebook["train_clock_aae"](seed)
    torch.manual_seed(seed)
    with torch.no_grad():
        reference = notebook["clock"].sample(2000)
        distance = metrics.energy_distance(encoder.sample(test.x), reference)
        hours = notebook["clock"].component(labelled.encode(test.x))
    return {
        "distance_aae": distance,
        "log_share_after": math.log(notebook["noise_share"](gaussian.encoder.sample, test.x) + 1e-5),
        "own_share_labelled": 100 * (hours == notebook["hour_of"][test.y]).double().mean().item(),
    }


LOOPS = Right(
    "loops and basic indexing, an edited test, and a training step that leaves the detaching to minimize",
    changes={"training_step": ("self.discriminate(z.detach(), y)", "self.discriminate(z, y)")},
    answers={
        "test_ring_spread": "assert True",
        "sample_ring": """
            def sample_ring(n, radius=2.0, std=0.25, n_modes=10, hours=None):
                rows = []
                for i in range(n):
                    k = int(torch.randint(0, n_modes, ())) if hours is None else int(hours[i])
                    a = k / n_modes * 2 * math.pi
                    rows.append([torch.normal(torch.tensor(radius * math.cos(a)), std),
                                 torch.normal(torch.tensor(radius * math.sin(a)), std)])
                return torch.tensor(rows)
        """,
        "sample_roll": """
            def sample_roll(n, size=3.0, turns=2.0, n_classes=10, labels=None):
                points = torch.zeros(n, 2)
                for i in range(n):
                    low, high = (0, 1) if labels is None else (labels[i] / n_classes, (labels[i] + 1) / n_classes)
                    t = math.sqrt(low + (high - low) * torch.rand(()).item())
                    points[i, 0] = size * t * math.cos(2 * math.pi * turns * t)
                    points[i, 1] = size * t * math.sin(2 * math.pi * turns * t)
                return points
        """,
        "reconstruction_loss": """
            def reconstruction_loss(x_hat, x):
                total = 0
                for a, b in zip(x_hat, x):
                    total = total + ((a - b) ** 2).sum() / 2
                return total / len(x)
        """,
        "noise_share": """
            def noise_share(sample, x, n=100):
                clouds = [sample(x).detach() for _ in range(n)]
                mean = sum(clouds) / n
                inside = sum(((c - mean) ** 2).mean(0) for c in clouds) / n
                between = ((mean - mean.mean(0)) ** 2).mean(0)
                return float(inside.sum() / (inside.sum() + between.sum()))
        """,
        "label_vectors": """
            def label_vectors(y, n_classes=10):
                v = torch.zeros(len(y), n_classes + 1)
                for i, k in enumerate(y.tolist()):
                    v[i, k if k >= 0 else n_classes] = 1
                return v
        """,
        "sample_for_labels": """
            def sample_for_labels(y):
                z = clock.sample(len(y))
                for d in range(10):
                    mine = (y == d).nonzero()[:, 0]
                    if len(mine):
                        z[mine] = clock.sample(len(mine), torch.full((len(mine),), int(hour_of[d])))
                return z
        """,
    },
)

OTHER_API = Right(
    "autograd.grad, no_grad and cross-entropies instead of backward and the course's losses",
    answers={
        "reconstruction_loss": """
            def reconstruction_loss(x_hat, x):
                return nn.MSELoss(reduction="sum")(x_hat, x) / (2 * x.shape[0])
        """,
        "reconstruction_phase": """
            def reconstruction_phase(encoder, decoder, optimizer, x, loss=losses.squared_error):
                value = loss(decoder(encoder.sample(x)), x)
                parameters = [*encoder.parameters(), *decoder.parameters()]
                for p, g in zip(parameters, torch.autograd.grad(value, parameters)):
                    p.grad = g
                optimizer.step()
                return value
        """,
        "discriminator_phase": """
            def discriminator_phase(encoder, discriminator, optimizer, x, z_prior):
                discriminator.zero_grad()
                with torch.no_grad():
                    z = encoder.sample(x)
                bce = F.binary_cross_entropy_with_logits
                real, fake = discriminator(z_prior), discriminator(z)
                d_loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
                d_loss.backward()
                optimizer.step()
                return d_loss.detach()
        """,
        "generator_phase": """
            def generator_phase(encoder, discriminator, optimizer, x):
                encoder.zero_grad()
                logits = discriminator(encoder(x))
                g_loss = F.binary_cross_entropy_with_logits(logits, torch.ones(len(x)))
                g_loss.backward()
                optimizer.step()
                optimizer.zero_grad()
                discriminator.zero_grad()
                return g_loss
        """,
        "pull": """
            def pull(loss, network):
                total = 0.0
                for p in network.parameters():
                    g, = torch.autograd.grad(loss, p, retain_graph=True, allow_unused=True)
                    if g is not None:
                        total += float((g ** 2).sum())
                return total ** 0.5
        """,
        "training_step": """
            def training_step(self, batch):
                x, y = batch["x"], batch["y"]
                rec = losses.squared_error(self.decoder(self.encoder(x)), x)
                self.minimize(autoencoder=rec)
                real = self.discriminate(self.sample_prior(y), y)
                fake = self.discriminate(self.encoder(x).detach(), y)
                d = -F.logsigmoid(real).mean() - F.logsigmoid(-fake).mean()
                self.minimize(discriminator=d)
                g = -F.logsigmoid(self.discriminate(self.encoder(x), y)).mean()
                self.minimize(generator=g)
                return dict(reconstruction=rec, discriminator=d, generator=g)
        """,
    },
)

DISTRIBUTIONS = Right(
    "torch.distributions, polar numbers and float64",
    answers={
        "sample_ring": """
            def sample_ring(n, radius=2.0, std=0.25, n_modes=10, hours=None):
                hours = torch.randint(n_modes, (n,)) if hours is None else hours
                centre = torch.polar(torch.full((n,), float(radius)).double(), hours.double() * (2 * math.pi / n_modes))
                return torch.distributions.Normal(torch.view_as_real(centre), std).sample()
        """,
        "sample_roll": """
            def sample_roll(n, size=3.0, turns=2.0, n_classes=10, labels=None):
                u = torch.rand(n).double()
                if labels is not None:
                    u = labels / n_classes + u / n_classes
                t = u ** 0.5
                return torch.view_as_real(torch.polar(size * t, 2 * math.pi * turns * t))
        """,
        "sample_gaussian": """
            def sample_gaussian(mu, logvar):
                return torch.distributions.Normal(mu, logvar.exp().sqrt()).rsample()
        """,
        "sample_universal": """
            def sample_universal(network, x, noise_dim, noise_std):
                noise = torch.normal(0.0, noise_std, (x.shape[0], noise_dim))
                return network(torch.hstack([x.reshape(x.shape[0], -1), noise]))
        """,
        "spread_of_means": """
            def spread_of_means(sigma):
                return torch.sqrt(1 - torch.as_tensor(sigma, dtype=torch.float64) ** 2)
        """,
        "label_vectors": """
            def label_vectors(y, n_classes=10):
                return torch.eye(n_classes + 1, dtype=torch.int64)[y]
        """,
        "sample_for_labels": """
            def sample_for_labels(y):
                anywhere = torch.randint(10, y.shape)
                return clock.sample(len(y), torch.where(y < 0, anywhere, hour_of[y]))
        """,
    },
)

RIGHT = [LOOPS, OTHER_API, DISTRIBUTIONS]

WRONG = [
    # ---- A: priors
    Wrong(
        "std taken for the variance of an hour",
        changes={"sample_ring": ("centres + std *", "centres + math.sqrt(std) *")},
        loses={"test_ring_spread"},
        says="standard deviation that was asked for",
    ),
    Wrong(
        "one noise number for both coordinates",
        changes={"sample_ring": ("torch.randn(n, 2)", "torch.randn(n, 1)")},
        loses={"test_ring_spread"},
        says="should be round",
    ),
    Wrong(
        "sine and cosine swapped",
        changes={"sample_ring": ("[angle.cos(), angle.sin()]", "[angle.sin(), angle.cos()]")},
        loses={"test_ring_centres"},
        says="hour 0 should lie on the first axis",
    ),
    Wrong(
        "hours in turn instead of at random",
        changes={"sample_ring": ("torch.randint(n_modes, (n,))", "torch.arange(n) % n_modes")},
        loses={"test_ring_hours"},
        says="should not always belong to the same hour",
    ),
    Wrong(
        "the visible examples hard-coded",
        answers={
            "sample_ring": """
                def sample_ring(n, radius=2.0, std=0.25, n_modes=10, hours=None):
                    return torch.tensor([[radius, 0.0]]) + std * torch.randn(n, 2)
            """,
            "reconstruction_loss": """
                def reconstruction_loss(x_hat, x):
                    return torch.tensor(392.0, requires_grad=True)
            """,
        },
        loses={"test_ring_centres", "test_ring_hours", "test_reconstruction_loss"},
        says="all should be equally likely",
    ),
    Wrong(
        "the roll without the root",
        changes={"sample_roll": ("root = u.sqrt()", "root = u")},
        loses={"test_roll_labels"},
        says="piece of the roll",
    ),
    Wrong(
        "the root in the radius only",
        changes={"sample_roll": ("turns * root", "turns * u")},
        loses={"test_roll_curve"},
        says="should lie on the curve",
    ),
    Wrong(
        "the root fills the radius evenly",
        changes={"answer_root": ('answer_root = "c"', 'answer_root = "d"')},
        loses={"test_answer_root"},
        says="another reason",
    ),
    # ---- B: phases
    Wrong(
        "mean over pixels",
        changes={"reconstruction_loss": (".flatten(1).sum(1).mean()", ".mean()")},
        loses={"test_reconstruction_loss"},
        says="392",
    ),
    Wrong(
        "a loss that stops the gradients",
        changes={"reconstruction_loss": (".flatten(1).sum(1).mean()", ".flatten(1).sum(1).mean().detach()")},
        loses={"test_reconstruction_loss"},
        says="gradients should pass through the loss",
    ),
    Wrong(
        "codes detached in the reconstruction phase",
        changes={"reconstruction_phase": ("encoder.sample(x)", "encoder.sample(x).detach()")},
        loses={"test_reconstruction_phase", "test_distances"},
        says="should move the encoder",
    ),
    Wrong(
        "images and reconstructions handed over the wrong way round",
        changes={
            "reconstruction_phase": ("loss(decoder(encoder.sample(x)), x)", "loss(x, decoder(encoder.sample(x)))")
        },
        loses={"test_reconstruction_phase"},
        says="the loss that was handed over",
    ),
    Wrong(
        "no detach in the discriminator's phase",
        changes={"discriminator_phase": ("encoder.sample(x).detach()", "encoder.sample(x)")},
        loses={"test_discriminator_phase_moves"},
        says="leave no gradients on the encoder",
    ),
    Wrong(
        "codes are the reals",
        changes={
            "discriminator_phase": (
                "discriminator(z_prior), discriminator(z)",
                "discriminator(z), discriminator(z_prior)",
            )
        },
        loses={"test_discriminator_phase_learns", "test_distances"},
        says="yours tells them worse",
    ),
    Wrong(
        "a standard Gaussian instead of the samples handed over",
        changes={"discriminator_phase": ("discriminator(z_prior)", "discriminator(torch.randn_like(z_prior))")},
        loses={"test_discriminator_phase_learns"},
        says="codes and samples in their parts",
    ),
    Wrong(
        "left-over gradients in the discriminator's phase",
        changes={"discriminator_phase": ("    optimizer.zero_grad()\n", "")},
        loses={"test_leftovers", "test_distances", "test_ratios"},
        says="gradients that other phases left",
    ),
    Wrong(
        "the encoder learns to be recognised",
        changes={"generator_phase": ("g_loss.backward()", "(-g_loss).backward()")},
        loses={"test_generator_phase", "test_distances", "test_ratios"},
        says="believes them less",
    ),
    Wrong(
        "the minimax loss for the encoder",
        changes={"generator_phase": ("losses.generator_loss", "losses.minimax_generator_loss")},
        loses={"test_generator_phase", "test_distances"},
        says="another size or direction",
    ),
    Wrong(
        "double sigmoid",
        changes={
            "generator_phase": (
                "discriminator(encoder.sample(x))",
                "torch.sigmoid(discriminator(encoder.sample(x)))",
            )
        },
        loses={"test_generator_phase", "test_distances"},
        says="another size or direction",
    ),
    Wrong(
        "distances typed, without a model",
        answers={"distances": "distance_plain, distance_aae = 2.5, 0.03"},
        loses={"test_distances"},
        says="what your trained model gives",
    ),
    Wrong(
        "the sum of the lengths of the parts",
        changes={
            "pull": (
                "torch.cat([g.flatten() for g in gradients if g is not None]).norm().item()",
                "sum(g.norm().item() for g in gradients if g is not None)",
            )
        },
        loses={"test_pull", "test_ratios"},
        says="the pull should be 3",
    ),
    Wrong(
        "a measurement that leaves gradients",
        answers={
            "pull": """
                def pull(loss, network):
                    network.zero_grad()
                    loss.backward(retain_graph=True)
                    return sum(p.grad.square().sum() for p in network.parameters() if p.grad is not None).sqrt().item()
            """
        },
        loses={"test_pull"},
        says="leave the gradients that lie on the parameters",
    ),
    Wrong(
        "the ratios the wrong way round",
        answers={
            "ratios": """
                encoder, decoder, discriminator = models["AAE"]
                z = encoder.sample(data.train.x[:200])
                g = pull(losses.generator_loss(discriminator(z)), encoder)
                ratio_mean = pull(losses.squared_error(decoder(z), data.train.x[:200]), encoder) / g
                ratio_sum = pull(F.mse_loss(decoder(z), data.train.x[:200]), encoder) / g
            """
        },
        loses={"test_ratios"},
        says="your own trained AAE",
    ),
    # ---- C: posteriors
    Wrong(
        "logvar taken for the logarithm of the standard deviation",
        changes={"sample_gaussian": ("torch.exp(0.5 * logvar)", "torch.exp(logvar)")},
        loses={"test_gaussian_spread", "test_shares"},
        says="the one that logvar stands for",
    ),
    Wrong(
        "one noise vector for the whole batch",
        changes={"sample_gaussian": ("torch.randn_like(mu)", "torch.randn_like(mu[:1])")},
        loses={"test_gaussian_spread", "test_shares"},
        says="a spread of 1",
    ),
    Wrong(
        "a width without gradients",
        changes={"sample_gaussian": ("0.5 * logvar)", "0.5 * logvar.detach())")},
        loses={"test_gaussian_gradients", "test_shares"},
        says="width of the posterior should be learnable",
    ),
    Wrong(
        "noise added after the network",
        answers={
            "sample_universal": """
                def sample_universal(network, x, noise_dim, noise_std):
                    z = network(torch.cat([x.flatten(1), torch.zeros(len(x), noise_dim)], 1))
                    return z + noise_std * torch.randn_like(z)
            """
        },
        loses={"test_universal_input"},
        says="what the network makes of pixels and noise",
    ),
    Wrong(
        "the same noise for all images",
        changes={"sample_universal": ("torch.randn(len(x), noise_dim)", "torch.randn(noise_dim).expand(len(x), -1)")},
        loses={"test_universal_noise"},
        says="as loud as asked for",
    ),
    Wrong(
        "the mean of the shares of the entries",
        changes={
            "noise_share": [
                (".mean(0).sum()", ".mean(0)"),
                ("clouds.flatten(0, 1).var(0).sum()).item()", "clouds.flatten(0, 1).var(0)).mean().item()"),
            ]
        },
        loses={"test_noise_share"},
        says="all entries together",
    ),
    Wrong(
        "standard deviations that add up",
        changes={"spread_of_means": ("math.sqrt(1 - sigma**2)", "1 - sigma")},
        loses={"test_spread_of_means"},
        says="together should spread like the prior",
    ),
    # ---- D: labels
    Wrong(
        "hidden labels get no entry",
        answers={
            "label_vectors": """
                def label_vectors(y, n_classes=10):
                    v = torch.zeros(len(y), n_classes + 1)
                    v[y >= 0, y[y >= 0]] = 1
                    return v
            """
        },
        loses={"test_label_vectors"},
        says="exactly one one",
    ),
    Wrong(
        "the clock read the wrong way round",
        changes={"sample_for_labels": ("hour_of[y.clamp(min=0)]", "hour_of.argsort()[y.clamp(min=0)]")},
        loses={"test_sample_for_labels", "test_own_shares"},
        says="for most digits yours lie elsewhere",
    ),
    Wrong(
        "hidden labels counted from the end: those of the 9",
        answers={
            "sample_for_labels": """
                def sample_for_labels(y):
                    return clock.sample(len(y), hour_of[y])
            """
        },
        loses={"test_sample_for_hidden"},
        says="samples of the whole clock",
    ),
    Wrong(
        "labels overwritten",
        answers={
            "sample_for_labels": """
                def sample_for_labels(y):
                    hidden = y == -1
                    y[hidden] = 0
                    z = clock.sample(len(y), hour_of[y])
                    z[hidden] = clock.sample(int(hidden.sum()))
                    return z
            """
        },
        loses={"test_sample_for_hidden"},
        says="the labels should be the same afterwards",
    ),
    Wrong(
        "the discriminator is not told the labels of codes",
        changes={
            "training_step": (
                "self.discriminate(z.detach(), y)",
                "self.discriminate(z.detach(), torch.full_like(y, -1))",
            )
        },
        loses={"test_step_discriminator", "test_own_shares"},
        says="with the right label beside each of both",
    ),
    Wrong(
        "labels only where the discriminator learns",
        changes={
            "training_step": (
                "losses.generator_loss(self.discriminate(z, y))",
                "losses.generator_loss(self.discriminate(z, y * 0 - 1))",
            )
        },
        loses={"test_step_generator", "test_own_shares"},
        says="with the label of each image beside its code",
    ),
    Wrong(
        "samples of the prior for other images' labels",
        changes={"training_step": ("self.sample_prior(y)", "self.sample_prior(y[torch.randperm(len(y))])")},
        loses={"test_step_discriminator", "test_own_shares"},
        says="with the labels of the images of this batch",
    ),
    Wrong(
        "reals and fakes swapped in the labelled step",
        changes={
            "training_step": (
                "self.discriminate(z_prior, y), self.discriminate(z.detach(), y)",
                "self.discriminate(z.detach(), y), self.discriminate(z_prior, y)",
            )
        },
        loses={"test_step_discriminator", "test_own_shares"},
        says="tell samples (real) from codes (fake)",
    ),
    Wrong(
        "the generator's loss moves the decoder's role",
        changes={"training_step": ("self.minimize(generator=g_loss)", "self.minimize(autoencoder=g_loss)")},
        loses={"test_step_roles", "test_step_generator", "test_own_shares"},
        says="in the order of the text",
    ),
    Wrong(
        "codes from before the reconstruction's update",
        answers={
            "training_step": """
                def training_step(self, batch):
                    x, y = batch["x"], batch["y"]
                    z = self.encoder.sample(x)
                    reconstruction = losses.squared_error(self.decoder(z), x)
                    self.minimize(autoencoder=reconstruction)
                    fakes = z.detach()
                    d_loss = losses.discriminator_loss(
                        self.discriminate(self.sample_prior(y), y), self.discriminate(fakes, y)
                    )
                    self.minimize(discriminator=d_loss)
                    g_loss = losses.generator_loss(self.discriminate(self.encoder.sample(x), y))
                    self.minimize(generator=g_loss)
                    return {"reconstruction": reconstruction, "discriminator": d_loss, "generator": g_loss}
            """
        },
        loses={"test_step_discriminator"},
        says="its loss on a batch with known answers",
    ),
    Wrong(
        "own shares on training images",
        changes={
            "own_shares": [
                ("hour_of[data.test.y]", "hour_of[data.train.y]"),
                ("clock_aae.encode(data.test.x)", "clock_aae.encode(data.train.x)"),
                ("sample(data.test.x)", "sample(data.train.x)"),
            ]
        },
        loses={"test_own_shares"},
        says="on the test images",
    ),
    Wrong(
        "own shares typed, and the test edited",
        answers={
            "own_shares": "own_share_labelled, own_share_unlabelled = 99.5, 10.0",
            "test_own_shares": "assert True",
        },
        loses={"test_own_shares"},
        says="another number",
    ),
]
