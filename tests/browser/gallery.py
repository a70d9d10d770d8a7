"""Pictures of the pages, and one page on which a person sees them all."""

from html import escape
from itertools import groupby

STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 1rem; }
div { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 1rem; }
figure { margin: 0; }
figcaption { color: #555; }
img { display: block; height: 24rem; border: 1px solid #999; }
"""


def picture(folder, page, *look):
    """Where the picture of a page goes; the parts of its look, such as "en", "dark", "375", name it."""
    return folder / f"{page}.{'-'.join(look)}.png"


def write_index(folder):
    """index.html with every picture of the folder, a row for each page."""
    names = sorted(path.name for path in folder.glob("*.png"))
    rows = "".join(
        f"<h2>{escape(page)}</h2>\n<div>\n{''.join(map(_figure, group))}</div>\n"
        for page, group in groupby(names, lambda name: name.partition(".")[0])
    )
    head = f'<meta charset="utf-8">\n<title>Pages</title>\n<style>{STYLE}</style>\n'
    (folder / "index.html").write_text(f'<!doctype html>\n<html lang="en">\n{head}<h1>Pages</h1>\n{rows}', "utf-8")


def _figure(name):
    look = name.split(".")[1].replace("-", ", ")
    link = f'<a href="{name}"><img src="{name}" alt="{name}" loading="lazy"></a>'
    return f"<figure>{link}<figcaption>{look}</figcaption></figure>\n"
