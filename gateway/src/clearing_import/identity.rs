//! Which file it is: its id, its number and the series that the number counts.

use std::io::{BufReader, Read, Seek};

use iso8583::clearing::ctf::{self, Entry, FileHeader};
use jiff::civil::Date;
use zeroize::Zeroizing;

use super::{
    ImportOptions,
    bytes::FileBytes,
    format::{HEAD, Layout},
    ipm_file::stated_id,
    problem::FileProblem,
};

/// What stands for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) id: String,
    pub(super) sequence: Option<i32>,
    /// Empty if the file is not numbered.
    pub(super) series: String,
    pub(super) series_date: Option<Date>,
    pub(super) sha256: [u8; 32],
}

/// What the first reading of a file tells.
pub(super) struct Outline {
    pub(super) identity: Identity,
    /// How it is written, or why that is not known.
    pub(super) layout: Result<Layout, FileProblem>,
}

/// Reads a file once, for its hash and its first bytes.
pub(super) fn outline(
    file: &mut (impl Read + Seek),
    options: &ImportOptions<'_>,
) -> std::io::Result<Outline> {
    file.rewind()?;
    let mut bytes = FileBytes::new(&mut *file);
    let mut head = Zeroizing::new(Vec::with_capacity(HEAD));
    let most = u64::try_from(HEAD).unwrap_or(u64::MAX);
    (&mut bytes).take(most).read_to_end(&mut head)?;
    let sha256 = bytes.finish()?;
    let layout = Layout::of(&head, options.format);
    let stated = layout.as_ref().ok().and_then(|layout| stated(*layout, &head, options));
    let identity = identity(options, stated, sha256);
    let layout = layout.and_then(|layout| match (options.file_id, layout) {
        (Some(given), Layout::Ipm(_)) if given != identity.id => {
            Err(FileProblem::OtherId { stated: identity.id.clone(), given: given.to_owned() })
        }
        _ => Ok(layout),
    });
    Ok(Outline { identity, layout })
}

/// What a header says.
struct Stated {
    id: String,
    /// Whether the header's id is more than the name that the operator gives.
    binding: bool,
    series: String,
    series_date: Option<Date>,
    sequence: Option<i32>,
}

fn stated(layout: Layout, head: &[u8], options: &ImportOptions<'_>) -> Option<Stated> {
    match layout {
        Layout::Csv => None,
        Layout::Ipm(detected) => {
            let dialects = options.dialects.as_ref()?;
            stated_id(head, detected, dialects.of(detected.text)).map(ipm)
        }
        Layout::Ctf(format) => {
            let mut reader = ctf::Reader::new(BufReader::new(head), format);
            match reader.next_entry() {
                Ok(Some(Entry::Header(header))) => Some(ctf(&header)),
                _ => None,
            }
        }
    }
}

/// PDS0105: type (3), date (6), processor (11), sequence number (5). The number counts the files of a type and a
/// processor, and may begin again with each date.
fn ipm(id: String) -> Stated {
    let part = |from: usize, to: usize| id.get(from..to).unwrap_or_default();
    let date = date_of(part(3, 9));
    let sequence = part(20, 25).parse().ok().filter(|_| date.is_some() && id.len() == 25);
    let series = match sequence {
        Some(_) => format!("ipm:{}:{}", part(0, 3), part(9, 20)),
        None => String::new(),
    };
    Stated { series, series_date: date, sequence, binding: true, id }
}

/// Center, processing date and file id.
fn ctf(header: &FileHeader) -> Stated {
    let FileHeader { center, processing_date: day, file_id, .. } = header;
    let id = [center.as_str(), day, file_id].map(str::trim).join("-");
    Stated { id, binding: false, series: String::new(), series_date: None, sequence: None }
}

/// YYMMDD in the 2000s.
fn date_of(text: &str) -> Option<Date> {
    let two = |at: usize| text.get(at..at + 2)?.parse::<i8>().ok();
    Date::new(2000 + i16::from(two(0)?), two(2)?, two(4)?).ok()
}

fn identity(options: &ImportOptions<'_>, stated: Option<Stated>, sha256: [u8; 32]) -> Identity {
    let given = options.file_id.unwrap_or(options.name);
    // What the operator numbers is in one series.
    let series = options.sequence.map(|_| "file".to_owned()).unwrap_or_default();
    match stated {
        Some(stated) if stated.binding => Identity {
            id: stated.id,
            sequence: stated.sequence,
            series: stated.series,
            series_date: stated.series_date,
            sha256,
        },
        Some(stated) => {
            let id = options.file_id.map_or(stated.id, str::to_owned);
            Identity { id, sequence: options.sequence, series, series_date: None, sha256 }
        }
        None => {
            Identity { id: given.to_owned(), sequence: options.sequence, series, series_date: None, sha256 }
        }
    }
}
