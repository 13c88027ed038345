//! Every command of the binary is known: what it changes and which word the journal has of that, or that it only reads.
//!
//! A command that stands in no list fails: whoever adds one says here what it leaves behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use clap::{Command, CommandFactory};
use cobrand::cli::Cli;
use store::audit::WORDS;

/// What changes the books, the rules or who may do what, each with the words that it leaves in the journal.
const CHANGES: &[(&str, &[&str])] = &[
    ("case assign", &["case.assign"]),
    ("case attach", &["case.attach"]),
    ("case comment", &["case.comment"]),
    ("case decide", &["case.approve", "case.reject"]),
    ("case propose", &["case.propose"]),
    ("case take-back", &["case.take_back"]),
    ("clearing import", &["clearing.import", "clearing.accept"]),
    ("coupons create", &["coupon.give_out"]),
    ("coupons revoke", &["coupon.revoke"]),
    ("day approve", &["day.approve"]),
    ("day close", &["day.close"]),
    ("enroll", &["member.enroll"]),
    ("link withdraw-cut-over", &["link.withdraw_cut_over"]),
    ("merchants reattribute", &["correction.propose"]),
    ("merchants reattribute approve", &["correction.approve"]),
    ("merchants reattribute reject", &["correction.reject"]),
    ("miles adjust", &["miles.adjust"]),
    ("miles send", &["miles.send"]),
    ("partner acknowledge", &["answer.take"]),
    ("partner adjust approve", &["adjustment.approve"]),
    ("partner adjust propose", &["adjustment.propose"]),
    ("partner adjust reject", &["adjustment.reject"]),
    ("partner dispute decide", &["adjustment.approve", "adjustment.reject"]),
    ("partner dispute propose", &["adjustment.propose"]),
    ("partner enable", &["delivery.enable"]),
    ("partner handback", &["handback.take"]),
    ("partner member", &["member.at_partner"]),
    ("partner prepaid add", &["prepaid.propose"]),
    ("partner prepaid approve", &["prepaid.approve"]),
    ("partner replay", &["delivery.replay", "delivery.send_again"]),
    ("partner statement import", &["statement.import"]),
    ("rates import", &["rates.import"]),
    ("reconcile bank-statement", &["bank_statement.import"]),
    ("refunds leave", &["refund.decide"]),
    ("refunds match", &["refund.decide"]),
    ("rules approve", &["program.approve"]),
    ("rules propose", &["program.propose"]),
    ("rules reject", &["program.reject"]),
    ("rules rerate", &["correction.propose"]),
    ("rules rerate approve", &["correction.approve"]),
    ("rules rerate reject", &["correction.reject"]),
    ("rules withdraw", &["program.withdraw"]),
    ("user add", &["user.add"]),
    ("user drop-second-factor", &["user.drop_second_factor"]),
    ("user lock", &["user.lock", "user.unlock"]),
    ("user password", &["user.password"]),
    ("user roles", &["user.roles"]),
    ("user token", &["user.token", "user.revoke_tokens"]),
    ("user unlock", &["user.unlock"]),
];

/// What goes on by itself, whoever starts it: the same as `serve` does at any time, and nobody's decision.
const BY_ITSELF: &[&str] = &[
    // The roles; a merchant map that they put into force is in the journal, as `merchants.map` by the operator.
    "serve",
    "gateway",
    "console",
    "settle",
    // The tables themselves; `schema_migration` says which and when.
    "migrate",
    // Comparing again finds what there is; what people do about it is in the journal.
    "reconcile",
    // Lines for the partner, as after every close.
    "partner send",
];

/// What touches no books at all: it writes files and keys, plays a bank, or measures in a database of its own.
const ELSEWHERE: &[&str] = &[
    "bench",
    "bench *",
    "certify",
    "certs",
    "demo",
    "encode",
    "enroll key",
    "enroll seal",
    "file regenerate",
    "partner add",
    "partner listen",
    "partner test",
    "partner token",
    "redact",
    "simulate",
];

/// What only reads.
const READS: &[&str] = &[
    "api document",
    "audit list",
    "audit verify",
    "case list",
    "case show",
    "case sums",
    "check",
    "clearing list",
    "coupons list",
    "day show",
    "describe",
    "diff",
    "doctor",
    "file show",
    "file verify",
    "merchants check",
    "merchants diff",
    "merchants log",
    "merchants reattribute list",
    "merchants silent",
    "merchants suggest",
    "partner accruals",
    "partner acknowledgements",
    "partner adjust list",
    "partner deliveries",
    "partner dispute list",
    "partner events",
    "partner layout document",
    "partner layout list",
    "partner layout schema",
    "partner prepaid show",
    "partner schema",
    "partner statement show",
    "rates list",
    "refunds list",
    "rules backtest",
    "rules check",
    "rules diff",
    "rules explain",
    "rules proposals",
    "rules rerate list",
    "rules running",
    "rules schema",
    "rules show",
    "rules test",
    "spec doc",
    "spec list",
    "spec schema",
    "user list",
];

/// Words that no command leaves, and what does.
const NOT_BY_COMMANDS: &[(&str, &str)] = &[
    ("api.change", "the API for staff"),
    ("merchants.map", "a gateway that puts a map into force, when it starts or is told to read again"),
    ("user.second_factor", "the page on which somebody confirms his own authenticator"),
];

/// The commands that can be given: those without subcommands, and those that work without one of theirs.
fn walk(command: &Command, path: &str, found: &mut BTreeSet<String>) {
    let own: Vec<&Command> = command.get_subcommands().filter(|sub| sub.get_name() != "help").collect();
    if !path.is_empty() && (own.is_empty() || !command.is_subcommand_required_set()) {
        found.insert(path.to_owned());
    }
    for sub in own {
        let path =
            if path.is_empty() { sub.get_name().to_owned() } else { format!("{path} {}", sub.get_name()) };
        walk(sub, &path, found);
    }
}

fn commands() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk(&Cli::command(), "", &mut found);
    found
}

/// Whether a line of a list stands for the command: `bench *` for all of them.
fn names(line: &str, command: &str) -> bool {
    match line.strip_suffix('*') {
        Some(begin) => command.starts_with(begin),
        None => line == command,
    }
}

#[test]
fn every_command_says_what_the_journal_has_of_it() {
    let commands = commands();
    assert!(commands.len() > 80, "the tree of commands was not walked: {commands:?}");
    let known: Vec<&str> = CHANGES
        .iter()
        .map(|(command, _)| *command)
        .chain(BY_ITSELF.iter().chain(ELSEWHERE).chain(READS).copied())
        .collect();
    let listed = |command: &String| known.iter().filter(|line| names(line, command)).count();
    let wrong: Vec<_> =
        commands.iter().map(|command| (command, listed(command))).filter(|(_, count)| *count != 1).collect();
    assert!(
        wrong.is_empty(),
        "say of each command once what it leaves in the journal, or that it only reads: {wrong:?}"
    );
    let gone: Vec<&&str> =
        known.iter().filter(|line| !commands.iter().any(|command| names(line, command))).collect();
    assert!(gone.is_empty(), "there are no such commands any more: {gone:?}");
}

#[test]
fn every_word_of_the_journal_is_left_by_somebody() {
    let of_commands: BTreeSet<&str> = CHANGES.iter().flat_map(|(_, words)| words.iter().copied()).collect();
    let elsewhere: BTreeSet<&str> = NOT_BY_COMMANDS.iter().map(|(word, _)| *word).collect();
    let twice: Vec<_> = of_commands.intersection(&elsewhere).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let all: BTreeSet<&str> = WORDS.iter().copied().collect();
    let known: BTreeSet<&str> = of_commands.union(&elsewhere).copied().collect();
    assert_eq!(known, all, "left: what commands leave; right: the words of the journal");
    assert!(CHANGES.iter().all(|(_, words)| !words.is_empty()));
}

#[test]
fn a_command_that_nobody_has_listed_would_be_found() {
    let added = Cli::command().subcommand(Command::new("secretly").subcommand(Command::new("change")));
    let mut found = BTreeSet::new();
    walk(&added, "", &mut found);
    let known = commands();
    let new: Vec<&String> = found.difference(&known).collect();
    assert!(new.iter().any(|path| path.as_str() == "secretly change"), "{new:?}");
    assert!(!READS.iter().any(|line| names(line, "secretly change")));
}
