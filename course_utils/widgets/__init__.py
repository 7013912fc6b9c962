"""Interactive figures for notebooks (ipywidgets)."""
