//! The samples in the documentation and the codes they use.

#![allow(clippy::unwrap_used, clippy::panic, dead_code)]

use std::path::Path;

use domain::{BankId, PartnerId, ProgramId, RulesHash};
use program_files::{Codes, ProgramFile, read_program};

pub(crate) const NORTHBANK: BankId = BankId(1);
pub(crate) const BOREAL_GOLD: ProgramId = ProgramId(7);
pub(crate) const AIRBOREAL: PartnerId = PartnerId(1);
pub(crate) const KOSTA: PartnerId = PartnerId(2);
pub(crate) const SKYFUEL: PartnerId = PartnerId(3);
pub(crate) const HASH: RulesHash = RulesHash([7; 32]);

pub(crate) fn codes() -> Codes {
    let partners = [("airboreal", AIRBOREAL), ("kosta", KOSTA), ("skyfuel", SKYFUEL)];
    Codes {
        banks: [("northbank".to_owned(), NORTHBANK)].into(),
        partners: partners.map(|(code, id)| (code.to_owned(), id)).into(),
        programs: [("boreal-gold".to_owned(), BOREAL_GOLD)].into(),
    }
}

pub(crate) fn sample(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/samples").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn boreal_gold() -> ProgramFile {
    let text = sample("programs/boreal-gold.toml");
    read_program(&text, HASH, &codes()).unwrap_or_else(|errors| panic!("{errors}"))
}
