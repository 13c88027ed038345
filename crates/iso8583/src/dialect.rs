//! A dialect: the table that says how messages of one bank or network are written.

use crate::field_spec::FieldSpec;

/// How messages are written: one [`FieldSpec`] per data element.
///
/// Text MTI, expanding hexadecimal bitmaps and ASCII values are what every dialect has today. Another way of
/// writing becomes a further property of this table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Dialect {
    /// Name of the dialect, for configuration and descriptions.
    pub name: &'static str,
    /// Index = number of the data element; 0 and 1 (MTI and second bitmap) are always `None`.
    pub fields: [Option<FieldSpec>; 129],
}

impl Dialect {
    /// Makes a dialect of a table. Whatever stands at 0 and 1 is left out.
    #[must_use]
    pub const fn new(name: &'static str, mut fields: [Option<FieldSpec>; 129]) -> Self {
        fields[0] = None;
        fields[1] = None;
        Self { name, fields }
    }

    /// The description of a data element, if the dialect has it.
    #[must_use]
    pub fn field(&self, de: u8) -> Option<&FieldSpec> {
        self.fields.get(usize::from(de))?.as_ref()
    }
}
