//! All files of one receiver from one canonical file: what they are called, what is in them.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};

use super::error::RenderError;
use super::format::{Format, Rendered, render};
use super::layout::{Layout, LayoutError};
use super::movement::Summary;
use super::settings::{CANONICAL, FileSettings, SettingsError};
use crate::canonical::Record;

/// One file that a partner gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its name: the canonical file's without `.cbs`, then the ending of the format.
    pub name: String,
    /// Where it stands.
    pub path: PathBuf,
    /// Its media type.
    pub media_type: &'static str,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// How many bytes it has.
    pub bytes: u64,
}

/// Why the files of a receiver could not be written. None of those that were written is in its place then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// The settings are wrong.
    #[error("[file] {0}")]
    Settings(#[from] SettingsError),
    /// A layout file is wrong.
    #[error("{0}")]
    Layout(#[from] LayoutError),
    /// The canonical file could not be opened.
    #[error("cannot open {}: {source}; the operator must make it readable, then render again", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A format could not be written.
    #[error("{name} of {}: {source}", path.display())]
    Render {
        /// The name of the file that was to be written.
        name: String,
        /// The canonical file.
        path: PathBuf,
        /// Why.
        source: Box<RenderError>,
    },
}

/// The formats of a receiver, settings and layout files checked: at the start of the process, before a day is closed.
///
/// The first is that of `layout`; `None` there is the canonical file itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formats {
    layout: Option<Format>,
    also: Vec<Format>,
}

impl Formats {
    /// Reads what the settings name.
    ///
    /// # Errors
    /// What is wrong in the settings or in a layout file, with its place.
    pub fn of(settings: &FileSettings) -> Result<Self, OutputError> {
        settings.check()?;
        let layout = match settings.layout.as_str() {
            CANONICAL => None,
            name => Some(Format::Layout(Box::new(Layout::find(name)?))),
        };
        let format = |name: &String| match Format::parse(name) {
            Some(format) => Ok(format),
            None => Layout::find(name).map(|layout| Format::Layout(Box::new(layout))),
        };
        let also = settings.also.iter().map(format).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { layout, also })
    }

    /// The format of the file itself, if it is not the canonical one.
    #[must_use]
    pub fn layout(&self) -> Option<&Format> {
        self.layout.as_ref()
    }

    /// All that are rendered.
    pub fn rendered(&self) -> impl Iterator<Item = &Format> {
        self.layout.iter().chain(&self.also)
    }
}

/// Writes all formats of a canonical file into `folder`, each under its final name when it is whole.
///
/// `open` gives the records of the file from its beginning; it is called anew for each format. The same canonical file
/// and settings give the same bytes, so a call that was broken off is simply made again.
///
/// # Errors
/// The first format that could not be written. Files of formats before it stand; the broken one does not.
pub fn outputs<I, E>(
    formats: &Formats,
    settings: &FileSettings,
    canonical: &Path,
    folder: &Path,
    open: impl Fn(BufReader<File>) -> I,
) -> Result<Vec<Output>, OutputError>
where
    I: Iterator<Item = Result<Record, E>>,
    E: Error + Send + Sync + 'static,
{
    let records = || match File::open(canonical) {
        Ok(file) => Ok(open(BufReader::new(file))),
        Err(source) => Err(OutputError::Open { path: canonical.to_owned(), source }),
    };
    let stem = canonical.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let failed = |name: &str, source: RenderError| OutputError::Render {
        name: name.to_owned(),
        path: canonical.to_owned(),
        source: Box::new(source),
    };
    let summary = Summary::read(records()?).map_err(|error| failed("summary", error))?;
    let mut written = Vec::new();
    for format in formats.rendered() {
        let name = format!("{stem}.{}", format.ending());
        let output = one(format, settings, &summary, records()?, folder, &name);
        written.extend(output.map_err(|error| failed(&name, error))?);
    }
    Ok(written)
}

/// One format; `None` if there is nothing that it could say.
fn one<E>(
    format: &Format,
    settings: &FileSettings,
    summary: &Summary,
    records: impl Iterator<Item = Result<Record, E>>,
    folder: &Path,
    name: &str,
) -> Result<Option<Output>, RenderError>
where
    E: Error + Send + Sync + 'static,
{
    // A temporary file goes away by itself when anything below fails.
    let temporary = tempfile::Builder::new().prefix(".rendering-").suffix(".partial").tempfile_in(folder)?;
    let mut out = Hashed { out: BufWriter::new(temporary), hash: Context::new(&SHA256), bytes: 0 };
    if render(format, settings, summary, records, &mut out)? == Rendered::Nothing {
        return Ok(None);
    }
    let sha256 = crate::hash::finished(out.hash);
    let temporary = out.out.into_inner().map_err(io::IntoInnerError::into_error)?;
    temporary.as_file().sync_all()?;
    let path = folder.join(name);
    temporary.persist(&path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()?;
    Ok(Some(Output {
        name: name.to_owned(),
        path,
        media_type: format.media_type(),
        sha256,
        bytes: out.bytes,
    }))
}

/// Hashes what passes through.
struct Hashed<W> {
    out: W,
    hash: Context,
    bytes: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.out.write(bytes)?;
        self.hash.update(bytes.get(..taken).unwrap_or_default());
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
