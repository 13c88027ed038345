//! A dialect: the table that says how messages of one bank or network are written.

use std::{collections::BTreeMap, fmt, sync::Arc};

use crate::{
    bitmap::{BitmapCount, BitmapEncoding, MAX_DE},
    code_page::CodePage,
    field_spec::FieldSpec,
    header::Header,
    mti::Mti,
    plan::Plan,
    presence::MessageSpec,
    transaction_id::Alternatives,
};

/// How messages are written: header, message type, bitmaps, and one [`FieldSpec`] per data element.
///
/// Built-in ones are in [`dialects`](crate::dialects), others are read from a file with [`Dialect::from_toml`].
/// Cloning is cheap.
#[derive(Clone)]
pub struct Dialect(Arc<Table>);

/// What a dialect consists of.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) version: Version,
    pub(crate) header: Header,
    pub(crate) mti: MtiEncoding,
    pub(crate) bitmap: BitmapEncoding,
    pub(crate) bitmaps: BitmapCount,
    pub(crate) fields: BTreeMap<u8, FieldSpec>,
    pub(crate) messages: BTreeMap<Mti, MessageSpec>,
    /// Where the network's name of the transaction stands, the best place first.
    pub(crate) transaction_id: Alternatives,
    /// Index = number of the data element. Made from `fields`.
    pub(crate) elements: Vec<Option<Element>>,
}

/// A data element and how it is read.
#[derive(Clone)]
pub(crate) struct Element {
    pub(crate) spec: FieldSpec,
    pub(crate) plan: Plan,
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spec.fmt(f)
    }
}

/// The version of the standard that a dialect follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// ISO 8583:1987, message types 0xxx.
    V1987,
    /// ISO 8583:1993, message types 1xxx.
    V1993,
    /// ISO 8583:2003, message types 2xxx.
    V2003,
}

impl Version {
    /// The year.
    #[must_use]
    pub const fn year(self) -> u16 {
        match self {
            Self::V1987 => 1987,
            Self::V1993 => 1993,
            Self::V2003 => 2003,
        }
    }

    /// The first digit of its message types.
    #[must_use]
    pub const fn digit(self) -> u8 {
        match self {
            Self::V1987 => 0,
            Self::V1993 => 1,
            Self::V2003 => 2,
        }
    }
}

/// How the message type is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MtiEncoding {
    /// 4 ASCII digits.
    Ascii,
    /// 2 bytes of packed digits.
    Bcd,
    /// 4 EBCDIC digits.
    Ebcdic(CodePage),
}

impl Dialect {
    pub(crate) fn new(mut table: Table) -> Self {
        table.elements = vec![None; usize::from(MAX_DE) + 1];
        for (de, spec) in &table.fields {
            if let Some(place) = table.elements.get_mut(usize::from(*de)) {
                *place = Some(Element { spec: spec.clone(), plan: Plan::of(spec) });
            }
        }
        Self(Arc::new(table))
    }

    pub(crate) fn table(&self) -> &Table {
        &self.0
    }

    /// Whether both are the very same table.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Its name, for configuration and descriptions.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is, in a few words.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.0.title
    }

    /// The version of the standard.
    #[must_use]
    pub fn version(&self) -> Version {
        self.0.version
    }

    /// The header before the message type.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.0.header
    }

    /// The same dialect behind another header, for a link that has one of its own.
    #[must_use]
    pub fn with_header(&self, header: Header) -> Self {
        Self(Arc::new(Table { header, ..Table::clone(&self.0) }))
    }

    /// How the message type is written.
    #[must_use]
    pub fn mti_encoding(&self) -> MtiEncoding {
        self.0.mti
    }

    /// How bitmaps are written.
    #[must_use]
    pub fn bitmap_encoding(&self) -> BitmapEncoding {
        self.0.bitmap
    }

    /// How many bitmaps there are.
    #[must_use]
    pub fn bitmap_count(&self) -> BitmapCount {
        self.0.bitmaps
    }

    /// The description of a data element, if the dialect has it.
    #[must_use]
    pub fn field(&self, de: u8) -> Option<&FieldSpec> {
        self.element(de).map(|element| &element.spec)
    }

    /// All data elements, ascending.
    pub fn fields(&self) -> impl Iterator<Item = (u8, &FieldSpec)> {
        self.0.fields.iter().map(|(de, spec)| (*de, spec))
    }

    /// What is agreed for a message type: which data elements it has.
    #[must_use]
    pub fn message(&self, mti: Mti) -> Option<&MessageSpec> {
        self.0.messages.get(&mti.without_repeat())
    }

    /// All message types for which something is agreed, ascending.
    pub fn messages(&self) -> impl Iterator<Item = (Mti, &MessageSpec)> {
        self.0.messages.iter().map(|(mti, spec)| (*mti, spec))
    }

    #[inline]
    pub(crate) fn element(&self, de: u8) -> Option<&Element> {
        self.0.elements.get(usize::from(de))?.as_ref()
    }
}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dialect({})", self.name())
    }
}
