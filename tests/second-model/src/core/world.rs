//! Bank, program and merchants as the core knows them.

use domain::{
    BankId, BankRules, Bucket, ClearingSource, CycleId, Gate, PartnerId, Program, ProgramId, Rules, RulesHash,
};
use jiff::civil::{Date, date};
use program_files::{Codes, read_program};

use crate::programs::{PARTNERS, Reading};

pub(crate) const ACQUIRER: &str = "123456";
/// The business date of the one cycle that is open.
const BUSINESS_DATE: Date = date(2026, 10, 1);

#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) bank: BankId,
    pub(crate) bucket: Bucket,
    pub(crate) program: ProgramId,
    pub(crate) source: ClearingSource,
    pub(crate) gate: Gate,
    pub(crate) rules: Rules,
}

impl World {
    pub(crate) fn new(reading: &Reading) -> Self {
        let (bank, program, hash) = (BankId(1), ProgramId(1), RulesHash([7; 32]));
        let source = if reading.by_file { ClearingSource::File } else { ClearingSource::Advice };
        let mut rules = Rules::default();
        rules.programs.insert(hash, Self::read(reading, bank, program, hash));
        rules.banks.insert(bank, BankRules { clearing_source: source });
        for (code, number) in PARTNERS {
            rules.merchants.insert(ACQUIRER, &code.to_uppercase(), None, PartnerId(number));
        }
        let gate = Gate { cycle: CycleId(1), business_date: BUSINESS_DATE, rules: hash };
        Self { bank, bucket: Bucket::new(7).unwrap(), program, source, gate, rules }
    }

    fn read(reading: &Reading, bank: BankId, program: ProgramId, hash: RulesHash) -> Program {
        let codes = Codes {
            banks: [(reading.bank.to_owned(), bank)].into(),
            partners: PARTNERS.into_iter().map(|(code, id)| (code.to_owned(), PartnerId(id))).collect(),
            programs: [(reading.code.to_owned(), program)].into(),
        };
        let file = read_program(reading.file, hash, &codes);
        let file = file.unwrap_or_else(|errors| panic!("{}", errors.in_file(reading.code)));
        assert!(!file.is_refused(), "{:?}", file.notices);
        file.program
    }
}
