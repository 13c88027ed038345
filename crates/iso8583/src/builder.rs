//! Makes new messages. Nothing is padded or cut silently.

use std::{collections::BTreeMap, fmt};

use zeroize::Zeroizing;

use crate::{
    bitmap::Bitmap,
    decode::MAX_MESSAGE,
    decode_error::kind_of,
    dialect::Dialect,
    dialects,
    encode_error::{EncodeError, EncodeProblem},
    field_spec::{FieldSpec, Length},
    mask::masked,
    message::{Message, write_value},
    mti::Mti,
    place::Place,
};

/// A message in the making. Values are wiped from memory when it is dropped; `Debug` is masked.
#[derive(Clone)]
pub struct Builder {
    mti: Mti,
    fields: BTreeMap<u8, Zeroizing<String>>,
}

impl Builder {
    /// A message without data elements.
    #[must_use]
    pub const fn new(mti: Mti) -> Self {
        Self { mti, fields: BTreeMap::new() }
    }

    /// Copies all data elements of a received message. The bitmaps are written anew: upper case, and a second
    /// one only if it is needed.
    #[must_use]
    pub fn from_message(message: &Message<'_>) -> Self {
        let fields = message.fields().map(|(de, value)| (de, Zeroizing::new(value.to_owned()))).collect();
        Self { mti: message.mti(), fields }
    }

    /// Sets a data element to a value as it shall be sent, pads included. [`Builder::encode`] checks it.
    #[must_use]
    pub fn set(mut self, de: u8, value: impl Into<String>) -> Self {
        self.fields.insert(de, Zeroizing::new(value.into()));
        self
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

    /// The value of a data element.
    #[must_use]
    pub fn get(&self, de: u8) -> Option<&str> {
        self.fields.get(&de).map(|value| value.as_str())
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
        let mut bitmap = Bitmap::default();
        self.fields.keys().for_each(|de| bitmap.set(*de));
        let mut out = Vec::with_capacity(256);
        out.extend_from_slice(self.mti.as_bytes());
        bitmap.write(&mut out);
        for (&de, value) in &self.fields {
            let refuse = |problem| EncodeError { place: Place::Field(de), problem };
            let spec = dialect.field(de).ok_or_else(|| refuse(EncodeProblem::Undefined))?;
            check(spec, value).map_err(refuse)?;
            write_value(&mut out, spec.length, value);
        }
        if out.len() > MAX_MESSAGE {
            let problem = EncodeProblem::TooLarge { bytes: out.len() };
            return Err(EncodeError { place: Place::Message, problem });
        }
        Ok(out)
    }
}

fn check(spec: &FieldSpec, value: &str) -> Result<(), EncodeProblem> {
    if let Some(position) = spec.content.first_wrong(value.as_bytes()) {
        let found = kind_of(value.as_bytes().get(position).copied().unwrap_or_default());
        return Err(EncodeProblem::WrongCharacter { content: spec.content, position, found });
    }
    let fits = match spec.length {
        Length::Fixed(length) => value.len() == usize::from(length),
        Length::Variable { max, .. } => value.len() <= usize::from(max),
    };
    if !fits {
        return Err(EncodeProblem::WrongLength { expected: spec.length, found: value.len() });
    }
    Ok(())
}

impl fmt::Debug for Builder {
    /// The dialect is not known yet: the data elements have the meaning they have everywhere, and what has none
    /// is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Builder({}", self.mti)?;
        for (&de, value) in &self.fields {
            match dialects::iso87_ascii().field(de) {
                // A value that breaks the rules of its data element may be anything.
                Some(spec) if check(spec, value).is_ok() => {
                    write!(f, ", DE{de}: {:?}", masked(spec.shown, value))?;
                }
                _ => write!(f, ", DE{de}: [not shown]")?,
            }
        }
        f.write_str(")")
    }
}
