"""The layouts of invoices, from a craftsman's letter to a shop's form. Order matters: an index picks one."""

from models.generator.invoices import LETTER
from models.generator.invoices import InvoiceLayout as Layout

LAYOUTS = (
    Layout("letter-din", ("de", "at", "ch"), head="letter", customer="window", meta="pairs", title="numbered", bank="columns", due="within"),
    Layout(
        "banner-blue", ("gb", "us", "au", "nl"), family="dejavu", size=8.6, head="banner", customer="left", meta="row", title="big",
        columns=("item", "quantity", "price", "amount"), table="zebra", totals="filled", bank="box", colour=(0.09, 0.3, 0.55),
    ),
    Layout(
        "us-form", ("us",), paper=LETTER, head="left", customer="boxed", meta="box", title="right", table="grid",
        columns=("quantity", "code", "item", "price", "amount"), totals="boxed", bank="none", colour=(0.15, 0.15, 0.15),
    ),
    Layout(
        "sidebar", ("fr", "it", "es", "gb"), family="helvetica", size=9, head="sidebar", customer="left", meta="left", title="big",
        columns=("item", "quantity", "price", "amount"), table="open", totals="right", bank="line", due="sentence", colour=(0.2, 0.33, 0.3),
    ),
    Layout(
        "classic-serif", ("gb", "fr", "romandie", "it"), family="times", size=11, head="centre", customer="left", meta="pairs", title="centre",
        columns=("item", "quantity", "unit", "price", "amount"), table="lines", totals="right", bank="line", due="sentence", colour=(0.3, 0.1, 0.1),
    ),
    Layout(
        "nordic", ("se", "nl", "de"), family="helvetica", size=9.2, head="right", customer="window", meta="left", title="left",
        columns=("code", "item", "quantity", "unit", "price", "amount"), table="open", totals="band", bank="columns", colour=(0.85, 0.35, 0.1),
    ),
    Layout(
        "faktura", ("pl",), family="dejavu", size=8.4, head="left", customer="right", meta="row", title="numbered",
        columns=("position", "item", "unit", "quantity", "price", "rate", "amount"), table="grid", totals="boxed", bank="box", colour=(0.35, 0.1, 0.4),
    ),
    Layout(
        "long-list", ("de", "gb", "es", "se"), family="helvetica", size=8.4, head="right", customer="boxed", meta="pairs", title="left",
        columns=("position", "code", "item", "quantity", "unit", "price", "amount"), table="lines", totals="right", bank="columns",
        due="sentence", most_items=44, colour=(0.1, 0.1, 0.1),
    ),
    Layout(
        "studio", ("gb", "us", "fr", "nl"), family="stix", size=11, head="left", customer="right", meta="left", title="big",
        columns=("item", "amount"), table="open", totals="wide", bank="box", due="within", most_items=4, colour=(0.75, 0.15, 0.3),
    ),
    Layout(
        "typewriter", ("us", "au", "it", "at"), family="courier", size=9.6, head="centre", customer="left", meta="pairs", title="left",
        columns=("quantity", "item", "price", "amount"), table="lines", totals="right", bank="line", due="meta", most_items=6, colour=(0.05, 0.05, 0.05),
    ),
    Layout(
        "wholesale", ("nl", "es", "it", "my"), family="dejavu", size=8, head="banner", customer="boxed", meta="box", title="numbered",
        columns=("code", "item", "quantity", "rate", "price", "amount"), table="head", totals="filled", bank="columns", most_items=16, colour=(0.55, 0.12, 0.12),
    ),
    Layout(
        "trades", ("de", "romandie", "fr", "pl"), family="serif", size=8.6, head="right", customer="left", meta="row", title="right",
        columns=("position", "quantity", "unit", "item", "price", "amount"), table="lines", totals="left", bank="box", due="within", most_items=7, colour=(0.1, 0.4, 0.2),
    ),
    Layout(
        "consulting", ("gb", "us", "ch", "se"), family="helvetica", size=10, head="sidebar", customer="left", meta="box", title="centre",
        columns=("position", "item", "amount"), table="head", totals="boxed", bank="box", due="meta", most_items=5, colour=(0.13, 0.15, 0.3),
    ),
    Layout(
        "shop-online", ("de", "es", "pl", "au"), family="dejavu", size=8.8, head="centre", customer="right", meta="left", title="numbered",
        columns=("item", "code", "rate", "quantity", "amount"), table="zebra", totals="band", bank="line", due="meta", colour=(0.0, 0.45, 0.5),
    ),
)  # fmt: skip
