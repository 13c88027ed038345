//! The filters of a list: a form whose fields stand in the address.

use std::collections::BTreeMap;

use program_files::Language;

use crate::words::labels;

/// A form of filters.
pub(crate) struct Filter {
    pub(crate) action: String,
    pub(crate) label: &'static str,
    pub(crate) show: &'static str,
    pub(crate) clear: &'static str,
    pub(crate) fields: Vec<Field>,
    any: &'static str,
}

/// A field.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) label: String,
    /// What the address says now.
    pub(crate) value: String,
    /// The type of the input, where there are no choices.
    pub(crate) kind: &'static str,
    /// Values and their words; the first is "all".
    pub(crate) choices: Vec<(String, String)>,
}

impl Field {
    /// Whether this value is chosen.
    pub(crate) fn is(&self, value: &str) -> bool {
        self.value == value
    }
}

impl Filter {
    /// A form of the list at `action`.
    pub(crate) fn new(language: Language, action: impl Into<String>) -> Self {
        let w = labels(language);
        let (label, show, clear, any) = (w.filters, w.apply_filters, w.clear_filters, w.all);
        Self { action: action.into(), label, show, clear, fields: Vec::new(), any }
    }

    /// A field of which one of several values is chosen, or all.
    pub(crate) fn choice(
        mut self,
        values: &BTreeMap<String, String>,
        name: &'static str,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let all = (String::new(), self.any.to_owned());
        let choices = std::iter::once(all).chain(choices).collect();
        self.fields.push(Field {
            name,
            label: label.into(),
            value: given(values, name),
            kind: "text",
            choices,
        });
        self
    }

    /// A field to write into; `kind` is that of the input: `text`, `date`, `search`.
    pub(crate) fn input(
        mut self,
        values: &BTreeMap<String, String>,
        name: &'static str,
        label: impl Into<String>,
        kind: &'static str,
    ) -> Self {
        let (value, choices) = (given(values, name), Vec::new());
        self.fields.push(Field { name, label: label.into(), value, kind, choices });
        self
    }

    /// Whether any filter is set.
    pub(crate) fn is_set(&self) -> bool {
        self.fields.iter().any(|field| !field.value.is_empty())
    }
}

fn given(values: &BTreeMap<String, String>, name: &str) -> String {
    values.get(name).cloned().unwrap_or_default()
}
