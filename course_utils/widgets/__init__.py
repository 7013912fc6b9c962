"""Interactive figures for notebooks (ipywidgets): one function each, in the file of its name.

All are made of `live` (labelled controls, a picture, a sentence that says it in words, a still for pages without a
kernel) and `pictures` (drawn fast). Two have a canvas to point at, as well as controls: `plane` and `easel`, which hear
mouse, fingers and keys by `pointing`.
"""
