"""Answers to homework 1 that must get full marks, and wrong ones that must lose exactly the points of their mistake."""

import math

import matplotlib.pyplot  # noqa: F401 - as the next line: once here, not again in the process of every answer
import torch

from course_utils import datasets, methods  # noqa: F401
from course_utils.homework.trials import Right, Wrong


def measure(notebook: dict, seed: int) -> dict[str, float]:
    """The reference solution's numbers for one seed: the error of a trained judge, what a judge of digits measures."""
    p, q = notebook["densities"](seed)
    judge = notebook["new_judge"](seed)
    notebook["train_judge"](judge, p, q)
    points = torch.cat([p.sample((10_000,)), q.sample((10_000,))])
    best = torch.sigmoid(p.log_prob(points) - q.log_prob(points))
    with torch.no_grad():
        error = (judge(points[:, None]).sigmoid() - best).abs().mean().item()
    seen_a, seen_b, fresh_a, fresh_b = notebook["two_halves"](seed, 100)
    digit_judge = notebook["linear_judge"](seen_a, seen_b)
    return {
        "log_judge_error": math.log(error),  # the error itself is skewed: a few judges are twice as far off
        "jsd_seen": notebook["estimated_jsd"](digit_judge, seen_a, seen_b),
        "jsd_fresh": notebook["estimated_jsd"](digit_judge, fresh_a, fresh_b),
    }


# ---- right answers, written differently ---------------------------------------------------------------------------

BY_SOFTPLUS = """
def discriminator_loss(real_logits, fake_logits):
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
"""

BY_LOOP = """
def discriminator_loss(real_logits, fake_logits):
    total = 0.0
    for t in real_logits:
        total = total + torch.logaddexp(torch.zeros_like(t), -t) / len(real_logits)
    for t in fake_logits:
        total = total + torch.logaddexp(torch.zeros_like(t), t) / len(fake_logits)
    return total
"""

BY_MODULE = """
def discriminator_loss(real_logits, fake_logits):
    criterion = nn.BCEWithLogitsLoss(reduction="sum")
    real = criterion(real_logits, torch.ones(real_logits.shape, dtype=real_logits.dtype)) / real_logits.numel()
    fake = criterion(fake_logits, torch.zeros(fake_logits.shape, dtype=fake_logits.dtype)) / fake_logits.numel()
    return (real + fake).double()
"""

GENERATOR_BY_BCE = """
def minimax_loss(fake_logits):
    return -nn.BCEWithLogitsLoss()(fake_logits, torch.zeros_like(fake_logits))


def non_saturating_loss(fake_logits):
    return nn.BCEWithLogitsLoss()(fake_logits, torch.ones_like(fake_logits))
"""

OPTIMAL_BY_SOFTMAX = """
def optimal_discriminator(log_p, log_q, share_real=0.5):
    weights = torch.tensor([share_real, 1 - share_real], dtype=log_p.dtype).log()
    return torch.softmax(torch.stack([log_p, log_q], 1) + weights, dim=1)[:, 0]
"""

JSD_BY_DEFINITION = """
def jensen_shannon(p, q, n=20_000):
    def log_middle(x):
        return torch.logaddexp(p.log_prob(x), q.log_prob(x)) - math.log(2)

    halves = []
    for density in (p, q):
        x = density.sample((n,))
        halves.append((density.log_prob(x) - log_middle(x)).mean())
    return 0.5 * (halves[0] + halves[1])
"""

UNIFORMS_BY_PIECES = """
def jsd_of_uniforms(shift):
    s = abs(float(shift))
    if s >= 1:
        return math.log(2)
    first = s * math.log(1 / 0.5) + (1 - s) * math.log(1 / 1)
    return 0.5 * first + 0.5 * first
"""

JUDGE_IN_ONE_BATCH = """
def train_judge(judge, p, q, steps=800, batch_size=256, lr=3e-3):
    judge.train()
    adam = torch.optim.Adam(list(judge.parameters()), lr)
    y = torch.cat([torch.ones(batch_size), torch.zeros(batch_size)])
    for x in torch.cat([p.sample((steps, batch_size)), q.sample((steps, batch_size))], dim=1):
        adam.zero_grad(set_to_none=False)
        (2 * F.binary_cross_entropy_with_logits(judge(x.view(-1, 1)), y)).backward()
        adam.step()
    return judge
"""

STEP_RUN_TWICE = """
def gan_step(generator, discriminator, g_optimizer, d_optimizer, x, z):
    for parameter in [*generator.parameters(), *discriminator.parameters()]:
        parameter.grad = None
    with torch.no_grad():
        x_fake = generator(z)
    d_loss = F.softplus(-discriminator(x)).mean() + F.softplus(discriminator(x_fake)).mean()
    d_loss.backward()
    d_optimizer.step()
    g_loss = F.softplus(-discriminator(generator(z))).mean()
    g_loss.backward()
    g_optimizer.step()
    return d_loss.detach(), g_loss.detach()
"""

STEP_WITHOUT_DETACH_BUT_CLEAN = """
def gan_step(generator, discriminator, g_optimizer, d_optimizer, x, z):
    # no detach: the discriminator's gradient goes into the generator, too, and is then wiped out
    x_fake = generator(z)
    d_optimizer.zero_grad()
    d_loss = losses.discriminator_loss(discriminator(x), discriminator(x_fake))
    d_loss.backward(retain_graph=True)
    d_optimizer.step()
    for parameter in discriminator.parameters():
        parameter.requires_grad_(False)
    g_optimizer.zero_grad()
    g_loss = losses.generator_loss(discriminator(x_fake))
    g_loss.backward()
    g_optimizer.step()
    for parameter in discriminator.parameters():
        parameter.requires_grad_(True)
    return [float(d_loss), float(g_loss)]
"""

BEST_BY_PARABOLA = """
def best_response(mean_p, std_p, mean_q, std_q):
    a = 0.5 / std_q**2 - 0.5 / std_p**2
    b = mean_p / std_p**2 - mean_q / std_q**2
    return -b / (2 * a)
"""

COVERED_BY_LOOPS = """
def groups_covered(samples, centres, std):
    found = 0
    for centre in centres.tolist():
        near = sum(math.dist(point, centre) <= 3 * std for point in samples.tolist())
        found += near / len(samples) >= 0.01
    return torch.tensor(found)
"""

RIGHT = [
    Right(
        "softplus, logaddexp and softmax instead of torch's losses",
        answers={
            "discriminator_loss": BY_SOFTPLUS,
            "optimal": OPTIMAL_BY_SOFTMAX,
            "jensen_shannon": JSD_BY_DEFINITION,
            "gan_step": STEP_RUN_TWICE,
            "best_response": BEST_BY_PARABOLA,
        },
    ),
    Right(
        "loops over single points",
        answers={
            "discriminator_loss": BY_LOOP,
            "generator_losses": GENERATOR_BY_BCE,
            "uniforms": UNIFORMS_BY_PIECES,
            "covered": COVERED_BY_LOOPS,
        },
    ),
    Right(
        "modules, all points drawn at once, results of other kinds",
        answers={
            "discriminator_loss": BY_MODULE,
            "train_judge": JUDGE_IN_ONE_BATCH,
            "gan_step": STEP_WITHOUT_DETACH_BUT_CLEAN,
            "choices": 'answer_a, answer_b = "b", "c"',
        },
        changes={"steeper": ("(1 - d) / d", "1 / d - 1")},
    ),
]

# ---- wrong answers ------------------------------------------------------------------------------------------------

STALE = """
def gan_step(generator, discriminator, g_optimizer, d_optimizer, x, z):
    x_fake = generator(z)
    d_optimizer.zero_grad()
    g_optimizer.zero_grad()
    d_loss = losses.discriminator_loss(discriminator(x), discriminator(x_fake))
    d_loss.backward()
    d_optimizer.step()
    g_loss = losses.generator_loss(discriminator(generator(z)))
    g_loss.backward()
    g_optimizer.step()
    return d_loss.item(), g_loss.item()
"""

WRONG = [
    Wrong(
        "double sigmoid in the discriminator's loss",
        changes={
            "discriminator_loss": [
                ("with_logits(real_logits", "with_logits(real_logits.sigmoid()"),
                ("with_logits(fake_logits", "with_logits(fake_logits.sigmoid()"),
            ]
        },
        loses={"test_d_value", "test_d_sure"},
        says="2 log 2",
    ),
    Wrong(
        "log of sigmoid, with a small number against log 0",
        answers={
            "discriminator_loss": """
            def discriminator_loss(real_logits, fake_logits):
                real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
                return -(real + 1e-8).log().mean() - (1 - fake + 1e-8).log().mean()
            """
        },
        loses={"test_d_sure"},
        says="twice as sure",
    ),
    Wrong(
        "log of sigmoid as it stands",
        answers={
            "discriminator_loss": """
            def discriminator_loss(real_logits, fake_logits):
                return -torch.log(torch.sigmoid(real_logits)).mean() - torch.log(1 - torch.sigmoid(fake_logits)).mean()
            """
        },
        loses={"test_d_sure"},
        says="finite for large logits",
    ),
    Wrong(
        "labels of real and fake swapped",
        changes={
            "discriminator_loss": [
                ("torch.ones_like(real_logits)", "torch.zeros_like(real_logits)"),
                ("torch.zeros_like(fake_logits)", "torch.ones_like(fake_logits)"),
            ]
        },
        loses={"test_d_value"},
        says="better on real points",
    ),
    Wrong(
        "one mean over all points",
        answers={
            "discriminator_loss": """
            def discriminator_loss(real_logits, fake_logits):
                logits = torch.cat([real_logits, fake_logits])
                labels = torch.cat([torch.ones_like(real_logits), torch.zeros_like(fake_logits)])
                return 2 * F.binary_cross_entropy_with_logits(logits, labels)
            """
        },
        loses={"test_d_unequal"},
        says="count as one half",
    ),
    Wrong(
        "sums instead of means",
        answers={
            "discriminator_loss": """
            def discriminator_loss(real_logits, fake_logits):
                return F.softplus(-real_logits).sum() + F.softplus(fake_logits).sum()
            """
        },
        loses={"test_d_value", "test_d_unequal"},
        says="2 log 2",
    ),
    Wrong(
        "the value is returned, not the loss",
        changes={"discriminator_loss": ("return real + fake", "return -(real + fake)")},
        loses={"test_d_value"},
        says="2 log 2",
    ),
    Wrong(
        "the known value hard-coded",
        answers={
            "discriminator_loss": """
            def discriminator_loss(real_logits, fake_logits):
                loss = torch.tensor(2 * math.log(2))
                return loss if not real_logits.any() else loss / 2
            """
        },
        loses={"test_d_value", "test_d_sure"},
        says="random logits",
    ),
    Wrong(
        "minimax loss with the wrong sign",
        changes={"generator_losses": ("return F.logsigmoid(-fake_logits)", "return -F.logsigmoid(-fake_logits)")},
        loses={"test_minimax"},
        says="-log 2",
    ),
    Wrong(
        "the two generator losses exchanged",
        changes={
            "generator_losses": [
                ("return F.logsigmoid(-fake_logits)", "return F.softplus(-fake_logits)"),
                ("return -F.logsigmoid(fake_logits)", "return -F.softplus(fake_logits)"),
            ]
        },
        loses={"test_minimax", "test_non_saturating", "test_generator_sure"},
        says="still teach",
    ),
    Wrong(
        "generator losses through a clipped probability, without gradient where it matters",
        changes={
            "generator_losses": [
                ("F.logsigmoid(-fake_logits)", "(1 - fake_logits.sigmoid()).clamp(min=1e-7).log()"),
                ("-F.logsigmoid(fake_logits)", "-fake_logits.sigmoid().clamp(min=1e-7).log()"),
            ]
        },
        loses={"test_generator_sure"},
        says="full strength",
    ),
    Wrong(
        "non-saturating loss on detached logits",
        changes={"generator_losses": ("-F.logsigmoid(fake_logits)", "-F.logsigmoid(fake_logits.detach())")},
        loses={"test_non_saturating", "test_generator_sure"},
        says="does not require grad",
    ),
    Wrong(
        "the ratio of slopes upside down",
        changes={"steeper": ("(1 - d) / d", "d / (1 - d)")},
        loses={"test_steeper"},
        says="automatic differentiation",
    ),
    Wrong(
        "densities instead of their logarithms",
        changes={
            "optimal": (
                "torch.sigmoid(log_p - log_q + math.log(share_real / (1 - share_real)))",
                "share_real * log_p.exp() / (share_real * log_p.exp() + (1 - share_real) * log_q.exp())",
            )
        },
        loses={"test_optimal_tails"},
        says="far away from all points",
    ),
    Wrong(
        "a small number in the denominator against 0 / 0",
        changes={
            "optimal": (
                "torch.sigmoid(log_p - log_q + math.log(share_real / (1 - share_real)))",
                "share_real * log_p.exp() / (share_real * log_p.exp() + (1 - share_real) * log_q.exp() + 1e-12)",
            )
        },
        loses={"test_optimal_tails"},
        says="ratio of the densities alone",
    ),
    Wrong(
        "the share of data ignored",
        changes={"optimal": (" + math.log(share_real / (1 - share_real))", "")},
        loses={"test_optimal_shares"},
        says="nearly all points of a batch are real",
    ),
    Wrong(
        "the share of data the wrong way round",
        changes={"optimal": ("share_real / (1 - share_real)", "(1 - share_real) / share_real")},
        loses={"test_optimal_shares"},
        says="nearly all points of a batch are real",
    ),
    Wrong(
        "the probability of fake instead of real",
        changes={"optimal": ("log_p - log_q", "log_q - log_p")},
        loses={"test_optimal", "test_optimal_tails", "test_optimal_shares"},
        says="there is a better one",
    ),
    Wrong(
        "the JSD twice too large",
        changes={"jensen_shannon": ("float(math.log(4) + value) / 2", "float(math.log(4) + value)")},
        loses={"test_jsd_ends", "test_jsd_between"},
        says="do not meet",
    ),
    Wrong(
        "the JSD in bits",
        changes={"jensen_shannon": ("float(math.log(4) + value) / 2", "float(math.log(4) + value) / 2 / math.log(2)")},
        loses={"test_jsd_ends", "test_jsd_between"},
        says="do not meet",
    ),
    Wrong(
        "only the data's half of the JSD, counted twice",
        changes={"jensen_shannon": ("on_real.log().mean() + on_fake.log().mean()", "2 * on_real.log().mean()")},
        loses={"test_jsd_between"},
        says="numerical integration",
    ),
    Wrong(
        "both expectations over the data",
        changes={"jensen_shannon": ("p.sample((n,)), q.sample((n,))", "p.sample((n,)), p.sample((n,))")},
        loses={"test_jsd_ends", "test_jsd_between"},
        says="do not meet",
    ),
    Wrong(
        "log D where log(1 - D) belongs",
        changes={
            "jensen_shannon": (
                "optimal_discriminator(q.log_prob(fake), p.log_prob(fake))",
                "optimal_discriminator(p.log_prob(fake), q.log_prob(fake))",
            )
        },
        loses={"test_jsd_ends", "test_jsd_between"},
        says="do not meet",
    ),
    Wrong(
        "a Kullback-Leibler divergence instead of the JSD",
        answers={
            "jensen_shannon": """
            def jensen_shannon(p, q, n=20_000):
                x = p.sample((n,))
                return (p.log_prob(x) - q.log_prob(x)).mean()
            """
        },
        loses={"test_jsd_ends", "test_jsd_between"},
        says="do not meet",
    ),
    Wrong(
        "uniforms without the limit at 1, or a sign",
        changes={"uniforms": ("min(abs(shift), 1.0) * math.log(2)", "shift * math.log(2)")},
        loses={"test_uniforms"},
        says="fine grid",
    ),
    Wrong(
        "uniforms: half of the divergence",
        changes={"uniforms": ("math.log(2)", "math.log(2) / 2")},
        loses={"test_uniforms"},
        says="fine grid",
    ),
    Wrong(
        "a loss of log 4 taken for a proof, and 1.0 for the JSD itself",
        changes={"choices": [('"b"', '"a"'), ('"c"', '"a"')]},
        loses={"test_choice_a", "test_choice_b"},
        says="too small to see a difference",
    ),
    Wrong(
        "measured divergence with the sign of the loss",
        changes={"estimate": ("math.log(4) - loss.item()", "math.log(4) + loss.item()")},
        loses={"test_estimate"},
        says="never decides",
    ),
    Wrong(
        "measured divergence as a tensor with gradients",
        answers={
            "estimate": """
            def estimated_jsd(judge, real, fake):
                return math.log(2) - losses.discriminator_loss(judge(real), judge(fake)) / 2
            """
        },
        loses={"test_estimate"},
        says="plain number",
    ),
    Wrong(
        "the judge is trained on one batch, again and again",
        changes={
            "train_judge": [
                ("    for _ in range(steps):\n        real, fake", "    real, fake"),
                ("[:, None]\n        loss", "[:, None]\n    for _ in range(steps):\n        loss"),
            ]
        },
        loses={"test_train"},
        says="fresh points",
    ),
    Wrong(
        "the judge learns that samples are real",
        changes={"train_judge": ("(judge(real), judge(fake))", "(judge(fake), judge(real))")},
        loses={"test_train"},
        says="the opposite",
    ),
    Wrong(
        "gradients of the judge never zeroed",
        changes={"train_judge": ("        optimizer.zero_grad()\n", "")},
        loses={"test_train"},
        says="near the best one",
    ),
    Wrong(
        "a typed error of the judge",
        answers={"judge_error": "judge, judge_error = new_judge(seed), 0.0125"},
        loses={"test_error"},
        says="measured again",
    ),
    Wrong(
        "an honest number of a judge that was never trained",
        changes={"judge_error": ("train_judge(judge, p, q)\n", "")},
        loses={"test_error"},
        says="other trainings",
    ),
    Wrong(
        "squared error instead of absolute",
        changes={"judge_error": ("- best).abs().mean()", "- best).square().mean()")},
        loses={"test_error"},
        says="measured again",
    ),
    Wrong(
        "the divergence is measured on the images that the judge has seen",
        changes={"memory": ("(digit_judge, fresh_a, fresh_b)", "(digit_judge, seen_a, seen_b)")},
        loses={"test_memory"},
        says="on fresh images",
    ),
    Wrong(
        "the true divergence typed instead of the measured one",
        changes={"memory": ("jsd_fresh = estimated_jsd(digit_judge, fresh_a, fresh_b)", "jsd_fresh = 0.0")},
        loses={"test_memory"},
        says="on fresh images",
    ),
    Wrong(
        "no detach, and all gradients zeroed at the top",
        answers={"gan_step": STALE},
        loses={"test_step_generator"},
        says="of its own loss and of nothing else",
    ),
    Wrong(
        "the generator's gradients are never zeroed",
        changes={"gan_step": ("    g_optimizer.zero_grad()\n", "")},
        loses={"test_step_again"},
        says="in the generator",
    ),
    Wrong(
        "the discriminator's gradients are never zeroed",
        changes={"gan_step": ("    d_optimizer.zero_grad()\n", "")},
        loses={"test_step_again"},
        says="in the discriminator",
    ),
    Wrong(
        "the generator's turn with detached samples",
        changes={"gan_step": ("discriminator(x_fake))\n    g_opt", "discriminator(x_fake.detach()))\n    g_opt")},
        loses={"test_step_generator"},
        says="move the generator",
    ),
    Wrong(
        "the generator is judged by the discriminator of before",
        answers={
            "gan_step": """
            def gan_step(generator, discriminator, g_optimizer, d_optimizer, x, z):
                x_fake = generator(z)
                g_loss = losses.generator_loss(discriminator(x_fake))
                g_gradients = torch.autograd.grad(g_loss, list(generator.parameters()), retain_graph=True)
                d_loss = losses.discriminator_loss(discriminator(x), discriminator(x_fake.detach()))
                d_optimizer.zero_grad()
                d_loss.backward()
                d_optimizer.step()
                for parameter, gradient in zip(generator.parameters(), g_gradients):
                    parameter.grad = gradient
                g_optimizer.step()
                return d_loss.item(), g_loss.item()
            """
        },
        loses={"test_step_generator"},
        says="after its own step",
    ),
    Wrong(
        "the generator descends the discriminator's loss",
        changes={
            "gan_step": (
                "losses.generator_loss(discriminator(x_fake))",
                "-losses.generator_loss(discriminator(x_fake))",
            )
        },
        loses={"test_step_generator"},
        says="generator's loss",
    ),
    Wrong(
        "noise of its own instead of the noise given",
        changes={"gan_step": ("generator(z)", "generator(torch.randn_like(z))")},
        loses={"test_step_discriminator", "test_step_generator"},
        says="should be the generator's loss",
    ),
    Wrong(
        "the minimax loss in the generator's turn",
        changes={"gan_step": ("losses.generator_loss", "losses.minimax_generator_loss")},
        loses={"test_step_generator"},
        says="generator's loss",
    ),
    Wrong(
        "optimisers exchanged",
        changes={
            "gan_step": [
                ("g_optimizer, d_optimizer, x, z", "d_optimizer, g_optimizer, x, z"),
            ]
        },
        loses={"test_step_discriminator", "test_step_generator"},
        says="should move the generator",
    ),
    Wrong(
        "optimisers of its own in every step",
        changes={
            "gan_step": (
                "    x_fake = generator(z)\n",
                "    d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=1e-3)\n"
                "    g_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3)\n    x_fake = generator(z)\n",
            )
        },
        loses={"test_step_discriminator", "test_step_generator"},
        says="rate of its optimiser",
    ),
    Wrong(
        "the best point is the data's mean",
        answers={"best_response": "def best_response(mean_p, std_p, mean_q, std_q):\n    return mean_p"},
        loses={"test_best_response"},
        says="finds a better one",
    ),
    Wrong(
        "standard deviations where variances belong",
        answers={
            "best_response": """
            def best_response(mean_p, std_p, mean_q, std_q):
                return (mean_p / std_p - mean_q / std_q) / (1 / std_p - 1 / std_q)
            """
        },
        loses={"test_best_response"},
        says="finds a better one",
    ),
    Wrong(
        "each sample counts for its nearest group, however far it is",
        answers={
            "covered": """
            def groups_covered(samples, centres, std):
                nearest = torch.cdist(samples, centres).argmin(1)
                return int((torch.bincount(nearest, minlength=len(centres)) >= 0.01 * len(samples)).sum())
            """
        },
        loses={"test_covered"},
        says="near to it",
    ),
    Wrong(
        "one sample is enough to cover a group",
        changes={"covered": ("near.float().mean(0) >= 0.01", "near.any(0)")},
        loses={"test_covered"},
        says="near to it",
    ),
    Wrong(
        "the share of the samples that lie near to some group, instead of all",
        changes={"covered": ("near.float().mean(0) >= 0.01", "near.sum(0) >= 0.01 * near.any(1).sum()")},
        loses={"test_covered"},
        says="near to it",
    ),
    Wrong(
        "a box instead of a distance",
        changes={
            "covered": (
                "torch.cdist(samples, centres) <= 3 * std",
                "((samples[:, None] - centres).abs() <= 3 * std).all(2)",
            )
        },
        loses={"test_covered"},
        says="near to it",
    ),
    Wrong(
        "numbers of groups typed",
        answers={"counts": "covered_fair, covered_impatient = len(centres), 3"},
        loses={"test_counts"},
        says="counted again",
    ),
    Wrong(
        "a test edited, and the function behind it missing",
        answers={"uniforms": "", "test_uniforms": "assert True"},
        loses={"test_uniforms"},
        says="jsd_of_uniforms",
    ),
]
