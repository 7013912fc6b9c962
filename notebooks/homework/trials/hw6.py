"""Right and wrong answers to homework 6, find the bug."""

import sklearn.datasets  # noqa: F401
import torch

# what all answers import is imported here once: their processes begin with a copy of this one
from course_utils import datasets, losses, metrics  # noqa: F401
from course_utils.homework.trials import Right, Wrong


def measure(notebook: dict, seed: int) -> dict[str, float]:
    """How good a coin looks, if the best epoch on the test images is reported: the mean over 200 runs."""
    generator = torch.Generator().manual_seed(seed)
    reports = [notebook["report_suspect"](*notebook["coin_run"](generator))[1] for _ in range(200)]
    return {"coin": sum(reports) / len(reports)}


# ---- right answers, written differently ---------------------------------------------------------------------------

RIGHT = [
    Right(
        "the package's own functions, and loops",
        answers={
            "honest": """
                def honest_accuracy(reported, n_labelled, n_test):
                    leaked = n_labelled / n_test
                    return (reported - leaked) / (1 - leaked)
            """,
            "draw-sets": """
                def draw_sets(splits, n_labelled, seed):
                    # equally many of each class: also at random
                    labelled = datasets.partly_labelled(splits.train, n_labelled, seed).labelled
                    return {"labelled": labelled, "unlabelled": splits.train.x, "test": splits.test}
            """,
            "lowest-loss": """
                def lowest_loss(n_classes):
                    certain = torch.zeros(1, n_classes)
                    certain[0, 0] = 1
                    return F.cross_entropy(certain, torch.tensor([0])).item()
            """,
            "epoch": """
                def epoch(x, x_labelled, y_labelled, batch_size):
                    import itertools

                    forever = itertools.cycle(torch.randperm(len(x_labelled)).split(batch_size))
                    for some, labelled in zip(torch.randperm(len(x)).split(batch_size), forever):
                        yield x[some], x_labelled[labelled], y_labelled[labelled]
            """,
            "anomaly-scores": """
                def anomaly_scores(model, x, batch_size=50):
                    mode, scores = model.training, []
                    model.train(False)
                    for image in x:
                        x_hat = model(image[None]).detach()
                        scores.append(((x_hat - image) ** 2).sum())
                    model.train(mode)
                    return torch.stack(scores)
            """,
            "own-test": """
                def check_neighbours(anomaly_scores):
                    model, x = train_detector(3, steps=20), data.test.x[:30]
                    together = anomaly_scores(model, x)
                    for i in (0, 7, 29):
                        alone = anomaly_scores(model, x[i : i + 1])
                        difference = (alone[0] - together[i]).abs().item()
                        assert difference < 1e-3 * together[i].abs().item() + 1e-9, "alone it scores otherwise"
            """,
            "coin-number": """
                runs = 200
                g, total = torch.Generator().manual_seed(12345), 0.0
                for _ in range(runs):
                    total += max(coin_run(g)[1])
                how_good_a_coin_looks = torch.tensor(total / runs)
            """,
        },
    ),
    Right(
        "by hand, without the package's losses",
        answers={
            "denoising": """
                def denoising_loss(autoencoder, x, std):
                    noisy = torch.normal(x, std)
                    difference = autoencoder(noisy) - x
                    return (difference * difference).sum() / (2 * len(x))
            """,
            "vae-losses": """
                def vae_losses(x, x_hat, mu, logvar, std):
                    import math

                    n = x.shape[1]
                    squares = ((x - x_hat) ** 2).sum(1) / (2 * std**2)
                    reconstruction = (squares + n / 2 * math.log(2 * math.pi * std**2)).mean()
                    kl = (-0.5 * (1 + logvar - mu**2 - logvar.exp())).sum(1).mean()
                    log = {"reconstruction": reconstruction.detach(), "kl": kl.detach()}
                    log["elbo"] = -log["reconstruction"] - log["kl"]
                    return reconstruction + kl, log
            """,
            "classification": """
                def classification_loss(classifier, x, y):
                    log_p = F.log_softmax(classifier.logits(x), dim=1)
                    return -torch.stack([log_p[i, y[i]] for i in range(len(y))]).mean()
            """,
            "autoencoder-loss": """
                def autoencoder_loss(x, x_hat, fake_logits):
                    reconstruction = F.mse_loss(x_hat, x, reduction="sum") / (2 * x.shape[0])
                    wanted = torch.ones_like(fake_logits)
                    return reconstruction + F.binary_cross_entropy_with_logits(fake_logits, wanted)
            """,
            "split-parameters": """
                def split_parameters(model):
                    named = list(model.named_parameters())
                    mine = [p for name, p in named if name.startswith(("encoder.", "decoder."))]
                    return {
                        "autoencoder": mine,
                        "discriminator": [p for name, p in named if name.split(".")[0] == "discriminator"],
                    }
            """,
            "vae-gan-losses": """
                def vae_gan_losses(discriminator, x, x_hat, x_fake):
                    bce = F.binary_cross_entropy_with_logits
                    loss = 0
                    for images, label in ((x, 1.0), (x_hat, 0.0), (x_fake, 0.0)):
                        logits = discriminator(images.detach())
                        loss = loss + bce(logits, torch.full_like(logits, label))
                    hat, fake = discriminator(x_hat), discriminator(x_fake)
                    return loss, bce(hat, torch.ones_like(hat)) + bce(fake, torch.ones_like(fake))
            """,
            "report": """
                def report(validation, test):
                    best, chosen = -1.0, 0
                    for i, value in enumerate(validation):
                        if value > best:
                            best, chosen = value, i
                    return chosen, test[chosen]
            """,
            "parzen": """
                def parzen_report(samples, splits, widths):
                    best = None
                    for width in widths:
                        mean = metrics.parzen_log_likelihood(samples, splits.validation.x, width).mean()
                        if best is None or mean > best[0]:
                            best = mean, width
                    return best[1], metrics.parzen_log_likelihood(samples, splits.test.x, best[1]).mean()
            """,
        },
    ),
    Right(
        "functions of copies, distributions, double precision",
        answers={
            "draw-sets": """
                def draw_sets(splits, n_labelled, seed):
                    import random

                    chosen = torch.tensor(random.Random(seed).sample(range(len(splits.train)), n_labelled))
                    labelled = datasets.Images(splits.train.x[chosen], splits.train.y[chosen])
                    return {"test": splits.test, "labelled": labelled, "unlabelled": splits.train.x.clone()}
            """,
            "denoising": """
                def denoising_loss(autoencoder, x, std):
                    noise = torch.distributions.Normal(0.0, std).sample(x.shape)
                    x_hat = autoencoder(x + noise)
                    return 0.5 * torch.stack([(a - b).pow(2).sum() for a, b in zip(x_hat, x)]).mean()
            """,
            "vae-losses": """
                def vae_losses(x, x_hat, mu, logvar, std):
                    from torch.distributions import Normal, kl_divergence

                    log_likelihood = Normal(x_hat, std).log_prob(x).sum(1).mean()
                    q = Normal(mu, logvar.exp().sqrt())
                    kl = kl_divergence(q, Normal(torch.zeros_like(mu), 1.0)).sum(1).mean()
                    elbo = log_likelihood - kl
                    log = {"elbo": elbo, "kl": kl, "reconstruction": -log_likelihood}
                    return -elbo, {name: float(value) for name, value in log.items()}
            """,
            "vae-gan-losses": """
                def vae_gan_losses(discriminator, x, x_hat, x_fake):
                    # one pass for all images
                    sizes = [len(x), len(x_hat), len(x_fake)]
                    logits = discriminator(torch.cat([x, x_hat.detach(), x_fake.detach()])).split(sizes)
                    d_loss = -F.logsigmoid(logits[0]).mean()
                    d_loss = d_loss - F.logsigmoid(-logits[1]).mean() - F.logsigmoid(-logits[2]).mean()
                    decoder_loss = -sum(F.logsigmoid(discriminator(fake)).mean() for fake in (x_hat, x_fake))
                    return d_loss, decoder_loss
            """,
            "epoch": """
                def epoch(x, x_labelled, y_labelled, batch_size):
                    # a list instead of a generator; of the labelled images a fresh random choice for every update
                    updates = []
                    for some in torch.randperm(len(x)).split(batch_size):
                        labelled = torch.randperm(len(x_labelled))[:batch_size]
                        updates.append((x[some], x_labelled[labelled], y_labelled[labelled]))
                    return updates
            """,
            "anomaly-scores": """
                def anomaly_scores(model, x, batch_size=50):
                    import copy

                    frozen = copy.deepcopy(model).double().eval().requires_grad_(False)
                    return (frozen(x.double()) - x).pow(2).sum((1, 2, 3))
            """,
            "own-test": """
                def check_neighbours(anomaly_scores):
                    model = BatchNormAutoencoder()
                    image = data.test.x[:1]
                    scores = []
                    for others in (data.test.x[1:20], torch.zeros(19, 1, 28, 28), torch.ones(3, 1, 28, 28)):
                        model.train()
                        scores.append(float(anomaly_scores(model, torch.cat([image, others]))[0]))
                    spread = max(scores) - min(scores)
                    assert spread < 1e-3 * abs(scores[0]) + 1e-9, f"one image, three scores: {scores}"
            """,
            "parzen": """
                def parzen_report(samples, splits, widths):
                    def mean(images, width):
                        return float(metrics.parzen_log_likelihood(samples, images.x, width).mean())

                    width = sorted(widths, key=lambda w: -mean(splits.validation, w))[0]
                    return width, mean(splits.test, width)
            """,
        },
    ),
    Right(
        "the discriminator frozen while the decoder looks, hooks and flags restored",
        answers={
            "vae-gan-losses": """
                def vae_gan_losses(discriminator, x, x_hat, x_fake):
                    with torch.no_grad():
                        fakes = [x_hat.clone(), x_fake.clone()]
                    d_loss = F.softplus(-discriminator(x)).mean()
                    d_loss = d_loss + sum(F.softplus(discriminator(fake)).mean() for fake in fakes)
                    some = list(discriminator.parameters()) if isinstance(discriminator, nn.Module) else []
                    for p in some:
                        p.requires_grad_(False)
                    decoder_loss = sum(F.softplus(-discriminator(fake)).mean() for fake in (x_hat, x_fake))
                    for p in some:
                        p.requires_grad_(True)
                    return d_loss, decoder_loss
            """,
            "split-parameters": """
                def split_parameters(model):
                    groups = {"autoencoder": [], "discriminator": []}
                    for name, part in model.named_children():
                        groups["discriminator" if name == "discriminator" else "autoencoder"].extend(part.parameters())
                    return groups
            """,
            "classification": """
                def classification_loss(classifier, x, y):
                    logits = classifier.logits(x)
                    return (logits.logsumexp(1) - logits.gather(1, y[:, None])[:, 0]).mean()
            """,
        },
    ),
]

# ---- wrong answers ------------------------------------------------------------------------------------------------

WRONG = [
    Wrong(
        "labels from the test images, as in the suspect",
        changes={
            "draw-sets": (("len(splits.train)", "len(splits.test)"), ("splits.train.chosen", "splits.test.chosen"))
        },
        loses={"test_draw_source"},
        says="on which the accuracy is measured",
    ),
    Wrong(
        "the leak is patched: labelled images are taken out of the test set",
        answers={
            "draw-sets": """
                def draw_sets(splits, n_labelled, seed):
                    order = torch.randperm(len(splits.test), generator=torch.Generator().manual_seed(seed))
                    rest = splits.test.chosen(order[n_labelled:])
                    labelled = splits.test.chosen(order[:n_labelled])
                    return {"labelled": labelled, "unlabelled": splits.train.x, "test": rest}
            """
        },
        loses={"test_draw_source"},
        says="complete",
    ),
    Wrong(
        "the first images instead of random ones, and labels in another order",
        answers={
            "draw-sets": """
                def draw_sets(splits, n_labelled, seed):
                    generator = torch.Generator().manual_seed(seed)
                    order = torch.randperm(len(splits.train), generator=generator)[:n_labelled]
                    labelled = datasets.Images(splits.train.x[order], splits.train.y[:n_labelled])
                    return {"labelled": labelled, "unlabelled": splits.train.x, "test": splits.test}
            """
        },
        loses={"test_draw_pairs"},
        says="the label of another image",
    ),
    Wrong(
        "labels of validation images; the leak is subtracted, not solved for",
        answers={
            "honest": """
                def honest_accuracy(reported, n_labelled, n_test):
                    return reported - n_labelled / n_test
            """
        },
        changes={
            "draw-sets": (
                ("len(splits.train)", "len(splits.validation)"),
                ("splits.train.chosen", "splits.validation.chosen"),
            )
        },
        loses={"test_draw_source", "test_honest"},
        says="kept for choosing settings",
    ),
    Wrong(
        "the target is noisy, with noise of its own",
        changes={"denoising": ("squared_error(x_hat, x)", "squared_error(x_hat, x + std * torch.randn_like(x))")},
        loses={"test_denoising_target"},
        says="compared with the images of the data",
    ),
    Wrong(
        "noise in place: the batch is noisy for good",
        answers={
            "denoising": """
                def denoising_loss(autoencoder, x, std):
                    clean = x.clone()
                    x += std * torch.randn_like(x)
                    return losses.squared_error(autoencoder(x), clean)
            """
        },
        loses={"test_denoising_input"},
        says="were changed",
    ),
    Wrong(
        "std taken for the variance, and the noisy image clipped",
        changes={"denoising": ("x + std * torch.randn_like(x)", "(x + std**0.5 * torch.randn_like(x)).clamp(0, 1)")},
        loses={"test_denoising_input"},
        says="noise",
    ),
    Wrong(
        "the sign of the KL is turned in the loss, too",
        changes={"vae-losses": ("loss = reconstruction + kl", "loss = reconstruction - kl")},
        loses={"test_vae_log", "test_vae_loss"},
        says="above it",
    ),
    Wrong(
        "KL as mean over the code, graph kept in the log",
        changes={
            "vae-losses": (
                (
                    "kl = losses.kl_to_standard_normal(mu, logvar)",
                    "kl = losses.kl_to_standard_normal(mu, logvar) / mu.shape[1]",
                ),
                ('"kl": kl.item()', '"kl": kl'),
            )
        },
        loses={"test_vae_log", "test_vae_loss"},
        says="in nats an example",
    ),
    Wrong(
        "logvar taken for the standard deviation; the choice that forgets where the bound is",
        answers={
            "vae-losses": """
                def vae_losses(x, x_hat, mu, logvar, std):
                    reconstruction = losses.gaussian_nll(x_hat, x, std)
                    kl = 0.5 * (logvar.square() + mu.square() - 1 - logvar.square().log()).sum(1).mean()
                    loss = reconstruction + kl
                    return loss, {"reconstruction": reconstruction.item(), "kl": kl.item(), "elbo": -loss.item()}
            """,
            "choice-3": 'answer_3 = "a"',
        },
        loses={"test_vae_log", "test_vae_loss", "test_choice_3"},
        says="Compare the printed excess",
    ),
    Wrong(
        "double softmax, as in the suspect, and log k as its floor",
        answers={
            "lowest-loss": """
                def lowest_loss(n_classes):
                    import math

                    return math.log(n_classes)
            """
        },
        changes={"classification": ("classifier.logits(x)", "classifier(x)")},
        loses={"test_classification", "test_classification_sure", "test_lowest_loss"},
        says="under the classifier's own probabilities",
    ),
    Wrong(
        "the logarithm of a probability that can be zero",
        changes={"classification": ("F.cross_entropy(classifier.logits(x), y)", "F.nll_loss(classifier(x).log(), y)")},
        loses={"test_classification_sure"},
        says="very sure and wrong",
    ),
    Wrong(
        "probabilities clamped before the logarithm: finite, but no gradient",
        changes={
            "classification": (
                "F.cross_entropy(classifier.logits(x), y)",
                "F.nll_loss(classifier(x).clamp(min=1e-8).log(), y)",
            )
        },
        loses={"test_classification_sure"},
        says="no gradient to mend it",
    ),
    Wrong(
        "the factor 392 typed: right for one size of images",
        changes={"autoencoder-loss": ("losses.squared_error(x_hat, x)", "392 * F.mse_loss(x_hat, x)")},
        loses={"test_scale"},
        says="a small and in a large image",
    ),
    Wrong(
        "sum over the batch as well, saturating adversary, wrong choice",
        answers={"choice-5": 'answer_5 = "a"'},
        changes={
            "autoencoder-loss": (
                ("losses.squared_error(x_hat, x)", "0.5 * (x_hat - x).square().sum()"),
                ("losses.generator_loss(fake_logits)", "losses.minimax_generator_loss(fake_logits)"),
            )
        },
        loses={"test_scale", "test_choice_5"},
        says="The adversarial part pulls",
    ),
    Wrong(
        "'(encoder or decoder) in name': the decoder is left out",
        answers={
            "split-parameters": """
                def split_parameters(model):
                    named = list(model.named_parameters())
                    return {
                        "autoencoder": [p for name, p in named if ("encoder" or "decoder") in name],
                        "discriminator": [p for name, p in named if "discriminator" in name],
                    }
            """
        },
        loses={"test_groups", "test_groups_names"},
        says="leaves some of its own parameters",
    ),
    Wrong(
        "any name that contains the word",
        answers={
            "split-parameters": """
                def split_parameters(model):
                    named = list(model.named_parameters())
                    return {
                        "autoencoder": [p for name, p in named if "encoder" in name or "decoder" in name],
                        "discriminator": [p for name, p in named if "discriminator" in name],
                    }
            """
        },
        loses={"test_groups_names"},
        says="moves parameters of the",
    ),
    Wrong(
        "reconstructions are still not shown to the discriminator",
        answers={
            "vae-gan-losses": """
                def vae_gan_losses(discriminator, x, x_hat, x_fake):
                    d_loss = losses.discriminator_loss(discriminator(x), discriminator(x_fake.detach()))
                    return d_loss, losses.vae_gan_decoder_loss(discriminator(x_hat), discriminator(x_fake))
            """
        },
        loses={"test_judge"},
        says="3 log 2",
    ),
    Wrong(
        "the paper's sign, and the decoder gets minus the same loss",
        answers={
            "choice-7": 'answer_7 = "a"',
            "vae-gan-losses": """
                def vae_gan_losses(discriminator, x, x_hat, x_fake):
                    l_gan = F.logsigmoid(discriminator(x)).mean()
                    l_gan = l_gan + F.logsigmoid(-discriminator(x_hat)).mean()
                    l_gan = l_gan + F.logsigmoid(-discriminator(x_fake)).mean()
                    return l_gan, -l_gan
            """,
        },
        loses={"test_judge", "test_decoder", "test_detach", "test_choice_7"},
        says="Read off what the second discriminator says",
    ),
    Wrong(
        "detach missing, fakes share one weight",
        answers={
            "vae-gan-losses": """
                def vae_gan_losses(discriminator, x, x_hat, x_fake):
                    real, hat, fake = discriminator(x), discriminator(x_hat), discriminator(x_fake)
                    d_loss = losses.vae_gan_discriminator_loss(real, hat, fake)
                    return d_loss, losses.vae_gan_decoder_loss(hat, fake, 0.5, 0.5)
            """
        },
        loses={"test_detach", "test_decoder"},
        says="sends a gradient into images",
    ),
    Wrong(
        "detach in the wrong place; a saturating decoder",
        answers={
            "vae-gan-losses": """
                def vae_gan_losses(discriminator, x, x_hat, x_fake):
                    x_hat, x_fake = x_hat.detach(), x_fake.detach()
                    hat, fake = discriminator(x_hat), discriminator(x_fake)
                    d_loss = losses.vae_gan_discriminator_loss(discriminator(x), hat, fake)
                    return d_loss, losses.minimax_generator_loss(hat) + losses.minimax_generator_loss(fake)
            """
        },
        loses={"test_detach", "test_decoder"},
        says="does not reach the images",
    ),
    Wrong(
        "the labelled images cycle, but the epoch is still theirs",
        changes={
            "epoch": (
                "for some in torch.randperm(len(x)).split(batch_size):",
                "for some in torch.randperm(len(x)).split(batch_size)[: len(x_labelled) // batch_size + 1]:",
            )
        },
        loses={"test_epoch_images"},
        says="this is no epoch",
    ),
    Wrong(
        "always the same batch of labelled images",
        answers={
            "epoch": """
                def epoch(x, x_labelled, y_labelled, batch_size):
                    for some in torch.randperm(len(x)).split(batch_size):
                        yield x[some], x_labelled[:batch_size], y_labelled[:batch_size]
            """
        },
        loses={"test_epoch_labels"},
        says="never used in a whole epoch",
    ),
    Wrong(
        "images and their labels shuffled separately, unlabelled ones drawn with replacement",
        answers={
            "epoch": """
                def epoch(x, x_labelled, y_labelled, batch_size):
                    for _ in range(len(x) // batch_size):
                        some = torch.randint(len(x), (batch_size,))
                        one, other = (torch.randperm(len(y_labelled))[:batch_size] for _ in range(2))
                        yield x[some], x_labelled[one], y_labelled[other]
            """
        },
        loses={"test_epoch_images", "test_epoch_labels"},
        says="the label of another image",
    ),
    Wrong(
        "no_grad instead of eval",
        changes={"anomaly-scores": ("    model.eval()\n", "    pass\n")},
        loses={"test_scores", "test_scores_model"},
        says="when other images were scored with it",
    ),
    Wrong(
        "the model is left in evaluation mode, and scores are scaled to lie between 0 and 1",
        changes={
            "anomaly-scores": (
                (
                    "    model.train(mode)\n    return torch.cat(scores)",
                    "    s = torch.cat(scores)\n    return (s - s.min()) / (s.max() - s.min())",
                ),
            )
        },
        loses={"test_scores", "test_scores_model"},
        says="was left in the other",
    ),
    Wrong(
        "always back to training mode, means instead of sums",
        changes={
            "anomaly-scores": (("model.train(mode)", "model.train()"), (".flatten(1).sum(1)", ".flatten(1).mean(1)"))
        },
        loses={"test_scores", "test_scores_model"},
        says="summed over the pixels",
    ),
    Wrong(
        "a test that puts the model into evaluation mode itself: it sees nothing of batch norm",
        changes={"own-test": ("BatchNormAutoencoder().train()", "BatchNormAutoencoder().eval()")},
        loses={"test_own_test", "test_own_test_relatives"},
        says="does not notice the suspect",
    ),
    Wrong(
        "a test that wants equality to the last bit",
        changes={
            "own-test": (
                "torch.allclose(among_dim.float(), among_bright.float(), rtol=1e-3)",
                "torch.equal(among_dim.double(), among_bright.double())",
            )
        },
        loses={"test_own_test"},
        says="accuses a function",
    ),
    Wrong(
        "a test that only turns the order round: it misses what is scaled among all",
        answers={
            "own-test": """
                def check_neighbours(anomaly_scores):
                    torch.manual_seed(0)
                    model = BatchNormAutoencoder()
                    x = torch.cat([torch.rand(50, 1, 28, 28), torch.zeros(50, 1, 28, 28)])
                    order = torch.randperm(100)
                    first, second = anomaly_scores(model, x)[order], anomaly_scores(model, x[order])
                    assert torch.allclose(first.float(), second.float(), rtol=1e-3)
            """
        },
        loses={"test_own_test_relatives"},
        says="between 0 and 1 among those scored together",
    ),
    Wrong(
        "a test that compares AUROCs: blind for what keeps the order",
        answers={
            "own-test": """
                def check_neighbours(anomaly_scores):
                    found = []
                    for order in (SORTED, torch.arange(len(SORTED))):
                        detector.train()
                        found.append(auroc(anomaly_scores(detector, data.test.x[order]), strange[order]))
                    assert abs(found[0] - found[1]) < 0.005, "another AUROC in another order"
            """
        },
        loses={"test_own_test_relatives"},
        says="does not notice scores that are taken",
    ),
    Wrong(
        "a test that asserts nothing",
        answers={
            "own-test": """
                def check_neighbours(anomaly_scores):
                    scores = anomaly_scores(BatchNormAutoencoder(), torch.rand(5, 1, 28, 28))
                    print(scores)
            """
        },
        loses={"test_own_test", "test_own_test_relatives"},
        says="does not notice the suspect",
    ),
    Wrong(
        "a test that accuses everybody",
        answers={
            "own-test": """
                def check_neighbours(anomaly_scores):
                    raise AssertionError("the score of an image depends on its neighbours")
            """
        },
        loses={"test_own_test", "test_own_test_relatives"},
        says="accuses",
    ),
    Wrong(
        "a test that knows its suspect by name",
        answers={
            "own-test": """
                def check_neighbours(anomaly_scores):
                    assert "suspect" not in anomaly_scores.__name__, "this is the suspect"
            """
        },
        loses={"test_own_test", "test_own_test_relatives"},
        says="does not notice the suspect",
    ),
    Wrong(
        "the best test epoch, as in the suspect, and the mean over the epochs for the coin",
        changes={
            "report": (
                "range(len(validation)), key=lambda i: validation[i]",
                "range(len(test)), key=lambda i: test[i]",
            ),
            "coin-number": ("report_suspect(*coin_run(generator))[1]", "sum(coin_run(generator)[1]) / 50"),
        },
        loses={"test_report", "test_coin"},
        says="somebody who has not seen the test images",
    ),
    Wrong(
        "the number of the validation images is reported",
        changes={"report": ("return epoch, test[epoch]", "return epoch, validation[epoch]")},
        loses={"test_report"},
        says="on test images of the model that was chosen",
    ),
    Wrong(
        "the coin is the mended report; the width chosen on the training images",
        changes={
            "coin-number": ("report_suspect(*", "report(*"),
            "parzen": ("splits.validation.x", "splits.train.x"),
        },
        loses={"test_coin", "test_parzen"},
        says="from which a generator may copy",
    ),
    Wrong(
        "the width chosen on the test images",
        changes={"parzen": ("splits.validation.x", "splits.test.x")},
        loses={"test_parzen"},
        says="on which the number is reported",
    ),
    Wrong(
        "hard-coded outputs of the visible tests",
        answers={
            "honest": "def honest_accuracy(reported, n_labelled, n_test):\n    return 0.9",
            "lowest-loss": "def lowest_loss(n_classes):\n    return 0.0 if n_classes == 1 else 1.4612",
            "report": "def report(validation, test):\n    return 0, 0.7",
            "parzen": "def parzen_report(samples, splits, widths):\n    return widths[2], 339.0",
            "coin-number": "how_good_a_coin_looks = 0.5",
        },
        loses={"test_honest", "test_lowest_loss", "test_report", "test_parzen", "test_coin"},
        says="should come out again",
    ),
    Wrong(
        "nothing mended, but the tests edited",
        answers={
            "test_draw_source": "assert True",
            "test_scores": "print('all good')",
            "test_groups": "pass",
        },
        changes={
            "draw-sets": (("len(splits.train)", "len(splits.test)"), ("splits.train.chosen", "splits.test.chosen")),
            "anomaly-scores": ("    model.eval()\n", "    model.train()\n"),
            "split-parameters": (
                "*model.decoder.parameters()]",
                "*model.decoder.parameters(), *model.discriminator.parameters()]",
            ),
        },
        loses={
            "test_draw_source",
            "test_scores",
            "test_scores_model",
            "test_groups",
            "test_groups_names",
        },
        says="moves parameters of the discriminator",
    ),
    Wrong(
        "a suspect edited into a harmless function, so that any test catches nothing",
        answers={
            "detector": "def anomaly_scores_suspect(model, x, batch_size=50):\n    raise AssertionError('caught')",
            "own-test": """
                def check_neighbours(anomaly_scores):
                    anomaly_scores(BatchNormAutoencoder(), torch.rand(5, 1, 28, 28))
            """,
        },
        loses={"test_own_test", "test_own_test_relatives"},
        says="does not notice the suspect",
    ),
]
