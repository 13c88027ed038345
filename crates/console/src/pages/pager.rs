//! Further rows of a list: it goes on behind the key of the last row that is shown.

use std::collections::BTreeMap;

use program_files::Language;

use crate::{address::escaped, words::labels};

/// The links below a list.
pub(crate) struct Pager {
    pub(crate) label: &'static str,
    pub(crate) first_text: &'static str,
    pub(crate) next_text: &'static str,
    /// The list from its begin, unless it is shown from there.
    pub(crate) first: Option<String>,
    /// The rows behind the last one, if there are any.
    pub(crate) next: Option<String>,
}

impl Pager {
    /// Under a list at `path` that was asked for with `values`; `after` is the key of the last row if more follow it.
    pub(crate) fn new(
        language: Language,
        path: &str,
        values: &BTreeMap<String, String>,
        after: Option<String>,
    ) -> Self {
        let w = labels(language);
        let kept = |values: &BTreeMap<String, String>| {
            values
                .iter()
                .filter(|(name, _)| !["after", "format", "table"].contains(&name.as_str()))
                .map(pair)
                .collect()
        };
        let begin: Vec<String> = kept(values);
        let next = after.map(|after| {
            let all = begin.iter().cloned().chain([pair((&"after".to_owned(), &after))]);
            address(path, all.collect())
        });
        let first = values.contains_key("after").then(|| address(path, begin.clone()));
        Self { label: w.pages, first_text: w.first_page, next_text: w.next_page, first, next }
    }

    /// Whether there is anywhere to go.
    pub(crate) fn is_needed(&self) -> bool {
        self.first.is_some() || self.next.is_some()
    }
}

/// The address of the very page that is shown, without what makes a file of it.
pub(crate) fn address_of(path: &str, values: &BTreeMap<String, String>) -> String {
    let own = values.iter().filter(|(name, _)| !["format", "table"].contains(&name.as_str()));
    address(path, own.map(pair).collect())
}

fn address(path: &str, pairs: Vec<String>) -> String {
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

fn pair((name, value): (&String, &String)) -> String {
    format!("{}={}", escaped(name), escaped(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_stay_when_a_list_goes_on() {
        let values = [("class", "amount"), ("after", "7"), ("format", "csv"), ("q", "a b&c")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let pager = Pager::new(Language::English, "/breaks", &values, Some("12".to_owned()));
        assert_eq!(pager.first.as_deref(), Some("/breaks?class=amount&q=a%20b%26c"));
        assert_eq!(pager.next.as_deref(), Some("/breaks?class=amount&q=a%20b%26c&after=12"));
        let end = Pager::new(Language::English, "/breaks", &BTreeMap::new(), None);
        assert!(!end.is_needed());
    }
}
