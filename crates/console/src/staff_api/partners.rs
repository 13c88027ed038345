//! Partners and their published settlement files. People of a partner see their own and no others.

use domain::PartnerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::PartnerFile;

use super::{
    call::{Answer, Call},
    problems::Problem,
    values::Money,
};
use crate::queries::{
    self,
    books::{self, Cycles, Settled},
};

/// The longest file that is given as one answer.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A partner.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PartnerListed {
    /// Its code, which is also the receiver of its files.
    partner: String,
    /// The sequence of its last published file.
    last_sequence: Option<i32>,
    /// Ways on which files and events are brought to it.
    ways: i64,
    /// How many of them are stopped or fail.
    ways_down: i64,
    /// Files whose answer is overdue.
    overdue: i64,
    /// Breaks with it that are not resolved.
    breaks: i64,
}

/// What one cycle settled in one currency. Every amount is positive if the partner owes or pays it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StatementLine {
    /// The program's code.
    program: Option<String>,
    /// The business date.
    business_date: String,
    /// How many lines.
    lines: i64,
    /// Miles that are paid for.
    miles: i64,
    /// What was open before.
    opening: Money,
    /// Before tax, adjustments among it.
    net: Money,
    /// Of the net, what two people have adjusted; its tax is in `vat`.
    adjusted: Money,
    /// Value added tax.
    vat: Money,
    /// What is paid.
    paid: Money,
    /// What stays open.
    closing: Money,
    /// Opening and movements less what is paid and the closing: not zero if the books do not tie.
    difference: Money,
}

/// What was settled with a partner.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Statement {
    /// Its code.
    partner: String,
    /// The first business date.
    from: String,
    /// The last business date.
    until: String,
    /// By program, date and currency.
    lines: Vec<StatementLine>,
}

/// The partners.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Partners {
    /// By code.
    partners: Vec<PartnerListed>,
}

/// A published settlement file.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FileListed {
    /// Its name, by which it is fetched.
    file: String,
    /// The program's code.
    program: String,
    /// The business date.
    business_date: String,
    /// Its place among the partner's files, from 1, without gaps.
    sequence: i32,
    /// 0 for the first edition.
    revision: i32,
    /// SHA-256 of its bytes, hexadecimal.
    sha256: String,
    /// How many records it has.
    records: i32,
}

/// A page of settlement files.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Files {
    /// In the order of their sequence.
    files: Vec<FileListed>,
    /// `after` of the next page; none on the last.
    next: Option<String>,
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let own = call.who().partner.as_ref().map(|partner| partner.id);
    let mut rows = queries::partner::all(call.pool(), call.now()).await?;
    rows.retain(|row| own.is_none_or(|own| own == row.id));
    let listed = |row: queries::partner::Listed| PartnerListed {
        partner: row.code,
        last_sequence: row.last_sequence,
        ways: row.ways,
        ways_down: row.ways_down,
        overdue: row.overdue,
        breaks: row.breaks,
    };
    Answer::ok(&Partners { partners: rows.into_iter().map(listed).collect() })
}

/// The longest period of a statement.
const STATEMENT_DAYS_MAX: i32 = 366;

pub(super) async fn statement(call: Call) -> Result<Answer, Problem> {
    let partner = partner(&call)?;
    let (Some(from), Some(until)) = (call.date("from")?, call.date("until")?) else {
        return Err(Problem::parameter(
            "from",
            "expected from and until, the first and the last business date",
        ));
    };
    let days = from.until(until).map_or(i32::MAX, |span| span.get_days());
    if !(0..STATEMENT_DAYS_MAX).contains(&days) {
        return Err(Problem::parameter(
            "until",
            "expected a date not before from, and at most a year behind it",
        ));
    }
    let only_approved = call.who().partner.is_some();
    let rows = books::settled(call.pool(), Cycles::Of { partner, from, until, only_approved }).await?;
    let line = |row: &Settled| {
        let money = |minor| Money::new(minor, row.currency);
        let program = call.console().programs.iter().find(|program| program.id == row.program);
        StatementLine {
            program: program.map(|program| program.code.clone()),
            business_date: row.date.to_string(),
            lines: row.lines,
            miles: row.miles,
            opening: money(row.opening),
            net: money(row.net),
            adjusted: money(row.adjusted),
            vat: money(row.vat),
            paid: money(row.paid),
            closing: money(row.closing),
            difference: money(row.difference()),
        }
    };
    let lines = rows.iter().map(line).collect();
    let partner = call.part("partner").to_owned();
    Answer::ok(&Statement { partner, from: from.to_string(), until: until.to_string(), lines })
}

/// The partner of the path; for somebody of a partner there is no other than his own.
pub(super) fn partner(call: &Call) -> Result<PartnerId, Problem> {
    let code = call.part("partner");
    let found = call.console().partner_codes.iter().find(|(_, known)| *known == code).map(|(id, _)| *id);
    let own = call.who().partner.as_ref().map(|partner| partner.id);
    let found = found.filter(|id| own.is_none_or(|own| own == *id));
    found.ok_or_else(|| Problem::not_found("partner"))
}

pub(super) async fn files(call: Call) -> Result<Answer, Problem> {
    let (partner, limit) = (partner(&call)?, call.limit()?);
    let after = match call.after::<2>()? {
        None => (0, 0),
        Some([sequence, revision]) => {
            let wrong = |_| Problem::parameter("after", "expected what the page before named as next");
            (sequence.parse().map_err(wrong)?, revision.parse().map_err(wrong)?)
        }
    };
    let mut rows = store::partner_files(call.pool(), partner, after, i64::from(limit) + 1).await?;
    let next = call.cut(&mut rows, limit, |row| vec![row.sequence.to_string(), row.revision.to_string()]);
    Answer::ok(&Files { files: rows.into_iter().map(listed).collect(), next })
}

fn listed(file: PartnerFile) -> FileListed {
    FileListed {
        file: file.file_name,
        program: file.program,
        business_date: file.business_date.to_string(),
        sequence: file.sequence,
        revision: file.revision,
        sha256: hex::encode(file.sha256),
        records: file.records,
    }
}

/// The name is one of the books, never a path that a caller made up.
pub(super) async fn file(call: Call) -> Result<Answer, Problem> {
    let partner = partner(&call)?;
    let row = store::partner_file(call.pool(), partner, call.part("file")).await?;
    let row = row.ok_or_else(|| Problem::not_found("file"))?;
    let path = call.console().out_dir.join(&row.file_name);
    let away = |error: std::io::Error| {
        tracing::error!(file = row.file_name, %error, "a settlement file is not in its folder");
        Problem::file_is_away()
    };
    if tokio::fs::metadata(&path).await.map_err(away)?.len() > FILE_BYTES_MAX {
        return Err(Problem::conflict("file_too_large", "the file is too large for one answer"));
    }
    let bytes = tokio::fs::read(&path).await.map_err(away)?;
    Ok(Answer::File {
        name: row.file_name.clone(),
        media_type: "text/plain; charset=utf-8".to_owned(),
        bytes,
    })
}
