"""The words around values: what documents print beside, above and below them. English here, other languages' from
the generator's own files.
"""

from __future__ import annotations

import random

from models.generator.regions import words

LABELS: dict[str, tuple[str, ...]] = {
    "title": ("TAX INVOICE", "INVOICE", "RECEIPT", "CASH RECEIPT", "CASH SALES", "SIMPLIFIED TAX INVOICE", "- TAX INVOICE -",
              "OFFICIAL RECEIPT", "Sales Receipt", "CASH BILL", "BILL", "GUEST CHECK", "*** SALE ***", "(TAX INVOICE)", "INVOIS CUKAI", "Customer Copy", "Order Receipt", "DELIVERY ORDER", "CHECK"),
    "date": ("Date", "Date", "DATE", "Invoice Date", "Inv. Date", "Trans. Date", "Bill Date", "Receipt Date", "Dt", "Tarikh", "Date/Time", "Sold on", "Order Date", "Doc Date", "Issued", "Business Date"),
    "time": ("Time", "TIME", "Trans Time", "Masa", "Time In"),
    "document_number": ("Invoice No", "INV NO", "Invoice #", "Receipt No", "Receipt #", "Bill No", "Bill #", "Doc No.", "Slip No", "Trans #", "Trn", "Inv No.", "Check #", "Ticket No", "Tax Invoice No", "CASH INV NO", "Ref", "Rcpt#", "Order #", "Document No", "Cash Bill No", "TRX", "No"),
    "cashier": ("Cashier", "CASHIER", "Served by", "Operator", "Staff", "Server", "User", "Clerk", "Waiter", "You were served by", "Counter Staff", "Cashier ID"),
    "salesperson": ("Salesperson", "Sales Rep", "Salesman", "Sales Person", "Account Executive", "Agent"),
    "till": ("Till", "Register", "POS", "Terminal", "Counter", "Table", "Station", "Outlet", "Store", "Lane", "Pax", "Shift", "Batch", "Member", "Ref.", "Cust #", "Covers", "Queue No"),
    "phone": ("Tel", "TEL", "Tel.", "Phone", "T", "Tel No", "Ph", "Contact", "H/P", "Hotline", ""),
    "fax": ("Fax", "FAX", "F", "Fax No"),
    "email": ("Email", "E-mail", "EMAIL", ""),
    "website": ("Website", "Web", "Visit us at", ""),
    "customer": ("Bill To", "Customer", "Sold To", "Name", "Client", "Invoice To", "To", "Cust", "Attn", "Billed to", "Cust Name"),
    "item": ("Item", "Description", "DESC", "Product", "ITEM DESCRIPTION", "Particulars", "Article", "Details"),
    "quantity": ("Qty", "QTY", "Quantity", "Q", "Unit", "No."),
    "price": ("Price", "U/Price", "Unit Price", "PRICE", "@", "S/Price", "Rate", "U.P", "Each"),
    "amount": ("Amount", "AMT", "Total", "Amt", "AMOUNT", "Line Total", "Price", "Amount {sign}", "AMT({sign})", "Total ({sign})"),
    "count": ("Item Count", "ITEMS", "Total Qty", "Total Quantity", "Item(s)", "No. of items", "TOTAL ITEMS", "Qty", "Total Item(s)", "Items Sold", "Number of items"),
    "subtotal": ("Subtotal", "SUB-TOTAL", "Sub Total", "SUBTOTAL", "Sub-Total", "Total Excl. {tax}", "Total Sales (Excluding {tax})", "Amount Excl. {tax}", "Taxable Amount", "Total before tax", "Net Amount", "Total (Excl {tax})"),
    "before_rounding": ("Total", "Total Sales", "Total Amount", "Bill Total", "Total before rounding", "Total Incl {tax}", "Subtotal"),
    "tax": ("{tax}", "{tax} {rate}%", "{tax} @{rate}%", "{tax} ({rate}%)", "Total {tax}", "{rate}% {tax}", "{tax} Amount", "{tax} Payable ({rate}%)", "Add {tax} {rate}%", "Tax", "Total Tax", "{tax} @ {rate}%"),
    "tax_inside": ("{tax} @{rate}% included in total", "Includes {tax} {rate}%", "{tax} {rate}% incl.", "Incl. {tax}", "of which {tax}", "Total includes {rate}% {tax}", "(Inclusive of {tax} {rate}%)"),
    "discount": ("Discount", "DISC", "Disc.", "Member Discount", "Less Discount", "You saved", "Item Discount", "Voucher", "Promo", "Discount 10%", "Special Disc"),
    "service_charge": ("Service Charge", "Svc Chg 10%", "SERVICE CHARGE (10%)", "Serv. Charge", "Gratuity", "Tip", "10% Service"),
    "rounding": ("Rounding", "Rounding Adj", "ROUNDING ADJUSTMENT", "Rounding Adj.", "Round Off", "Rounding Amt", "Rnd"),
    "total": ("TOTAL", "TOTAL", "Total", "Total", "Grand Total", "GRAND TOTAL", "Total Amount", "Amount Due", "Net Total", "NETT TOTAL", "Total Due", "Balance Due", "Total Payable", "Total Incl. {tax}", "Total Sales (Inclusive of {tax})", "Total Inclusive {tax}", "Total {sign}", "TOTAL ({sign})", "Total Incl. {tax}@{rate}%", "Amount Payable", "Final Total", "Total ({tax} Incl)", "Net Payable", "Total Bill", "TOTAL TO PAY", "Jumlah", "Bill Amount", "TOTAL SALES", "Net Amt"),
    "total_rounded": ("Total Rounded", "Total after rounding", "Nett Total", "Net Total", "Amount Due", "Total Payable", "Total", "GRAND TOTAL", "Total After Adj", "Total Amt Rounded", "Round Total"),
    "cash": ("Cash", "CASH", "Cash Tendered", "Cash Received", "Paid", "Amount Paid", "Tendered", "Payment", "CASH {sign}", "Received", "Cash Paid", "Tender"),
    "card": ("VISA", "MASTERCARD", "Visa Card", "Debit Card", "Credit Card", "AMEX", "MASTER", "Card", "EFTPOS", "Touch n Go", "NETS", "E-Wallet", "Paid by Card"),
    "change": ("Change", "CHANGE", "Change Due", "Change Amt", "Balance", "CHANGE {sign}", "Cash Change", "Your Change"),
    "saved": ("Total Saved", "You have saved", "Your savings today", "Total Savings", "Points earned", "Member points", "Loyalty balance"),
    "valid_until": ("Exchange before", "Valid until", "Refund until", "Voucher valid till", "Warranty until", "Return by"),
    "printed": ("Printed", "Print Date", "Printed on", "Reprint", "Print time"),
    "summary": ("{tax} Summary", "{tax} SUMMARY", "{tax} Analysis", "Tax Summary", "{tax} Details", "Summary of {tax}"),
    "thanks": ("THANK YOU", "Thank you, please come again", "Thank you for shopping with us!", "PLEASE COME AGAIN", "Have a nice day!", "*** THANK YOU ***", "Terima Kasih", "Thank you for your patronage", "See you again soon", "THANK YOU! HAVE A NICE DAY"),
    "returns": ("Goods sold are not returnable", "Goods sold are not refundable.", "No refund without receipt", "Exchange allowed within # days with receipt", "Please keep this receipt as proof of purchase", "Strictly no cash refund",
                "Please check your change before leaving", "Items may be exchanged within ## days", "Prices are inclusive of {tax}", "All prices in {sign}", "This is a computer generated receipt, no signature required", "E. & O.E.", "Tell us how we did and win a voucher", "Customer copy", "Like us on Facebook", "Powered by ###POS", "*** REPRINT ***", "For feedback call 1-300-##-####", "Cheques are payable to the company only", "Follow us @shop##", "PURCHASE DATE FOR WARRANTY", "Quality products at low prices", "Every day low price", "Free delivery above {sign} ##"),
    "slogan": ("Best value in town", "Your neighbourhood store", "Since 19##", "Fresh every day", "Always fresh, always near", "Open 24 hours", "Open daily 10am - 10pm", "Good food, good mood", "WELCOME", "Welcome to our store", "Quality you can trust"),
    "invoice": ("INVOICE", "Invoice", "TAX INVOICE", "Tax Invoice", "Commercial Invoice", "Sales Invoice", "Bill", "STATEMENT", "Proforma Invoice", "Credit Note", "Invoice / Receipt"),
    "due_date": ("Due Date", "Payment Due", "Due", "Pay by", "Payment due by", "Please pay by", "Date due", "Due on"),
    "delivery_date": ("Delivery Date", "Date of Supply", "Ship Date", "Delivered", "Service date", "Shipped on"),
    "order_date": ("Order Date", "Date of Order", "Ordered on", "PO Date"),
    "order_number": ("P.O. Number", "PO #", "Order No.", "Your Order", "Purchase Order", "PO No", "Your Ref", "Order Number", "Customer PO", "P.O. No."),
    "customer_number": ("Customer No.", "Account No", "Client ID", "Account Number", "Customer ID", "Acct #", "A/C No", "Customer Code"),
    "terms": ("Terms", "Payment Terms", "Terms of payment"),
    "ship_to": ("Ship To", "Deliver To", "Delivery Address", "Shipping Address", "Service Address", "Remit To"),
    "from": ("From", "Seller", "Supplier", "Vendor", "Issued by"),
    "shipping": ("Shipping", "Freight", "Delivery", "Shipping & Handling", "Postage", "S&H"),
    "iban": ("IBAN", "Account IBAN"),
    "currency": ("Currency", "All amounts in", "Curr."),
    "period": ("Billing Period", "Service Period", "Period", "For the period", "Statement period"),
    "payment_method": ("Payment Method", "Payment", "Payment Type", "Paid by", "Pay Mode", "Tender Type"),
}  # fmt: skip

# the generator's language files name some of these otherwise
ELSEWHERE = {"document_number": "receipt_number", "title": "receipt", "count": "quantity", "total": "total"}

GOODS = ["Milk 1L", "White Bread", "Eggs Grade A", "Fried Rice", "Chicken Rice", "Nasi Lemak", "Teh Tarik", "Kopi O", "Iced Latte", "Cappuccino", "Mineral Water 500ml", "Coke", "Roti Canai", "Mee Goreng", "Chicken Chop", "Fish & Chips", "Caesar Salad", "Cheese Burger", "French Fries", "Garlic Naan", "Butter Chicken", "Tom Yam Soup", "Steamed Fish", "Kangkung", "Tofu", "Ice Cream", "Cake Slice", "Croissant", "Lime Juice", "Green Tea", "Orange Juice", "Beer", "House Wine", "Paint Roller", "Wall Plug 6mm", "Screwdriver Set", "Hinge 3in", "PVC Pipe 15mm", "Cable Tie 8in", "LED Bulb 9W", "Extension Cord", "Masking Tape", "Super Glue", "Sand Paper", "Door Lock", "Angle Grinder Disc", "Wire 2.5mm", "Silicone Sealant", "Cotton Glove", "Cement 50kg", "Steel Nail", "Ball Pen Blue", "A4 Paper 80gsm", "File Folder", "Stapler", "Marker", "Envelope A5", "Notebook", "Calculator", "Eraser", "Toner Cartridge", "USB Cable", "Mouse", "Keyboard", "HDMI Cable", "Battery AA", "Phone Case", "Shampoo", "Toothpaste", "Body Wash", "Tissue Box", "Toilet Roll", "Vitamin C", "Paracetamol 500mg", "Cough Syrup", "Plaster", "Face Mask", "Hand Soap", "Detergent 2kg", "Sponge", "Dish Wash", "Trash Bag", "Plastic Bag", "Storage Box", "Basket", "Hanger", "Towel", "Pillow", "Curtain", "T-Shirt", "Jeans", "Socks", "Shoes", "Belt", "Cap", "Kids Toy", "Puzzle", "Gift Wrap", "Birthday Card", "Balloon", "Dog Food", "Cat Litter", "Petrol RON95", "Diesel", "Engine Oil", "Car Wash", "Parking Fee", "Tyre Service", "Wiper Blade", "Hair Cut", "Facial", "Eye Test", "Delivery Charge", "Banana", "Apple", "Onion", "Potato", "Carrot", "Chicken Wing", "Salmon Fillet", "Prawn", "Rice 5kg", "Cooking Oil", "Sugar 1kg", "Salt", "Flour", "Instant Noodle", "Biscuit", "Chocolate", "Chips", "Yogurt", "Cheese", "Butter", "Honey", "Cereal"]
WORK = ["Consulting", "Web hosting", "Software licence", "Support plan", "Development", "Graphic design", "Translation", "Installation", "Maintenance", "Training day", "Travel expenses", "Server rental", "Domain name", "Data transfer", "Storage", "Monthly fee", "Subscription", "Audit", "Project management", "Steel bracket", "Pump", "Valve DN50", "Office chair", "Desk lamp", "Printer paper", "Cleaning service", "Transport", "Packaging", "Spare part", "Filter", "Sensor", "Motor 2kW", "Cable 10m", "Control unit", "Laptop", "Monitor 24in", "Copywriting", "Photography", "Venue hire", "Catering", "Electricity", "Water", "Internet line", "Phone plan", "Warehouse rent", "Labour hours", "Inspection", "Repair work"]
TWEAKS = (
    "",
    "",
    "",
    "",
    " L",
    " XL",
    " BLK",
    " WHT",
    " 2PCS",
    " (S)",
    " SET",
    " PROMO",
    " 250G",
    " #12",
    " - LARGE",
    " 3X1",
    " W/CHILI",
    " NEW",
)


def label(key: str, language: str, rng: random.Random, **blanks: str) -> str:
    """What a document in `language` prints for `key`; {tax}, {rate} and {sign} in it are filled from `blanks`."""
    found: tuple[str, ...] | list[str] = LABELS[key]
    if language != "en":
        other = words(language).get(ELSEWHERE.get(key, key))
        if isinstance(other, list) and other:
            found = [str(each) for each in other]
    text = rng.choice(found)
    for name, filling in blanks.items():
        text = text.replace("{" + name + "}", filling)
    return text


def goods(language: str, rng: random.Random, *, work: bool = False) -> str:
    """The name of a thing that is sold."""
    if language != "en" and rng.random() < 0.8:
        return str(rng.choice(list(words(language)["services" if work else "goods"])))
    return rng.choice(WORK) if work else rng.choice(GOODS) + rng.choice(TWEAKS)
