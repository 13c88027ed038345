//! Which files a partner gets of each settlement file, by the names that its own file gives them.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use super::{PartnerFile, PartnerFileError, wrong};
use crate::canonical;
use crate::formats::{FileSettings, Format, Formats, Output, OutputError, outputs};

/// The word for the settlement file itself.
pub const CANONICAL: &str = "canonical";

/// What a partner gets of each settlement file, settings and layouts checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOutputs {
    settings: FileSettings,
    formats: Formats,
}

impl PartnerFile {
    /// The outputs of each settlement file. `path` is that of the partner's file: layouts are looked for beside it.
    ///
    /// # Errors
    /// What is wrong under `[file]` or in a layout, with its place.
    pub fn outputs(&self, path: &Path) -> Result<FileOutputs, PartnerFileError> {
        let found = FileOutputs::of(&self.file, path.parent().unwrap_or(Path::new(".")))
            .map_err(|error| wrong(path, "file", error.to_string()))?;
        let mut endings = BTreeSet::new();
        if let Some(twice) =
            found.formats.rendered().map(Format::ending).find(|one| !endings.insert(one.clone()))
        {
            let problem = format!("two files of a day would be called `….{twice}`; leave one of them out");
            return Err(wrong(path, "file.also", problem));
        }
        let renders = found.formats.rendered().next().is_some();
        if renders && !self.transport.iter().any(|way| way.carries_files()) {
            let problem = "no [[transport]] carries files (folder, sftp, s3): these formats would reach nobody; \
                           over REST the partner fetches the canonical file";
            return Err(wrong(path, "file", problem.to_owned()));
        }
        Ok(found)
    }
}

impl FileOutputs {
    /// Reads what the settings name; relative paths of layouts count from `base`.
    ///
    /// # Errors
    /// What is wrong in the settings or in a layout, with its place.
    pub fn of(settings: &FileSettings, base: &Path) -> Result<Self, OutputError> {
        settings.check()?;
        let found = |name: &String| match Path::new(name).extension() == Some(OsStr::new("toml")) {
            true => base.join(name).to_string_lossy().into_owned(),
            false => name.clone(),
        };
        let resolved = FileSettings {
            layout: found(&settings.layout),
            also: settings.also.iter().map(found).collect(),
            ..settings.clone()
        };
        Ok(Self { settings: settings.clone(), formats: Formats::of(&resolved)? })
    }

    /// The names of the outputs in the order in which they go out: the layout, then what stands under `also`.
    pub fn names(&self) -> Vec<&str> {
        let also = self.settings.also.iter().map(String::as_str);
        std::iter::once(self.settings.layout.as_str()).chain(also).collect()
    }

    /// What an output of a canonical file is called; `None` if the partner does not get it.
    pub fn file_name(&self, output: &str, canonical: &str) -> Option<String> {
        let place = self.names().iter().position(|name| *name == output)?;
        let format = match (self.formats.layout(), place) {
            (None, 0) => return Some(canonical.to_owned()),
            (None, place) => self.formats.rendered().nth(place - 1)?,
            (Some(_), place) => self.formats.rendered().nth(place)?,
        };
        let stem = Path::new(canonical).file_stem()?.to_string_lossy();
        Some(format!("{stem}.{}", format.ending()))
    }

    /// Whether anything but the canonical file goes out.
    pub fn renders(&self) -> bool {
        self.formats.rendered().next().is_some()
    }

    /// Renders all formats of a canonical file into a folder, each durable and under its final name when it is whole. An
    /// output that has nothing to say is left out.
    ///
    /// # Errors
    /// The first format that could not be written.
    pub fn render(&self, canonical: &Path, folder: &Path) -> Result<Vec<Output>, OutputError> {
        let open = |file: BufReader<File>| canonical::Reader::new(file);
        outputs(&self.formats, &self.settings, canonical, folder, open)
    }
}

/// Whether a failure to render may pass by itself: a full disk, a folder that is away.
pub fn may_pass(error: &OutputError) -> bool {
    let io = |source: &io::Error| source.kind() != io::ErrorKind::InvalidInput;
    match error {
        OutputError::Open { source, .. } => io(source),
        OutputError::Render { source, .. } => matches!(&**source, crate::formats::RenderError::Io(_)),
        _ => false,
    }
}
