"""Facts of invented firms, as a row of each type writes them; those of the demo firm are known."""

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final, TypeAlias

TAX_KINDS: Final = {"10101": "增值税", "10104": "企业所得税"}
_GRADES: Final = {"A": 12, "B": 45, "M": 25, "C": 12, "D": 6}


@dataclass(frozen=True, slots=True)
class Style:
    """How one row writes its dates, months and amounts; real exports mix hands."""

    random: Random
    as_of: dt.date

    def date(self, day: dt.date) -> str:
        """Return a day in one of the forms of dates."""
        form = self.random.choice(("{}-{}-{}", "{}{}{}", "{}/{}/{}", "{}年{}月{}日"))
        return form.format(*day.isoformat().split("-"))

    def month(self, months_ago: int) -> str:
        """Return the month of so many months before the data."""
        year, month = divmod(self.as_of.year * 12 + self.as_of.month - 1 - months_ago, 12)
        return self.random.choice((f"{year}-{month + 1:02d}", f"{year}年{month + 1}月"))

    def yuan(self, fen: int) -> str:
        """Return an amount in yuan, with or without commas and sign."""
        whole, cents = divmod(fen, 100)
        sign = self.random.choices(("", "￥"), (19, 1))[0]
        return sign + self.random.choice((f"{whole:,}.{cents:02d}", f"{whole}.{cents:02d}"))


_Facts: TypeAlias = Callable[[Style], dict[str, str]]


def _tax_payment(style: Style) -> dict[str, str]:
    random = style.random
    paid = int(random.lognormvariate(math.log(30_000_000), 1.4))
    on_time = random.choices((12, random.randint(6, 11), random.randint(0, 5)), (70, 24, 6))[0]
    no_sales = random.random() < 0.08  # noqa: PLR2004 - firms whose sales the department does not hold
    return {
        "tax_kind": random.choice(list(TAX_KINDS)),
        "paid_amount": style.yuan(paid),
        "paid_on": style.date(dt.date(style.as_of.year - 1, random.randint(10, 12), random.randint(1, 28))),
        "sales_income": "" if no_sales else style.yuan(int(paid * random.uniform(8, 40))),
        "months_paid_on_time_12m": str(on_time),
    }


def _tax_credit_rating(style: Style) -> dict[str, str]:
    grade = style.random.choices(list(_GRADES), list(_GRADES.values()))[0]
    return _rating(style, grade, style.random.randint(1, 28))


def _rating(style: Style, grade: str, day: int) -> dict[str, str]:
    rated_on = dt.date(style.as_of.year, 4, day)
    return {
        "rating_year": str(style.as_of.year - 1),
        "grade": grade,
        "rated_on": style.date(rated_on),
        "valid_from": style.date(rated_on),
        # for long, so that invented firms keep their grade however late somebody tries things out
        "valid_to": style.date(rated_on.replace(year=rated_on.year + 10)),
    }


def _penalty_summary(style: Style) -> dict[str, str]:
    random = style.random
    kind = random.choices(("none", "older", "recent"), (90, 2, 8))[0]
    if kind == "none":
        return _penalties()
    last = random.randint(24, 60) if kind == "older" else random.randint(0, 23)
    count = 0 if kind == "older" else random.choices((1, 2, 3, 5), (80, 13, 5, 2))[0]
    if random.random() >= 0.2:  # noqa: PLR2004 - one penalised firm in five has a serious one
        return _penalties(count, style.month(last))
    last_serious = style.month(last + random.randint(0, 12))
    return _penalties(count, style.month(last), last_serious, random.randint(0, 1))


def _penalties(count: int = 0, last: str = "无", last_serious: str = "无", unrepaired: int = 0) -> dict[str, str]:
    return {
        "count_24m": str(count),
        "last_month": last,
        "last_serious_month": last_serious,
        "serious_unrepaired": str(unrepaired),
    }


def _demo_tax_payment(style: Style) -> dict[str, str]:
    return {
        "tax_kind": "10101",
        "paid_amount": "1,286,400.50",
        "paid_on": style.date(dt.date(style.as_of.year - 1, 12, 15)),
        "sales_income": "18,600,000.00",
        "months_paid_on_time_12m": "12",
    }


FACTS: Final[Mapping[str, _Facts]] = {
    "tax_payment": _tax_payment,
    "tax_credit_rating": _tax_credit_rating,
    "penalty_summary": _penalty_summary,
}
DEMO_FACTS: Final[Mapping[str, _Facts]] = {
    "tax_payment": _demo_tax_payment,
    "tax_credit_rating": lambda style: _rating(style, "B", 20),
    "penalty_summary": lambda _: _penalties(),
}
