//! What one purchase has of rules with a limit or a budget.

use std::collections::BTreeMap;

/// What a purchase has of one rule, in minor units or miles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Claim {
    /// Booked.
    pub posted: i64,
    /// Offered at the till, and not known yet whether it was given.
    pub held: i64,
    /// Whether it is counted for the member.
    pub limited: bool,
    /// Whether it is counted in the campaign's budget.
    pub budgeted: bool,
}

impl Claim {
    /// Booked and offered.
    pub fn total(&self) -> i64 {
        self.posted.saturating_add(self.held)
    }

    /// One, if the purchase has anything of it.
    pub fn uses(&self) -> i64 {
        i64::from(self.total() > 0)
    }
}

/// Claims by rule; one of nothing is never kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims(BTreeMap<String, Claim>);

impl Claims {
    /// The claim on one rule.
    pub fn of(&self, rule: &str) -> Claim {
        self.0.get(rule).copied().unwrap_or_default()
    }

    /// Sets one claim.
    pub fn set(&mut self, rule: &str, claim: Claim) {
        if claim.posted == 0 && claim.held == 0 {
            self.0.remove(rule);
        } else {
            self.0.insert(rule.to_owned(), claim);
        }
    }

    /// All, in a stable order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Claim)> {
        self.0.iter().map(|(rule, claim)| (rule.as_str(), *claim))
    }

    /// Without what was offered only.
    pub(crate) fn posted_only(&self) -> Self {
        let mut posted = Self::default();
        self.iter().for_each(|(rule, claim)| posted.set(rule, Claim { held: 0, ..claim }));
        posted
    }

    /// With what another purchase was offered.
    pub(crate) fn with_held_of(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for (rule, claim) in other.iter().filter(|(_, claim)| claim.held != 0) {
            let ours = self.of(rule);
            both.set(
                rule,
                Claim { posted: ours.posted, held: ours.held.saturating_add(claim.held), ..claim },
            );
        }
        both
    }

    /// The stored text form: `rule=posted/held/marks` joined by `;`, with the marks `l` and `b`.
    pub fn to_text(&self) -> String {
        let one = |(rule, claim): (&str, Claim)| {
            let marks = [(claim.limited, "l"), (claim.budgeted, "b")];
            let marks: String = marks.iter().filter(|(has, _)| *has).map(|(_, mark)| *mark).collect();
            format!("{rule}={}/{}/{marks}", claim.posted, claim.held)
        };
        self.iter().map(one).collect::<Vec<_>>().join(";")
    }

    /// Reads the stored text form; `None` if it is damaged.
    pub fn parse(text: &str) -> Option<Self> {
        let mut claims = Self::default();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (rule, numbers) = part.split_once('=')?;
            let mut numbers = numbers.split('/');
            let (posted, held) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
            let marks = numbers.next()?;
            let (limited, budgeted) = (marks.contains('l'), marks.contains('b'));
            claims.set(rule, Claim { posted, held, limited, budgeted });
        }
        Some(claims)
    }
}

/// The stored text form of what rules offered at the till: `rule=minor` joined by `;`.
pub fn offered_text(offered: &[(String, u64)]) -> String {
    offered.iter().map(|(rule, minor)| format!("{rule}={minor}")).collect::<Vec<_>>().join(";")
}

/// Reads [`offered_text`]; `None` if it is damaged.
pub fn parse_offered(text: &str) -> Option<Vec<(String, u64)>> {
    let parts = text.split(';').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            part.split_once('=').and_then(|(rule, minor)| Some((rule.to_owned(), minor.parse().ok()?)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_forms_are_read_back() {
        let mut claims = Claims::default();
        claims.set("gift", Claim { posted: 30_000, held: 0, limited: true, budgeted: true });
        claims.set("fuel-3", Claim { posted: 0, held: 22_350, limited: false, budgeted: true });
        claims.set("nothing", Claim { limited: true, ..Claim::default() });
        assert_eq!(claims.to_text(), "fuel-3=0/22350/b;gift=30000/0/lb");
        assert_eq!(Claims::parse(&claims.to_text()), Some(claims));
        assert_eq!(Claims::parse(""), Some(Claims::default()));
        for damaged in ["gift", "gift=1", "gift=1/2", "gift=x/0/l"] {
            assert_eq!(Claims::parse(damaged), None, "{damaged}");
        }
        let offered = vec![("fuel-3".to_owned(), 22_350), ("gift".to_owned(), 1)];
        assert_eq!(parse_offered(&offered_text(&offered)), Some(offered));
        assert_eq!(parse_offered(""), Some(vec![]));
        assert_eq!(parse_offered("gift"), None);
    }
}
