"""Recipes on 2-D data (notebook 02)."""

from course_utils.recipes.base import Recipe

RECIPES: list[Recipe] = []
