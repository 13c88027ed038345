//! What is agreed to come and does not; what stands in a later statement or window; totals in another currency.

use domain::BankId;
use domain::reconciliation::{FileSchedule, StatementPeriod};
use jiff::civil::Weekday;
use settlement::{FilesAgreed, StatementsAgreed};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_clearing_file_that_was_agreed_and_did_not_come_is_missing() {
    let day = Day::closed().await;
    let settings = |weekdays: Option<Vec<Weekday>>| {
        let schedule = FileSchedule { weekdays, files: 1 };
        let files =
            FilesAgreed { code: "northbank".to_owned(), schedule, due_hours: 24, since: None, until: None };
        ReconcileSettings { clearing_files: [(BankId(1), files)].into(), ..ReconcileSettings::default() }
    };
    // The worked day is a Saturday.
    let (no, yes) = (settings(Some(vec![Weekday::Monday])), settings(Some(vec![Weekday::Saturday])));
    day.compare_with(&no, LATER).await;
    assert_eq!(day.open().await, [""; 0], "on a Saturday none is agreed");
    let early = day.compare_with(&yes, "2026-10-11T12:00:00Z").await;
    assert_eq!(counts(&early, "bank_clearing"), (0, 0, 1, 0));
    day.compare_with(&yes, LATER).await;
    assert_eq!(day.open().await, ["bank_clearing missing northbank:2026-10-10 0"]);
    let file = "INSERT INTO clearing_file (bank_id, file_id, sha256, records, state, series, sequence, received_at) VALUES \
                (1, 'C-1', decode(repeat('01', 32), 'hex'), 9, 'taken', 'file', 1, '2026-10-14T09:00:00Z')";
    day.world.run(file).await;
    day.compare_with(&yes, LATER).await;
    assert_eq!(day.open().await, [""; 0], "it came later");
    day.compare_with(&settings(None), LATER).await;
    assert_eq!(day.open().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_was_agreed_and_did_not_come_is_missing() {
    let day = Day::closed().await;
    let settings = |every, since| {
        let agreed = StatementsAgreed { every, within_hours: 24, since };
        let statements = [("kosta".to_owned(), agreed)].into();
        ReconcileSettings { statements, ..ReconcileSettings::default() }
    };
    let later = settings(StatementPeriod::Day, Some(date(2026, 10, 11)));
    day.compare_with(&later, LATER).await;
    assert_eq!(day.open().await, [""; 0], "it is agreed for later days only");
    let daily = settings(StatementPeriod::Day, None);
    day.compare_with(&daily, "2026-10-11T12:00:00Z").await;
    assert_eq!(day.open().await, [""; 0], "it is not due yet");
    day.compare_with(&daily, LATER).await;
    assert_eq!(day.open().await, ["partner_statement missing kosta:2026-10-10 0"]);
    day.state("kosta", &day.honest("kosta")).await;
    day.compare_with(&daily, LATER).await;
    assert_eq!(day.open().await, [""; 0]);
    let monthly = ReconcileSettings {
        statements: [("skyfuel".to_owned(), settings(StatementPeriod::Month, None).statements["kosta"])]
            .into(),
        ..ReconcileSettings::default()
    };
    day.compare_with(&monthly, "2026-11-01T23:00:00Z").await;
    assert_eq!(day.open().await, [""; 0], "the month has ended, and its day of grace has not");
    day.compare_with(&monthly, "2026-11-02T00:00:00Z").await;
    assert_eq!(day.open().await, ["partner_statement missing skyfuel:2026-10 0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_the_next_statement_is_carried_forward() {
    let day = Day::closed().await;
    let mut told = day.honest("kosta");
    let line = told.remove(1);
    let id = line.split(',').next().unwrap().to_owned();
    day.state("kosta", &told).await;
    day.check(&[&format!("partner_statement missing_theirs {id} -1440 RUB")]).await;
    day.state("kosta", &[line.replace("2026-10-10", "2026-10-13")]).await;
    day.check(&[&format!("partner_statement carried_forward {id} 0")]).await;
}

fn totals(key: u8, date: &str, currency: i32, (stated, counted): (i64, i64)) -> String {
    format!(
        "INSERT INTO bank_totals (bank_id, totals_key, key_text, content, mti, stan, transmitted, received_at, bank_date, \
         currency, stated, counted, balance, reason, differs_at) VALUES (1, decode(repeat('{key:02}', 24), 'hex'), '', '', \
         '0520', '', '', '{date}T23:00:{key:02}Z', '{date}', {currency}, 'DE76={stated:010}', 'DE76={counted:010}', 2, '', '');"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_are_stated_each_in_its_currency_and_what_moved_is_carried_forward() {
    // The 10th and the 11th hold a message each, in roubles.
    let day = clearing(&[asked("01", 100), Row { came: "2026-10-11", ..asked("02", 100) }]).await;
    let of_totals = async |day: &Day| -> Vec<String> {
        day.compare().await;
        day.open().await.into_iter().filter(|one| one.starts_with("bank_totals")).collect()
    };
    assert_eq!(of_totals(&day).await, [""; 0], "totals were never agreed");
    day.world.run(&totals(1, "2026-10-10", 643, (1, 1))).await;
    assert_eq!(of_totals(&day).await, ["bank_totals missing northbank:2026-10-11 0"]);
    // In a currency that the window does not hold.
    day.world.run(&totals(2, "2026-10-11", 826, (1, 0))).await;
    assert_eq!(of_totals(&day).await, ["bank_totals currency northbank:2026-10-11 0"]);
    day.world.run(&totals(3, "2026-10-11", 643, (2, 1))).await;
    assert_eq!(of_totals(&day).await, ["bank_totals totals DE76 0"]);
    // The window behind it has one less.
    day.world.run(&totals(4, "2026-10-12", 643, (4, 5))).await;
    assert_eq!(
        of_totals(&day).await,
        ["bank_totals carried_forward DE76 0", "bank_totals carried_forward DE76 0"]
    );
    day.world.run(&totals(5, "2026-10-12", 643, (5, 5))).await;
    assert_eq!(of_totals(&day).await, ["bank_totals totals DE76 0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_signature_does_not_hold_is_a_break_until_one_comes_whose_does() {
    let day = Day::closed().await;
    let kosta = "(SELECT partner_id FROM partner WHERE code = 'kosta')";
    let inbox = |mark: &str, outcome: &str, problem: &str, at: &str| {
        let problem = problem.replace('\'', "''");
        format!(
            "INSERT INTO partner_inbox (partner_id, endpoint, mark, name, outcome, problem, taken_at) VALUES ({kosta}, 'sftp', \
             '{mark}', 'ACK-1.pgp', '{outcome}', '{problem}', '2026-10-{at}T00:00:00Z');"
        )
    };
    let not_signed = partner_adapters::transport::NOT_SIGNED;
    let other = inbox("0", "not_fetched", "it has 99 bytes", "11").replace("ACK-1", "ACK-0");
    let way = format!(
        "INSERT INTO delivery_endpoint (partner_id, endpoint, carries, state, reason, sent_to, attempts, last_error, \
         delivered) VALUES ({kosta}, 'sftp', 'files', 'active', '', 0, 0, '', 0);"
    );
    day.world.run(&[way, other, inbox("1", "not_fetched", not_signed, "12")].concat()).await;
    day.check(&["acknowledgement signature ACK-1.pgp 0"]).await;
    day.world.run(&inbox("2", "acknowledged", "", "13")).await;
    day.check(&[]).await;
}
