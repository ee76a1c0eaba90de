from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.dates import NAMES, day_first_of, written_dates
from models.values import (
    currency_of,
    normalise_date,
    normalise_money,
    normalise_number,
    normalise_period,
    normalise_text,
)

DAYS = st.dates(date(1970, 1, 1), date(2068, 12, 31))


@pytest.mark.parametrize(
    "written",
    [
        "25/12/2018",
        "12/25/2018",
        "25.12.18",
        "25-12-2018",
        "2018-12-25",
        "2018/12/25",
        "20181225",
        "25122018",
        "25 12 2018",
        "25 / 12 / 2018",
        "25 Dec 2018",
        "25-Dec-18",
        "25DEC2018",
        "25 Dec '18",
        "Dec. 25, 2018",
        "December 25th, 2018",
        "25th day of December, 2018",
        "the 25th day of the month of December, 2018",
        "2018-Dec-25",
        "25. Dezember 2018",
        "25 décembre 2018",
        "25 de diciembre de 2018",
        "25 dicembre 2018",
        "25 de dezembro de 2018",
        "25 grudnia 2018",
        "25. prosince 2018",
        "25 Disember 2018",
        "25 Desember 2018",
        "25/12/2018 13:45",
        "25/12/201813:45",
        "25/12/1813:45",
        "2018-12-25T13:45:00Z",
        "Date:25/12/2018",
        "No. 15403-119386(25/12/2018)",
        "25/l2/2OI8",
        "Tuesday, 25 December 2018",
    ],
)
def test_one_day_is_read_however_it_is_written(written):
    assert normalise_date(written) == "2018-12-25"


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("1er mars 2018", "2018-03-01"),
        ("1º de enero de 2018", "2018-01-01"),
        ("3. März 2018", "2018-03-03"),
        ("12 août 2018", "2018-08-12"),
        ("5 Ogos 2018", "2018-08-05"),
        ("17 Agustus 2019", "2019-08-17"),
        ("29 października 2018", "2018-10-29"),
        ("0ct 5, 2018", "2018-10-05"),
        ("Sept. 5, 2001", "2001-09-05"),
        ("1/2/70", "1970-02-01"),
        ("1/2/68", "2068-02-01"),
    ],
)
def test_months_go_by_many_names_and_years_by_two_figures(written, iso):
    assert normalise_date(written) == iso


@pytest.mark.parametrize(
    "text",
    [
        "",
        "31/02/2018",
        "13/13/2018",
        "March 2018",
        "Mar 12 10:30",
        "3 Bananas 2018",
        "12.50",
        "10:12:2018",
        "0042",
        "1234567890",
        "25/12",
        "Total",
    ],
)
def test_what_is_no_whole_date_is_none(text):
    assert normalise_date(text) is None


def test_the_order_of_day_and_month_is_as_said_unless_only_the_other_makes_a_date():
    assert normalise_date("03/04/2018") == "2018-04-03"
    assert normalise_date("03/04/2018", day_first=False) == "2018-03-04"
    assert normalise_date("25/12/2018", day_first=False) == "2018-12-25"
    assert normalise_date("2018-03-04") == normalise_date("2018-03-04", day_first=False) == "2018-03-04"


def test_every_date_of_a_text_is_found_with_its_place():
    text = "Flight 05/08/20-05/12/20, signed May 3, 2020"
    assert [text[each.start : each.end] for each in written_dates(text)] == [
        "05/08/20",
        "05/12/20",
        "May 3, 2020",
    ]


@pytest.mark.parametrize(
    ("pairs", "order"),
    [
        ([], None),
        ([("03/04/2018", "03/04/2018")], None),  # either
        ([("25/12/2018", "25/12/2018")], True),
        ([("12/25/2018", "2018-12-25")], False),
        ([("03/04/2018", "2018-03-04")], False),
        ([("03/04/2018", "2018-04-03")], True),
        ([("3 April 2018", "2018-04-03"), ("no date", "2018-04-03"), ("04/04/2018", "2018-04-04")], None),
        ([("03/04/2018", "2018-03-04")] * 4 + [("03/04/2018", "2018-04-03")], False),
        ([("03/04/2018", "2018-03-04")] * 3 + [("03/04/2018", "2018-04-03")] * 2, None),
    ],
)
def test_the_order_is_learnt_from_what_printed_dates_mean(pairs, order):
    assert day_first_of(pairs) is order


@given(DAYS, st.sampled_from([line.split() for line in NAMES.split("\n") if line]), st.data())
def test_any_day_is_read_back_from_any_way_to_print_it(day, months, data):
    month = months[day.month - 1]
    mark = data.draw(st.sampled_from([" ", ". ", "-", " de ", "."]))
    forms = [
        f"{day.day}{mark}{month}{mark if mark != '. ' else ' '}{day.year}",
        f"{month.title()} {day.day}, {day.year}",
        day.isoformat(),
        day.strftime("%Y%m%d"),
        day.strftime("%d/%m/%Y"),
        day.strftime("%d . %m . %Y"),
        day.strftime("%d-%m-%y"),
    ]
    assert normalise_date(data.draw(st.sampled_from(forms))) == day.isoformat()


@given(DAYS)
def test_a_date_printed_month_first_is_read_back_by_who_knows(day):
    printed = day.strftime("%m/%d/%Y")
    assert normalise_date(printed, day_first=False) == day.isoformat()
    decided = day_first_of([(printed, day.isoformat())])
    assert decided is (None if day.day == day.month else False)


@given(st.text(max_size=40))
def test_any_text_is_read_without_an_error(text):
    for found in (normalise_date(text), normalise_date(text, day_first=False)):
        assert found is None or date.fromisoformat(found).isoformat() == found
    amount, number = normalise_money(text), normalise_number(text)
    assert (amount is None) == (number is None)
    if amount is not None:
        Decimal(amount)
    normalise_period(text)
    currency_of(text)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("RM 1,234.5", "1234.50"),
        ("1.234,50 €", "1234.50"),
        ("1'234.50", "1234.50"),
        ("1’234.50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("12,34,567.89", "1234567.89"),
        ("₹1,23,456", "123456.00"),
        ("1,234,50", "1234.50"),
        ("1.234", "1234.00"),
        ("$.50", "0.50"),
        ("12.-", "12.00"),
        ("12,--", "12.00"),
        ("-12.50", "-12.50"),
        ("- 12.50", "-12.50"),
        ("12.50-", "-12.50"),
        ("(12.50)", "-12.50"),
        ("($12.50)", "-12.50"),
        ("-RM12.50", "-12.50"),
        ("RM-12.50", "-12.50"),
        ("RM (12.50)", "-12.50"),
        ("12.50 - 13.00", "12.50"),
        ("12.50, 13.00", "12.50"),
        ("2.00 9.00", "2.00"),
        ("Total (2 items)", "2.00"),
        ("INV-12", "12.00"),
        ("12 .50", "12.50"),
        ("12. 50", "12.50"),
        ("RM1O.5O", "10.50"),
        ("9.00SR", "9.00"),
        ("RM", None),
        ("-", None),
    ],
)
def test_an_amount_is_read_however_it_is_written(written, amount):
    assert normalise_money(written) == amount


@pytest.mark.parametrize(
    ("written", "number"),
    [("1,250.0", "1250"), ("0.125", "0.125"), ("1234.567", "1234.567"), ("7", "7"), ("x", None)],
)
def test_a_number_keeps_its_places_but_no_zeros(written, number):
    assert normalise_number(written) == number


@given(
    st.decimals(0, 10**9, places=2),
    st.sampled_from([",", ".", " ", "'", ""]),
    st.sampled_from([".", ","]),
    st.sampled_from(["{}", "RM{}", "$ {}", "{} €", "EUR {}"]),
)
def test_any_amount_is_read_back_from_any_way_to_print_it(amount, group, point, around):
    assume(group != point)
    printed = f"{amount:,.2f}".replace(",", "g").replace(".", point).replace("g", group)
    assert normalise_money(around.format(printed)) == f"{amount:.2f}"
    assert normalise_money(around.format(f"-{printed}")) == normalise_money(f"-{amount:.2f}")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("RM 5.00", "MYR"),
        ("€", "EUR"),
        ("5 Euro", "EUR"),
        ("$5", "USD"),
        ("S$5", "SGD"),
        ("US$ 5", "USD"),
        ("Rs. 5", "INR"),
        ("12 zł", "PLN"),
        ("chf", "CHF"),
        ("Total 5", None),
        ("5.00", None),
    ],
)
def test_a_currency_is_known_by_its_sign_name_or_code(raw, code):
    assert currency_of(raw) == code


def test_a_sign_of_several_currencies_means_the_one_that_is_used():
    assert currency_of("$5", ["EUR", "SGD"]) == "SGD"
    assert currency_of("$5", ["EUR"]) is None


@pytest.mark.parametrize(
    ("raw", "period"),
    [
        ("three (3) years", "3YEARS"),
        ("Three years", "3YEARS"),
        ("3 year", "3YEARS"),
        ("one-year", "1YEAR"),
        ("eighteen (18) months", "18MONTHS"),
        ("twenty-four months", "24MONTHS"),
        ("(3) years,", "3YEARS"),
        ("five (3) years", None),
        ("Three Years Ltd", None),
        ("a year", None),
        ("years", None),
    ],
)
def test_a_span_of_time_is_read_from_words_and_figures(raw, period):
    assert normalise_period(raw) == period


def test_texts_are_compared_by_letters_and_digits():
    assert normalise_text("Müller & Söhne, Straße 5①") == "MÜLLERSÖHNESTRASSE51"


def test_a_number_before_a_date_is_no_part_of_it():
    assert [each.read(day_first=True) for each in written_dates("TILL #19- 21/03/2018 19:53")] == [
        "2018-03-21"
    ]
