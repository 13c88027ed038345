//! Writes elements one after the other. What does not fit into an element is an error, never cut.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::formats::error::RenderError;

/// An XML document that is being written.
pub(crate) struct Xml<'w> {
    writer: Writer<&'w mut dyn Write>,
    /// Names the record in an error: the message, then the entry.
    place: String,
}

impl<'w> Xml<'w> {
    /// Begins a document of one message, such as `camt.054.001.08`.
    pub(crate) fn document(
        message: &str,
        out: &'w mut dyn Write,
        content: impl FnOnce(&mut Self) -> Result<(), RenderError>,
    ) -> Result<(), RenderError> {
        let mut xml = Self { writer: Writer::new_with_indent(out, b' ', 1), place: message.to_owned() };
        xml.write(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let mut root = BytesStart::new("Document");
        let namespace = format!("urn:iso:std:iso:20022:tech:xsd:{message}");
        root.push_attribute(("xmlns", namespace.as_str()));
        xml.write(Event::Start(root))?;
        content(&mut xml)?;
        xml.write(Event::End(BytesEnd::new("Document")))?;
        let out = xml.writer.into_inner();
        out.write_all(b"\n")?;
        out.flush()?;
        Ok(())
    }

    /// What errors name from here on.
    pub(crate) fn at(&mut self, place: impl Into<String>) {
        self.place = place.into();
    }

    /// An element with elements inside.
    pub(crate) fn inside(
        &mut self,
        name: &'static str,
        content: impl FnOnce(&mut Self) -> Result<(), RenderError>,
    ) -> Result<(), RenderError> {
        self.open(name)?;
        content(self)?;
        self.close(name)
    }

    /// Begins an element that [`Self::close`] ends.
    pub(crate) fn open(&mut self, name: &'static str) -> Result<(), RenderError> {
        self.write(Event::Start(BytesStart::new(name)))
    }

    /// Ends what [`Self::open`] began.
    pub(crate) fn close(&mut self, name: &'static str) -> Result<(), RenderError> {
        self.write(Event::End(BytesEnd::new(name)))
    }

    /// An element with a text of 1 to `max` characters.
    pub(crate) fn text(&mut self, name: &'static str, max: usize, text: &str) -> Result<(), RenderError> {
        let reason = if text.is_empty() {
            "an empty text is no value"
        } else if text.chars().count() > max {
            "it is longer than the element may be"
        } else if text.chars().any(char::is_control) || text.contains(['\u{fffe}', '\u{ffff}']) {
            "it holds a control character"
        } else {
            return self.leaf(BytesStart::new(name), text);
        };
        Err(RenderError::DoesNotFit {
            record: self.place.clone(),
            field: name.to_owned(),
            value: text.to_owned(),
            reason: format!("{reason} (at most {max} characters)"),
            advice: "shorten the value where it comes from, or leave this format out for the partner",
        })
    }

    /// An element with a code or number of ours.
    pub(crate) fn word(&mut self, name: &'static str, word: impl ToString) -> Result<(), RenderError> {
        self.leaf(BytesStart::new(name), &word.to_string())
    }

    /// An element with an amount without sign and its currency.
    pub(crate) fn amount(
        &mut self,
        name: &'static str,
        currency: &str,
        amount: &str,
    ) -> Result<(), RenderError> {
        let mut start = BytesStart::new(name);
        start.push_attribute(("Ccy", currency));
        self.digits(name, amount)?;
        self.leaf(start, amount)
    }

    /// An element with a decimal number without sign.
    pub(crate) fn decimal(&mut self, name: &'static str, number: &str) -> Result<(), RenderError> {
        self.digits(name, number)?;
        self.leaf(BytesStart::new(name), number)
    }

    /// Numbers have at most 18 digits, those after the point included.
    fn digits(&self, name: &'static str, number: &str) -> Result<(), RenderError> {
        if number.trim_start_matches('0').bytes().filter(u8::is_ascii_digit).count() <= 18 {
            return Ok(());
        }
        Err(RenderError::DoesNotFit {
            record: self.place.clone(),
            field: name.to_owned(),
            value: number.to_owned(),
            reason: "ISO 20022 has 18 digits for a number".to_owned(),
            advice: "settle in more cycles, or leave this format out for the partner",
        })
    }

    fn leaf(&mut self, start: BytesStart<'_>, text: &str) -> Result<(), RenderError> {
        let end = start.to_end().into_owned();
        self.write(Event::Start(start))?;
        self.write(Event::Text(BytesText::new(text)))?;
        self.write(Event::End(end))
    }

    fn write(&mut self, event: Event<'_>) -> Result<(), RenderError> {
        self.writer.write_event(event).map_err(|error: io::Error| RenderError::Io(error))
    }
}
