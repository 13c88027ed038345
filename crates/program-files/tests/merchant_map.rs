//! Broken maps of merchants: each is refused with its line and what to do.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use program_files::read_merchants;
use support::codes;

const HEADER: &str = "# a comment, with commas\n\npartner,acquirer,card_acceptor,terminal\n";

fn refused(text: &str) -> String {
    read_merchants(text, &codes()).map(|_| "accepted".to_owned()).unwrap_or_else(|errors| errors.to_string())
}

#[test]
fn broken_maps_are_refused() {
    let cases = [
        (
            "",
            "line 1, column 1: expected the header partner,acquirer,card_acceptor,terminal, found an empty file; write partner,acquirer,card_acceptor,terminal first",
        ),
        (
            "partner,acquirer,card_acceptor\n",
            "line 1, column 1: expected the header partner,acquirer,card_acceptor,terminal, found \"partner,acquirer,card_acceptor\"; write partner,acquirer,card_acceptor,terminal first",
        ),
        (
            "partner;acquirer;card_acceptor;terminal\n",
            "line 1, column 1: expected the header partner,acquirer,card_acceptor,terminal, found \"partner;acquirer;card_acceptor;terminal\"; separate the columns with commas",
        ),
        (
            "kosta,400001,KOSTA,\n",
            "line 1, column 1: expected the header partner,acquirer,card_acceptor,terminal, found \"kosta,400001,KOSTA,\"; write partner,acquirer,card_acceptor,terminal first",
        ),
    ];
    let rows = [
        (
            "kosat,400001,KOSTA,\n",
            "line 4, column 1: partner: expected the code of a declared partner, found \"kosat\"; did you mean `kosta`?",
        ),
        (
            "kosta,40x001,KOSTA,\n",
            "line 4, column 7: acquirer: expected the acquirer's number of 1 to 11 digits (DE32), found \"40x001\"; write the digits as the bank sends them",
        ),
        (
            "kosta,000,KOSTA,\n",
            "line 4, column 7: acquirer: expected the acquirer's number of 1 to 11 digits (DE32), found \"000\"; write the digits as the bank sends them",
        ),
        (
            "kosta,400001,,\n",
            "line 4, column 14: card_acceptor: expected a card acceptor of 1 to 15 characters (DE42), found \"\"; write it as the bank sends it, without leading blanks",
        ),
        (
            "kosta,400001,A CARD ACCEPTOR TOO LONG,\n",
            "line 4, column 14: card_acceptor: expected a card acceptor of 1 to 15 characters (DE42), found \"A CARD ACCEPTOR TOO LONG\"; write it as the bank sends it, without leading blanks",
        ),
        (
            "kosta,400001,KOSTA, T1\n",
            "line 4, column 20: terminal: expected a terminal of up to 8 characters (DE41), or nothing for all terminals, found \" T1\"; write it as the bank sends it, without leading blanks",
        ),
        (
            "kosta,400001,KOSTA\n",
            "line 4, column 1: expected 4 columns, found 3 columns; write a value for each column of the header; an empty one keeps its comma",
        ),
        (
            "kosta,400001,KOSTA,\n# between\n\nskyfuel,0400001,KOSTA  ,\n",
            "line 7, column 1: partner: expected one partner for each merchant and day, found the merchant of line 4 again, for another partner; delete one of the two lines, or let one end on the day on which the other begins",
        ),
        (
            "acme,x,,\nkosta,400001,KOSTA,\nacme,1,2,3,4\n",
            "line 4, column 1: partner: expected the code of a declared partner, found \"acme\"; declare the partner in the configuration, or correct the code\n\
             line 4, column 6: acquirer: expected the acquirer's number of 1 to 11 digits (DE32), found \"x\"; write the digits as the bank sends them\n\
             line 4, column 8: card_acceptor: expected a card acceptor of 1 to 15 characters (DE42), found \"\"; write it as the bank sends it, without leading blanks\n\
             line 6, column 1: expected 4 columns, found 5 columns; write a value for each column of the header; an empty one keeps its comma",
        ),
    ];
    let whole = cases.map(|(text, expected)| (text.to_owned(), expected));
    let rows = rows.map(|(row, expected)| (format!("{HEADER}{row}"), expected));
    for (text, expected) in whole.into_iter().chain(rows) {
        assert_eq!(refused(&text), expected, "{text:?}");
    }
}

#[test]
fn the_same_line_twice_does_no_harm() {
    let text = format!("{HEADER}kosta,400001,KOSTA,\nkosta,0400001,KOSTA,\nskyfuel,400001,KOSTA,T1\n");
    assert_eq!(read_merchants(&text, &codes()).unwrap().len(), 2);
}

const LONG: &str = "valid_to,origin,mcc,terminal,partner,card_acceptor,valid_from,acquirer\n";

#[test]
fn broken_columns_and_their_values_are_refused() {
    let overlap = "line 3, column 1: partner: expected one partner for each merchant and day, found the merchant of line 2 \
                   again, for another partner; delete one of the two lines, or let one end on the day on which the other begins";
    for (text, expected) in [
        (
            "partner,acquirer,card_acceptor,terminal,valid_form\n".to_owned(),
            "line 1, column 41: expected a column of the map, found \"valid_form\"; did you mean `valid_from`?",
        ),
        (
            "partner,acquirer,partner,card_acceptor,terminal\n".to_owned(),
            "line 1, column 18: expected a column of the map, found \"partner\" again; keep one of the two",
        ),
        (
            format!("{LONG}2026-10-1,,,,kosta,KOSTA,,400001\n"),
            "line 2, column 1: valid_to: expected a local date, or nothing, found \"2026-10-1\"; write it as 2026-10-10",
        ),
        (
            format!("{LONG}2026-10-01,,,,kosta,KOSTA,2026-10-01,400001\n"),
            "line 2, column 1: valid_to: expected a day after 2026-10-01, the first one on which the row does not hold, found \"2026-10-01\"; correct one of the two, or leave valid_to empty",
        ),
        (
            format!("{LONG},brnad,,,kosta,KOSTA,,400001\n"),
            "line 2, column 2: origin: expected an origin, or nothing, found \"brnad\"; did you mean `brand`?",
        ),
        (
            format!("{LONG},,541,,kosta,KOSTA,,400001\n"),
            "line 2, column 3: mcc: expected a merchant category of four digits (DE18), or nothing for all of them, found \"541\"; write one category, such as 5541",
        ),
        // Both hold on the last day of September.
        (format!("{LONG}2026-10-01,,,,kosta,KOSTA,,400001\n,,,,skyfuel,KOSTA,2026-09-30,400001\n"), overlap),
        (format!("{LONG},,5411,,kosta,KOSTA,,400001\n,,5411,,skyfuel,KOSTA,,0400001\n"), overlap),
    ] {
        assert_eq!(refused(&text), expected, "{text:?}");
    }
}

#[test]
fn rows_that_do_not_contradict_each_other_are_read() {
    for rows in [
        // One ends on the day on which the other begins.
        "2026-10-01,,,,kosta,KOSTA,,400001\n,,,,skyfuel,KOSTA,2026-10-01,400001\n",
        // The origin says which of them holds.
        ",brand,,,kosta,KOSTA,,400001\n,processor,,,skyfuel,KOSTA,,400001\n",
        // The second asks for more.
        ",,,,kosta,KOSTA,,400001\n,,5541,,skyfuel,KOSTA,,400001\n",
        ",,,,kosta,KOSTA,,400001\n,,,T1,skyfuel,KOSTA,,400001\n",
    ] {
        assert_eq!(read_merchants(&format!("{LONG}{rows}"), &codes()).unwrap().len(), 2, "{rows}");
    }
}

#[test]
fn the_order_of_columns_says_nothing() {
    let sorted = "partner,acquirer,card_acceptor,terminal,valid_from,valid_to,mcc,origin\n\
                  kosta,400001,KOSTA,T1,2026-01-01,2027-01-01,5411,brand\n";
    let mixed = format!("{LONG}2027-01-01,brand,5411,T1,kosta,KOSTA,2026-01-01,400001\n");
    assert_eq!(read_merchants(sorted, &codes()).unwrap(), read_merchants(&mixed, &codes()).unwrap());
}

const NAMED: &str = "partner,acquirer,card_acceptor,terminal,valid_from,name\n";

#[test]
fn aggregators_are_read_or_refused_with_their_line() {
    for (rows, expected) in [
        ("kosta,400001,,,,SQ *KOSTA\n,,,,,SQ *\n,400001,SQUARE1,,,\"PAYPAL *\"\n", "accepted"),
        (
            "kosta,400001,SQUARE1,,,SQ *\n",
            "line 2, column 24: name: expected a name under an aggregator of up to 40 characters (DE43), or nothing, found \"SQ *\"; write the aggregator's prefix, a star and the name, such as SQ *BLUE CAFE",
        ),
        (
            "kosta,400001,KOSTA,,,KOSTA\n",
            "line 2, column 22: name: expected a name under an aggregator of up to 40 characters (DE43), or nothing, found \"KOSTA\"; write the aggregator's prefix, a star and the name, such as SQ *BLUE CAFE",
        ),
        (
            ",,,,2026-10-01,SQ *\n",
            "line 2, column 5: valid_from: expected nothing in a line that makes an aggregator known, found \"2026-10-01\"; delete it, or name the partner and the merchant behind the star",
        ),
        (
            ",400001,,,,SQ *\n",
            "line 2, column 9: card_acceptor: expected a card acceptor of 1 to 15 characters (DE42), found \"\"; write it as the bank sends it, without leading blanks",
        ),
        (
            "kosta,400001,SQUARE1,,,\nkosta,400001,SQUARE1,T1,,\n,0400001,SQUARE1,,,SQ *\n",
            "line 2, column 1: card_acceptor: expected a terminal or a name, found the card acceptor alone, which is an aggregator's as line 4 says; write the terminal, or the name under the aggregator, such as SQ *BLUE CAFE",
        ),
    ] {
        assert_eq!(refused(&format!("{NAMED}{rows}")), expected, "{rows:?}");
    }
}
