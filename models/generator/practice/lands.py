"""Parts of the world: what names, numbers, taxes, amounts and dates look like there."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from models.generator.practice.addresses import (
    american,
    australian,
    british,
    continental,
    indian,
    malaysian,
    singapore,
)


@dataclass(frozen=True, slots=True)
class Land:
    """What names, addresses and numbers look like in one part of the world; functions draw from a generator."""

    name: str
    people: str  # Faker's locale
    legal: tuple[str, ...]
    phone: tuple[str, ...]  # # is a digit
    company_number: tuple[str, ...]
    tax_label: tuple[str, ...]
    tax_id: tuple[str, ...]
    address: Callable[[random.Random], list[str]]
    languages: tuple[str, ...]
    symbols: tuple[str, ...]  # of currency
    tax: tuple[str, ...]  # what it is called
    rates: tuple[float, ...]
    decimal: str = "."
    thousands: str = ","
    level: float = 1.0  # of prices
    dates: str = "dmy"


LANDS: dict[str, Land] = {
    land.name: land
    for land in (
        Land("my", "id_ID", ("Sdn Bhd", "Sdn. Bhd.", "SDN BHD", "(M) Sdn Bhd", "Enterprise", "Trading", "S/B"),
             ("0#-### ####", "0#-########", "+60#-#######", "01#-#######", "0#-#### ####", "0# #######"), ("(######-@)", "(#######-@)", "(######@)", "(JM#######-@)", "CO. REG NO: ######-@", "(CO. NO.: ######@)", "ROC NO. ######-@"),
             ("GST ID", "GST ID NO", "GST REG NO", "GST NO", "GST Reg. No", "SST ID"), ("00##########", "00##########", "@##-####-########"), malaysian, ("en",), ("RM", "RM", "MYR", "$"), ("GST", "SST", "SR"), (6, 6, 0, 10), level=3.0),
        Land("sg", "id_ID", ("Pte Ltd", "Pte. Ltd.", "(S) Pte Ltd", "LLP"), ("6### ####", "+65 #### ####", "########"), ("(#########@)", "Co. Reg. No. #########@", "UEN: 20#######@"),
             ("GST Reg No", "GST No", "GST REG NO."), ("M#-#######-#", "20#######@", "M#########"), singapore, ("en",), ("$", "S$", "SGD"), ("GST",), (7, 8, 9), level=1.5),
        Land("us", "en_US", ("LLC", "Inc.", "Inc", "Corp.", "Corporation", "Co.", "L.L.C.", "LP", "Company"), ("(###) ###-####", "###-###-####", "###.###.####", "1-800-###-####"), ("Store #####", "STORE #: ####"),
             ("EIN", "Tax ID", "Fed ID", "Tax ID #"), ("##-#######",), american, ("en",), ("$", "$", "USD", "US$"), ("Tax", "Sales Tax", "TAX"), (6.25, 7, 8.25, 8.875, 5), dates="mdy"),
        Land("gb", "en_GB", ("Ltd", "Limited", "PLC", "LLP", "Ltd."), ("0## #### ####", "0#### ######", "+44 #### ######"), ("Company No. ########", "Reg. No. ########"), ("VAT No", "VAT Reg No", "VAT"), ("GB ### #### ##", "### #### ##", "GB#########"),
             british, ("en",), ("£", "£", "GBP"), ("VAT",), (20, 5)),
        Land("au", "en_US", ("Pty Ltd", "Pty. Ltd.", "Limited"), ("0# #### ####", "+61 # #### ####", "1300 ### ###"), ("ACN ### ### ###",), ("ABN", "A.B.N."), ("## ### ### ###", "###########"), australian, ("en",), ("$", "AUD", "A$"), ("GST",), (10,), level=1.5),
        Land("in", "en_IN", ("Pvt Ltd", "Pvt. Ltd.", "Private Limited", "& Co"), ("+91 ##########", "0##-########", "##########"), ("CIN: U#####@@####",), ("GSTIN", "GST No", "TIN"), ("##@@@@@####@#Z#",), indian, ("en",), ("Rs.", "₹", "INR", "Rs"), ("CGST", "GST", "VAT"), (5, 12, 18), level=20.0),
        Land("de", "de_DE", ("GmbH", "AG", "KG", "GmbH & Co. KG", "e.K.", "UG"), ("0### ######", "+49 ## #######", "0####/#####"), ("HRB #####",), ("USt-IdNr.", "USt-ID", "St.-Nr."), ("DE#########", "##/###/#####"), continental("de_DE", ("straße", "str.", "weg", "platz", "gasse", "allee"), False, "#####"),
             ("de",), ("€", "EUR", "€"), ("MwSt", "USt"), (19, 7), ",", ".", dates="dots"),
        Land("fr", "fr_FR", ("SARL", "SA", "SAS", "EURL"), ("0# ## ## ## ##", "+33 # ## ## ## ##"), ("RCS ### ### ###", "SIRET ### ### ### #####"), ("N° TVA", "TVA"), ("FR###########",), continental("fr_FR", ("rue", "rue de", "avenue", "boulevard", "place", "quai"), True, "#####"),
             ("fr",), ("€", "EUR", "€"), ("TVA",), (20, 10, 5.5), ",", " "),
        Land("es", "es_ES", ("S.L.", "S.A.", "SL", "SA de CV"), ("### ### ###", "+34 ### ## ## ##"), ("Reg. Merc. ####",), ("CIF", "NIF", "RFC"), ("@########", "########@"), continental("es_ES", ("Calle", "C/", "Avda.", "Plaza", "Paseo"), True, "#####"), ("es",), ("€", "EUR", "€", "$"), ("IVA",), (21, 10), ",", "."),
        Land("it", "it_IT", ("S.r.l.", "S.p.A.", "SRL", "s.n.c."), ("0## #######", "+39 ### #######"), ("REA ######",), ("P. IVA", "P.IVA", "Partita IVA"), ("###########", "IT###########"), continental("it_IT", ("Via", "Viale", "Piazza", "Corso"), True, "#####"), ("it",), ("€", "EUR"), ("IVA",), (22, 10), ",", "."),
        Land("nl", "nl_NL", ("B.V.", "BV", "N.V.", "VOF"), ("0##-#######", "+31 ## ### ## ##"), ("KvK ########",), ("BTW", "BTW nr."), ("NL#########B##",), continental("nl_NL", ("straat", "weg", "laan", "plein", "gracht"), False, "#### @@"), ("nl",), ("€", "EUR"), ("BTW",), (21, 9), ",", "."),
    )
}  # fmt: skip


EVERYWHERE = ("my",) * 7 + ("us",) * 5 + ("sg", "sg", "gb", "gb", "au", "in", "de", "fr", "es", "it", "nl")
