"""Prose of agreements: sentences put together from pieces, so that none is met often enough to be learnt by heart."""

from __future__ import annotations

import random

TITLES = (
    "Non-Disclosure Agreement", "Confidentiality Agreement", "Mutual Non-Disclosure Agreement", "Mutual Confidentiality Agreement", "Non-Competition and Non-Disclosure Agreement",
    "Confidentiality and Non-Solicitation Agreement", "Proprietary Information Agreement", "Employee Confidentiality Agreement", "Consulting Agreement", "Services Agreement",
    "Master Services Agreement", "License Agreement", "Supply Agreement", "Employment Agreement", "Separation Agreement", "Distribution Agreement", "Lease Agreement", "Cooperation Agreement",
    "Nondisclosure and Standstill Agreement", "Confidential Disclosure Agreement", "Invention Assignment Agreement", "Purchase Agreement", "Software Agreement", "Secrecy Agreement",
)  # fmt: skip
STATES = (
    "New York", "Delaware", "California", "Massachusetts", "Texas", "Florida", "Illinois", "Ohio", "Pennsylvania", "New Jersey", "Georgia", "Washington", "Oregon", "Nevada", "Minnesota",
    "Michigan", "Virginia", "Colorado", "Utah", "Arizona", "Connecticut", "Maryland", "Missouri", "Indiana", "Wisconsin", "Tennessee", "North Carolina", "South Carolina", "Alabama", "Kentucky",
    "Iowa", "Kansas", "Louisiana", "Nebraska", "Oklahoma", "Idaho", "Maine", "Montana", "New Hampshire", "Rhode Island", "Vermont", "Hawaii", "New Mexico", "Arkansas", "Mississippi",
)  # fmt: skip
ABROAD = (
    "England and Wales",
    "Ontario",
    "British Columbia",
    "Singapore",
    "Israel",
    "Germany",
    "Switzerland",
    "Ireland",
    "Hong Kong",
    "Malaysia",
    "India",
    "the Netherlands",
    "Bermuda",
    "Australia",
    "Scotland",
)
NUMBERS = {
    1: "one",
    2: "two",
    3: "three",
    4: "four",
    5: "five",
    6: "six",
    7: "seven",
    9: "nine",
    10: "ten",
    12: "twelve",
    15: "fifteen",
    18: "eighteen",
    24: "twenty-four",
    30: "thirty",
    36: "thirty-six",
    60: "sixty",
    90: "ninety",
}
# what leads to the date of an agreement
DATED = (
    " is made and entered into as of ", " is made effective as of ", ", dated as of ", " is entered into on ", ", effective ", " is made this ", " is dated ",
    " is entered into and effective as of the ",
)  # fmt: skip
HEADINGS = (
    "Confidential Information", "Definitions", "Obligations", "Exceptions", "Return of Materials", "Remedies", "No License", "Notices", "Severability", "Entire Agreement", "Assignment",
    "Counterparts", "Waiver", "Non-Solicitation", "Required Disclosure", "Representatives", "Ownership", "Miscellaneous", "Amendments", "Indemnification", "Standstill", "Securities Laws", "Survival", "Costs",
)  # fmt: skip
WHO = (
    "the Receiving Party",
    "the Disclosing Party",
    "each party",
    "neither party",
    "the Recipient",
    "the Company",
    "such party",
    "the Employee",
    "either party",
    "its Representatives",
    "the Consultant",
)
MUST = (
    "shall",
    "shall not",
    "agrees to",
    "may",
    "will",
    "undertakes to",
    "is entitled to",
    "shall use reasonable efforts to",
    "agrees not to",
    "shall promptly",
)
DO = (
    "disclose",
    "use",
    "protect",
    "return",
    "destroy",
    "copy",
    "retain",
    "hold in confidence",
    "make available",
    "reproduce",
    "deliver",
    "review",
    "identify",
    "reverse engineer",
    "distribute",
    "solicit",
)
WHAT = (
    "the Confidential Information", "any trade secrets", "all documents and copies", "the Evaluation Material", "such information", "any proprietary data", "business plans and customer lists", "technical know-how",
    "the terms of this Agreement", "all materials furnished hereunder", "any employee or customer of the other party", "financial statements, forecasts and projections", "its rights under this Agreement", "the results of any analysis",
)  # fmt: skip
HOW = (
    "without the prior written consent of the other party", "except as required by law or by order of a court", "in connection with the proposed transaction", "on a need-to-know basis", "in accordance with this Agreement",
    "upon written request", "with the same degree of care that it uses for its own information", "directly or indirectly", "for any purpose other than the Purpose", "whether oral, written or in electronic form", "to any third party",
    "at its own expense", "prior to the date of disclosure", "during the course of the discussions", "within {days} of receipt of a written request", "provided that prompt notice is given",
)  # fmt: skip
JOIN = (
    ", and ",
    "; ",
    ", provided that ",
    ", except that ",
    ". Further, ",
    ", it being understood that ",
    " and ",
)
WHOLE = (
    "This Agreement may be executed in counterparts, each of which is deemed an original.",
    "If any provision is held to be unenforceable, the remaining provisions stay in full force and effect.",
    "No failure or delay in exercising any right operates as a waiver of it.",
    "This Agreement contains the entire understanding of the parties and supersedes all prior agreements.",
    "Any amendment must be in writing and signed by both parties.",
    "The parties acknowledge that money damages would not be a sufficient remedy for a breach.",
    "Nothing in this Agreement grants a license under any patent, copyright or trademark.",
    "All notices must be in writing and are deemed given when delivered by hand or by courier.",
    "This Agreement binds the parties and their successors and permitted assigns.",
    "The obligations do not apply to information that is or becomes publicly available through no fault of the recipient.",
)


def days(rng: random.Random) -> str:
    """A span of days, which is never the term of an agreement."""
    number = rng.choice((5, 10, 15, 30, 60, 90))
    return rng.choice((f"{NUMBERS[number]} ({number}) days", f"{number} days", f"{NUMBERS[number]} days"))


def sentence(rng: random.Random) -> str:
    """One sentence that might stand in any agreement."""
    if rng.random() < 0.2:
        return rng.choice(WHOLE)
    parts = []
    for _ in range(rng.choice((1, 1, 2, 2, 3))):
        words = [
            rng.choice(WHO),
            rng.choice(MUST),
            rng.choice(DO),
            *(["or", rng.choice(DO)] if rng.random() < 0.3 else []),
            rng.choice(WHAT),
        ]
        parts.append(" ".join([*words, *rng.sample(HOW, rng.choice((0, 1, 1, 2)))]))
    text = parts[0]
    for part in parts[1:]:
        text += rng.choice(JOIN) + part
    return text[0].upper() + text[1:].replace("{days}", days(rng)) + "."


def paragraph(rng: random.Random) -> str:
    return " ".join(sentence(rng) for _ in range(rng.randint(1, 5)))
