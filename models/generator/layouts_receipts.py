"""The layouts of receipts, from a corner shop's till to a hotel's voucher. Order matters: an index picks one."""

from models.generator.receipts import ReceiptLayout as Layout

LAYOUTS = (
    Layout(
        "corner-shop", ("gb", "us", "nl", "de"),
        ("company", "address", "contact", "rule", "meta", "rule", "items", "rule", "totals", "payment", "rule", "tax_line", "footer"),
        family="mono", size=7.4,
    ),
    Layout(
        "supermarket", ("de", "at", "se", "pl"),
        ("logo", "company", "address", "gap", "items", "rule", "totals", "payment", "rule", "tax_table", "rule", "meta", "footer"),
        family="dejavu", size=7.6, width=80, items="coded", totals="big", meta="columns", rule="line", most_items=16, shout=True,
    ),
    Layout(
        "coffee-house", ("fr", "it", "es", "gb"),
        ("company", "address_in_a_line", "rule", "place", "meta", "rule", "items", "rule", "totals", "tax_line", "payment", "gap", "footer"),
        family="times", size=9.5, width=76, items="simple", rule="dots", meta="line", company_size=1.9, most_items=5,
    ),
    Layout(
        "hardware-my", ("my",),
        ("company", "address", "contact", "title", "rule", "meta", "rule", "items", "rule", "totals", "payment", "rule", "tax_table", "footer"),
        family="courier", size=8.4, width=80, items="columns", rule="equals", shout=True, totals="plain", company_size=1.3,
    ),
    Layout(
        "pharmacy", ("de", "es", "it", "romandie"),
        ("banner", "gap", "address", "contact", "rule", "items", "rule", "totals", "tax_line", "payment", "rule", "meta", "footer"),
        family="helvetica", size=8.6, width=78, align="left", items="numbered", rule="line", colour=(0.1, 0.35, 0.2), company_size=1.6, totals="boxed", most_items=6,
    ),
    Layout(
        "restaurant", ("us", "fr", "it", "au"),
        ("company", "address", "contact", "gap", "place", "rule", "items", "rule", "totals", "gap", "payment", "tax_line", "rule", "meta", "footer"),
        family="serif", size=8, width=79, items="leaders", rule="double", totals="boxed", meta="line", company_size=1.8, leading=1.5, most_items=7,
    ),
    Layout(
        "car-park", ("gb", "de", "nl", "se"),
        ("title", "logo", "meta", "gap", "totals", "tax_line", "payment", "rule", "company", "address_in_a_line"),
        family="dejavu", size=9, width=62, rule="space", totals="inverse", meta="grid", company_size=1.1, most_items=1, align="left",
    ),
    Layout(
        "book-shop", ("gb", "us", "nl", "romandie"),
        ("barcode", "meta", "rule", "items", "rule", "totals", "payment", "tax_line", "rule", "company", "address", "contact", "footer"),
        family="helvetica", size=8.2, width=80, squeeze=0.92, items="numbered", rule="dots", meta="right", align="left", company_size=1.2, most_items=4,
    ),
    Layout(
        "market-stall", ("fr", "es", "it", "at"),
        ("company", "rule", "address", "rule", "items", "totals", "rule", "payment", "tax_line", "meta"),
        family="courier", size=9.4, width=70, items="leaders", rule="stars", totals="plain", meta="line", align="left", company_size=1.3, most_items=6,
    ),
    Layout(
        "hotel-voucher", ("gb", "de", "fr", "se"),
        ("banner", "address_in_a_line", "contact", "gap", "title", "meta", "gap", "items", "rule", "totals", "tax_line", "payment", "footer"),
        family="stix", size=10.5, width=128, items="columns", rule="line", meta="grid", totals="boxed", colour=(0.12, 0.16, 0.4), company_size=1.7, most_items=8,
    ),
    Layout(
        "fashion", ("it", "fr", "gb", "us"),
        ("gap", "company", "gap", "address", "gap", "meta", "rule", "items", "rule", "totals", "payment", "gap", "tax_line", "barcode", "footer"),
        family="stix", size=9.6, width=74, items="numbered", rule="line", meta="columns", company_size=2.4, leading=1.6, totals="big", most_items=4,
    ),
    Layout(
        "kiosk", ("pl", "de", "es", "my"),
        ("address", "contact", "company", "rule", "meta", "rule", "items", "rule", "tax_line", "totals", "payment", "footer"),
        family="mono", size=7, width=57, squeeze=0.86, items="stacked", rule="dashes", shout=True, company_size=1.2, totals="big",
    ),
    Layout(
        "fuel", ("gb", "au", "at", "romandie"),
        ("logo", "company", "address", "title", "meta", "rule", "items", "gap", "totals", "tax_table", "payment", "barcode"),
        family="helvetica", size=9, width=76, items="columns", rule="line", totals="inverse", meta="pairs", colour=(0.7, 0.1, 0.1), most_items=3,
    ),
    Layout(
        "sdn-bhd-mart", ("my",),
        ("company", "address_in_a_line", "contact", "rule", "meta", "rule", "items", "rule", "totals", "rule", "payment", "tax_line", "footer"),
        family="dejavu", size=7.2, width=72, squeeze=0.9, items="stacked", rule="stars", shout=True, meta="columns", totals="big", most_items=12,
    ),
)  # fmt: skip
