//! Makes new messages. Nothing is padded or cut silently.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use zeroize::Zeroizing;

use crate::{
    bitmap::Bitmaps,
    decode::MAX_MESSAGE,
    describe::Show,
    dialect::{Dialect, MtiEncoding},
    dialects,
    element_mask::shown_text,
    encode::{self, Wrong},
    encode_error::{EncodeError, EncodeProblem},
    field_spec::FieldSpec,
    format::Length,
    hidden,
    message::Message,
    mti::Mti,
    place::Place,
    plan::Plan,
    structure::Written,
    value::Value,
};

/// A message in the making. Values are wiped from memory when it is dropped; `Debug` is masked.
#[derive(Clone)]
pub struct Builder {
    mti: Mti,
    fields: BTreeMap<u8, Fill>,
    /// The dialect of the message that was copied, and how its bitmaps were written.
    copied: Option<(Dialect, Bitmaps)>,
    /// Whether the message that was copied could not be decoded to its end.
    partial: bool,
    header: HeaderFill,
}

/// The header in the making.
#[derive(Clone)]
enum HeaderFill {
    /// What the dialect says for a message that answers nothing.
    Own,
    /// As it was received.
    Copied(Vec<u8>),
    /// Of a reply to a message with this header.
    ReplyTo(Vec<u8>),
}

/// A value in the making.
#[derive(Clone)]
enum Fill {
    Written(Written),
    /// Copied from a message: its text, its bytes, and what its length indicator counted.
    Copied {
        text: Zeroizing<String>,
        wire: Zeroizing<Vec<u8>>,
        characters: usize,
    },
}

impl Builder {
    /// A message without data elements.
    #[must_use]
    pub const fn new(mti: Mti) -> Self {
        Self { mti, fields: BTreeMap::new(), copied: None, partial: false, header: HeaderFill::Own }
    }

    /// Copies all data elements of a received message. In the same dialect what is not changed is written as it
    /// was received: bitmaps (their case, one without any bit) and unusual pads.
    #[must_use]
    pub fn from_message(message: &Message<'_>) -> Self {
        let fields = message.values().map(|(de, value)| (de, Fill::copy(&value))).collect();
        let copied = Some((message.dialect().clone(), *message.bitmaps()));
        let header = HeaderFill::Copied(message.header().to_vec());
        Self { mti: message.mti(), fields, copied, partial: message.is_partial(), header }
    }

    /// A reply without data elements: its type answers that of the request, its header goes back to the sender.
    #[must_use]
    pub fn reply_to(message: &Message<'_>) -> Self {
        let header = HeaderFill::ReplyTo(message.header().to_vec());
        Self { header, ..Self::new(message.mti().response()) }
    }

    /// Sets a data element to a value as it shall be sent, pads included; binary data in hexadecimal digits.
    /// [`Builder::encode`] checks it.
    #[must_use]
    pub fn set(mut self, de: u8, value: impl Into<String>) -> Self {
        self.fields.insert(de, Fill::Written(Written::text(value)));
        self
    }

    /// Sets a data element to parts, in the order in which they shall stand.
    #[must_use]
    pub fn set_parts(mut self, de: u8, parts: Vec<(String, Written)>) -> Self {
        self.fields.insert(de, Fill::Written(Written::Parts(parts)));
        self
    }

    /// Sets a data element to a value as it was received.
    pub(crate) fn copy_value(&mut self, de: u8, value: &Value<'_>) {
        self.fields.insert(de, Fill::copy(value));
    }

    /// Sets a data element to a text or parts.
    pub(crate) fn put(&mut self, de: u8, value: Written) {
        self.fields.insert(de, Fill::Written(value));
    }

    /// In this dialect: writes the header and the bitmaps like these.
    pub(crate) fn write_like(&mut self, dialect: &Dialect, header: Option<Vec<u8>>, bitmaps: Bitmaps) {
        self.copied = Some((dialect.clone(), bitmaps));
        if let Some(header) = header {
            self.header = HeaderFill::Copied(header);
        }
    }

    /// Takes a data element out.
    #[must_use]
    pub fn remove(mut self, de: u8) -> Self {
        self.fields.remove(&de);
        self
    }

    /// Changes the message type, for example to that of the response.
    #[must_use]
    pub const fn with_mti(mut self, mti: Mti) -> Self {
        self.mti = mti;
        self
    }

    /// The value of a data element that was given as text or copied.
    #[must_use]
    pub fn get(&self, de: u8) -> Option<&str> {
        self.fields.get(&de)?.text()
    }

    /// The numbers of its data elements, ascending.
    pub fn elements(&self) -> impl Iterator<Item = u8> + '_ {
        self.fields.keys().copied()
    }

    /// The message type indicator.
    #[must_use]
    pub const fn mti(&self) -> Mti {
        self.mti
    }

    /// Writes the message, without a frame length.
    ///
    /// # Errors
    ///
    /// The first data element that the dialect does not have, or whose length or characters it does not allow;
    /// or a message that is too long as a whole.
    pub fn encode(&self, dialect: &Dialect) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::with_capacity(256);
        self.encode_into(dialect, &mut out)?;
        Ok(out)
    }

    /// As [`Builder::encode`], appending to `out`. After an error `out` is as it was.
    ///
    /// # Errors
    ///
    /// As [`Builder::encode`].
    pub fn encode_into(&self, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = out.len();
        let written = self.append_with_header(dialect, out).and_then(|()| match out.len() - start {
            ..=MAX_MESSAGE => Ok(()),
            bytes => Err(EncodeError {
                place: Place::Message,
                part: String::new(),
                problem: EncodeProblem::TooLarge { bytes },
            }),
        });
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    fn append_with_header(&self, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let header = dialect.header();
        if header.length() == 0 {
            return self.append(dialect, out);
        }
        // A header may say how long the message is.
        let mut message = Zeroizing::new(Vec::with_capacity(256));
        self.append(dialect, &mut message)?;
        let written = match &self.header {
            HeaderFill::ReplyTo(request) if !request.is_empty() => header.reply(request, message.len(), out),
            HeaderFill::Copied(bytes) if header.split(bytes).is_ok_and(|length| length == bytes.len()) => {
                out.extend_from_slice(bytes);
                Ok(())
            }
            _ => header.write_default(message.len(), out),
        };
        written.map_err(|error| EncodeError {
            place: Place::Header,
            part: String::new(),
            problem: EncodeProblem::Header(Box::new(error)),
        })?;
        out.extend_from_slice(&message);
        Ok(())
    }

    fn append(&self, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let table = dialect.table();
        write_mti(self.mti, table.mti, out);
        let copied =
            self.copied.as_ref().filter(|(source, _)| source.is(dialect)).map(|(_, bitmaps)| bitmaps);
        let mut bitmaps = Bitmaps::default();
        self.fields.keys().for_each(|de| bitmaps.set(*de));
        bitmaps.settle(table.bitmaps, copied.map_or(0, Bitmaps::count));
        if let Some(copied) = copied {
            bitmaps = bitmaps.written_like(copied);
        }
        bitmaps.write(table.bitmap, table.bitmaps, out);
        for (&de, fill) in &self.fields {
            let refuse = |wrong: Wrong| EncodeError {
                place: Place::Field(de),
                part: wrong.path,
                problem: wrong.problem,
            };
            let spec = dialect.field(de).filter(|_| table.bitmaps.announces(de));
            let spec = spec.ok_or_else(|| refuse(Wrong::new(EncodeProblem::Undefined)))?;
            fill.append(spec, copied.is_some(), out).map_err(refuse)?;
        }
        Ok(())
    }
}

impl Fill {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Written(Written::Text(text)) | Self::Copied { text, .. } => Some(text.as_str()),
            Self::Written(Written::Parts(_)) => None,
        }
    }

    fn copy(value: &Value<'_>) -> Self {
        let wire = Zeroizing::new(value.wire().to_vec());
        let text = Zeroizing::new(value.text().into_owned());
        Self::Copied { characters: value.characters(), text, wire }
    }

    fn append(&self, spec: &FieldSpec, same_dialect: bool, out: &mut Vec<u8>) -> Result<(), Wrong> {
        match self {
            Self::Written(value) => encode::written(spec, value, 0, out),
            Self::Copied { wire, characters, .. } if same_dialect => {
                if let Length::Variable { .. } = spec.format.length {
                    encode::indicator(spec.indicator, Plan::of(spec).count(*characters), out)?;
                }
                out.extend_from_slice(wire);
                Ok(())
            }
            Self::Copied { text, .. } => encode::field(spec, text, out).map_err(Wrong::new),
        }
    }
}

fn write_mti(mti: Mti, encoding: MtiEncoding, out: &mut Vec<u8>) {
    match encoding {
        MtiEncoding::Ascii => out.extend_from_slice(mti.as_bytes()),
        MtiEncoding::Ebcdic(page) => out.extend(mti.as_bytes().iter().map(|digit| page.encode_byte(*digit))),
        MtiEncoding::Bcd => {
            let pairs = mti.as_bytes().as_chunks::<2>().0.iter();
            out.extend(pairs.map(|[high, low]| (high & 0x0F) << 4 | low & 0x0F));
        }
    }
}

impl fmt::Debug for Builder {
    /// Of a message that was not copied the dialect is not known yet: the data elements have the meaning they have
    /// everywhere, and what has none is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = self.as_written();
        let dialect = self
            .copied
            .as_ref()
            .map_or(Cow::Borrowed(dialects::iso87_ascii()), |(dialect, _)| Cow::Owned(dialect.clone()));
        write!(f, "Builder({}", self.mti)?;
        for &de in self.fields.keys() {
            // A value that breaks the rules of its data element may be anything.
            let shown = dialect.field(de).zip(self.get(de)).filter(|(spec, text)| is_allowed(spec, text));
            let doubted = written.as_ref().and_then(|written| written.get(&de));
            match (doubted, shown) {
                (Some(shown), Some(_)) => write!(f, ", DE{de}: {shown:?}")?,
                (None, Some((spec, text))) => write!(f, ", DE{de}: {:?}", shown_text(spec, text))?,
                (_, None) => write!(f, ", DE{de}: [not shown]")?,
            }
        }
        f.write_str(")")
    }
}

impl Builder {
    /// Of a copied message what is shown of its data elements as a whole: it may have been read in a wrong dialect.
    fn as_written(&self) -> Option<BTreeMap<u8, String>> {
        let (dialect, _) = self.copied.as_ref()?;
        let mut allowed = self.clone();
        allowed.fields.retain(|de, fill| match (dialect.field(*de), fill.text()) {
            (Some(spec), Some(text)) => is_allowed(spec, text),
            _ => false,
        });
        let bytes = Zeroizing::new(allowed.encode(dialect).ok()?);
        let message = dialect.decode_partial(&bytes).0?;
        let doubtful = hidden::is_doubtful(&message, self.partial);
        let doubted = doubtful.then(|| hidden::bytes_of(&message, true));
        let shown = |de: u8| hidden::text_of(&message, de, Show::Masked, doubted.as_deref());
        Some(message.values().map(|(de, _)| (de, shown(de))).collect())
    }
}

fn is_allowed(spec: &FieldSpec, text: &str) -> bool {
    encode::field(spec, text, &mut Zeroizing::new(Vec::new())).is_ok()
}
