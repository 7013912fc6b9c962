"""Right and wrong answers to homework 5, and the numbers of its reference solution."""

from course_utils.homework.trials import Right, Wrong


def measure(notebook: dict, seed: int) -> dict[str, float]:
    """The numbers that students report, from the reference solution with that seed."""
    train, test = notebook["train"], notebook["test"]
    vae, vae_gan = notebook["trained"](seed), notebook["trained"](seed, notebook["CHOSEN"])
    (error, sharpness), (error_gan, sharpness_gan) = (notebook["scores"](m, test.x) for m in (vae, vae_gan))
    vector = notebook["attribute_vector"](vae_gan.encode(train.x), notebook["ruled"][WANTED])
    moved = notebook["what_moves"](vae_gan, test.x, vector)
    return {
        "error_ratio": error_gan / error,
        "sharpness_vae": sharpness,
        "sharpness_vae_gan": sharpness_gan,
        "wanted": moved[WANTED],
        "besides": moved[BESIDES],
    }


WANTED, BESIDES = "slant", "height"

LOOPS = Right(
    "loops and basic indexing",
    answers={
        "best_answer": """
            def best_answer(images, p):
                total = torch.zeros_like(images[0])
                for k in range(len(images)):
                    total = total + p[k] * images[k]
                return total
        """,
        "expected_error": """
            def expected_error(x_hat, images, p):
                total = 0
                for image, q in zip(images, p):
                    total = total + q * ((image - x_hat) ** 2).sum() / 2
                return total
        """,
        "error_of_drawing": """
            def error_of_drawing(images, p):
                total = 0
                for i in range(len(images)):
                    for j in range(len(images)):
                        total += p[i] * p[j] * torch.sum((images[i] - images[j]) ** 2) / 2
                return total
        """,
        "feature_nll": """
            def feature_nll(features_hat, features, std):
                features = features.detach()
                n = features.shape[1]
                total = 0
                for a, b in zip(features_hat, features):
                    total = total + ((a - b) ** 2).sum() / (2 * std ** 2)
                return total / len(features) + n * math.log(std) + n / 2 * math.log(2 * math.pi)
        """,
        "three_losses": """
            def three_losses(prior, feature, real, hat, fake, gamma):
                def cost(logits, label):
                    wish = torch.tensor(label).to(logits)
                    return sum(F.binary_cross_entropy_with_logits(t, wish) for t in logits) / len(logits)

                return (
                    feature + prior,
                    cost(fake, 1.0) + cost(hat, 1.0) + feature * gamma,
                    cost(real, 1.0) + cost(hat, 0.0) + cost(fake, 0.0),
                )
        """,
        "vae_gan_step": """
            def vae_gan_step(model, x, noise, z_prior):
                mu, logvar = model.encoder(x)
                # one pass of the decoder, one of the discriminator
                x_hat, x_fake = model.decoder(torch.cat([mu + (logvar / 2).exp() * noise, z_prior])).chunk(2)
                logits, f = model.discriminator.look(torch.cat([x, x_hat, x_fake]))
                real, hat, fake = logits.chunk(3)
                features, features_hat, _ = f.chunk(3)
                kl = losses.kl_to_standard_normal(mu, logvar)
                feature = losses.feature_loss(features_hat, features.detach(), relative=False)
                wanted = {
                    "encoder": kl + feature,
                    "decoder": model.gamma * feature + losses.vae_gan_decoder_loss(hat, fake),
                    "discriminator": losses.vae_gan_discriminator_loss(real, hat, fake),
                }
                gradients = {}
                for role, loss in wanted.items():
                    parameters = list(getattr(model, role).parameters())
                    gradients[role] = torch.autograd.grad(loss, parameters, retain_graph=True)
                for role, of_role in gradients.items():
                    for parameter, gradient in zip(getattr(model, role).parameters(), of_role):
                        parameter.grad = gradient
                    model.optimizers[role].step()
        """,
        "scores": """
            def scores(model, x):
                error, sharp, of_data = 0, 0, 0
                for image in x.split(1):
                    again = model.reconstruct(image).detach()
                    error += ((again - image) ** 2).sum().item() / 2
                    sharp += metrics.sharpness(again).item()
                    of_data += metrics.sharpness(image).item()
                return error / len(x), sharp / of_data
        """,
        "attribute_vector": """
            def attribute_vector(codes, values):
                known = [i for i in range(len(values)) if not math.isnan(values[i])]
                quartiles = torch.tensor([values[i] for i in known]).quantile(torch.tensor([0.25, 0.75]))
                little = [codes[i] for i in known if values[i] <= quartiles[0]]
                much = [codes[i] for i in known if values[i] >= quartiles[1]]
                return sum(much) / len(much) - sum(little) / len(little)
        """,
        "what_moves": """
            def what_moves(model, x, vector):
                found = {}
                z = model.encode(x).detach()
                for name, measure in attributes.ATTRIBUTES.items():
                    before, after = measure(model.decoder(z).detach()), measure(model.decoder(z + vector).detach())
                    change = [b - a for a, b in zip(before.tolist(), after.tolist()) if not math.isnan(b - a)]
                    own = [v for v in measure(x).tolist() if not math.isnan(v)]
                    found[name] = sum(change) / len(change) / torch.tensor(own).std().item()
                return found
        """,
    },
)

FROM_THE_LIBRARY = Right(
    "with what libraries have, and a theorem",
    answers={
        "best_answer": "best_answer = lambda images, p: torch.tensordot(p, images, dims=1)",
        "expected_error": """
            def expected_error(x_hat, images, p):
                every = x_hat.expand_as(images)
                return (p * F.mse_loss(every, images, reduction="none").sum(dim=(1, 2, 3))).sum() / 2
        """,
        # exactly twice the cost of the mean: that is what part A is about
        "error_of_drawing": """
            def error_of_drawing(images, p):
                flat = images.flatten(1)
                mean = p @ flat
                return (p @ flat.square() - mean.square()).sum()
        """,
        "feature_nll": """
            def feature_nll(features_hat, features, std):
                q = torch.distributions.Independent(torch.distributions.Normal(features_hat, std), 1)
                return -q.log_prob(features.detach()).mean()
        """,
        "same_gamma": "same_gamma = lambda gamma_mean, n, std: gamma_mean / (n / (2 * std**2))",
        "three_losses": """
            def three_losses(prior, feature, real, hat, fake, gamma):
                e = prior + feature
                d = losses.vae_gan_decoder_loss(hat, fake) + gamma * feature
                return [e, d, losses.vae_gan_discriminator_loss(real, hat, fake)]
        """,
        "report": """
            error_ratio = round(float(table[f"gamma {CHOSEN:g}"][0] / table["VAE"][0]), 2)
            sharpness_vae = round(float(table["VAE"][1]), 2)
            sharpness_vae_gan = round(float(table[f"gamma {CHOSEN:g}"][1]), 2)
        """,
        "scores": """
            def scores(model, x):
                mu, logvar = model.encoder(x)
                x_hat = model.decoder(mu).detach()
                error = metrics.mse(x_hat, x).mean() * 256 / 2
                return error, metrics.sharpness(x_hat).mean() / metrics.sharpness(x).mean()
        """,
    },
)

BACKWARD = Right(
    "backward, zero_grad and detach",
    answers={
        "vae_gan_step": """
            def vae_gan_step(model, x, noise, z_prior):
                for optimizer in model.optimizers.values():
                    optimizer.zero_grad()
                mu, logvar = model.encoder(x)
                x_hat, x_fake = model.decoder(mu + logvar.exp().sqrt() * noise), model.decoder(z_prior)
                _, features = model.discriminator.look(x)
                hat, features_hat = model.discriminator.look(x_hat)
                feature = losses.feature_loss(features_hat, features.detach(), relative=False)
                prior = losses.kl_to_standard_normal(mu, logvar)
                (prior + feature).backward(inputs=list(model.encoder.parameters()), retain_graph=True)
                fooled = losses.vae_gan_decoder_loss(hat, model.discriminator(x_fake))
                (model.gamma * feature + fooled).backward(inputs=list(model.decoder.parameters()))
                model.discriminator.zero_grad()
                d_loss = losses.vae_gan_discriminator_loss(
                    model.discriminator(x), model.discriminator(x_hat.detach()), model.discriminator(x_fake.detach())
                )
                d_loss.backward()
                for optimizer in model.optimizers.values():
                    optimizer.step()
        """,
    },
    changes={
        "three_losses": ("F.softplus(-hat).mean()", "-F.logsigmoid(hat).mean()"),
        "answer_a4": ('answer_a4 = "c"', 'answer_a4 = "cc"[:1]'),
    },
)

EDITED_TEST = Right(
    "right answers, but a test was deleted and another always fails: the grader puts them back",
    answers={"test_step_together": "pass", "test_encoder_loss": "raise ValueError('no points for me')"},
)

RIGHT = [LOOPS, FROM_THE_LIBRARY, BACKWARD, EDITED_TEST]

DECODER_LINE = "decoder = gamma * feature + F.softplus(-hat).mean() + F.softplus(-fake).mean()"
DISCRIMINATOR_LINE = "discriminator = F.softplus(-real).mean() + F.softplus(hat).mean() + F.softplus(fake).mean()"
STEP_DISCRIMINATOR = "discriminator=losses.vae_gan_discriminator_loss(real, hat, fake),"
THREE_STEPS = {"test_step_encoder", "test_step_decoder", "test_step_discriminator"}


def wrong(name: str, says: str, loses: set[str], changes: dict | None = None, answers: dict | None = None) -> Wrong:
    """A wrong answer, in the order in which one tells it."""
    return Wrong(name, answers=answers or {}, changes=changes or {}, loses=loses, says=says)


WRONG = [
    wrong(
        "the best answer forgets the probabilities",
        "there is one",
        {"test_best_answer"},
        {"best_answer": ("(p[:, None, None, None] * images).sum(0)", "images.mean(0)")},
    ),
    wrong(
        "the best answer is the most probable image",
        "the best is grey",
        {"test_best_answer"},
        {"best_answer": ("(p[:, None, None, None] * images).sum(0)", "images[p.argmax()]")},
    ),
    wrong(
        "the visible example is hard-coded",
        "there is one",
        {"test_best_answer"},
        {"best_answer": ("(p[:, None, None, None] * images).sum(0)", "torch.full_like(images[0], 0.5)")},
    ),
    wrong(
        "mean over pixels instead of their sum",
        "should cost 0.5",
        {"test_expected_error"},
        {"expected_error": (".flatten(1).sum(1)", ".flatten(1).mean(1)")},
    ),
    wrong(
        "the error is not halved, and a test is edited until it passes",
        "should cost 0.5",
        {"test_expected_error"},
        {
            "expected_error": ("0.5 * (images", "1.0 * (images"),
            "test_expected_error": ("- 0.5) < 1e-5", "- 1.0) < 1e-5"),
        },
    ),
    wrong(
        "truth and answer are never the same image",
        "drawn independently",
        {"test_error_of_drawing"},
        {
            "error_of_drawing": (
                "(p[:, None] * p[None] * each).sum()",
                "(p[:, None] * p[None] * each).sum() / (1 - p.square().sum())",
            )
        },
    ),
    wrong(
        "drawn answers without their probabilities",
        "drawn independently",
        {"test_error_of_drawing"},
        {"error_of_drawing": ("(p[:, None] * p[None] * each).sum()", "each.mean()")},
    ),
    wrong(
        "the factor is thought to depend",
        "does not agree with experiment",
        {"test_answer_a4"},
        {"answer_a4": ('answer_a4 = "c"', 'answer_a4 = "e"')},
    ),
    wrong(
        "mean over features instead of their sum",
        "times it",
        {"test_feature_nats", "test_feature_gradient"},
        {"feature_nll": (".sum(1).mean()", ".mean()")},
    ),
    wrong(
        "sum over the batch, too",
        "batch of",
        {"test_feature_nats", "test_feature_gradient"},
        {"feature_nll": (".sum(1).mean()", ".sum()")},
    ),
    wrong(
        "std taken for the variance",
        "should be that of the likelihood",
        {"test_feature_nats", "test_feature_gradient"},
        {"feature_nll": [("/ std**2", "/ std"), ("math.pi * std**2", "math.pi * std")]},
    ),
    wrong(
        "the constant is left out",
        "at its centre",
        {"test_feature_nats"},
        {"feature_nll": ("(error + math.log(2 * math.pi * std**2))", "error")},
    ),
    wrong(
        "the target is not detached",
        "yours are pulled as well",
        {"test_feature_target"},
        {"feature_nll": ("features.detach()", "features")},
    ),
    wrong(
        "the wrong side is detached",
        "connected to the features of the reconstructions",
        {"test_feature_target", "test_feature_gradient"},
        {"feature_nll": ("(features.detach() - features_hat)", "(features - features_hat.detach())")},
    ),
    wrong(
        "gamma converted the wrong way round",
        "pull equally hard",
        {"test_same_gamma"},
        {"same_gamma": ("2 * std**2 * gamma_mean / n", "gamma_mean * n / (2 * std**2)")},
    ),
    wrong(
        "the feature loss is thought not to reach the discriminator",
        "how it could make this loss small",
        {"test_answer_b3"},
        {"answer_b3": ('answer_b3 = "c"', 'answer_b3 = "d"')},
    ),
    wrong(
        "signs as printed",
        "gets better on real images: yours rises",
        {"test_discriminator_direction", "test_decoder_direction", "test_decoder_strength"},
        {
            "three_losses": (
                DECODER_LINE + "\n    " + DISCRIMINATOR_LINE,
                "l_gan = F.logsigmoid(real).mean() + F.logsigmoid(-hat).mean() + F.logsigmoid(-fake).mean()\n"
                "    decoder, discriminator = gamma * feature - l_gan, l_gan",
            )
        },
    ),
    wrong(
        "the saturating decoder",
        "pulled hard",
        {"test_decoder_strength"},
        {
            "three_losses": (
                DECODER_LINE,
                "decoder = gamma * feature - F.softplus(hat).mean() - F.softplus(fake).mean()",
            )
        },
    ),
    wrong(
        "1 - gamma on the decoder's GAN loss",
        "given even odds",
        {"test_decoder_strength"},
        {
            "three_losses": (
                "F.softplus(-hat).mean() + F.softplus(-fake).mean()",
                "(1 - gamma) * (F.softplus(-hat).mean() + F.softplus(-fake).mean())",
            )
        },
    ),
    wrong(
        "the discriminator's loss never contains reconstructions",
        "learn from reconstructions",
        {"test_discriminator_direction", "test_discriminator_value"},
        {"three_losses": ("F.softplus(-real).mean() + F.softplus(hat).mean()", "F.softplus(-real).mean()")},
    ),
    wrong(
        "labels swapped",
        "gets better on real images: yours rises",
        {"test_discriminator_direction", "test_discriminator_value"},
        {
            "three_losses": (
                DISCRIMINATOR_LINE,
                "discriminator = F.softplus(real).mean() + F.softplus(-hat).mean() + F.softplus(-fake).mean()",
            )
        },
    ),
    wrong(
        "the encoder helps to fool",
        "wants to influence the discriminator",
        {"test_encoder_loss"},
        {"three_losses": ("encoder = prior + feature", "encoder = prior + feature + F.softplus(-hat).mean()")},
    ),
    wrong(
        "gamma in the encoder's loss",
        "two parts of one bound",
        {"test_encoder_loss"},
        {"three_losses": ("encoder = prior + feature", "encoder = prior + gamma * feature")},
    ),
    wrong(
        "log of a sigmoid",
        "should stay finite",
        {"test_sure_discriminator"},
        {
            "three_losses": (
                DISCRIMINATOR_LINE,
                "discriminator = -sum(t.sigmoid().log().mean() for t in (real, -hat, -fake))",
            )
        },
    ),
    wrong(
        "double sigmoid",
        "3 log 2",
        {"test_discriminator_value"},
        {
            "three_losses": (
                DISCRIMINATOR_LINE,
                "discriminator = sum(F.softplus(t.sigmoid()).mean() for t in (-real, hat, fake))",
            )
        },
    ),
    wrong(
        "a step whose discriminator minimises the feature loss, too",
        "should not be moved by the feature loss",
        {"test_step_discriminator"},
        {"vae_gan_step": (STEP_DISCRIMINATOR, STEP_DISCRIMINATOR[:-1] + " + feature,")},
    ),
    wrong(
        "a step whose discriminator never sees a reconstruction",
        "should see reconstructions",
        {"test_step_discriminator"},
        {"vae_gan_step": (STEP_DISCRIMINATOR, "discriminator=losses.discriminator_loss(real, fake),")},
    ),
    wrong(
        "a step whose discriminator never sees samples",
        "should see samples from the prior",
        {"test_step_discriminator"},
        {"vae_gan_step": (STEP_DISCRIMINATOR, "discriminator=losses.discriminator_loss(real, hat),")},
    ),
    wrong(
        "a step without gamma",
        "in the measure that gamma says",
        {"test_step_decoder"},
        {"vae_gan_step": ("model.gamma * feature", "feature")},
    ),
    wrong(
        "a step that forgets the decoder's samples",
        "both its kinds of images",
        {"test_step_decoder"},
        {"vae_gan_step": ("losses.vae_gan_decoder_loss(hat, fake)", "losses.generator_loss(hat)")},
    ),
    wrong(
        "a step with logvar for the std",
        "the very noise",
        THREE_STEPS,
        {"vae_gan_step": ("torch.exp(0.5 * logvar) * noise", "torch.exp(logvar) * noise")},
    ),
    wrong(
        "a step with noise of its own",
        "the very noise",
        THREE_STEPS,
        {"vae_gan_step": ("* noise", "* torch.randn_like(mu)")},
    ),
    wrong(
        "a step that detaches the features of reconstructions",
        "the encoder should mind the feature loss",
        {"test_step_encoder", "test_step_decoder"},
        {"vae_gan_step": ("feature_loss(features_hat,", "feature_loss(features_hat.detach(),")},
    ),
    wrong(
        "a step by one loss for all three",
        "goes elsewhere",
        THREE_STEPS,
        answers={
            "vae_gan_step": """
                def vae_gan_step(model, x, noise, z_prior):
                    mu, logvar = model.encoder(x)
                    x_hat, x_fake = model.decoder(mu + (0.5 * logvar).exp() * noise), model.decoder(z_prior)
                    (real, f), (hat, f_hat) = model.discriminator.look(x), model.discriminator.look(x_hat)
                    fake = model.discriminator(x_fake)
                    prior = losses.kl_to_standard_normal(mu, logvar)
                    feature = losses.feature_loss(f_hat, f, relative=False)
                    total = prior + feature + model.gamma * feature + losses.vae_gan_decoder_loss(hat, fake)
                    total = total + losses.vae_gan_discriminator_loss(real, hat, fake)
                    model.minimize(encoder=total, decoder=total, discriminator=total)
            """
        },
    ),
    wrong(
        "a step in turns: the discriminator moves first",
        "should be simultaneous",
        {"test_step_together"},
        answers={
            "vae_gan_step": """
                def vae_gan_step(model, x, noise, z_prior):
                    def everything():
                        mu, logvar = model.encoder(x)
                        x_hat, x_fake = model.decoder(mu + (0.5 * logvar).exp() * noise), model.decoder(z_prior)
                        (real, f), (hat, f_hat) = model.discriminator.look(x), model.discriminator.look(x_hat)
                        prior = losses.kl_to_standard_normal(mu, logvar)
                        feature = losses.feature_loss(f_hat, f, relative=False)
                        return prior, feature, real, hat, model.discriminator(x_fake)

                    model.minimize(discriminator=losses.vae_gan_discriminator_loss(*everything()[2:]))
                    prior, feature, real, hat, fake = everything()
                    decoder = model.gamma * feature + losses.vae_gan_decoder_loss(hat, fake)
                    model.minimize(encoder=prior + feature, decoder=decoder)
            """
        },
    ),
    wrong(
        "a step that never clears gradients",
        "should begin afresh",
        {"test_step_afresh"},
        answers={
            "vae_gan_step": """
                def vae_gan_step(model, x, noise, z_prior):
                    mu, logvar = model.encoder(x)
                    x_hat, x_fake = model.decoder(mu + (0.5 * logvar).exp() * noise), model.decoder(z_prior)
                    (real, f), (hat, f_hat) = model.discriminator.look(x), model.discriminator.look(x_hat)
                    fake = model.discriminator(x_fake)
                    feature = losses.feature_loss(f_hat, f, relative=False)
                    wanted = {
                        model.encoder: losses.kl_to_standard_normal(mu, logvar) + feature,
                        model.decoder: model.gamma * feature + losses.vae_gan_decoder_loss(hat, fake),
                        model.discriminator: losses.vae_gan_discriminator_loss(real, hat, fake),
                    }
                    for network, loss in wanted.items():
                        loss.backward(inputs=list(network.parameters()), retain_graph=True)
                    for optimizer in model.optimizers.values():
                        optimizer.step()
            """
        },
    ),
    wrong(
        "zero_grad too early: losses leak into other networks",
        "goes elsewhere",
        THREE_STEPS,
        answers={
            "vae_gan_step": """
                def vae_gan_step(model, x, noise, z_prior):
                    model.zero_grad()
                    mu, logvar = model.encoder(x)
                    x_hat, x_fake = model.decoder(mu + (0.5 * logvar).exp() * noise), model.decoder(z_prior)
                    (real, f), (hat, f_hat) = model.discriminator.look(x), model.discriminator.look(x_hat)
                    fake = model.discriminator(x_fake)
                    feature = losses.feature_loss(f_hat, f, relative=False)
                    (losses.kl_to_standard_normal(mu, logvar) + feature).backward(retain_graph=True)
                    (model.gamma * feature + losses.vae_gan_decoder_loss(hat, fake)).backward(retain_graph=True)
                    losses.vae_gan_discriminator_loss(real, hat, fake).backward()
                    for optimizer in model.optimizers.values():
                        optimizer.step()
            """
        },
    ),
    wrong(
        "scores of drawn codes",
        "through its mean code",
        {"test_scores", "test_report"},
        {"scores": ("model.encoder.mean(x)", "model.encoder.sample(x)")},
    ),
    wrong(
        "scores with a mean over pixels",
        "summed over pixels",
        {"test_scores"},
        {"scores": ("error.item()", "error.item() / 128")},
    ),
    wrong(
        "scores with the reconstructions' sharpness alone",
        "as a share of the data's",
        {"test_scores", "test_report"},
        {
            "scores": (
                "metrics.sharpness(x_hat).mean() / metrics.sharpness(x).mean()",
                "metrics.sharpness(x_hat).mean()",
            )
        },
    ),
    wrong(
        "a ratio upside down",
        "on the test images: it is not",
        {"test_report"},
        {
            "report": (
                "scores(vae_gan, test.x)[0] / scores(vae, test.x)[0]",
                "scores(vae, test.x)[0] / scores(vae_gan, test.x)[0]",
            )
        },
    ),
    wrong(
        "a report on the training images",
        "on the test images: it is not",
        {"test_report_vector"},
        {"report_vector": ("what_moves(vae_gan, test.x, vector)", "what_moves(vae_gan, train.x, vector)")},
    ),
    wrong(
        "somebody else's numbers",
        "your own two trained models",
        {"test_report"},
        answers={"report": "error_ratio, sharpness_vae, sharpness_vae_gan = 2.0, 0.8, 1.1"},
    ),
    wrong(
        "a vector that points the wrong way",
        "6 and 7 against 0 and 1",
        {"test_vector", "test_report_vector"},
        {
            "attribute_vector": (
                "codes[values > high].mean(0) - codes[values < low].mean(0)",
                "codes[values < low].mean(0) - codes[values > high].mean(0)",
            )
        },
    ),
    wrong(
        "a vector from images that cannot be measured",
        "should count nowhere",
        {"test_vector"},
        {"attribute_vector": ("known = values.isfinite()", "known = torch.ones(len(values), dtype=torch.bool)")},
    ),
    wrong(
        "unknown values taken for zeros",
        "in an example with 10 unknown values",
        {"test_vector"},
        {
            "attribute_vector": [
                ("known = values.isfinite()", "known = torch.ones(len(values), dtype=torch.bool)"),
                ("codes, values = codes[known], values[known]", "codes, values = codes[known], values.nan_to_num(0.0)"),
            ]
        },
    ),
    wrong(
        "changes against the images instead of their reconstructions",
        "zeros should change nothing",
        {"test_what_moves", "test_report_vector"},
        {"what_moves": ("attributes.measure(model.decoder(z)),", "attributes.measure(x),")},
    ),
    wrong(
        "changes in pixels instead of standard deviations",
        "in standard deviations of the images",
        {"test_what_moves", "test_report_vector"},
        {"what_moves": (".nanmean() / unit).item()", ".nanmean()).item()")},
    ),
    wrong(
        "changes that unmeasurable images spoil",
        "not finite",
        {"test_what_moves"},
        {"what_moves": ("unit = values[values.isfinite()].std()", "unit = values.std()")},
    ),
    wrong(
        "changes without their sign",
        "in standard deviations of the images",
        {"test_what_moves", "test_report_vector"},
        {
            "what_moves": (
                "(with_it[name] - without[name]).nanmean()",
                "(with_it[name] - without[name]).abs().nanmean()",
            )
        },
    ),
    wrong(
        "a vector of halves instead of quarters",
        "all 6",
        {"test_vector"},
        {"attribute_vector": ("values.quantile(0.25), values.quantile(0.75)", "values.median(), values.median()")},
    ),
    wrong(
        "the constant counts once, not once for each feature",
        "at its centre",
        {"test_feature_nats"},
        {
            "feature_nll": (
                "0.5 * (error + math.log(2 * math.pi * std**2)).sum(1).mean()",
                "0.5 * (error.sum(1) + math.log(2 * math.pi * std**2)).mean()",
            )
        },
    ),
    wrong(
        "the package's own step, which draws its own noise",
        "the very noise",
        THREE_STEPS,
        answers={
            "vae_gan_step": """
                def vae_gan_step(model, x, noise, z_prior):
                    model.training_step({"x": x})
            """
        },
    ),
    wrong(
        "a step whose samples come from the codes' noise instead of the prior's codes",
        "goes elsewhere",
        {"test_step_decoder", "test_step_discriminator"},
        {"vae_gan_step": ("model.decoder(z_prior)", "model.decoder(noise)")},
    ),
    wrong(
        "a step in turns: the encoder's step is seen by the decoder",
        "should be simultaneous",
        {"test_step_together"},
        answers={
            "vae_gan_step": """
                def vae_gan_step(model, x, noise, z_prior):
                    for role in ("encoder", "decoder", "discriminator"):
                        mu, logvar = model.encoder(x)
                        x_hat, x_fake = model.decoder(mu + (0.5 * logvar).exp() * noise), model.decoder(z_prior)
                        (real, f), (hat, f_hat) = model.discriminator.look(x), model.discriminator.look(x_hat)
                        feature = losses.feature_loss(f_hat, f, relative=False)
                        fooled = losses.vae_gan_decoder_loss(hat, model.discriminator(x_fake))
                        d_loss = losses.vae_gan_discriminator_loss(real, hat, model.discriminator(x_fake))
                        wanted = {
                            "encoder": losses.kl_to_standard_normal(mu, logvar) + feature,
                            "decoder": model.gamma * feature + fooled,
                            "discriminator": d_loss,
                        }
                        model.minimize(**{role: wanted[role]})
            """
        },
    ),
]
