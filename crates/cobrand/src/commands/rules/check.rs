//! `rules check` and `rules test`.

use std::{collections::BTreeSet, path::Path, path::PathBuf};

use program_files::{ProgramFile, partners_named, read_merchants, read_program_beside};

use super::{Texts, one_program, refused, text_of};
use crate::{assembly::hash_of, cli::AnswerIsNo};

/// Reads all files, tells what is found, and fails if one must not be put into force.
pub(super) fn check(files: &[PathBuf], merchants: Option<&Path>) -> anyhow::Result<()> {
    let map = merchants.map(|path| Ok::<_, anyhow::Error>((path, text_of(path)?))).transpose()?;
    let mut wrong = 0;
    for path in files {
        match check_one(path, map.as_ref().map(|(path, text)| (*path, text.as_str()))) {
            Ok(true) => {}
            Ok(false) => wrong += 1,
            // What is wrong with one file keeps nobody from hearing of the others.
            Err(error) if error.is::<AnswerIsNo>() => {
                println!("{error}");
                wrong += 1;
            }
            Err(error) => return Err(error),
        }
    }
    match wrong {
        0 => Ok(()),
        1 => Err(AnswerIsNo("1 file must not be put into force".to_owned()).into()),
        many => Err(AnswerIsNo(format!("{many} files must not be put into force")).into()),
    }
}

/// Whether the file may be put into force.
fn check_one(path: &Path, map: Option<(&Path, &str)>) -> anyhow::Result<bool> {
    let in_map: Vec<String> =
        map.map(|(_, text)| partners_named(text).into_iter().collect()).unwrap_or_default();
    let texts = Texts::read(&[path], &in_map)?;
    if let Some((map_path, text)) = map {
        let name = map_path.display().to_string();
        read_merchants(text, &texts.codes).map_err(|errors| refused(&name, &errors))?;
    }
    let mapped: Option<BTreeSet<_>> =
        map.map(|_| in_map.iter().filter_map(|code| texts.codes.partners.get(code).copied()).collect());
    let name = path.display().to_string();
    let (_, text) = texts.files.first().ok_or_else(|| anyhow::anyhow!("{name} was not read"))?;
    let file = read_program_beside(text, hash_of(text), &texts.codes, mapped.as_ref())
        .map_err(|errors| refused(&name, &errors))?;
    for notice in &file.notices {
        println!("{}", notice.in_file(&name));
    }
    if !file.is_refused() {
        println!("ok  {name}  {} version {}", file.program.code, file.program.hash.short());
    }
    Ok(!file.is_refused())
}

/// Runs the tests of all files.
pub(super) fn test(files: &[PathBuf]) -> anyhow::Result<()> {
    let mut failed = 0;
    for path in files {
        let (_, file) = one_program(path)?;
        if file.is_refused() {
            let name = path.display().to_string();
            let notices: Vec<String> = file.notices.iter().map(|notice| notice.in_file(&name)).collect();
            return Err(AnswerIsNo(notices.join("\n")).into());
        }
        failed += failures(&file);
    }
    if failed == 0 { Ok(()) } else { Err(AnswerIsNo(format!("{failed} tests failed")).into()) }
}

fn failures(file: &ProgramFile) -> usize {
    let results = file.run_tests();
    for result in &results {
        if result.passed {
            println!("pass  {}", result.name);
        } else {
            println!(
                "FAIL  {} (line {})\n      expected {}\n      got      {}",
                result.name, result.line, result.expected, result.got
            );
        }
    }
    results.iter().filter(|result| !result.passed).count()
}
