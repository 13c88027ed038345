//! A partner's statement as camt.053 or camt.054, of any version: elements are found by their names.
//!
//! A document type, an entity of its own, a processing instruction and depth beyond the limit are refused before
//! anything is taken from them; nothing outside the file is ever opened.

use std::io::Read;

use domain::{hide_card_numbers, settlement::Direction};
use jiff::civil::Date;
use quick_xml::Reader;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};

use super::error::StatementError;
use super::{Limits, Statement, StatementLine, amount, bounded, checked_text, shown};

/// No element of a statement has more than a few attributes.
const ATTRIBUTE_BYTES_MAX: usize = 4_096;

/// Reads a camt.053 or camt.054. A credit is in the partner's favour, as in the statements that we send.
///
/// # Errors
/// The first thing that is wrong, with the number of its entry and its element.
pub fn camt(input: impl Read, limits: &Limits) -> Result<Statement, StatementError> {
    let bytes = bounded(input, limits)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let place = format!("byte {} of the file", error.valid_up_to());
        StatementError::at(place, "UTF-8", "other bytes", "ask the partner for UTF-8")
    })?;
    let mut found = Document {
        limits,
        path: Vec::new(),
        text: String::new(),
        entry: None,
        statement: None,
        declared: None,
        entries: 0,
    };
    let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    reader.config_mut().check_comments = true;
    loop {
        let event = reader.read_event().map_err(|error| {
            let place = format!("byte {} of the file", reader.error_position());
            StatementError::at(place, "XML", error.to_string(), "ask the partner for a whole file")
        })?;
        if matches!(event, Event::Eof) {
            return found.finish();
        }
        found.take(event)?;
    }
}

/// What is known of the file so far.
struct Document<'l> {
    limits: &'l Limits,
    /// The local names of the open elements.
    path: Vec<String>,
    /// The text of the innermost one.
    text: String,
    entry: Option<Entry>,
    statement: Option<Statement>,
    /// How many entries the file says it has, in all its reports.
    declared: Option<u64>,
    entries: u64,
}

/// An entry, or what it is made of.
#[derive(Default)]
struct Entry {
    reference: String,
    whole: Money,
    status: String,
    date: Option<Date>,
    texts: Vec<String>,
    details: Vec<Detail>,
}

/// One transaction of an entry.
#[derive(Default)]
struct Detail {
    reference: String,
    money: Money,
    texts: Vec<String>,
}

#[derive(Default, Clone)]
struct Money {
    currency: String,
    text: String,
    side: String,
}

impl Document<'_> {
    fn place(&self) -> String {
        let path = self.path.join("/");
        if self.entry.is_some() { format!("entry {}, {path}", self.entries) } else { path }
    }

    fn wrong(
        &self,
        expected: impl Into<String>,
        found: impl Into<String>,
        advice: &'static str,
    ) -> StatementError {
        StatementError::at(self.place(), expected, found, advice)
    }

    fn take(&mut self, event: Event<'_>) -> Result<(), StatementError> {
        let hostile = "it is of no use in a statement: ask the partner for a file without it";
        match event {
            Event::Decl(declaration) => self.declaration(&declaration),
            Event::DocType(_) => Err(StatementError::file("no document type", "<!DOCTYPE", hostile)),
            Event::PI(_) => Err(StatementError::file("no processing instruction", "<?", hostile)),
            Event::GeneralRef(reference) => self.reference(&reference),
            Event::Start(start) => self.open(&start),
            Event::Empty(start) => {
                self.open(&start)?;
                self.close()
            }
            Event::End(_) => self.close(),
            Event::Text(text) => self.add(&text.xml10_content()),
            Event::CData(text) => self.add(&text.xml10_content()),
            Event::Comment(_) | Event::Eof => Ok(()),
        }
    }

    fn declaration(&self, declaration: &BytesDecl<'_>) -> Result<(), StatementError> {
        match declaration.encoding() {
            Some(Ok(name)) if !name.eq_ignore_ascii_case("utf-8") => {
                Err(self.wrong("UTF-8", shown(&name), "ask the partner for UTF-8"))
            }
            Some(Err(_)) => {
                Err(self.wrong("an XML declaration", "a broken one", "ask the partner for a whole file"))
            }
            _ => Ok(()),
        }
    }

    /// The five entities of XML and characters by number; no others.
    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), StatementError> {
        let name = reference.xml10_content();
        let known = match name.as_ref() {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => reference.resolve_char_ref().ok().flatten(),
        };
        let Some(letter) = known else {
            let advice = "entities are not opened: ask the partner for plain text";
            return Err(self.wrong("no entity of its own", shown(&name), advice));
        };
        self.add(letter.encode_utf8(&mut [0; 4]))
    }

    fn add(&mut self, text: &str) -> Result<(), StatementError> {
        // Blanks between elements are no text.
        if self.text.is_empty() && text.trim().is_empty() {
            return Ok(());
        }
        if self.text.len().saturating_add(text.len()) > self.limits.characters.saturating_mul(4) {
            let expected = format!("at most {} characters", self.limits.characters);
            return Err(self.wrong(expected, "more", "ask the partner what stands there"));
        }
        self.text.push_str(text);
        Ok(())
    }

    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), StatementError> {
        let name = start.local_name().as_ref().to_owned();
        if self.path.len() >= self.limits.depth || name.len() > 64 {
            let expected =
                format!("at most {} elements inside each other, with short names", self.limits.depth);
            return Err(self.wrong(expected, "more", "ask the partner for a statement"));
        }
        // Attributes are compared with each other, so thousands of them would take for ever.
        if start.attributes_raw().len() > ATTRIBUTE_BYTES_MAX {
            let expected = format!("at most {ATTRIBUTE_BYTES_MAX} bytes of attributes in one element");
            return Err(self.wrong(expected, "more", "ask the partner for a statement"));
        }
        self.text.clear();
        self.path.push(name);
        let inside: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match inside.as_slice() {
            ["Document"] if self.statement.is_some() => {
                Err(self.wrong("one document", "a second one", "send each statement by itself"))
            }
            ["Document"] => {
                let Statement { .. } = self.statement.insert(Statement {
                    reference: String::new(),
                    environment: None,
                    lines: Vec::new(),
                    not_booked: 0,
                });
                Ok(())
            }
            ["Document", "BkToCstmrStmt" | "BkToCstmrDbtCdtNtfctn"] => Ok(()),
            [] | [_] | [_, _] => {
                let found = shown(inside.last().copied().unwrap_or_default());
                Err(self.wrong("a camt.053 or camt.054", found, "ask the partner for a statement"))
            }
            [_, _, "Stmt" | "Ntfctn", "Ntry"] => self.begin_entry(),
            [.., "NtryDtls", "TxDtls"] => {
                self.entry.iter_mut().for_each(|entry| entry.details.push(Detail::default()));
                self.few_details()
            }
            [.., "Amt"] => self.currency(start),
            _ => Ok(()),
        }
    }

    fn begin_entry(&mut self) -> Result<(), StatementError> {
        self.entries += 1;
        self.entry = Some(Entry::default());
        let lines = self.statement.as_ref().map_or(0, |statement| statement.lines.len() as u64);
        if self.entries.max(lines) > self.limits.lines {
            let expected = format!("at most {} entries", self.limits.lines);
            return Err(self.wrong(expected, "more", "ask the partner for several statements"));
        }
        Ok(())
    }

    fn few_details(&self) -> Result<(), StatementError> {
        let details = self.entry.as_ref().map_or(0, |entry| entry.details.len() as u64);
        let lines = self.statement.as_ref().map_or(0, |statement| statement.lines.len() as u64);
        if details.saturating_add(lines) > self.limits.lines {
            let expected = format!("at most {} transactions", self.limits.lines);
            return Err(self.wrong(expected, "more", "ask the partner for several statements"));
        }
        Ok(())
    }

    fn currency(&mut self, start: &BytesStart<'_>) -> Result<(), StatementError> {
        let attribute = start.try_get_attribute("Ccy").map_err(|error| {
            self.wrong("a currency", error.to_string(), "ask the partner for a whole file")
        })?;
        let Some(attribute) = attribute else { return Ok(()) };
        let currency = attribute.value.to_string();
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(self.wrong(
                "three letters of ISO 4217",
                shown(&currency),
                "ask the partner for its code",
            ));
        }
        if let Some(money) = self.money() {
            money.currency = currency;
        }
        Ok(())
    }

    /// The amount that the innermost element belongs to: the entry's own, or that of its last transaction.
    fn money(&mut self) -> Option<&mut Money> {
        let inside: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let entry = self.entry.as_mut()?;
        match inside.as_slice() {
            [_, _, _, "Ntry", _] => Some(&mut entry.whole),
            [_, _, _, "Ntry", "NtryDtls", "TxDtls", _] => {
                entry.details.last_mut().map(|detail| &mut detail.money)
            }
            _ => None,
        }
    }

    fn close(&mut self) -> Result<(), StatementError> {
        let text = std::mem::take(&mut self.text);
        let text = checked_text(&text, self.limits, || self.place())?;
        let inside: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match inside.as_slice() {
            [_, _, "GrpHdr", "MsgId"] => {
                self.statement
                    .iter_mut()
                    .for_each(|statement| statement.reference = hide_card_numbers(&text));
            }
            [_, _, _, "TxsSummry", "TtlNtries", "NbOfNtries"] => {
                let count: u64 =
                    text.parse().map_err(|_| self.wrong("a number", shown(&text), "ask the partner"))?;
                self.declared = Some(self.declared.unwrap_or(0).saturating_add(count));
            }
            [_, _, "Stmt" | "Ntfctn", "Ntry"] => self.end_entry()?,
            [_, _, _, "Ntry", ..] => self.part_of_entry(text)?,
            _ => {}
        }
        self.path.pop();
        Ok(())
    }

    fn part_of_entry(&mut self, text: String) -> Result<(), StatementError> {
        let inside: Vec<&str> = self.path.iter().skip(4).map(String::as_str).collect();
        let date = match inside.as_slice() {
            ["BookgDt", "Dt" | "DtTm"] => Some(self.date(&text)?),
            _ => None,
        };
        match inside.as_slice() {
            ["Amt"] | ["NtryDtls", "TxDtls", "Amt"] => {
                if let Some(money) = self.money() {
                    money.text = text;
                }
            }
            ["CdtDbtInd"] | ["NtryDtls", "TxDtls", "CdtDbtInd"] => {
                if let Some(money) = self.money() {
                    money.side = text;
                }
            }
            _ => {
                let Some(entry) = &mut self.entry else { return Ok(()) };
                entry.date = entry.date.or(date);
                entry.note(&inside, text);
            }
        }
        Ok(())
    }

    fn date(&self, text: &str) -> Result<Date, StatementError> {
        let day = text.get(..10).unwrap_or(text);
        day.parse().map_err(|_| self.wrong("a date", shown(text), "ask the partner for a whole file"))
    }

    fn end_entry(&mut self) -> Result<(), StatementError> {
        let Some(entry) = self.entry.take() else { return Ok(()) };
        let number = self.entries;
        let Some(statement) = &mut self.statement else { return Ok(()) };
        // A status was a bare code in the oldest versions; without one an entry is booked.
        if !matches!(entry.status.as_str(), "BOOK" | "") {
            statement.not_booked += 1;
            return Ok(());
        }
        statement.lines.extend(entry.lines(number)?);
        Ok(())
    }

    fn finish(self) -> Result<Statement, StatementError> {
        let advice = "ask the partner for a whole file";
        if !self.path.is_empty() {
            return Err(self.wrong("the end of this element", "the end of the file", advice));
        }
        if let Some(declared) = self.declared.filter(|declared| *declared != self.entries) {
            let expected = format!("{declared} entries, as NbOfNtries says");
            return Err(StatementError::file(expected, self.entries.to_string(), advice));
        }
        self.statement.ok_or_else(|| StatementError::file("a camt.053 or camt.054", "no document", advice))
    }
}

impl Entry {
    /// Keeps a text of the entry or of its last transaction.
    fn note(&mut self, inside: &[&str], text: String) {
        let detail = self.details.last_mut();
        match (inside, detail) {
            (["NtryRef"], _) => self.reference = text,
            (["Sts"] | ["Sts", "Cd"], _) if !text.is_empty() => self.status = text,
            (["AddtlNtryInf"], _) => self.texts.push(text),
            (["NtryDtls", "TxDtls", "RmtInf", "Ustrd"], Some(detail)) => detail.texts.push(text),
            (["NtryDtls", "TxDtls", "AddtlTxInf"], Some(detail)) => detail.texts.push(text),
            (["NtryDtls", "TxDtls", "Refs", "EndToEndId" | "TxId"], Some(detail))
                if text != "NOTPROVIDED" =>
            {
                detail.reference = text;
            }
            _ => {}
        }
    }

    /// A line for each transaction that has an amount of its own, else one for the entry.
    fn lines(self, number: u64) -> Result<Vec<StatementLine>, StatementError> {
        let at = |what: &str| format!("entry {number}, {what}");
        let advice = "ask the partner for a whole file";
        let date = self.date.ok_or_else(|| StatementError::at(at("BookgDt"), "a date", "none", advice))?;
        let line = |reference: String, money: &Money, texts: &[String]| {
            let amount_minor = money.minor(|what| at(what))?;
            let named = texts.iter().find_map(|text| our_id(text));
            Ok::<_, StatementError>(StatementLine {
                place: number,
                reference: named.map_or(hide_card_numbers(&reference), str::to_owned),
                date,
                amount_minor,
                currency: money.currency.clone(),
                direction: Direction::BankPaysPartner,
                text: hide_card_numbers(&texts.join(" ")),
            })
        };
        let split = self.details.len() > 1 && self.details.iter().all(|detail| !detail.money.text.is_empty());
        if !split {
            let mut texts = self.texts;
            texts.extend(self.details.iter().flat_map(|detail| detail.texts.iter().cloned()));
            let of_detail =
                self.details.into_iter().map(|detail| detail.reference).find(|text| !text.is_empty());
            let reference = of_detail.unwrap_or(self.reference);
            return Ok(vec![line(reference, &self.whole, &texts)?]);
        }
        let whole = self.whole.minor(|what| at(what))?;
        let lines = self.details.into_iter().map(|detail| {
            let mut money = detail.money;
            if money.side.is_empty() {
                money.side.clone_from(&self.whole.side);
            }
            line(detail.reference, &money, &detail.texts)
        });
        let lines: Vec<StatementLine> = lines.collect::<Result<_, _>>()?;
        let one_currency = lines.iter().all(|line| line.currency == self.whole.currency);
        let sum: i128 = lines.iter().map(|line| i128::from(line.amount_minor)).sum();
        if one_currency && sum != i128::from(whole) {
            let expected = format!("transactions of {whole} minor units together, as Amt says");
            return Err(StatementError::at(at("NtryDtls"), expected, sum.to_string(), advice));
        }
        Ok(lines)
    }
}

/// The id behind the word that we write before it, if it is one word.
fn our_id(text: &str) -> Option<&str> {
    let id = text.strip_prefix("LINE ").or(text.strip_prefix("PAYOUT "))?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    (!id.is_empty() && id.chars().all(plain)).then_some(id)
}

impl Money {
    /// Minor units from the partner's side.
    fn minor(&self, at: impl Fn(&str) -> String) -> Result<i64, StatementError> {
        let size = amount(&self.text, &self.currency, '.', || at("Amt"))?;
        match (self.side.as_str(), size) {
            ("CRDT", 0..) => Ok(size),
            ("DBIT", 0..) => Ok(-size),
            (side, _) => {
                let advice = "ask the partner for a whole file";
                let found = format!("{} with {}", shown(side), shown(&self.text));
                Err(StatementError::at(
                    at("CdtDbtInd"),
                    "CRDT or DBIT, and an amount without sign",
                    found,
                    advice,
                ))
            }
        }
    }
}
