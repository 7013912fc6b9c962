"""The named recipes of the course, one file a family. `course_utils.experiments` finds and runs them."""

from course_utils.recipes import adversarial, judges, toy, variational

ALL = {recipe.name: recipe for family in (toy, judges, variational, adversarial) for recipe in family.RECIPES}
