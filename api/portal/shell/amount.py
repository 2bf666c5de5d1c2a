"""A filter of templates: no line ends inside an amount. Every letter stays, since signatures are over the text."""

import re
from typing import Final

from markupsafe import Markup, escape

_AMOUNT: Final = re.compile(r"CNY -?\d[\d,.]*|-?\d[\d,.]* (?:[万亿]?元|个月|[天人次])")


def whole_amounts(text: str) -> Markup:
    """Return a text as markup in which amounts stand in parts that do not break."""
    made, at = Markup(), 0
    for match in _AMOUNT.finditer(text):
        made += escape(text[at : match.start()]) + Markup('<span class="cr-nowrap">{}</span>').format(match[0])
        at = match.end()
    return made + escape(text[at:])
