import random
from pathlib import Path

import pytest

from models.extractors.base import Answer, Example
from models.schema import Field, Kind, Schema
from tests.factories import make_page, make_tiny_base, place_of


@pytest.fixture(scope="session")
def schema() -> Schema:
    return Schema((Field("company"), Field("date", Kind.DATE), Field("total", Kind.MONEY)))


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base that trains in a second and learns little."""
    return make_tiny_base(tmp_path_factory.mktemp("tiny-base"))


def receipt(seed: int) -> Example:
    """A receipt in one of four layouts, with more amounts and dates on it than the ones that are asked for."""
    rng = random.Random(seed)
    company = " ".join(
        rng.sample(["GREEN", "HARBOUR", "ACME", "NORTH", "STAR", "CITY", "ROSE"], 2)
    ) + rng.choice([" LTD", " MARKET", " SDN BHD"])
    prices = [rng.randrange(100, 9900) / 100 for _ in range(rng.randrange(2, 6))]
    total = f"{sum(prices):.2f}"
    date = f"{rng.randrange(1, 29):02}/{rng.randrange(1, 13):02}/20{rng.randrange(10, 24)}"
    items = "\n".join(f"{rng.choice(['TEA', 'BREAD', 'SOAP', 'RICE'])} 1 x {price:.2f}" for price in prices)
    cash = f"CASH {float(total) + 5:.2f}\nCHANGE 5.00"
    text = [
        f"{company}\n12 HIGH STREET\nDATE {date}\n{items}\nTOTAL {total}\n{cash}",
        f"RECEIPT\n{company}\nTEL 555 {seed}\n{items}\nAMOUNT DUE {total}\n{cash}\n{date} 12:30",
        f"{date}\nWELCOME TO\n{company}\n{items}\nSUB TOTAL {total}\nTOTAL RM {total}",
        f"{company}\nINVOICE NO {seed}\nDATE: {date}\n{items}\nTAX 0.00\nTOTAL {total}\n{cash}\nTHANK YOU",
    ][seed % 4]
    page = make_page(text)
    where = {"company": company, "date": date, "total": total}
    return Example(
        f"receipt-{seed}",
        (page,),
        tuple(Answer(name, value, place_of(page, value)) for name, value in where.items()),
    )


@pytest.fixture(scope="session")
def receipts() -> list[Example]:
    return [receipt(seed) for seed in range(60)]
