//! The first line of the map of merchants.

use crate::errors::{ErrorLog, Problem};
use crate::scalars::quoted;
use crate::suggest;

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Partner,
    Acquirer,
    CardAcceptor,
    Terminal,
    ValidFrom,
    ValidTo,
    Mcc,
    Origin,
    Name,
}

impl Column {
    /// Those that every map has come first.
    const ALL: [Self; 9] = [
        Self::Partner,
        Self::Acquirer,
        Self::CardAcceptor,
        Self::Terminal,
        Self::ValidFrom,
        Self::ValidTo,
        Self::Mcc,
        Self::Origin,
        Self::Name,
    ];
    const REQUIRED: usize = 4;

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Partner => "partner",
            Self::Acquirer => "acquirer",
            Self::CardAcceptor => "card_acceptor",
            Self::Terminal => "terminal",
            Self::ValidFrom => "valid_from",
            Self::ValidTo => "valid_to",
            Self::Mcc => "mcc",
            Self::Origin => "origin",
            Self::Name => "name",
        }
    }

    fn required() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().take(Self::REQUIRED)
    }
}

/// The columns of a file, in its order.
pub(super) struct Header(pub(super) Vec<Column>);

impl Header {
    /// Reads the first line; `None` if something was reported.
    pub(super) fn read(first: Option<(usize, &str)>, log: &mut ErrorLog<'_>) -> Option<Self> {
        let (line, text) = first.unwrap_or((1, ""));
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        if Column::required().any(|column| !names.contains(&column.name())) {
            log.at(line, 1, "", no_header(first.is_none(), text));
            return None;
        }
        let (mut columns, mut place) = (Vec::new(), 1);
        for (part, name) in text.split(',').zip(names) {
            let column = Column::ALL.into_iter().find(|column| column.name() == name);
            match column.filter(|column| !columns.contains(column)) {
                Some(column) => columns.push(column),
                None => log.at(line, place, "", strange(name, column.is_some())),
            }
            place += part.chars().count() + 1;
        }
        log.is_empty().then_some(Self(columns))
    }
}

fn no_header(empty: bool, text: &str) -> Problem {
    let header = Column::required().map(Column::name).collect::<Vec<_>>().join(",");
    let separated = text.contains(';') || text.contains('\t');
    let advice = if separated {
        "separate the columns with commas".to_owned()
    } else {
        format!("write {header} first")
    };
    let found = if empty { "an empty file".to_owned() } else { quoted(text) };
    Problem::new(format!("the header {header}"), found, advice)
}

fn strange(name: &str, again: bool) -> Problem {
    let found = if again { format!("{} again", quoted(name)) } else { quoted(name) };
    let advice = match again {
        true => "keep one of the two".to_owned(),
        false => suggest::advice(name, Column::ALL.into_iter().map(Column::name)),
    };
    Problem::new("a column of the map", found, advice)
}
