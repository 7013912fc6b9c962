"""How Sphinx makes the website from a folder that `building` fills. Notebooks bring their outputs, none is executed."""

project = "Generative models, tested"
html_title = project
extensions = ["myst_nb"]
root_doc = "index"

# ---- Markdown and notebooks --------------------------------------------------------------------------------------

nb_execution_mode = "off"
nb_render_markdown_format = "myst"  # outputs hold formulas and tables, too
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 3
# Warnings are errors, except:
suppress_warnings = [
    "myst.header",  # a notebook's cell may begin with a heading of level 3
    "config.cache",  # settings of MyST-NB that cannot be stored between runs; we keep nothing between runs
]

# ---- HTML --------------------------------------------------------------------------------------------------------

html_theme = "furo"
html_theme_options = {"navigation_with_keys": False}  # the arrow keys belong to the live figures
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_favicon = "static/roll.svg"
html_copy_source = False
html_use_index = False  # there is nothing to be listed: no functions are documented here
html_show_copyright = False
html_permalinks_icon = "#"
pygments_dark_style = "github-dark"
# Figures, weights, and MathJax, which needs no network: `building` puts them there, they are copied as they are.
html_extra_path = ["extra"]
exclude_patterns = ["extra", "static"]
mathjax_path = "mathjax/tex-svg.js"
