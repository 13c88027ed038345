//! Plants that statements never come that are agreed for each month.

use std::collections::BTreeMap;

use crate::{
    csv::Sheet,
    table::{Edit, Planted},
};

/// The month that is over when everything is compared: that statements of the next one do not come is no break yet.
const OVER: &str = "2026-10";

/// Takes all of these statements out: by receiver those of each month.
///
/// # Panics
/// If there are more or fewer than the table says.
pub fn plant_absent(statements: &mut BTreeMap<String, BTreeMap<String, Sheet>>) -> Vec<Planted> {
    let absent = std::mem::take(statements).into_iter().filter(|(_, months)| months.contains_key(OVER));
    let absent: Vec<Planted> = absent
        .map(|(receiver, _)| Edit::StatementNeverComes.must(format!("{receiver}:{OVER}"), "", (0, 0)))
        .collect();
    assert_eq!(absent.len(), Edit::StatementNeverComes.times(), "{absent:?}");
    absent
}
