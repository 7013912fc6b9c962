"""Recipes of the networks that judge the others: classifiers."""

from course_utils import evaluation, networks
from course_utils.methods import Classifier
from course_utils.recipes.base import IMAGE, Recipe, by_mode

RECIPES = [
    Recipe(
        "digit_classifier",
        "ours: a plain MLP, cross-entropy, Adam",
        lambda: Classifier(networks.mlp(IMAGE, (512, 512))),
        evaluation.classifier,
        epochs=by_mode(4, 4, 10),
    ),
]
