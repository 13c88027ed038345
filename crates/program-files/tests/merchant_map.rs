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
            "line 4, column 1: expected 4 columns, found 3 columns; write partner, acquirer, card acceptor and terminal; an empty terminal keeps its comma",
        ),
        (
            "kosta,400001,KOSTA,\n# between\n\nskyfuel,0400001,KOSTA  ,\n",
            "line 7, column 1: partner: expected one partner for each merchant, found the merchant of line 4 again, for another partner; delete one of the two lines",
        ),
        (
            "acme,x,,\nkosta,400001,KOSTA,\nacme,1,2,3,4\n",
            "line 4, column 1: partner: expected the code of a declared partner, found \"acme\"; declare the partner in the configuration, or correct the code\n\
             line 4, column 6: acquirer: expected the acquirer's number of 1 to 11 digits (DE32), found \"x\"; write the digits as the bank sends them\n\
             line 4, column 8: card_acceptor: expected a card acceptor of 1 to 15 characters (DE42), found \"\"; write it as the bank sends it, without leading blanks\n\
             line 6, column 1: expected 4 columns, found 5 columns; write partner, acquirer, card acceptor and terminal; an empty terminal keeps its comma",
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
