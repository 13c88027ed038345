//! The last screen of the demo: what happened, what ties, and what to try next.

use std::time::Duration;

use bank_simulator::Transcript;
use domain::settlement::Direction;
use settlement::Closed;

use super::{BankDay, Checks, Services, Staff, World, bank_day::PROGRAM, partners::PartnerFile};

#[allow(clippy::too_many_arguments, reason = "everything that is shown, once")]
pub(crate) fn print(
    world: &World,
    services: &Services,
    staff: &Staff,
    day: &BankDay,
    transcript: &Transcript,
    closed: &Closed,
    sent: &[PartnerFile],
    checks: &Checks,
    stay: bool,
    elapsed: Duration,
) {
    let date = closed.business_date;
    println!(
        "\n  Northbank, business day {} {date} (cut-off 00:00 Europe/Moscow), program {PROGRAM}",
        date.strftime("%a")
    );
    println!(
        "  {} messages sent, {} answered, {} cards, {} members",
        transcript.sent(),
        transcript.replied(),
        day.cards().len(),
        day.members().len()
    );
    println!(
        "\n  {:<12} {:<20} {:>16} {:>14} {:>8} {:>7}",
        "partner", "who pays", "to pay", "of it VAT", "miles", "lines"
    );
    for position in &closed.positions {
        let words = match position.direction {
            Direction::BankPaysPartner => "bank pays partner",
            Direction::PartnerPaysBank => "partner pays bank",
        };
        println!(
            "  {:<12} {words:<20} {:>12} {} {:>14} {:>8} {:>7}",
            position.partner,
            money(position.net_minor, &position.currency),
            position.currency,
            money(position.vat_minor, &position.currency),
            position.miles,
            position.transactions
        );
    }
    println!("\n  Checks");
    check("ledger: balances = transfers = the bank's own recomputation", checks.ledger_balanced);
    check("totals: books = files = the bank's own recomputation", checks.totals_tie);
    check("replies: every message answered", checks.replies_complete);
    let searched = format!(
        "card numbers outside the gateway's memory: {} in {} MB searched (planted one {})",
        checks.leaks.hits.len(),
        checks.leaks.bytes / 1_000_000,
        if checks.canary_found { "found" } else { "NOT found" }
    );
    check(&searched, checks.leaks.hits.is_empty() && checks.canary_found);
    checks.problems.iter().for_each(|problem| println!("      {problem}"));
    println!(
        "\n  Files{}",
        if stay || world.is_kept() { "" } else { " (deleted now; keep them with --data-dir FOLDER)" }
    );
    closed.files.iter().for_each(|file| println!("    {}", file.path.display()));
    println!("\n  What each partner got (payout CSV, camt.054, spreadsheet and PDF of the same lines)");
    sent.iter()
        .filter(|file| file.output != partner_adapters::CANONICAL)
        .for_each(|file| println!("    {:<12} {}", file.partner, file.path.display()));
    if stay {
        links(world, services, date);
        change_a_program(services, staff);
    } else {
        println!(
            "\n  Done in {:.1} s. With a terminal, `make demo` stays up to click and try.",
            elapsed.as_secs_f32()
        );
    }
}

fn check(what: &str, holds: bool) {
    println!("    {} {what}", if holds { "ok  " } else { "FAIL" });
}

fn links(world: &World, services: &Services, date: jiff::civil::Date) {
    let config = world.dir.join("cobrand.toml");
    let (console, admin) = (services.console, services.admin);
    println!("\n  Console (signed in)   http://{console}/demo-sign-in?t={}", services.sign_in);
    println!("  The day's page        http://{console}/day/{PROGRAM}/{date}");
    println!("  Metrics, health       http://{admin}/metrics   /livez   /readyz");
    if let Ok(gateway) = world.gateway() {
        println!(
            "  Bank link             {} (mutual TLS, ISO 8583:1987 ASCII, 2-byte length)",
            gateway.address()
        );
    }
    if let Ok(api) = world.api() {
        println!("  API                   https://{api}/v1/ (mutual TLS, as northbank-api)");
    }
    println!("  Certificates          {}", world.dir.join("certs").display());
    println!("  Configuration         {}", config.display());
    println!("\n  Try in another terminal:");
    let program = std::env::args().next().unwrap_or_else(|| "cobrand".to_owned());
    println!("    {program} file verify {}/*.cbs", world.assembly.config.settlement.out.display());
    println!("    {program} day show --config {} --program {PROGRAM} {date}", config.display());
    println!("    {program} rules test {}", world.dir.join("programs/boreal-gold.toml").display());
    if world.is_kept() {
        println!("\n  Kept in {}.", world.dir.display());
    } else {
        println!("\n  Everything is deleted on exit; keep it with --data-dir FOLDER.");
    }
}

/// How to try a change of the program with two people.
fn change_a_program(services: &Services, staff: &Staff) {
    let console = services.console;
    println!("\n  Change the program: one person proposes, another one approves.");
    for (name, password) in &staff.people {
        println!("    {name:<8} password {password}");
    }
    println!(
        "    1. as demo    http://{console}/programs/{PROGRAM}/propose   change a rate and its tests, choose 'as soon as'"
    );
    println!(
        "    2. as second  http://{console}/programs   in a private window: see rules and money, approve"
    );
    println!("    3. the next purchase follows it, earlier ones do not: docs/operations/change-a-program.md");
}

/// Minor units in the currency's major unit.
fn money(minor: i64, currency: &str) -> String {
    program_files::NamedCurrency::from_code(currency)
        .map_or_else(|| minor.to_string(), |named| named.format(minor))
}
