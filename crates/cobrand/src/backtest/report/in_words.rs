//! The report as text.

use std::fmt;

use domain::replay::{Change, Difference, RuleChange};

use super::{Report, movement};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [from, to] = &self.period;
        let found = &self.findings;
        writeln!(f, "back-test of {}, version {}", self.program, self.version)?;
        writeln!(f, "for purchases that begin from {from} on and before {to}")?;
        self.ledger(f)?;
        writeln!(f, "\n{} purchases follow the candidate, {} change", found.purchases, found.changed)?;
        if found.offers_changed > 0 {
            let offers = found.offers_changed;
            writeln!(
                f,
                "{offers} offers at the till would be others: shops are taken to have done as they did"
            )?;
        }
        if found.undecided > 0 {
            writeln!(f, "{} messages could not be decided under the candidate", found.undecided)?;
        }
        if found.changed > 0 {
            self.changes(f)?;
        }
        Ok(())
    }
}

impl Report {
    fn ledger(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = &self.findings;
        write!(f, "\n{} messages decided again, {} movements: ", found.messages, found.transfers)?;
        if self.equals_the_ledger() {
            return writeln!(f, "the versions that held give exactly the ledger");
        }
        writeln!(f, "{} messages DIFFER from the ledger", found.differing)?;
        for (key, one) in self.differences() {
            writeln!(f, "  {}", difference(&key.to_string(), one))?;
        }
        let kept = u64::try_from(found.differences.len()).unwrap_or(u64::MAX);
        match found.differing.saturating_sub(kept) {
            0 => Ok(()),
            more => writeln!(f, "  and {more} more"),
        }
    }

    fn changes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nwhat members are given, candidate less booked")?;
        self.line(f, &format!("program {}", self.program), self.total)?;
        for (partner, change) in &self.partners {
            let name = partner.as_ref().map_or("at no partner".to_owned(), |code| format!("at {code}"));
            self.line(f, &name, *change)?;
        }
        for (funder, change) in &self.funders {
            self.line(f, &format!("paid by {funder}"), *change)?;
        }
        self.settled(f)?;
        writeln!(f, "\nrules, of the purchases that change: booked -> candidate")?;
        for (rule, change) in self.rules() {
            self.rule(f, rule, change)?;
        }
        writeln!(f, "\naccounts that change most")?;
        for (one, number) in &self.accounts {
            let member = if number.is_empty() { String::new() } else { format!(" (member {number})") };
            let name = format!("{}{member}, {} purchases", one.account, one.purchases);
            self.line(f, &name, one.change)?;
        }
        Ok(())
    }

    fn settled(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nwhat the bank receives more by the candidate's terms (below zero: pays more)")?;
        if self.settlement.is_empty() {
            writeln!(f, "  nothing")?;
        }
        for one in &self.settlement {
            let (net, vat) = (&one.net.1, &one.vat.1);
            writeln!(f, "  {:<44} {net:>14} {}, tax {vat}", one.partner, one.currency)?;
        }
        for (partner, basis) in &self.unpriced {
            writeln!(f, "  {partner:<44} {basis}: the candidate has no price for it")?;
        }
        Ok(())
    }

    fn line(&self, f: &mut fmt::Formatter<'_>, name: &str, change: Change) -> fmt::Result {
        let money = self.currency.format(change.discount_minor);
        writeln!(f, "  {name:<44} {:>+14} miles {money:>14} {}", change.miles, self.currency.code)
    }

    fn rule(&self, f: &mut fmt::Formatter<'_>, rule: &str, change: &RuleChange) -> fmt::Result {
        let [before, after] = change.purchases;
        let [gave, gives] = change.gives;
        write!(f, "  {rule:<30} applies to {before} -> {after}")?;
        if gave.miles != 0 || gives.miles != 0 {
            write!(f, ", miles {} -> {}", gave.miles, gives.miles)?;
        }
        if gave.discount_minor != 0 || gives.discount_minor != 0 {
            let money = |one: Change| self.currency.format(one.discount_minor);
            write!(f, ", {} -> {} {}", money(gave), money(gives), self.currency.code)?;
        }
        writeln!(f)
    }
}

fn difference(message: &str, one: &Difference) -> String {
    let of = one.account.map_or_else(|| "no account".to_owned(), |account| format!("account {account}"));
    if let Some(why) = &one.undecided {
        let booked = one.ledger.as_deref().map(movement);
        let booked = booked.map(|booked| format!("; the ledger has {booked}")).unwrap_or_default();
        return format!("{of}, message {message}: not decided again: {why}{booked}");
    }
    let shown = |side: &Option<Box<domain::Transfer>>| {
        side.as_deref().map_or_else(|| "nothing more".to_owned(), movement)
    };
    format!(
        "{of}, message {message}: the ledger has {}, decided again it is {}",
        shown(&one.ledger),
        shown(&one.again)
    )
}
