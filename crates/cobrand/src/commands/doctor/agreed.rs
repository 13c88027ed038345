//! What is agreed for a link: framing, header, dialect, and the fields by which messages are told apart.

use iso8583::{Dialect, Mti, framing::Framing, header::Header};

use super::{DoctorArgs, report::Report};
use crate::{assembly::link_wire::read_dialect, config::LinkConfig};

/// What a link has unless its configuration says otherwise.
const DIALECT: &str = "iso87-ascii";
const FRAMING: &str = "binary-2";

/// Without these nobody can tell which request a reply answers.
pub(super) const KEY_FIELDS: [u8; 2] = [7, 11];
/// These make the match certain where both sides send them.
pub(super) const FURTHER_KEY_FIELDS: [u8; 2] = [37, 41];

/// What is agreed for a link.
pub(super) struct Agreed {
    pub(super) framing: Framing,
    pub(super) header: Header,
    /// With that header.
    pub(super) dialect: Dialect,
}

impl Agreed {
    /// Checks all, and gives it if all is right. What was given on the command line comes before the link's
    /// configuration.
    pub(super) fn read(args: &DoctorArgs, link: Option<&LinkConfig>, report: &mut Report) -> Option<Self> {
        let configured = |value: fn(&LinkConfig) -> &str, usual| link.map_or(usual, value);
        let framing_name = configured(|link| &link.framing, FRAMING);
        let dialect_name = configured(|link| &link.dialect, DIALECT);
        let framing = framing(args.connection.framing.as_deref().unwrap_or(framing_name), report);
        let dialect = dialect(args.connection.dialect.as_deref().unwrap_or(dialect_name), report);
        // Without a header of its own a link has that of the dialect.
        let own = args.connection.header.as_deref().or_else(|| link?.header.as_deref());
        let header = own.map(|name| header(name, report));
        let (framing, dialect) = (framing?, dialect?);
        let dialect = match header {
            Some(header) => dialect.with_header(header?),
            None => {
                report.ok(&format!("header {}: as the dialect says", dialect.header()));
                dialect
            }
        };
        Some(Self { framing, header: dialect.header().clone(), dialect })
    }
}

fn framing(name: &str, report: &mut Report) -> Option<Framing> {
    match name.parse::<Framing>() {
        Ok(framing) => {
            let longest = framing.longest();
            report.ok(&format!("framing {framing}: messages of at most {longest} bytes"));
            Some(framing)
        }
        Err(error) => {
            report
                .fail(&error.to_string(), "capture a message and see: cobrand describe FILE --dialect auto");
            None
        }
    }
}

fn header(name: &str, report: &mut Report) -> Option<Header> {
    match name.parse::<Header>() {
        Ok(header) => {
            report.ok(&format!("header {header}: {} bytes before the message type", header.length()));
            Some(header)
        }
        Err(error) => {
            report
                .fail(&error.to_string(), "capture a message and see: cobrand describe FILE --dialect auto");
            None
        }
    }
}

fn dialect(name: &str, report: &mut Report) -> Option<Dialect> {
    let dialect = match read_dialect(name) {
        Ok(dialect) => dialect,
        Err(error) => {
            report.fail(&error, "put the dialect right, then run doctor again");
            return None;
        }
    };
    report.ok(&format!("dialect {}: {}", dialect.name(), dialect.title()));
    key_fields(&dialect, report);
    Some(dialect)
}

fn key_fields(dialect: &Dialect, report: &mut Report) {
    let absent: Vec<String> = KEY_FIELDS
        .iter()
        .chain(&[39, 70])
        .filter(|de| dialect.field(**de).is_none())
        .map(|de| format!("DE{de}"))
        .collect();
    if !absent.is_empty() {
        let hint = "describe them under [fields] of the dialect: replies are matched by DE7 and DE11";
        report.fail(&format!("the dialect does not have {}", absent.join(", ")), hint);
        return;
    }
    let open: Vec<String> = dialect.messages().filter_map(|(mti, _)| not_agreed(dialect, mti)).collect();
    if open.is_empty() {
        report.ok(
            "key fields DE7 and DE11 are described; DE37 and DE41 make the match certain where both are sent",
        );
    } else {
        let hint =
            "list them under `mandatory` or `conditional` (replies: their echo) of [messages] in the dialect";
        report.warn(&format!("key fields are not agreed for all message types: {}", open.join("; ")), hint);
    }
}

/// What a message type does not even list. Whether it must be there is for bank and gateway to agree.
fn not_agreed(dialect: &Dialect, mti: Mti) -> Option<String> {
    let spec = dialect.message(mti)?;
    let absent = KEY_FIELDS.iter().filter(|de| !spec.fields.contains_key(de));
    let absent: Vec<String> = absent.map(|de| format!("DE{de}")).collect();
    (!absent.is_empty()).then(|| format!("{mti} lacks {}", absent.join(" and ")))
}
