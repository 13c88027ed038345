//! CTF and ITF files: what is written is read, what is wrong is refused with its place, nothing is shown.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Read;

use iso8583::{
    Pan,
    clearing::{
        TextEncoding,
        ctf::{
            Amount, Authorization, CtfError, CtfProblem, Entry, FileHeader, Format, FormatError, Reader,
            RecordEnd, Spacing, Stage, Tally, Transaction, TransactionCode, What, Writer,
        },
        record_kind::Direction,
    },
};
use proptest::prelude::*;

const PLAIN: Format = Format { text: TextEncoding::Ascii, end: RecordEnd::Line, spacing: Spacing::Ctf };
const PAN: &str = "4111111111111111";

fn formats() -> Vec<Format> {
    let mut formats = Vec::new();
    for text in [TextEncoding::Ascii, TextEncoding::Ebcdic] {
        for end in [RecordEnd::Nothing, RecordEnd::Line] {
            for spacing in [Spacing::Ctf, Spacing::Itf] {
                formats.push(Format { text, end, spacing });
            }
        }
    }
    formats
}

fn header() -> FileHeader {
    FileHeader { center: "400100".into(), processing_date: "26325".into(), test: true, file_id: "001".into() }
}

fn sale() -> Transaction {
    Transaction {
        record: 2,
        code: TransactionCode { stage: Stage::Presentment, what: What::Sale },
        pan: Pan::parse(PAN).unwrap(),
        acquirer_reference: "24123456325210047110001".into(),
        purchase_date: (11, 21),
        destination: Some(Amount { minor: 12_550, currency: 949 }),
        source: Amount { minor: 2_500, currency: 978 },
        merchant_name: "CAFÉ KADIKOY".into(),
        merchant_city: "ISTANBUL".into(),
        merchant_country: "TR".into(),
        mcc: 5411,
        usage: 1,
        reason: 0,
        authorization_code: "A1B2C3".into(),
        card_acceptor: Some("MERCHANT0000001".into()),
        terminal: Some("TERM0001".into()),
        authorization: Some(Authorization {
            transaction_identifier: "306325123456789".into(),
            amount: Some(Amount { minor: 20_000, currency: 949 }),
            sequence: 1,
            count: 2,
        }),
        has_chip_data: true,
        components: 4,
    }
}

fn written(format: Format, transactions: &[Transaction]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), format, header()).unwrap();
    transactions.iter().for_each(|transaction| writer.transaction(transaction).unwrap());
    writer.finish().unwrap()
}

fn read(source: impl Read, format: Format) -> Result<Vec<Entry>, CtfError> {
    let mut reader = Reader::new(source, format);
    let mut entries = Vec::new();
    loop {
        match reader.next_entry() {
            Ok(Some(entry)) => entries.push(entry),
            Ok(None) => return Ok(entries),
            Err(error) => {
                assert_eq!(reader.next_entry(), Err(error), "an error is told again");
                return Err(error);
            }
        }
    }
}

fn transactions(entries: Vec<Entry>) -> Vec<Transaction> {
    let of = |entry| if let Entry::Transaction(transaction) = entry { Some(*transaction) } else { None };
    entries.into_iter().filter_map(of).collect()
}

#[test]
fn what_is_written_is_read_in_every_format() {
    for format in formats() {
        let file = written(format, &[sale()]);
        assert_eq!(Format::detect(&file), Ok(format), "{format}");
        let entries = read(&file[..], format).unwrap();
        assert_eq!(entries.len(), 4, "{format}");
        assert_eq!(entries[0], Entry::Header(header()));
        for entry in &entries {
            if let Entry::BatchTrailer(trailer) | Entry::FileTrailer(trailer) = entry {
                let tally =
                    Tally { destination: 12_550, monetary: 1, records: 4, transactions: 1, source: 2_500 };
                assert_eq!((trailer.stated, trailer.counted, trailer.batch), (tally, tally, 1));
                assert_eq!(trailer.differences().count(), 0);
            }
        }
        assert!(matches!(entries[3], Entry::FileTrailer(_)));
        assert_eq!(transactions(entries), [sale()]);
    }
}

#[test]
fn fields_stand_where_the_layout_says() {
    let file =
        String::from_utf8_lossy(&written(PLAIN, &[Transaction { merchant_name: "CAFE".into(), ..sale() }]))
            .into_owned();
    let lines: Vec<_> = file.lines().collect();
    assert!(lines.iter().all(|line| line.len() == 168) && lines.len() == 7);
    let check = |line: usize, first: usize, expected: &str| {
        assert_eq!(
            &lines[line][first - 1..first - 1 + expected.len()],
            expected,
            "line {line}, position {first}"
        );
    };
    check(0, 1, "90400100");
    check(0, 9, "26325");
    check(0, 30, "TEST");
    check(1, 1, "0500");
    check(1, 5, "4111111111111111000");
    check(1, 27, "24123456325210047110001");
    check(1, 58, "1121");
    check(1, 62, "000000012550949000000002500978CAFE  ");
    check(1, 117, "ISTANBUL     TR 5411");
    check(1, 147, "100");
    check(1, 152, "A1B2C3");
    check(2, 1, "0501");
    check(2, 81, "MERCHANT0000001TERM0001");
    check(3, 1, "0505");
    check(3, 5, "306325123456789000000020000949");
    check(3, 45, "0102");
    check(4, 1, "0507");
    check(5, 1, "9100400100");
    check(5, 16, "000000000012550000000000001000001000000000004");
    check(5, 75, "000000001");
    check(5, 102, "000000000002500");
    check(6, 1, "92");
}

#[test]
fn codes() {
    let check = |code: &[u8; 2], stage, what, effect| {
        let expected = TransactionCode { stage, what };
        assert_eq!(TransactionCode::of(*code), Some(expected));
        assert_eq!((expected.digits(), expected.effect()), (*code, effect));
    };
    check(b"05", Stage::Presentment, What::Sale, Direction::Debit);
    check(b"06", Stage::Presentment, What::Credit, Direction::Credit);
    check(b"07", Stage::Presentment, What::Cash, Direction::Debit);
    check(b"15", Stage::Chargeback, What::Sale, Direction::Credit);
    check(b"16", Stage::Chargeback, What::Credit, Direction::Debit);
    check(b"17", Stage::Chargeback, What::Cash, Direction::Credit);
    check(b"25", Stage::Reversal, What::Sale, Direction::Credit);
    check(b"26", Stage::Reversal, What::Credit, Direction::Debit);
    check(b"27", Stage::Reversal, What::Cash, Direction::Credit);
    check(b"35", Stage::ChargebackReversal, What::Sale, Direction::Debit);
    check(b"36", Stage::ChargebackReversal, What::Credit, Direction::Credit);
    check(b"37", Stage::ChargebackReversal, What::Cash, Direction::Debit);
    for other in [b"90", b"01", b"10", b"45", b"08", b"9x"] {
        assert_eq!(TransactionCode::of(*other), None);
    }
}

/// The lines of a good file with one sale.
fn lines() -> Vec<Vec<u8>> {
    written(PLAIN, &[sale()])
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(<[u8]>::to_vec)
        .collect()
}

fn joined(lines: &[Vec<u8>]) -> Vec<u8> {
    lines.iter().flat_map(|line| [&line[..], b"\n"].concat()).collect()
}

#[test]
fn wrong_fields_are_refused_with_their_place() {
    let check = |line: usize,
                 position: usize,
                 byte: u8,
                 field: &'static str,
                 expected: &'static str,
                 found: &'static str| {
        let mut lines = lines();
        lines[line][position - 1] = byte;
        let error = read(&joined(&lines)[..], PLAIN).unwrap_err();
        let problem = CtfProblem::Field { field, expected, found };
        assert_eq!(error, CtfError { record: line as u64 + 1, position, problem });
    };
    check(0, 2, b'x', "transaction code", "digits", "a letter");
    check(0, 9, b' ', "processing date", "digits", "a blank");
    check(0, 30, b'B', "test option", "TEST or blanks", "another word");
    check(1, 4, b'-', "component number", "a digit or a capital letter", "a punctuation mark");
    check(1, 7, b'x', "account number", "digits", "a letter");
    check(1, 22, b'x', "account number extension", "digits", "a letter");
    check(1, 30, b' ', "acquirer reference number", "digits", "a blank");
    check(1, 58, b'2', "month of purchase", "01 to 12", "another number");
    check(1, 60, b'4', "day of purchase", "01 to 31", "another number");
    check(1, 70, b'-', "destination amount", "digits", "a punctuation mark");
    check(1, 74, b'T', "destination currency", "digits", "a letter");
    check(1, 95, 0x7f, "merchant name", "text", "a control character");
    check(1, 133, 0xe9, "merchant category code", "digits", "a character above 0x9F");
    check(1, 148, b'A', "reason code", "digits", "a letter");
    check(3, 19, b'A', "transaction identifier", "digits", "a letter");
    check(3, 45, b' ', "multiple clearing sequence number", "digits", "a blank");
    check(5, 31, b' ', "number of monetary transactions", "digits", "a blank");
}

#[test]
fn wrong_files_are_refused_with_their_place() {
    let check = |file: &[u8], record: u64, position: usize, problem: CtfProblem| {
        let error = read(file, PLAIN).unwrap_err();
        assert_eq!(error, CtfError { record, position, problem });
        assert!(error.to_string().contains("the sender must"), "{error}");
    };
    let lines = lines();
    let without = |line: usize| {
        let mut lines = lines.clone();
        lines.remove(line);
        joined(&lines)
    };
    check(b"", 1, 1, CtfProblem::NoHeader);
    check(&without(0), 1, 1, CtfProblem::NoHeader);
    check(&without(1), 2, 4, CtfProblem::ComponentOutOfOrder);
    check(&without(6), 7, 1, CtfProblem::NoTrailer);
    check(&joined(&[lines[0].clone(), lines[0].clone()]), 2, 1, CtfProblem::SecondHeader);
    check(&[joined(&lines), b"x".to_vec()].concat(), 8, 1, CtfProblem::AfterTrailer);
    let swapped = [0, 1, 3, 2, 4, 5, 6].map(|line| lines[line].clone());
    check(&joined(&swapped), 4, 4, CtfProblem::ComponentOutOfOrder);
    let mut short = lines.clone();
    short[1].truncate(160);
    check(&joined(&short), 2, 161, CtfProblem::Cut { expected: 168, found: 160 });
    let mut long = lines.clone();
    long[1].push(b' ');
    check(&joined(&long), 2, 169, CtfProblem::NoLineEnd);
    check(&joined(&lines)[..300], 2, 132, CtfProblem::Cut { expected: 168, found: 131 });
}

#[test]
fn the_end_may_be_filled_and_the_last_line_may_lack_its_end() {
    let file = written(PLAIN, &[sale()]);
    assert!(read(&file[..file.len() - 1], PLAIN).is_ok());
    assert!(read(&[&file[..], b"\r\n  \0\x1a"].concat()[..], PLAIN).is_ok());
    let with_cr =
        String::from_utf8_lossy(&written(PLAIN, &[Transaction { merchant_name: "A".into(), ..sale() }]))
            .replace('\n', "\r\n");
    assert_eq!(Format::detect(with_cr.as_bytes()), Ok(PLAIN));
    assert_eq!(transactions(read(with_cr.as_bytes(), PLAIN).unwrap()).len(), 1);
}

#[test]
fn other_transactions_are_told_and_counted() {
    let mut lines = lines();
    let mut other = lines[1].clone();
    other[..4].copy_from_slice(b"1000");
    let mut second = other.clone();
    second[3] = b'1';
    lines.splice(1..1, [other.clone(), second, other]);
    let entries = read(&joined(&lines)[..], PLAIN).unwrap();
    let others: Vec<_> = entries
        .iter()
        .filter_map(|entry| {
            if let Entry::Other(other) = entry {
                Some((other.record, other.code, other.components))
            } else {
                None
            }
        })
        .collect();
    assert_eq!(others, [(2, *b"10", 2), (4, *b"10", 1)]);
    let Some(Entry::FileTrailer(trailer)) = entries.last() else { panic!("no trailer") };
    let differences: Vec<_> = trailer.differences().map(|one| (one.field, one.stated, one.counted)).collect();
    assert_eq!(differences, [("number of records", 4, 7), ("number of transactions", 1, 3)]);
    let text = trailer.differences().next().unwrap().to_string();
    assert!(
        text.starts_with(
            "trailer in record 10, number of records: expected 7 as counted, found 4; the sender must"
        ),
        "{text}"
    );
}

#[test]
fn card_numbers_of_every_length() {
    for digits in
        ["411111111111", "4111111111111", "411111111111111", PAN, "41111111111111112", "4111111111111111234"]
    {
        let transaction = Transaction { pan: Pan::parse(digits).unwrap(), ..sale() };
        assert_eq!(
            transactions(read(&written(PLAIN, std::slice::from_ref(&transaction))[..], PLAIN).unwrap()),
            [transaction]
        );
    }
}

#[test]
fn what_does_not_fit_is_not_written() {
    let check = |transaction: Transaction, field: &str| {
        let mut writer = Writer::new(Vec::new(), PLAIN, header()).unwrap();
        let error = writer.transaction(&transaction).unwrap_err().to_string();
        assert!(error.starts_with(field), "{error}");
        assert_eq!(writer.finish().unwrap().len(), 2 * 169, "header and trailer only");
    };
    let amount = |minor, currency| Amount { minor, currency };
    check(Transaction { merchant_name: "x".repeat(26), ..sale() }, "merchant name");
    check(Transaction { merchant_city: "ISTANBUL\n".into(), ..sale() }, "merchant city");
    check(Transaction { merchant_city: "İSTANBUL".into(), ..sale() }, "merchant city");
    check(Transaction { acquirer_reference: "1".into(), ..sale() }, "acquirer reference number");
    check(Transaction { source: amount(1_000_000_000_000, 949), ..sale() }, "source amount");
    check(Transaction { source: amount(1, 1000), ..sale() }, "source currency");
    check(Transaction { source: amount(1, 0), ..sale() }, "source currency");
    check(
        Transaction { pan: Pan::parse("4111111111111111000").unwrap(), ..sale() },
        "account number extension",
    );
    check(Transaction { mcc: 10_000, ..sale() }, "merchant category code");
}

#[test]
fn nothing_of_a_card_is_shown() {
    let shown = format!("{:?}", read(&written(PLAIN, &[sale()])[..], PLAIN).unwrap());
    assert!(shown.contains("Transaction(05 at record 2, Pan(****1111))"), "{shown}");
    assert!(!shown.contains("41111") && !shown.contains("306325"), "{shown}");
}

#[test]
fn formats_that_are_none() {
    let check = |head: &[u8], error| assert_eq!(Format::detect(head), Err(error));
    check(b"90", FormatError::TooShort { found: 2 });
    check(&[b'x'; 200], FormatError::NoCode);
    check(&[&[b'9'; 100][..], &[b' '; 300][..]].concat(), FormatError::NoRecords);
}

#[test]
fn every_prefix_is_refused_or_whole() {
    for format in formats() {
        let file = written(format, &[sale(), sale()]);
        let line_end = usize::from(format.end == RecordEnd::Line);
        for end in 0..file.len() - line_end {
            assert!(read(&file[..end], format).is_err(), "{format}: {end}");
            let _ = Format::detect(&file[..end]);
        }
    }
}

/// Gives one to so many bytes at a time.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let most = self.1.min(out.len());
        self.0.read(&mut out[..most])
    }
}

fn any_transaction() -> impl Strategy<Value = Transaction> {
    let code =
        (0_u8..4, b'5'..=b'7').prop_map(|(stage, what)| TransactionCode::of([b'0' + stage, what]).unwrap());
    let amount =
        (0_u64..1_000_000_000_000, 1_u16..1000).prop_map(|(minor, currency)| Amount { minor, currency });
    let authorization = (0_u64..1_000_000, proptest::option::of(amount.clone()), 0_u8..100, 0_u8..100)
        .prop_map(|(id, amount, sequence, count)| Authorization {
            transaction_identifier: format!("{id:015}"),
            amount,
            sequence,
            count,
        });
    let texts =
        ("[A-Z]{1,25}", "[ -~]{0,12}!", "[A-Z]{0,3}", "[0-9A-Z]{0,6}", proptest::option::of("[A-Z]{1,8}"));
    let money = (proptest::option::of(amount.clone()), amount, proptest::option::of(authorization));
    (code, "[0-9]{12,16}", texts, money, any::<bool>(), 0_u16..10_000).prop_map(
        |(code, pan, (name, city, country, approval, terminal), money, has_chip_data, mcc)| Transaction {
            code,
            pan: Pan::parse(&pan).unwrap(),
            merchant_name: name,
            merchant_city: city,
            merchant_country: country,
            authorization_code: approval,
            terminal,
            card_acceptor: None,
            destination: money.0,
            source: money.1,
            authorization: money.2,
            has_chip_data,
            mcc,
            ..sale()
        },
    )
}

proptest! {
    #[test]
    fn random_transactions_are_read_as_they_were_written(
        wanted in proptest::collection::vec(any_transaction(), 0..8),
        format in proptest::sample::select(formats()),
        most in 1_usize..400,
    ) {
        let file = written(format, &wanted);
        let got = transactions(read(Trickle(&file, most), format).unwrap());
        let same = |mut one: Transaction| { one.record = 0; one.components = 0; one };
        prop_assert_eq!(
            got.into_iter().map(same).collect::<Vec<_>>(),
            wanted.into_iter().map(same).collect::<Vec<_>>()
        );
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..800)) {
        let _ = Format::detect(&bytes);
        for format in formats() {
            let _ = read(&bytes[..], format);
        }
    }

    #[test]
    fn almost_right_files_never_panic(
        format in proptest::sample::select(formats()),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut file = written(format, &[sale(), sale()]);
        let at = at.index(file.len());
        file[at] = byte;
        let _ = Format::detect(&file);
        let _ = read(&file[..], format);
    }
}
