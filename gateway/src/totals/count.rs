//! What a bank's window comes to, and whether the bank says the same. Pure: no clock, no database.
//!
//! What counts, by the message type and the first two digits of DE3:
//!
//! - 0200, 0220: 00-19 a debit, 20-29 a credit, 30-39 an inquiry, 40-49 a transfer. An advice that the issuer declined
//!   counts nowhere.
//! - 0100, 0120: an authorization, whatever DE3 says. A declined advice counts nowhere.
//! - 0400, 0420: a reversal of what DE3 says, with what it takes back. One whose DE90 names an authorization counts
//!   nowhere: no money was counted for that.
//!
//! 1993 has elements for more, as numbers only: reversals of inquiries and of authorizations, and payments (50-59) with
//! their reversals.

use domain::Currency;
use iso8583::Version;
use store::WindowGroup;

use super::elements::characters;
use crate::translate::approved;

/// A number of messages and the sum of their amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sum {
    number: u64,
    /// In minor units of the currency of the totals.
    minor: u64,
}

impl Sum {
    fn add(&mut self, group: &WindowGroup) {
        self.number = self.number.saturating_add(group.messages);
        self.minor = self.minor.saturating_add(group.minor);
    }
}

/// The totals of one window in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Totals {
    credits: Sum,
    credit_reversals: Sum,
    debits: Sum,
    debit_reversals: Sum,
    transfers: Sum,
    transfer_reversals: Sum,
    inquiries: Sum,
    inquiry_reversals: Sum,
    payments: Sum,
    payment_reversals: Sum,
    authorizations: Sum,
    authorization_reversals: Sum,
}

/// Why there are no totals to compare with: DE66 is 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoTotals {
    /// The window holds several currencies and DE50 does not say which is meant.
    SeveralCurrencies,
    /// A reversal that counts lacks DE3, DE4 or DE49.
    ReversalIncomplete,
    /// A number or an amount has more digits than its data element.
    TooGreat,
    /// The bank said no total.
    NothingStated,
}

impl NoTotals {
    /// The code in DE48.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::SeveralCurrencies => "several_currencies",
            Self::ReversalIncomplete => "reversal_incomplete",
            Self::TooGreat => "totals_too_great",
            Self::NothingStated => "no_totals_stated",
        }
    }
}

/// Where a group of messages counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Nowhere,
    Authorizations,
    AuthorizationReversals,
    Debits,
    Credits,
    Inquiries,
    InquiryReversals,
    Transfers,
    Payments,
    PaymentReversals,
    DebitReversals,
    CreditReversals,
    TransferReversals,
    /// It counts, but nobody can say where or with how much.
    Unknown,
}

fn place(group: &WindowGroup, version: Version) -> Place {
    match place_in_1993(group) {
        Place::AuthorizationReversals
        | Place::InquiryReversals
        | Place::Payments
        | Place::PaymentReversals
            if version == Version::V1987 =>
        {
            Place::Nowhere
        }
        place => place,
    }
}

fn place_in_1993(group: &WindowGroup) -> Place {
    let kind = group.transaction.as_bytes().first();
    match group.mti.get(..3) {
        Some("012" | "022") if !approved(group.response.as_deref()) => Place::Nowhere,
        Some("010" | "012") => Place::Authorizations,
        Some("020" | "022") => match kind {
            Some(b'0' | b'1') => Place::Debits,
            Some(b'2') => Place::Credits,
            Some(b'3') => Place::Inquiries,
            Some(b'4') => Place::Transfers,
            Some(b'5') => Place::Payments,
            _ => Place::Nowhere,
        },
        Some("040" | "042") if group.original_mti.starts_with("01") => Place::AuthorizationReversals,
        Some("040" | "042") => match (kind, group.has_amount && group.currency.is_some()) {
            (Some(b'0' | b'1'), true) => Place::DebitReversals,
            (Some(b'2'), true) => Place::CreditReversals,
            // Their amounts have no data element.
            (Some(b'3'), _) => Place::InquiryReversals,
            (Some(b'4'), _) => Place::TransferReversals,
            (Some(b'5'), _) => Place::PaymentReversals,
            (Some(b'0' | b'1' | b'2') | None, _) => Place::Unknown,
            (Some(_), _) => Place::Nowhere,
        },
        _ => Place::Nowhere,
    }
}

/// The currency of the totals: the one that DE50 names, else the only one that is there; `None` in an empty window.
pub(crate) fn currency_of(
    groups: &[WindowGroup],
    asked: Option<Currency>,
    version: Version,
) -> Result<Option<Currency>, NoTotals> {
    if asked.is_some() {
        return Ok(asked);
    }
    let counts = groups.iter().filter(|group| place(group, version) != Place::Nowhere);
    let mut found = counts.filter_map(|group| group.currency);
    let first = found.next();
    match found.all(|currency| Some(currency) == first) {
        true => Ok(first),
        false => Err(NoTotals::SeveralCurrencies),
    }
}

impl Totals {
    /// Counts what is in `currency`. A transfer's reversal without a currency is of the currency that is asked for.
    pub(crate) fn count(
        groups: &[WindowGroup],
        currency: Option<Currency>,
        version: Version,
    ) -> Result<Self, NoTotals> {
        let mut totals = Self::default();
        for group in groups.iter().filter(|group| group.currency.is_none() || group.currency == currency) {
            match place(group, version) {
                Place::Nowhere => {}
                Place::Authorizations => totals.authorizations.add(group),
                Place::Debits => totals.debits.add(group),
                Place::Credits => totals.credits.add(group),
                Place::AuthorizationReversals => totals.authorization_reversals.add(group),
                Place::Inquiries => totals.inquiries.add(group),
                Place::InquiryReversals => totals.inquiry_reversals.add(group),
                Place::Payments => totals.payments.add(group),
                Place::PaymentReversals => totals.payment_reversals.add(group),
                Place::Transfers => totals.transfers.add(group),
                Place::DebitReversals => totals.debit_reversals.add(group),
                Place::CreditReversals => totals.credit_reversals.add(group),
                Place::TransferReversals => totals.transfer_reversals.add(group),
                Place::Unknown => return Err(NoTotals::ReversalIncomplete),
            }
        }
        Ok(totals)
    }

    /// DE74-89 and DE97 as they are sent, of 1993 also DE90 and DE105-108. There are no fees and no chargebacks here:
    /// their elements are zeros.
    pub(crate) fn elements(&self, version: Version) -> Result<Vec<(u8, String)>, NoTotals> {
        let mut numbers = vec![
            (74, self.credits),
            (75, self.credit_reversals),
            (76, self.debits),
            (77, self.debit_reversals),
            (78, self.transfers),
            (79, self.transfer_reversals),
            (80, self.inquiries),
            (81, self.authorizations),
        ];
        let mut amounts = vec![
            (86, self.credits),
            (87, self.credit_reversals),
            (88, self.debits),
            (89, self.debit_reversals),
        ];
        let zero = Sum::default();
        match version {
            Version::V1987 => amounts.extend((82..=85).map(|fee| (fee, zero))),
            _ => {
                numbers.extend([
                    (82, self.inquiry_reversals),
                    (83, self.payments),
                    (84, self.payment_reversals),
                    (85, zero),
                    (90, self.authorization_reversals),
                    (107, zero),
                    (108, zero),
                ]);
                amounts.extend([(105, zero), (106, zero)]);
            }
        }
        let numbers = numbers.into_iter().map(|(de, sum)| (de, sum.number));
        let amounts = amounts.into_iter().map(|(de, sum)| (de, sum.minor));
        let written = |(de, value)| Some((de, padded(value, characters(version, de)?)));
        let mut elements: Vec<_> = numbers.chain(amounts).filter_map(written).collect();
        elements.push((97, self.net()));
        elements.sort_by_key(|(de, _)| *de);
        let fits = |(de, text): &(u8, String)| characters(version, *de) == Some(text.len());
        if elements.iter().all(fits) { Ok(elements) } else { Err(NoTotals::TooGreat) }
    }

    /// DE97: credits and taken back debits less debits and taken back credits; C unless that is negative.
    fn net(&self) -> String {
        let minor = |sum: Sum| i128::from(sum.minor);
        let net = minor(self.credits) + minor(self.debit_reversals)
            - minor(self.debits)
            - minor(self.credit_reversals);
        format!("{}{:016}", if net < 0 { 'D' } else { 'C' }, net.unsigned_abs())
    }
}

/// With zeros before it; a number that is longer stays whole.
fn padded(value: u64, characters: usize) -> String {
    format!("{value:0characters$}")
}

/// The first element in which the bank's totals differ from ours. What the bank did not send is not compared, and of
/// a net of zero the sign does not count.
pub(crate) fn first_difference(stated: &[(u8, String)], ours: &[(u8, String)]) -> Option<u8> {
    let zero = |text: &str| text.bytes().skip(1).all(|digit| digit == b'0');
    let differs =
        |de: u8, theirs: &str, ours: &str| theirs != ours && !(de == 97 && zero(theirs) && zero(ours));
    ours.iter()
        .filter_map(|(de, ours)| {
            stated.iter().find(|(other, _)| other == de).map(|(_, theirs)| (*de, theirs, ours))
        })
        .find(|(de, theirs, ours)| differs(*de, theirs, ours))
        .map(|(de, _, _)| de)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUB: Currency = Currency(643);
    const OLD: Version = Version::V1987;

    /// `mti de3 response original messages minor`, with `-` for what was not sent.
    fn group(line: &str) -> WindowGroup {
        let words: Vec<&str> = line.split_whitespace().collect();
        let sent = |at: usize| words[at].trim_matches('-').to_owned();
        WindowGroup {
            currency: Some(RUB),
            mti: sent(0),
            transaction: sent(1),
            response: Some(sent(2)).filter(|response| !response.is_empty()),
            original_mti: sent(3),
            has_amount: true,
            messages: words[4].parse().unwrap(),
            minor: words[5].parse().unwrap(),
        }
    }

    fn groups(lines: &[&str]) -> Vec<WindowGroup> {
        lines.iter().map(|line| group(line)).collect()
    }

    /// The elements that are not zero, as `74=1 86=500 97=D12`.
    fn counted(lines: &[&str]) -> String {
        counted_in(OLD, lines)
    }

    fn counted_in(version: Version, lines: &[&str]) -> String {
        let totals = Totals::count(&groups(lines), Some(RUB), version).unwrap();
        let elements = totals.elements(version).unwrap();
        let shown = |(de, text): (u8, String)| {
            let sign = text.get(..1).filter(|_| de == 97).unwrap_or_default();
            let number: u64 = text.trim_start_matches(['C', 'D']).parse().unwrap();
            (number != 0).then(|| format!("{de}={sign}{number}"))
        };
        elements.into_iter().filter_map(shown).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_kind_of_message_counts_in_its_place() {
        for (line, expected) in [
            ("0200 00 - - 2 500", "76=2 88=500 97=D500"),
            ("0201 00 - - 1 500", "76=1 88=500 97=D500"),
            ("0220 00 - - 1 500", "76=1 88=500 97=D500"),
            ("0221 01 00 - 1 500", "76=1 88=500 97=D500"),
            ("0220 17 10 - 1 500", "76=1 88=500 97=D500"),
            ("0220 00 51 - 1 500", ""),
            ("0220 20 00 - 1 500", "74=1 86=500 97=C500"),
            ("0200 23 - - 1 500", "74=1 86=500 97=C500"),
            ("0200 30 - - 3 0", "80=3"),
            ("0200 40 - - 1 500", "78=1"),
            ("0200 90 - - 1 500", ""),
            ("0100 00 - - 4 900", "81=4"),
            ("0101 30 - - 1 0", "81=1"),
            ("0120 00 00 - 1 900", "81=1"),
            ("0120 00 05 - 1 900", ""),
            ("0400 00 - 0200 1 200", "77=1 89=200 97=C200"),
            ("0421 01 - 0220 1 200", "77=1 89=200 97=C200"),
            ("0420 20 - 0220 1 200", "75=1 87=200 97=D200"),
            ("0420 40 - 0200 1 200", "79=1"),
            ("0400 30 - 0200 1 0", ""),
            ("0400 00 - - 1 200", "77=1 89=200 97=C200"),
            ("0400 00 - 0000 1 200", "77=1 89=200 97=C200"),
            ("0400 00 - 0100 1 200", ""),
            ("0420 - - 0120 1 200", ""),
            ("file 00 - - 1 500", ""),
            ("0300 00 - - 1 500", ""),
        ] {
            assert_eq!(counted(&[line]), expected, "{line}");
        }
    }

    #[test]
    fn a_day_adds_up() {
        let day = ["0100 00 - - 9 1", "0220 00 00 - 5 1000", "0220 20 00 - 1 100", "0420 00 - 0220 1 250"];
        assert_eq!(counted(&day), "74=1 76=5 77=1 81=9 86=100 88=1000 89=250 97=D650");
        assert_eq!(counted(&[]), "");
        let elements = Totals::default().elements(OLD).unwrap();
        assert_eq!(elements.len(), 17);
        assert!(elements.iter().all(|(de, text)| text.len() == characters(OLD, *de).unwrap()));
        assert_eq!(elements.last().unwrap().1, "C0000000000000000");
    }

    #[test]
    fn only_one_currency_is_counted() {
        let mut all = groups(&["0220 00 00 - 1 500", "0220 00 00 - 1 70"]);
        all[1].currency = Some(Currency(840));
        assert_eq!(currency_of(&all, None, OLD), Err(NoTotals::SeveralCurrencies));
        assert_eq!(currency_of(&all, Some(RUB), OLD), Ok(Some(RUB)));
        assert_eq!(currency_of(&all[..1], None, OLD), Ok(Some(RUB)));
        assert_eq!(currency_of(&[], None, OLD), Ok(None));
        let dollars = Totals::count(&all, Some(Currency(840)), OLD).unwrap();
        assert_eq!(dollars.debits, Sum { number: 1, minor: 70 });
        // What counts nowhere has no say.
        all[1].response = Some("05".to_owned());
        assert_eq!(currency_of(&all, None, OLD), Ok(Some(RUB)));
    }

    #[test]
    fn there_is_no_total_of_what_nobody_can_add_up() {
        for (line, without_amount, without_currency) in [
            ("0400 - - 0200 1 5", false, false),
            ("0400 00 - 0200 1 0", true, false),
            ("0400 00 - - 1 5", false, true),
        ] {
            let mut one = group(line);
            one.has_amount = !without_amount;
            one.currency = one.currency.filter(|_| !without_currency);
            assert_eq!(Totals::count(&[one], Some(RUB), OLD), Err(NoTotals::ReversalIncomplete), "{line}");
        }
        let great = groups(&["0220 00 00 - 1 10000000000000000"]);
        let great = Totals::count(&great, Some(RUB), OLD).unwrap().elements(OLD);
        assert_eq!(great, Err(NoTotals::TooGreat));
        // What counts nowhere may lack what it likes.
        let mut reversal = group("0400 - - 0100 1 0");
        reversal.currency = None;
        assert_eq!(Totals::count(&[reversal], Some(RUB), OLD), Ok(Totals::default()));
    }

    #[test]
    fn the_first_element_that_differs_is_named() {
        let day = ["0100 00 - - 9 1", "0220 00 00 - 5 1000", "0220 20 00 - 1 100"];
        let ours = Totals::count(&groups(&day), Some(RUB), OLD).unwrap().elements(OLD).unwrap();
        let with = |changes: &[(u8, &str)]| {
            let mut stated = ours.clone();
            for (de, value) in changes {
                stated
                    .iter_mut()
                    .filter(|(other, _)| other == de)
                    .for_each(|(_, text)| *text = (*value).to_owned());
            }
            stated
        };
        for (stated, difference) in [
            (with(&[]), None),
            (with(&[(88, "0000000000001001")]), Some(88)),
            (with(&[(97, "D0000000000000901"), (88, "0000000000001001")]), Some(88)),
            (with(&[(76, "0000000006"), (88, "0000000000001001")]), Some(76)),
            (with(&[(97, "C0000000000000900")]), Some(97)),
            (with(&[(84, "000000000001")]), Some(84)),
            (with(&[(81, "0000000008")]), Some(81)),
            // What is not sent is not compared.
            (vec![(88, "0000000000001000".to_owned())], None),
            (vec![(88, "0000000000000000".to_owned())], Some(88)),
        ] {
            assert_eq!(first_difference(&stated, &ours), difference, "{stated:?}");
        }
        let zero = Totals::default().elements(OLD).unwrap();
        assert_eq!(first_difference(&[(97, "D0000000000000000".to_owned())], &zero), None);
    }

    #[test]
    fn of_1993_more_has_its_place() {
        for (line, expected) in [
            ("0400 30 - 0200 1 0", "82=1"),
            ("0200 50 - - 2 500", "83=2"),
            ("0420 50 - 0220 1 500", "84=1"),
            ("0400 00 - 0100 1 200", "90=1"),
            ("0420 - - 0120 1 200", "90=1"),
            ("0400 00 - 0200 1 200", "77=1 89=200 97=C200"),
            ("0200 90 - - 1 500", ""),
        ] {
            assert_eq!(counted_in(Version::V1993, &[line]), expected, "{line}");
        }
        let elements = Totals::default().elements(Version::V1993).unwrap();
        assert_eq!(elements.len(), 22);
        assert_eq!(elements.iter().find(|(de, _)| *de == 82).unwrap().1.len(), 10);
    }
}
