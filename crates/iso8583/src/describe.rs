//! Masked descriptions of messages.

use std::{
    fmt::{self, Write as _},
    iter,
};

use crate::message::Message;

impl Message<'_> {
    /// A table for people: offset, data element, name and masked value, one line each.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut table = format!("{}\n", self.dialect().name());
        let mti = self.mti();
        let head = iter::once((0, "MTI".to_owned(), "message type indicator", mti.to_string()));
        let fields = self.values().filter_map(|(de, value)| {
            Some((self.offset(de)?, format!("DE{de}"), value.spec().name.as_str(), value.masked()))
        });
        for (offset, element, name, value) in head.chain(fields) {
            // Writing into a String cannot fail.
            let _ = writeln!(table, "{offset:>5}  {element:<5}  {name:<36}  {value}");
        }
        table
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({}", self.mti())?;
        for (de, value) in self.values() {
            write!(f, ", DE{de}: {value:?}")?;
        }
        f.write_str(")")
    }
}
