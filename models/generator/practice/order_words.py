"""What orders call things, and who advertises."""

from __future__ import annotations

import random

from models.generator.practice.addresses import STATES, town
from models.generator.practice.lands import LANDS
from models.generator.practice.made_up import digits, invented
from models.generator.practice.names import firm_name, person, surname

OFFICES = (
    "President",
    "Senate",
    "US Senate",
    "Congress",
    "Governor",
    "Mayor",
    "Judge",
    "Sheriff",
    "Attorney General",
    "State House",
    "County Commissioner",
    "Supreme Court",
    "State Treasurer",
    "City Council",
    "School Board",
)


LABELS: dict[str, tuple[str, ...]] = {
    "contract_number": ("Contract #", "Order #", "Order Number", "Contract Number", "Order / Rev:", "Contract / Revision", "Invoice #", "Order No.", "Contract No", "Estimate/Order #", "Contract", "Sales Order #", "Order", "Proposal #", "Agreement No."),
    "advertiser": ("Advertiser", "Advertiser", "Advertiser Name", "Client", "Sponsor", "ADVERTISER", "Name of Advertiser"),
    "agency": ("Agency", "Agency Name", "Advertising Agency", "Buying Agency", "AGENCY"),
    "product": ("Product", "Product Desc", "Brand", "Campaign", "Product/Brand", "Product Description", "Title"),
    "flight": ("Flight Dates", "Flight", "Contract Dates", "Schedule Dates", "Order Flight", "Flight Dates:", "Campaign Dates", "Air dates", "Start/End Date", "Hiatus/Flight"),
    "start": ("Start Date", "Flight Start", "Start", "From", "Flight Start Date", "Begin", "Campaign start"),
    "end": ("End Date", "Flight End", "End", "To", "Thru", "Flight End Date", "Stop", "Campaign end"),
    "date": ("Date Entered", "Order Date", "Date", "Original Date", "Contract Date", "Invoice Date", "Entered", "Date Created", "Last Modified", "Bill Date"),
    "printed": ("Print Date", "Printed", "Printed At", "Run on", "As of", "Changes as of"),
    "station": ("Station", "Property", "Market/Station", "Channel", "Call Letters", "STATION", "Outlet"),
    "salesperson": ("Salesperson", "Account Executive", "Primary AE", "AE", "Sales Rep", "Acct Exec", "Seller"),
    "gross": ("Gross Amount", "Gross Total", "Gross", "Total Gross", "Grand Total", "Total", "Total $", "Order Total", "Gross Cost", "Total Cost", "TOTAL", "Total Dollars", "Contract Total", "Totals", "Total Amount", "Gross Order Amount"),
    "net": ("Net Amount", "Net Total", "Net", "Net Due", "Total Net", "Net Cost", "Amount Due Station", "Net Total (w/agency)", "Net Amount Due"),
    "commission": ("Agency Commission", "Commission", "Less Commission", "Comm.", "Agency Comm", "15% Commission", "Commission 15%"),
    "order_number": ("Alt Order #", "Agency Order #", "Estimate", "Estimate #", "External #", "CPE", "Agency Ref", "PO #", "Est #", "Client Code"),
}  # fmt: skip


# labels that stand among the others and tell nothing that is looked for
BYWORDS: tuple[tuple[str, str], ...] = (
    ("Order Type", "Normal"), ("Billing Type", "Cash"), ("Billing Cycle", "EOM/EOC"), ("Billing Calendar", "Broadcast"), ("Demographic", "A35+"), ("Demo", "HH"),
    ("Sales Office", "NATL"), ("Sales Region", "National"), ("Special Handling", ""), ("Revenue Code 1", "AGY"), ("Revenue Code 2", "POL"), ("Unit Code", "General"),
    ("Priority", "P-0#"), ("Order Separation", "00:15:00"), ("Buyer Name", ""), ("Phone/Fax", "###-###-####"), ("CO-OP", "No"), ("Package Deal", ""), ("Version", "#"),
    ("Account Types", "National/Political"), ("Payment Terms", "30 Days"), ("Advertiser Code", "###"), ("Product Code", "PL#"), ("Separation", "15"), ("Makegood Policy", "Client"),
    ("Competitive Code", "Political"), ("Deal #", "######"), ("Survey", "Nielsen"), ("Spots", "##"), ("Total Units", "##"), ("Rating", "0.00"), ("Page", "1 of 2"), ("Comments", ""), ("Agency Code", "####"),
)  # fmt: skip


def advertiser_name(rng: random.Random) -> str:
    land = LANDS["us"]
    kind = rng.random()
    if kind < 0.5:
        who, office = person(land, rng), rng.choice(OFFICES)
        area = rng.choice((town("en_US", rng), rng.choice(STATES)))
        return rng.choice((
            f"{who} for {office}", f"{surname(land, rng)} for {area}", f"Friends of {who}", f"Committee to Elect {who}", f"POL/ {who} / {rng.choice('DRI')} / {office} / {rng.choice(STATES)}",
            f"{who} for {office}-{rng.choice('DR')} ({digits('######', rng)})", f"{surname(land, rng)}/{rng.choice('DR')}/{office}", f"{who} {office} {rng.choice(STATES)}", f"Citizens for {surname(land, rng)}",
        ))  # fmt: skip
    if kind < 0.7:
        words = rng.sample(
            (
                "America",
                "Action",
                "Fund",
                "Future",
                "Liberty",
                "Families",
                "Progress",
                "Majority",
                "Growth",
                "Values",
                "Voters",
                "Health",
                "Justice",
                "Energy",
                "Truth",
                "Jobs",
                "Freedom",
                "People",
            ),
            2,
        )
        return rng.choice(
            (
                f"{words[0]} for {words[1]}",
                f"{words[0]} {words[1]} PAC",
                f"{words[0]} {words[1]}",
                f"{invented(rng)} {words[0]} {words[1]} Fund",
            )
        )
    name = firm_name(land, rng, formal=0.4)
    return name + (f" ({digits('#####', rng)})" if rng.random() < 0.2 else "")
