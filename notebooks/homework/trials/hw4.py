"""Answers to homework 4 on trial: right ones written differently, and mistakes that people make."""

import torch

from course_utils.homework.trials import Right, Wrong


def measure(notebook: dict, seed: int) -> dict[str, float]:
    """The numbers of the reference solution for a student whose seed is this one."""
    first = 1_000 * seed
    seeds = [first + i for i in range(8)]
    data, curves = notebook["data"], notebook["curves"]
    alone, aae = notebook["compare"](
        seeds, data, notebook["N_LABELS"], data.test, notebook["train_alone"], notebook["train_aae"]
    )
    flattered = [notebook["reported"](*curves[s]) for s in seeds]
    flattery = [honest - flattering for honest, flattering in flattered]
    return {
        "mine": notebook["error"](notebook["train_mine"](first), data.test),
        "gain": (alone - aae).mean().item(),
        "flattery": torch.tensor(flattery).mean().item(),
        "p": notebook["sign_flip_p"](alone, aae),
        "alone": alone.mean().item(),
        "alone_sd": alone.std().item(),
        "aae": aae.mean().item(),
        "aae_sd": aae.std().item(),
        "difference_sd": (alone - aae).std().item(),
    }


RIGHT = [
    Right(
        "loops and numpy",
        answers={
            "draw_labels": """
                import random

                import numpy as np


                def draw_labels(y, per_class, seed):
                    rng = random.Random(seed)
                    y = np.asarray(y)
                    places = []
                    for k in sorted(set(y.tolist())):
                        places += rng.sample([i for i, label in enumerate(y) if label == k], per_class)
                    return torch.tensor(sorted(places))
            """,
            "prepare": """
                def prepare(data, known):
                    y = data.train.y.clone()
                    for i in range(len(y)):
                        if i not in known.tolist():
                            y[i] = datasets.UNLABELLED
                    places = sorted(known.tolist())
                    labelled = data.train.chosen(torch.tensor(places))
                    return PartlyLabelled(labelled=labelled, images=Images(data.train.x, y))
            """,
            "sample_y": """
                def sample_y(n, n_classes):
                    drawn = torch.zeros(n, n_classes)
                    for row in drawn:
                        row[torch.randint(n_classes, (1,)).item()] = 1
                    return drawn
            """,
            "drop_steps": """
                def drop_steps(n_images, n_labelled, batch_size, epochs):
                    steps_per_epoch = len(list(range(batch_size, n_images + 1, batch_size)))
                    drops = []
                    for epoch in epochs:
                        drops.append(steps_per_epoch * epoch)
                    return drops
            """,
            "sign_flip_p": """
                def sign_flip_p(a, b):
                    d = [float(u) - float(v) for u, v in zip(a, b)]
                    far = 0
                    for signs in itertools.product([1, -1], repeat=len(d)):
                        far += abs(sum(s * v for s, v in zip(signs, d))) > abs(sum(d)) - 1e-7
                    return far / 2 ** len(d)
            """,
            "reported": """
                def reported(validation, test):
                    best, where = float("inf"), 0
                    for i, v in enumerate(validation):
                        if v < best:
                            best, where = v, i
                    return test[where], min(test)
            """,
            "fewest_seeds": "fewest_seeds = next(n for n in range(1, 20) if 2 * 0.5**n < 0.05)",
        },
    ),
    Right(
        "one linear layer for both heads, functional",
        answers={
            "two_heads": """
                class TwoHeads(nn.Module):
                    def __init__(self, trunk, n_classes, latent_dim):
                        super().__init__()
                        self.body = trunk
                        self.sizes = [n_classes, latent_dim]
                        self.weight = nn.Parameter(0.1 * torch.randn(n_classes + latent_dim, trunk.out_features))
                        self.bias = nn.Parameter(torch.zeros(n_classes + latent_dim))

                    def forward(self, x):
                        return F.linear(self.body(x), self.weight, self.bias).split(self.sizes, dim=1)
            """,
            "decoder_input": """
                def decoder_input(logits, z):
                    shifted = (logits - logits.max(dim=1, keepdim=True).values).exp()
                    return torch.hstack((shifted / shifted.sum(dim=1, keepdim=True), z))
            """,
            "draw_labels": """
                def draw_labels(y, per_class, seed):
                    torch.manual_seed(seed)
                    order = torch.randperm(len(y))
                    chosen = [order[y[order] == k][:per_class] for k in range(int(y.max()) + 1)]
                    return torch.stack(chosen).flatten()
            """,
            "reconstruction_phase": """
                def reconstruction_phase(self, batch):
                    clean = batch["x"]
                    logits, z = self.encoder(self.corruption(clean))
                    y = F.softmax(logits, dim=-1)
                    x_hat = self.decoder(torch.cat((y, z), dim=-1))
                    loss = F.mse_loss(x_hat, clean, reduction="sum") / (2 * clean.shape[0])
                    self.minimize(autoencoder=loss)
                    return dict(reconstruction=loss.detach())
            """,
            "classification_phase": """
                def classification_phase(self, batch):
                    log_y = self.encoder(self.corruption(batch["x_labelled"]))[0].log_softmax(dim=1)
                    picked = log_y.gather(1, batch["y_labelled"][:, None])
                    loss = -picked.mean()
                    self.minimize(classifier=loss)
                    return {"cross_entropy": loss}
            """,
            "gain": "gain = float(sum(errors_alone) / len(errors_alone) - sum(errors_aae) / len(errors_aae))",
        },
    ),
    Right(
        "probabilities written out, a new forward pass for each half, one loss for both discriminators",
        answers={
            "roles": """
                def roles(model):
                    moved = {"autoencoder": [], "discriminator_y": [], "discriminator_z": [], "generator": []}
                    for name, p in model.named_parameters():
                        part = name.split(".")[0]
                        if part in ("encoder", "decoder"):
                            moved["autoencoder"].append(p)
                        else:
                            moved[part].append(p)
                        if part == "encoder":
                            moved["generator"].append(p)
                    encoder = model.encoder
                    moved["classifier"] = [*encoder.trunk.parameters(), *encoder.head_y.parameters()]
                    return moved
            """,
            "regularisation_phase": """
                def regularisation_phase(self, batch):
                    x = batch["x"]
                    with torch.no_grad():
                        logits, z = self.encoder(self.corruption(x))
                    n = x.size(0)
                    real = self.see_y(self.prior_y.sample(n)), self.see_z(self.prior.sample(n))
                    fake = self.see_y(F.softmax(logits, 1)), self.see_z(z)
                    d_loss = 0
                    for t in real:
                        d_loss = d_loss + F.binary_cross_entropy(torch.sigmoid(t), torch.ones(n))
                    for t in fake:
                        d_loss = d_loss + F.binary_cross_entropy_with_logits(t, torch.zeros_like(t))
                    self.minimize(discriminator_y=d_loss, discriminator_z=d_loss)
                    logits, z = self.encoder(self.corruption(x))
                    t = torch.cat([self.see_y(logits.softmax(-1)), self.see_z(z)])
                    g_loss = -2 * F.logsigmoid(t).mean()
                    self.minimize(generator=g_loss)
                    return {"discriminator_y": d_loss, "discriminator_z": d_loss, "generator": g_loss}
            """,
            "compare": """
                def compare(seeds, data, n, images, train_a, train_b):
                    drawn = {s: datasets.partly_labelled(data.train, n, seed=s) for s in seeds}
                    a = torch.tensor([error(train_a(drawn[s], s), images) for s in seeds])
                    b = torch.tensor([error(train_b(drawn[s], s), images) for s in seeds])
                    return a, b
            """,
            "flattery": "flattery = torch.tensor(pairs).diff(dim=1).mean().neg().item()",
        },
    ),
    Right(
        "discriminators in two calls, without detach",
        changes={
            "regularisation_phase": (
                (
                    "self.minimize(discriminator_y=d_loss_y, discriminator_z=d_loss_z)",
                    "self.minimize(discriminator_y=d_loss_y)\n    self.minimize(discriminator_z=d_loss_z)\n"
                    "    logits, z = self.encoder(self.corruption(x))\n    y = logits.softmax(1)",
                ),
                ("self.see_y(y.detach())", "self.see_y(y)"),
                ("self.see_z(z.detach())", "self.see_z(self.encoder(self.corruption(x))[1])"),
            )
        },
    ),
]

SIMULTANEOUS = """
def regularisation_phase(self, batch):
    x = batch["x"]
    logits, z = self.encoder(self.corruption(x))
    y = logits.softmax(1)
    real_y, real_z = self.see_y(self.prior_y.sample(len(x))), self.see_z(self.prior.sample(len(x)))
    fake_y, fake_z = self.see_y(y), self.see_z(z)
    d_y, d_z = losses.discriminator_loss(real_y, fake_y), losses.discriminator_loss(real_z, fake_z)
    g = losses.generator_loss(fake_y) + losses.generator_loss(fake_z)
    self.minimize(discriminator_y=d_y, discriminator_z=d_z, generator=g)
    return {"discriminator_y": d_y, "discriminator_z": d_z, "generator": g}
"""

WRONG = [
    Wrong(
        "the first images of each class instead of a draw",
        changes={
            "draw_labels": (
                "places[torch.randperm(len(places), generator=generator)[:per_class]]",
                "places[:per_class]",
            )
        },
        loses={"test_drawn"},
        says="another seed should give other places",
    ),
    Wrong(
        "the seed is not used",
        changes={"draw_labels": ("torch.randperm(len(places), generator=generator)", "torch.randperm(len(places))")},
        loses={"test_drawn"},
        says="the same seed should give the same places again",
    ),
    Wrong(
        "labels drawn from all images, not balanced",
        answers={
            "draw_labels": """
                def draw_labels(y, per_class, seed):
                    generator = torch.Generator().manual_seed(seed)
                    return torch.randperm(len(y), generator=generator)[: per_class * len(y.unique())]
            """
        },
        loses={"test_balanced"},
        says="should be balanced",
    ),
    Wrong(
        "labels drawn with replacement",
        changes={
            "draw_labels": (
                "torch.randperm(len(places), generator=generator)[:per_class]",
                "torch.randint(len(places), (per_class,), generator=generator)",
            )
        },
        loses={"test_balanced"},
        says="no image can be drawn twice",
    ),
    Wrong(
        "labels from the test images (Naresh1318)",
        changes={
            "prepare": (
                "Images(data.train.x[known], data.train.y[known])",
                "Images(data.test.x[known], data.test.y[known])",
            )
        },
        loses={"test_no_leak"},
        says="labelled images come from the validation or test set",
    ),
    Wrong(
        "test images among the unlabelled ones",
        changes={
            "prepare": (
                "PartlyLabelled(Images(data.train.x, y),",
                "PartlyLabelled(Images(torch.cat([data.train.x, data.test.x]), torch.cat([y, -1 + 0 * data.test.y])),",
            )
        },
        loses={"test_no_leak", "test_hidden"},
        says="every training image should have an entry",
    ),
    Wrong(
        "labels hidden in the data themselves",
        answers={
            "prepare": """
                def prepare(data, known):
                    labelled = Images(data.train.x[known], data.train.y[known])
                    hide = torch.ones(len(data.train), dtype=bool)
                    hide[known] = False
                    data.train.y[hide] = -1
                    return PartlyLabelled(data.train, labelled)
            """
        },
        loses={"test_hidden"},
        says="the data that were given should stay as they were",
    ),
    Wrong(
        "softmax inside the encoder",
        changes={
            "two_heads": ("return self.head_y(h), self.head_z(h)", "return self.head_y(h).softmax(1), self.head_z(h)")
        },
        loses={"test_heads"},
        says="should be linear in the features",
    ),
    Wrong(
        "the style is read from the logits",
        changes={
            "two_heads": (
                (
                    "self.head_z = nn.Linear(trunk.out_features, latent_dim)",
                    "self.head_z = nn.Linear(n_classes, latent_dim)",
                ),
                ("return self.head_y(h), self.head_z(h)", "y = self.head_y(h)\n        return y, self.head_z(y)"),
            )
        },
        loses={"test_heads_apart"},
        says="two linear layers with bias",
    ),
    Wrong(
        "the style does not train the trunk",
        changes={"two_heads": ("self.head_z(h)", "self.head_z(h.detach())")},
        loses={"test_heads_apart"},
        says="both heads should train the trunk",
    ),
    Wrong(
        "double softmax (fducau)",
        changes={"decoder_input": ("logits.softmax(1)", "logits.softmax(1).softmax(1)")},
        loses={"test_decoder_input"},
        says="too flat or too sharp",
    ),
    Wrong(
        "softmax over the batch",
        changes={"decoder_input": ("logits.softmax(1)", "logits.softmax(0)")},
        loses={"test_decoder_input"},
        says="equal logits should give equal probabilities",
    ),
    Wrong(
        "logits to the decoder",
        changes={"reconstruction_phase": ("self.decode(logits.softmax(1), z)", "self.decode(logits, z)")},
        loses={"test_reconstruction"},
        says="with the class as probabilities",
    ),
    Wrong(
        "prior of y: soft probabilities",
        changes={
            "sample_y": (
                "F.one_hot(torch.randint(n_classes, (n,)), n_classes).float()",
                "torch.distributions.Dirichlet(torch.ones(n_classes)).sample((n,))",
            )
        },
        loses={"test_prior_y"},
        says="sure of one class",
    ),
    Wrong(
        "prior of y: the classes in turn",
        changes={"sample_y": ("torch.randint(n_classes, (n,))", "torch.arange(n) % n_classes")},
        loses={"test_prior_y"},
        says="follow a pattern",
    ),
    Wrong(
        '"encoder" or "decoder" in name (mingukkang)',
        answers={
            "roles": """
                def roles(model):
                    def named(words):
                        return [p for name, p in model.named_parameters() if words]

                    autoencoder = [p for name, p in model.named_parameters() if "encoder" or "decoder" in name]
                    encoder = list(model.encoder.parameters())
                    return {
                        "autoencoder": autoencoder,
                        "discriminator_y": list(model.discriminator_y.parameters()),
                        "discriminator_z": list(model.discriminator_z.parameters()),
                        "generator": encoder,
                        "classifier": encoder,
                    }
            """
        },
        loses={"test_roles"},
        says="a network that its loss has no business with",
    ),
    Wrong(
        "the generator is the decoder",
        changes={"roles": ('"generator": encoder', '"generator": list(model.decoder.parameters())')},
        loses={"test_roles"},
        says="'generator' moves parameters of a network",
    ),
    Wrong(
        "mean over the pixels",
        changes={
            "reconstruction_phase": (
                "losses.squared_error(self.decode(logits.softmax(1), z), x)",
                "F.mse_loss(self.decode(logits.softmax(1), z), x)",
            )
        },
        loses={"test_reconstruction"},
        says="weigh as much as the table says",
    ),
    Wrong(
        "the noisy image is the target",
        changes={
            "reconstruction_phase": (
                'x = batch["x"]\n    logits, z = self.encoder(self.corruption(x))',
                'x = self.corruption(batch["x"])\n    logits, z = self.encoder(x)',
            )
        },
        loses={"test_clean_target"},
        says="a decoder that draws the clean images perfectly",
    ),
    Wrong(
        "no noise in the reconstruction phase",
        changes={"reconstruction_phase": ("self.encoder(self.corruption(x))", "self.encoder(x)")},
        loses={"test_clean_target"},
        says="see the noisy images",
    ),
    Wrong(
        "real and fake swapped",
        changes={
            "regularisation_phase": (
                "losses.discriminator_loss(self.see_z(z_prior), self.see_z(z.detach()))",
                "losses.discriminator_loss(self.see_z(z.detach()), self.see_z(z_prior))",
            )
        },
        loses={"test_discriminators"},
        says="take the one for the other",
    ),
    Wrong(
        "a prior of the style with five times the width",
        changes={"regularisation_phase": ("self.prior.sample(len(x))", "5 * self.prior.sample(len(x))")},
        loses={"test_discriminators"},
        says="discriminator_z",
    ),
    Wrong(
        "uniform numbers instead of one-hot vectors",
        changes={"regularisation_phase": ("self.prior_y.sample(len(x))", "torch.rand_like(y)")},
        loses={"test_discriminators"},
        says="discriminator_y",
    ),
    Wrong(
        "half of each discriminator's loss (PyTorch-GAN)",
        changes={
            "regularisation_phase": (
                "discriminator_y=d_loss_y, discriminator_z=d_loss_z",
                "discriminator_y=d_loss_y / 2, discriminator_z=d_loss_z / 2",
            )
        },
        loses={"test_discriminators"},
        says="0.5 times",
    ),
    Wrong(
        "the encoder's game moves the autoencoder",
        changes={"regularisation_phase": ("self.minimize(generator=g_loss)", "self.minimize(autoencoder=g_loss)")},
        loses={"test_generator", "test_alternating"},
        says="'generator' should get a loss",
    ),
    Wrong(
        "the class discriminator sees logits",
        changes={"regularisation_phase": ("y = logits.softmax(1)", "y = logits")},
        loses={"test_discriminators", "test_generator"},
        says="its own part of the code fake",
    ),
    Wrong(
        "sigmoid before the loss with logits",
        changes={
            "regularisation_phase": (
                "losses.discriminator_loss(self.see_y(y_prior), self.see_y(y.detach()))",
                "losses.discriminator_loss(self.see_y(y_prior).sigmoid(), self.see_y(y.detach()).sigmoid())",
            )
        },
        loses={"test_discriminators"},
        says="discriminator_y",
    ),
    Wrong(
        "minimax for the encoder",
        changes={
            "regularisation_phase": (
                "losses.generator_loss(self.see_y(y)) + losses.generator_loss(self.see_z(z))",
                "losses.minimax_generator_loss(self.see_y(y)) + losses.minimax_generator_loss(self.see_z(z))",
            )
        },
        loses={"test_generator"},
        says="steep where it is found out",
    ),
    Wrong(
        "the encoder gets the discriminator's labels",
        changes={
            "regularisation_phase": (
                "losses.generator_loss(self.see_y(y)) + losses.generator_loss(self.see_z(z))",
                "losses.generator_loss(-self.see_y(y)) + losses.generator_loss(-self.see_z(z))",
            )
        },
        loses={"test_generator", "test_learns"},
        says="learns to be found out",
    ),
    Wrong(
        "no adversary for the style",
        changes={
            "regularisation_phase": (
                "losses.generator_loss(self.see_y(y)) + losses.generator_loss(self.see_z(z))",
                "losses.generator_loss(self.see_y(y))",
            )
        },
        loses={"test_generator"},
        says="from both adversaries",
    ),
    Wrong(
        "all three at once",
        answers={"regularisation_phase": SIMULTANEOUS},
        loses={"test_alternating"},
        says="should have moved before the encoder does",
    ),
    Wrong(
        "the code is detached for the encoder, too",
        changes={"regularisation_phase": ("y = logits.softmax(1)", "y, z = logits.softmax(1).detach(), z.detach()")},
        loses={"test_generator", "test_alternating", "test_learns"},
        says="should move the encoder",
    ),
    Wrong(
        "softmax before the cross-entropy",
        changes={"classification_phase": ("F.cross_entropy(logits,", "F.cross_entropy(logits.softmax(1),")},
        loses={"test_classification"},
        says="flatter, steeper",
    ),
    Wrong(
        "the sum over the labelled images",
        changes={"classification_phase": ('batch["y_labelled"])', 'batch["y_labelled"], reduction="sum")')},
        loses={"test_classification"},
        says="times the size",
    ),
    Wrong(
        "the labels move the autoencoder",
        changes={"classification_phase": ("classifier=loss", "autoencoder=loss")},
        loses={"test_classification", "test_labelled_only"},
        says="'classifier' should get a loss",
    ),
    Wrong(
        "a squared error of one-hot labels",
        changes={
            "classification_phase": (
                'F.cross_entropy(logits, batch["y_labelled"])',
                'F.mse_loss(logits.softmax(1), F.one_hot(batch["y_labelled"], logits.shape[1]).float())',
            )
        },
        loses={"test_classification"},
        says="flatter, steeper",
    ),
    Wrong(
        "cross-entropy of the whole batch, hidden labels left out",
        changes={
            "classification_phase": (
                ('batch["x_labelled"]', 'batch["x"]'),
                ('batch["y_labelled"])', 'batch["y"], ignore_index=-1)'),
            )
        },
        loses={"test_labelled_only", "test_learns"},
        says="nothing of the batch itself",
    ),
    Wrong(
        "the class -1 is taken for a class",
        changes={
            "classification_phase": (
                'F.cross_entropy(logits, batch["y_labelled"])',
                'F.cross_entropy(logits, batch["y_labelled"])'
                ' + F.cross_entropy(self.encoder(batch["x"])[0], batch["y"] % 3)',
            )
        },
        loses={"test_labelled_only", "test_classification", "test_learns"},
        says="images without labels should not change",
    ),
    Wrong(
        "detach: the discriminators would move the encoder",
        answers={"answer_detach": 'answer_detach = "a"'},
        loses={"test_detach"},
        says="what `minimize` does",
    ),
    Wrong(
        "an epoch of the labelled images (1henrypage)",
        changes={"drop_steps": ("n_images // batch_size", "max(1, n_labelled // batch_size)")},
        loses={"test_epochs"},
        says="2 and 7 passes over all images",
    ),
    Wrong(
        "the incomplete batch counts",
        changes={"drop_steps": ("n_images // batch_size", "-(-n_images // batch_size)")},
        loses={"test_epochs"},
        says="2 and 7 passes over all images",
    ),
    Wrong(
        "hard-coded outputs",
        answers={
            "drop_steps": "def drop_steps(n_images, n_labelled, batch_size, epochs):\n    return [25_000, 500_000]",
            "sign_flip_p": "def sign_flip_p(a, b):\n    return 1.0 if len(a) == 1 else 0.0078125",
            "reported": "def reported(validation, test):\n    return 6.0, 4.0",
            "gain": "gain = 3.5",
            "flattery": "flattery = 1.2",
        },
        loses={"test_epochs", "test_p", "test_reported", "test_gain", "test_flattery"},
        says="the share of signs",
    ),
    Wrong(
        "other labels for the second method",
        answers={
            "compare": """
                def compare(seeds, data, n, images, train_a, train_b):
                    a = [error(train_a(datasets.partly_labelled(data.train, n, s), s), images) for s in seeds]
                    b = [error(train_b(datasets.partly_labelled(data.train, n, s + 100), s), images) for s in seeds]
                    return torch.tensor(a), torch.tensor(b)
            """
        },
        loses={"test_fair", "test_gain"},
        says="the same labelled images",
    ),
    Wrong(
        "one draw of labels for all seeds",
        changes={
            "compare": ("datasets.partly_labelled(data.train, n, seed)", "datasets.partly_labelled(data.train, n, 0)")
        },
        loses={"test_fair", "test_gain"},
        says="every seed should draw other",
    ),
    Wrong(
        "labels drawn from the test images for both",
        changes={
            "compare": ("datasets.partly_labelled(data.train, n, seed)", "datasets.partly_labelled(data.test, n, seed)")
        },
        loses={"test_fair", "test_gain"},
        says="should come from the training images only",
    ),
    Wrong(
        "always measured on the test images",
        changes={"compare": ("error(train(known, seed), images)", "error(train(known, seed), data.test)")},
        loses={"test_measured_on"},
        says="on the images that are given",
    ),
    Wrong(
        "a and b exchanged",
        changes={"compare": ("for train in (train_a, train_b)", "for train in (train_b, train_a)")},
        loses={"test_measured_on", "test_gain"},
        says="50 %",
    ),
    Wrong(
        "the gain with the wrong sign",
        changes={
            "gain": (
                "torch.as_tensor(errors_alone) - torch.as_tensor(errors_aae)",
                "torch.as_tensor(errors_aae) - torch.as_tensor(errors_alone)",
            )
        },
        loses={"test_gain"},
        says="how much lower your mean error",
    ),
    Wrong(
        "errors typed in without training",
        answers={
            "compare": """
                def compare(seeds, data, n, images, train_a, train_b):
                    return torch.tensor([40.0] * len(seeds)), torch.tensor([36.0] * len(seeds))
            """
        },
        loses={"test_fair", "test_measured_on", "test_gain"},
        says="trained again",
    ),
    Wrong(
        "one-sided p",
        changes={"sign_flip_p": (("(signs * d).mean(1).abs()", "(signs * d).mean(1)"), ("d.mean().abs()", "d.mean()"))},
        loses={"test_p"},
        says="to either side",
    ),
    Wrong(
        "equal distances do not count",
        changes={"sign_flip_p": (">= d.mean().abs() - 1e-9", "> d.mean().abs() + 1e-9")},
        loses={"test_p"},
        says="a p-value is a share",
    ),
    Wrong(
        "five seeds are enough",
        changes={"fewest_seeds": ("fewest_seeds = 6", "fewest_seeds = 5")},
        loses={"test_fewest"},
        says="not below 0.05",
    ),
    Wrong(
        "the epoch chosen on the test images",
        changes={"reported": ("float(validation[i])", "float(test[i])")},
        loses={"test_reported", "test_flattery"},
        says="chosen without the test images",
    ),
    Wrong(
        "the last of equally good epochs",
        changes={"reported": ("min(range(len(validation))", "min(reversed(range(len(validation)))")},
        answers={
            # right by itself: whether two epochs are equally good in the student's own curves is a matter of luck
            "flattery": """
                flattery = 0.0
                for s in seeds:
                    validation, test = (values.tolist() for values in curves[s])
                    flattery += (test[validation.index(min(validation))] - min(test)) / len(seeds)
            """
        },
        loses={"test_reported"},
        says="the first of several",
    ),
    Wrong(
        "the tests are edited, the answer is still wrong",
        changes={"decoder_input": ("logits.softmax(1)", "logits")},
        answers={"test_decoder_input": "assert True"},
        loses={"test_decoder_input"},
        says="equal logits should give equal probabilities",
    ),
]
