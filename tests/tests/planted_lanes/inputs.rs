//! What comes from outside: clearing files, answers, statements.

use std::io::Cursor;

use gateway::{FileProblem, ImportError, ImportOptions};
use iso8583::clearing::control::Mode;
use jiff::civil::Date;
use partner_adapters::{IncomingFormat, canonical::Environment};
use planted_month::{Answer, BANKS, Brought as File, Sheet};
use settlement::{BankStatementBrought, Brought, StatementBrought};

use super::Lanes;

impl Lanes {
    /// Imports a clearing file; numbers that are left out are passed over. Whether it was taken.
    pub(crate) async fn import(&self, bank: usize, file: &File, on: Date) -> bool {
        let name = format!("{}.csv", file.id);
        let options = ImportOptions {
            file_id: Some(&file.id),
            sequence: Some(file.sequence),
            accept_gap: true,
            on: Some(on),
            by: "olga",
            ..ImportOptions::new(&name, Mode::Test)
        };
        let link = self.world.assembly.link(BANKS[bank].code).unwrap();
        let bytes = Cursor::new(file.text.as_bytes());
        match Box::pin(gateway::import_clearing(bytes, &options, link, &self.gateway)).await {
            Ok(imported) => {
                assert_eq!(imported.report.quarantined, 0, "{name}: {:?}", imported.look_at);
                true
            }
            Err(ImportError::Quarantined(FileProblem::Altered(_))) => false,
            Err(error) => panic!("{name}: {error}"),
        }
    }

    /// Brings an answer; what it came to.
    pub(crate) async fn answer(&self, receiver: &str, answer: &Answer) {
        let brought = Brought { receiver: Some(receiver), by: "test", at: self.now() };
        let text = answer.text();
        let pool = &self.world.assembly.pool;
        let taken = settlement::take_answer(pool, &self.setups(), self.out(), brought, text.as_bytes()).await;
        let outcome = taken.unwrap_or_else(|error| panic!("{text}: {error}")).outcome;
        let expected = match (answer.lines.is_empty(), answer.sha256 == answer.file.sha256) {
            (false, _) => domain::AnswerOutcome::Disputed,
            (true, true) => domain::AnswerOutcome::Acknowledged,
            (true, false) => domain::AnswerOutcome::OtherBytes,
        };
        assert_eq!(outcome, expected, "{text}");
    }

    /// Imports a partner's statement.
    pub(crate) async fn statement(&self, receiver: &str, sheet: &Sheet) {
        let brought = StatementBrought {
            receiver,
            name: "statement.csv",
            by: "test",
            at: self.now(),
            format: IncomingFormat::Csv,
            columns: None,
            environment: Environment::Test,
        };
        let text = sheet.text();
        let pool = &self.world.assembly.pool;
        let taken = settlement::take_statement(pool, self.out(), brought, text.as_bytes()).await;
        let (_, before) = taken.unwrap_or_else(|error| panic!("{receiver}: {error}"));
        assert!(!before, "{receiver}: it was not there before");
    }

    /// Imports a bank's statement.
    pub(crate) async fn payments(&self, bank: &str, sheet: &Sheet) {
        let brought = BankStatementBrought {
            bank,
            name: "account.csv",
            by: "test",
            at: self.now(),
            format: IncomingFormat::Csv,
            columns: None,
            environment: Environment::Test,
        };
        let text = sheet.text();
        let taken =
            settlement::take_bank_statement(&self.world.assembly.pool, brought, text.as_bytes()).await;
        let (_, before) = taken.unwrap_or_else(|error| panic!("{bank}: {error}"));
        assert!(!before, "{bank}: it was not there before");
    }
}
